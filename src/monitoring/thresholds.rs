//! A warning and a critical range: the one place where a value becomes a state.

use serde::Serialize;

use super::range::Range;
use super::state::State;
use super::value::Value;

/// The limits of one value. A missing range never alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Thresholds {
    /// Alerting makes the state WARNING.
    pub warning: Option<Range>,
    /// Alerting makes the state CRITICAL.
    pub critical: Option<Range>,
}

impl Thresholds {
    /// Judges an exact value; an undetermined one is UNKNOWN as soon as there is a limit to hold it against.
    #[must_use]
    pub fn judge(&self, value: Value) -> State {
        if !value.is_determined() {
            return if self.is_set() { State::Unknown } else { State::Ok };
        }
        self.first_alerting(|range| range.alerts(value))
    }

    /// Judges a lower bound: WARNING or CRITICAL only when every value at or above `least` breaches; else it is as
    /// good as undetermined.
    #[must_use]
    pub fn judge_at_least(&self, least: u64) -> State {
        match self.first_alerting(|range| range.alerts_from(least)) {
            State::Ok => self.judge(Value::Undetermined),
            breach => breach,
        }
    }

    /// Whether there is a limit that any value breaches.
    #[must_use]
    pub fn is_set(&self) -> bool {
        [self.warning, self.critical].into_iter().flatten().any(|range| range.can_alert())
    }

    /// The range behind a breach, for the text.
    #[must_use]
    pub fn behind(&self, state: State) -> Option<Range> {
        match state {
            State::Warning => self.warning,
            State::Critical => self.critical,
            State::Ok | State::Unknown => None,
        }
    }

    fn first_alerting(&self, alerts: impl Fn(&Range) -> bool) -> State {
        if self.critical.as_ref().is_some_and(&alerts) {
            State::Critical
        } else if self.warning.as_ref().is_some_and(&alerts) {
            State::Warning
        } else {
            State::Ok
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(warning: &str, critical: &str) -> Thresholds {
        Thresholds { warning: warning.parse().ok(), critical: critical.parse().ok() }
    }

    #[test]
    fn critical_is_asked_before_warning() {
        let limits = limits("10", "20");
        for (value, state) in
            [(10, State::Ok), (11, State::Warning), (20, State::Warning), (21, State::Critical)]
        {
            assert_eq!(limits.judge(Value::Uint(value)), state, "{value}");
        }
    }

    #[test]
    fn an_undetermined_value_is_unknown_only_against_a_limit() {
        assert_eq!(limits("10", "").judge(Value::Undetermined), State::Unknown);
        assert_eq!(limits("", "").judge(Value::Undetermined), State::Ok);
        assert_eq!(limits("10", "").judge(Value::Float(f64::NAN)), State::Unknown);
    }

    #[test]
    fn a_lower_bound_proves_a_breach_upwards_only() {
        assert_eq!(limits("10", "20").judge_at_least(21), State::Critical);
        assert_eq!(limits("10", "20").judge_at_least(11), State::Warning);
        assert_eq!(limits("10", "20").judge_at_least(5), State::Unknown);
        assert_eq!(limits("1:", "").judge_at_least(0), State::Unknown, "more may be there");
        assert_eq!(limits("", "").judge_at_least(5), State::Ok, "nothing was asked");
        assert_eq!(limits("~:", "").judge_at_least(5), State::Ok, "a limit that nothing breaches");
    }
}
