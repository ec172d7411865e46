//! The four service states of the plugin interface.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What a plugin says of a service (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Looked at, and within every limit.
    Ok,
    /// A warning limit is breached.
    Warning,
    /// A critical limit is breached.
    Critical,
    /// Could not be determined.
    Unknown,
}

impl State {
    /// The process exit code that stands for this state.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// Rank among states, higher is worse: CRITICAL > WARNING > UNKNOWN > OK.
    ///
    /// A proven breach outranks what could not be determined, so that a partial look never hides an alarm.
    #[must_use]
    pub fn severity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Warning => 2,
            Self::Critical => 3,
        }
    }

    /// The worst of several states; of none it is UNKNOWN, since nothing was checked.
    #[must_use]
    pub fn worst(states: impl IntoIterator<Item = Self>) -> Self {
        states.into_iter().max_by_key(|state| state.severity()).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// The text names none of the four states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state; use OK, WARNING, CRITICAL, UNKNOWN or 0 to 3")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    /// Reads a state's name in any case, or its exit code.
    fn from_str(text: &str) -> Result<Self, NotAState> {
        match text.to_ascii_lowercase().as_str() {
            "ok" | "0" => Ok(Self::Ok),
            "warning" | "1" => Ok(Self::Warning),
            "critical" | "2" => Ok(Self::Critical),
            "unknown" | "3" => Ok(Self::Unknown),
            _ => Err(NotAState),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Critical, Ok, Unknown, Warning};

    const ALL: [State; 4] = [Ok, Warning, Critical, Unknown];

    #[test]
    fn worst_of_every_pair_is_written_out() {
        let table = [
            [Ok, Warning, Critical, Unknown],
            [Warning, Warning, Critical, Warning],
            [Critical, Critical, Critical, Critical],
            [Unknown, Warning, Critical, Unknown],
        ];
        for (a, row) in ALL.into_iter().zip(table) {
            for (b, worst) in ALL.into_iter().zip(row) {
                assert_eq!(State::worst([a, b]), worst, "{a} and {b}");
            }
        }
    }

    #[test]
    fn worst_of_nothing_is_unknown() {
        assert_eq!(State::worst([]), Unknown);
    }

    #[test]
    fn worst_is_associative() {
        for a in ALL {
            for b in ALL {
                for c in ALL {
                    let left = State::worst([State::worst([a, b]), c]);
                    assert_eq!(left, State::worst([a, State::worst([b, c])]));
                }
            }
        }
    }

    #[test]
    fn exit_codes_are_those_of_the_guidelines() {
        assert_eq!(ALL.map(State::exit_code), [0, 1, 2, 3]);
    }

    #[test]
    fn names_and_codes_are_read_in_any_case() {
        for state in ALL {
            assert_eq!(state.to_string().parse(), Result::Ok(state));
            assert_eq!(state.to_string().to_lowercase().parse(), Result::Ok(state));
            assert_eq!(state.exit_code().to_string().parse(), Result::Ok(state));
        }
        assert!("4".parse::<State>().is_err());
        assert!("".parse::<State>().is_err());
    }
}
