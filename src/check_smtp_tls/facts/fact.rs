//! Yes, no, or unknown for a reason.

use serde::{Serialize, Serializer};

use super::why_unknown::WhyUnknown;

/// The answer to a question about the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// Proven.
    Yes,
    /// Refused by a server that could answer.
    No,
    /// Neither, and why.
    Unknown(WhyUnknown),
}

impl Fact {
    /// Before it was asked.
    pub(crate) fn not_asked() -> Self {
        Self::Unknown(WhyUnknown::NotAsked)
    }

    pub(crate) fn is_yes(&self) -> bool {
        *self == Self::Yes
    }

    pub(crate) fn is_no(&self) -> bool {
        *self == Self::No
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Yes if one of them is; no if all are.
    pub(crate) fn any<'a>(facts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut result = Self::No;
        for fact in facts {
            match (fact, &result) {
                (Self::Yes, _) => return Self::Yes,
                (Self::Unknown(_), Self::No) => result = fact.clone(),
                _ => {}
            }
        }
        result
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown(_) => "unknown",
        })
    }
}
