//! Why a message will not be sent: what stands in the file below `failed/`, and is shown by whoever looks there.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::not_accepted::{Failure, Rejection};
use super::noted::written_as_text;

/// Why a message will not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) enum Reason {
    /// Pushover will not have it.
    Rejected(Rejection),
    /// The file is no message any more.
    Damaged,
    /// It was too old when another try failed.
    TooOld {
        /// Since it was put into the spool.
        hours: u64,
        /// Tries that failed.
        attempts: u32,
        /// The last of them.
        last: Failure,
    },
    /// More waited than may.
    TooMany {
        /// How many may wait.
        limit: usize,
    },
    /// As an earlier run wrote it down.
    Noted(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(Rejection::NoDevice(info)) => write!(f, "nobody was reached: {info}"),
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Damaged => f.write_str("the file in the spool is damaged"),
            Self::TooOld { hours, attempts, last } => {
                write!(f, "too old: waited {hours} h and failed {attempts} times, {last}")
            }
            Self::TooMany { limit } => write!(f, "more than {limit} messages wait"),
            Self::Noted(text) => f.write_str(text),
        }
    }
}

written_as_text!(Reason);
