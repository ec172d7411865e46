//! What a notifier says of a message at its end.

use serde::{Deserialize, Serialize};

/// What became of a message; the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Delivery {
    /// 0: accepted.
    Accepted,
    /// 1: kept, to be sent later.
    Queued,
    /// 3: a setting or a secret is wrong.
    Misconfigured,
    /// 2: will never be sent.
    Rejected,
    /// 2: neither sent nor kept.
    Lost,
}

impl Delivery {
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Queued => 1,
            Self::Rejected | Self::Lost => 2,
            Self::Misconfigured => 3,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "OK",
            Self::Queued => "QUEUED",
            Self::Rejected => "REJECTED",
            Self::Lost => "LOST",
            Self::Misconfigured => "UNKNOWN",
        }
    }
}

/// What a notifier says at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What became of the message.
    pub delivery: Delivery,
    /// The same in a few words.
    pub text: String,
    /// Further lines.
    pub details: Vec<String>,
}

impl Outcome {
    /// An outcome without further lines.
    #[must_use]
    pub fn new(delivery: Delivery, text: impl Into<String>) -> Self {
        Self { delivery, text: text.into(), details: Vec::new() }
    }
}
