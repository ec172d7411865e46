//! What has to be known of an emergency on the phone until somebody acknowledges it there.

use serde::{Deserialize, Serialize};

use super::addressee::Addressee;

/// A receipt nobody asks for any more is forgotten after a day; Pushover keeps it for a week
/// (<https://pushover.net/api/receipts>).
pub(crate) const KEPT_SECONDS: u64 = 86_400;
/// Letters of a receipt are 30; more is no receipt.
const ID_CHARS: usize = 64;

/// The problem that an emergency tells of, as its core knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// The host's name.
    pub(crate) host: String,
    /// The service's name; empty for the host itself.
    pub(crate) service: String,
    /// When the core told of it, in Unix seconds: what changed later is another problem.
    pub(crate) at: u64,
}

/// Somebody has acknowledged an emergency on the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Acknowledged {
    /// Who, as the configuration names them.
    pub(crate) by: String,
    /// When, in Unix seconds of Pushover's clock.
    pub(crate) at: u64,
    /// When that was learnt, in Unix seconds of our clock.
    pub(crate) learnt: u64,
}

/// An emergency that Pushover has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// Who it rings for, and by whose application.
    pub(crate) addressee: Addressee,
    /// What it rings for.
    pub(crate) alarm: Alarm,
    /// When it began to ring, in Unix seconds.
    pub(crate) since: u64,
    /// When Pushover was asked last, in Unix milliseconds; 0 is never.
    #[serde(default)]
    pub(crate) asked: u64,
    /// Set when the core is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged: Option<Acknowledged>,
}

/// Pushover's name of a receipt, which becomes the name of a file and a part of a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReceiptId(String);

impl ReceiptId {
    /// Letters and digits, and nothing else.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=ID_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id.then(|| Self(text.to_owned()))
    }

    /// As Pushover wrote it.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Receipt {
    /// Whether nobody has to be told of it any more, whoever acknowledges it. A clock that was set back ends nothing.
    #[must_use]
    pub(crate) fn is_old(&self, now: u64) -> bool {
        now.saturating_sub(self.since) > KEPT_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_a_file_and_a_url_is_letters_and_digits() {
        for (text, is_id) in [
            ("rLqVuqTRh62UzxtmqiaLzQmVcPgiCy", true),
            ("", false),
            ("../.state", false),
            ("a/b", false),
            ("a?token=b", false),
            (".lock", false),
            ("ä", false),
            (&"a".repeat(64), true),
            (&"a".repeat(65), false),
        ] {
            assert_eq!(ReceiptId::parse(text).is_some(), is_id, "{text}");
        }
    }
}
