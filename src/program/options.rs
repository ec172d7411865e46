//! The options every check has.

use std::str::FromStr;
use std::time::Duration;

use super::offered::offered;
use crate::monitoring::State;
use crate::monitoring::render::Format;

/// Options shared by all checks.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckOptions {
    /// Give up after this many seconds; then the state is UNKNOWN (or STATE),
    /// unless what was seen by then already breaches a limit
    #[arg(
        short,
        long,
        value_name = "SECONDS[:STATE]",
        default_value = "10",
        allow_hyphen_values = true
    )]
    pub timeout: Timeout,

    /// Print plugin text, one JSON object, or text for Prometheus: nagios, json
    /// or openmetrics
    #[arg(long, value_name = "FORMAT", default_value = "nagios", hide_possible_values = true,
        value_parser = offered(["nagios", "json", "openmetrics"], str::parse::<Format>))]
    pub output_format: Format,

    /// Add long output; twice: also explain what was looked at
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The plugin's own time limit and what its end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// 1 second to 1 day.
    pub limit: Duration,
    /// UNKNOWN by default, never OK.
    pub state: State,
}

/// Why a text is no time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeoutError {
    /// Not a whole number of seconds between one second and one day.
    #[error("is not a time limit; write seconds from 1 to 86400, as in 10 or 10:CRITICAL")]
    Seconds,
    /// Not a state, or OK: what was not looked at is never OK.
    #[error("is not a time limit; the state after the colon is WARNING, CRITICAL or UNKNOWN")]
    State,
}

impl FromStr for Timeout {
    type Err = TimeoutError;

    /// Reads `SECONDS[:STATE]`, as `check_nrpe` does.
    fn from_str(text: &str) -> Result<Self, TimeoutError> {
        let (seconds, state) = match text.split_once(':') {
            None => (text, State::Unknown),
            Some((seconds, state)) => (seconds, state.parse().map_err(|_| TimeoutError::State)?),
        };
        if state == State::Ok {
            return Err(TimeoutError::State);
        }
        if !seconds.bytes().all(|b| b.is_ascii_digit()) {
            return Err(TimeoutError::Seconds);
        }
        match seconds.parse() {
            Ok(seconds @ 1..=86_400) => Ok(Self { limit: Duration::from_secs(seconds), state }),
            _ => Err(TimeoutError::Seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_seconds_with_an_optional_state() {
        for (text, seconds, state) in [
            ("10", 10, State::Unknown),
            ("1:critical", 1, State::Critical),
            ("60:2", 60, State::Critical),
            ("5:WARNING", 5, State::Warning),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Timeout { limit: Duration::from_secs(seconds), state }),
                "{text}"
            );
        }
        for text in ["", "0", "-1", "+1", "86401", "1.5", "10s", "99999999999999999999", "ten"] {
            assert_eq!(text.parse::<Timeout>(), Err(TimeoutError::Seconds), "{text:?}");
        }
        for text in ["10:", "10:OK", "10:0", "10:bad", "10:2:3"] {
            assert_eq!(text.parse::<Timeout>(), Err(TimeoutError::State), "{text:?}");
        }
    }
}
