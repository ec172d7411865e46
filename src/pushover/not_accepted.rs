//! Why a request to Pushover was not accepted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::noted::written_as_text;

/// Characters kept of what a server said.
const SHOWN_CHARS: usize = 200;

/// Whom an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Culprit {
    /// The application token: no message can be sent.
    Token,
    /// The recipient's key or device: nothing can be sent to this one.
    User,
    /// This message only.
    Message,
}

/// What came back instead of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    /// Never ask this again as it is.
    Rejected {
        /// Whom it concerns.
        culprit: Culprit,
        words: Words,
    },
    /// Accepted, but there was no device to send to, in Pushover's words.
    NoDevice(String),
    /// 429 with nothing left: to be repeated after the reset.
    QuotaUsedUp {
        /// When the count starts again, in Unix seconds, if the answer said so.
        reset: Option<u64>,
        words: Words,
    },
    /// To be repeated, not sooner than five seconds from now.
    Temporary {
        failure: Failure,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
}

impl From<Failure> for NotAccepted {
    /// A temporary failure without a wish of the server.
    fn from(failure: Failure) -> Self {
        Self::Temporary { failure, retry_after: None }
    }
}

/// An error in Pushover's words, shortened, with its name of the request, which its support asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    said: String,
    status: u16,
    request: String,
}

impl Words {
    pub(crate) fn new(status: u16, said: &str, request: &str) -> Self {
        Self { said: shorten(said), status, request: shorten(request) }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self.said.as_str() {
            "" if self.status >= 500 => "Pushover failed",
            "" => "no reason given",
            said => said,
        };
        write!(f, "{said} ({}", self.status)?;
        if !self.request.is_empty() {
            write!(f, ", request {}", self.request)?;
        }
        f.write_str(")")
    }
}

/// Why a request has to be repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(from = "String", into = "String")]
pub(crate) enum Failure {
    #[error("cannot connect: connect timeout")]
    ConnectTimeout,
    /// With the system's or the TLS library's word for it.
    #[error("cannot connect: {0}")]
    Connect(String),
    #[error("cannot connect: the certificate shown {0}")]
    Certificate(Distrust),
    #[error("no answer in time")]
    Silence,
    /// With the HTTP library's word for it.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// With the system's word for it.
    #[error("the answer broke off: {0}")]
    BrokeOff(String),
    #[error("answer 200 is not from Pushover (no JSON)")]
    NoJson,
    #[error("answer 200 is not from Pushover (no status)")]
    NoStatus,
    #[error("answer {0} is not from Pushover (a proxy or filter in between?)")]
    Foreign(u16),
    #[error("too large (413)")]
    TooLarge,
    #[error("the proxy demands a password (407)")]
    ProxyPassword,
    #[error("answer {0} is a redirect; not followed")]
    Redirect(u16),
    #[error("{0}")]
    Said(Words),
    /// As an earlier run wrote it down.
    #[error("{0}")]
    Noted(String),
}

/// Why a certificate is not accepted, Pushover's or that of a box in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    #[error("is from an issuer that is not trusted here")]
    UnknownIssuer,
    #[error("has expired")]
    Expired,
    #[error("is not valid yet; check the clock")]
    NotYet,
    #[error("is for another name")]
    OtherName,
    #[error("is not a server certificate")]
    Unusable,
}

/// Why Pushover will never accept a request as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(from = "String", into = "String")]
pub(crate) enum Rejection {
    #[error("{0}")]
    Said(Words),
    /// There is no device, in Pushover's words.
    #[error("{0}")]
    NoDevice(String),
    /// As an earlier run wrote it down.
    #[error("{0}")]
    Noted(String),
}

impl Failure {
    /// Whether a smaller request might have passed.
    #[must_use]
    pub(super) fn may_be_of_size(&self) -> bool {
        matches!(
            self,
            Self::TooLarge
                | Self::Silence
                | Self::NoAnswer(_)
                | Self::BrokeOff(_)
                | Self::Foreign(408)
        )
    }
}

written_as_text!(Failure, Rejection);

/// Foreign text within bounds, without control characters.
pub(super) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushovers_words_name_error_status_and_request() {
        for (status, said, request, want) in [
            (
                400,
                "user identifier is invalid",
                "abc",
                "user identifier is invalid (400, request abc)",
            ),
            (400, "a\nb", "", "ab (400)"),
            (404, "", "", "no reason given (404)"),
            (502, "", "r", "Pushover failed (502, request r)"),
        ] {
            assert_eq!(Words::new(status, said, request).to_string(), want);
        }
        assert!(Words::new(400, &"x".repeat(9000), &"y".repeat(9000)).to_string().len() < 500);
    }
}
