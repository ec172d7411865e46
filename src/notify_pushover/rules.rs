//! `STATE=VALUE,...`: what the monitoring configuration decides per state or type of notification.

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use super::event::{Event, NotificationType, ObjectState};
use crate::monitoring::duration;
use crate::pushover::loudness::{Priority, Sound};

/// Which notifications a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Any,
    State(ObjectState),
    NotificationType(NotificationType),
}

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        if let Some(state) = ObjectState::parse(text) {
            return Some(Self::State(state));
        }
        match NotificationType::parse(text) {
            NotificationType::Other(_) => None,
            kind => Some(Self::NotificationType(kind)),
        }
    }
}

/// Values by state or type. Empty by default, so that nothing is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByState<T> {
    rules: Vec<(Subject, T)>,
    /// What of the list decides nothing, since a typing error must not cost the alert.
    pub(super) mistakes: Vec<Mistake>,
}

impl<T> Default for ByState<T> {
    fn default() -> Self {
        Self { rules: Vec::new(), mistakes: Vec::new() }
    }
}

/// A part of a list that is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// As it was given.
    pub(super) part: String,
    pub(super) error: RuleError,
}

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RuleError {
    /// Not a state or type of notification, but perhaps a misspelt one.
    #[error("not a state or notification type{}", question(*.0))]
    Subject(Option<&'static str>),
    /// Not a state, but perhaps a misspelt one.
    #[error("not a state{}", question(*.0))]
    State(Option<&'static str>),
    /// The value is of no use.
    #[error("{0}")]
    Value(&'static str),
}

impl<T> ByState<T> {
    /// The value for a notification. A problem goes by its state first, anything else by its type first.
    pub(super) fn of(&self, event: &Event) -> Option<&T> {
        let state = event.state.map(Subject::State);
        let kind = Some(Subject::NotificationType(event.kind.clone()));
        let order = if event.kind.is_alarm() { [state, kind] } else { [kind, state] };
        let any = Some(Subject::Any);
        order.into_iter().chain([any]).flatten().find_map(|subject| self.at(&subject))
    }

    /// All values.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.rules.iter().map(|(_, value)| value)
    }

    fn at(&self, wanted: &Subject) -> Option<&T> {
        let mut rules = self.rules.iter().rev();
        rules.find(|(subject, _)| subject == wanted).map(|(_, value)| value)
    }
}

impl<T> FromStr for ByState<T>
where
    T: FromStr<Err = &'static str>,
{
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (rules, mistakes) = parts(text, rule);
        Ok(Self { rules, mistakes })
    }
}

fn question(meant: Option<&str>) -> String {
    meant.map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

fn rule<T>(part: &str) -> Result<(Subject, T), RuleError>
where
    T: FromStr<Err = &'static str>,
{
    let (subject, value) = match part.split_once('=') {
        None => (Subject::Any, part),
        Some((subject, value)) => {
            let subject = subject.trim();
            let parsed = Subject::parse(subject);
            let error = RuleError::Subject(ObjectState::meant_by(subject));
            (parsed.ok_or(error)?, value.trim())
        }
    };
    Ok((subject, value.parse().map_err(RuleError::Value)?))
}

/// What is of use in a list separated by commas, and what is not.
fn parts<T>(text: &str, read: impl Fn(&str) -> Result<T, RuleError>) -> (Vec<T>, Vec<Mistake>) {
    let (mut good, mut mistakes) = (Vec::new(), Vec::new());
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match read(part) {
            Ok(value) => good.push(value),
            Err(error) => mistakes.push(Mistake { part: part.to_owned(), error }),
        }
    }
    (good, mistakes)
}

/// How long a message stays on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stay(pub(super) Duration);

impl FromStr for Stay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        duration::parse(text).map(Self).map_err(|_| "write a whole number and s, m, h or d")
    }
}

/// `--priority`.
pub(super) type PriorityMap = ByState<Priority>;
/// `--sound`.
pub(super) type SoundMap = ByState<Sound>;
/// `--ttl`.
pub(super) type TtlMap = ByState<Stay>;

/// `--emergency`: states separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StateList {
    pub(super) states: Vec<ObjectState>,
    /// What of the list is no state.
    pub(super) mistakes: Vec<Mistake>,
}

impl FromStr for StateList {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let read = |part: &str| {
            ObjectState::parse(part).ok_or(RuleError::State(ObjectState::meant_by(part)))
        };
        let (states, mistakes) = parts(text, read);
        Ok(Self { states, mistakes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes<T>(text: &str) -> usize
    where
        T: FromStr<Err = &'static str>,
    {
        let Ok(list) = text.parse::<ByState<T>>();
        list.mistakes.len()
    }

    #[test]
    fn rules_are_read_or_left_out() {
        for text in ["", "1", "-1", "CRITICAL=2,warning=-1", "Recovery=0", " OK = 0 , DOWN=1 "] {
            assert_eq!(mistakes::<Priority>(text), 0, "{text}");
        }
        for text in ["3", "-3", "CRITICAL", "CRIT=1", "CRITICAL=", "CRITICAL=1=2", "=1", "1.0"] {
            assert_eq!(mistakes::<Priority>(text), 1, "{text}");
        }
        assert_eq!((mistakes::<Sound>("siren"), mistakes::<Sound>("a b")), (0, 1));
        assert_eq!((mistakes::<Stay>("RECOVERY=4h"), mistakes::<Stay>("4")), (0, 1));
    }

    #[test]
    fn what_is_right_in_a_list_stays() {
        let Ok(list) = "CRITICAL,CRASH,down".parse::<StateList>();
        assert_eq!(list.states, [ObjectState::Critical, ObjectState::Down]);
        assert_eq!((list.mistakes.len(), list.mistakes[0].part.as_str()), (1, "CRASH"));
        let Ok(list) = "OK=1,CRITCAL=2,DOWN=0".parse::<PriorityMap>();
        assert_eq!(list.values().collect::<Vec<_>>(), [&Priority(1), &Priority(0)]);
    }
}
