//! What Pushover's answers mean for a message: delivered, to be repeated, or never to be repeated.
//!
//! Pure. Status code first, body second: the answer to a used-up quota also says `"token":"invalid"`
//! (<https://pushover.net/api>, "Being Friendly to our API" and "Limitations").

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters kept of what a server said.
const SHOWN_CHARS: usize = 200;

/// Whom an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Culprit {
    /// The application token: no message can be sent.
    Token,
    /// The recipient's key or device: nothing can be sent to this one.
    User,
    /// This message only.
    Message,
}

/// The application's monthly allowance, from the answer's headers or `apps/limits.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quota {
    /// Messages per month.
    pub(crate) limit: u64,
    /// Messages left.
    pub(crate) remaining: u64,
    /// When the count starts again, in Unix seconds.
    pub(crate) reset: u64,
}

/// A classified answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 and status 1: Pushover has it.
    Accepted {
        /// Pushover's name of the request, for its support.
        request: String,
        /// Devices were named or not, the parsed body.
        body: Value,
    },
    /// Never send this again as it is.
    Rejected {
        /// Whom it concerns.
        culprit: Culprit,
        /// Pushover's words.
        reason: String,
    },
    /// 200 and status 1, but there was no device to send to.
    NobodyReached(String),
    /// 429: to be repeated after the reset.
    QuotaUsedUp {
        /// When the count starts again, in Unix seconds, if the answer said so.
        reset: Option<u64>,
        /// Pushover's words.
        reason: String,
    },
    /// To be repeated, not sooner than five seconds from now.
    Temporary {
        /// What went wrong.
        reason: String,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
}

impl Answer {
    /// A temporary failure without a wish of the server.
    #[must_use]
    pub(crate) fn temporary(reason: impl Into<String>) -> Self {
        Self::Temporary { reason: reason.into(), retry_after: None }
    }
}

/// The headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    /// `X-Limit-App-Limit`.
    pub(crate) limit: Option<u64>,
    /// `X-Limit-App-Remaining`.
    pub(crate) remaining: Option<u64>,
    /// `X-Limit-App-Reset`, Unix seconds.
    pub(crate) reset: Option<u64>,
    /// `Retry-After` in seconds; the date form is not used by Pushover.
    pub(crate) retry_after: Option<u64>,
}

impl Headers {
    /// The quota, when the answer told all three parts of it.
    #[must_use]
    pub(crate) fn quota(&self) -> Option<Quota> {
        Some(Quota { limit: self.limit?, remaining: self.remaining?, reset: self.reset? })
    }
}

/// Classifies a complete answer.
#[must_use]
pub(crate) fn classify(status: u16, headers: &Headers, body: &[u8]) -> Answer {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    match status {
        200 => match body {
            Some(body) => classify_ok(body),
            None => Answer::temporary("answer 200 is not from Pushover (no JSON)"),
        },
        429 => Answer::QuotaUsedUp { reset: headers.reset, reason: said(429, body.as_ref()) },
        // A proxy in between answered, not Pushover.
        407 => Answer::temporary("the proxy wants a password (407)"),
        400..=499 => Answer::Rejected {
            culprit: culprit(status, body.as_ref()),
            reason: said(status, body.as_ref()),
        },
        300..=399 => Answer::temporary(format!("answer {status} redirects; not followed")),
        _ => Answer::Temporary {
            reason: said(status, body.as_ref()),
            retry_after: headers.retry_after.map(Duration::from_secs),
        },
    }
}

fn classify_ok(body: Value) -> Answer {
    match body.get("status").and_then(Value::as_i64) {
        Some(1) => {}
        Some(_) => {
            return Answer::Rejected {
                culprit: culprit(200, Some(&body)),
                reason: said(200, Some(&body)),
            };
        }
        None => return Answer::temporary("answer 200 is not from Pushover (no status)"),
    }
    // Not documented, but seen: influxdata/kapacitor#1483, node-red-contrib-pushover#22.
    if let Some(info) = text_of(&body, "info").filter(|info| info.contains("no active devices")) {
        return Answer::NobodyReached(shorten(&info));
    }
    Answer::Accepted {
        request: text_of(&body, "request").map(|id| shorten(&id)).unwrap_or_default(),
        body,
    }
}

fn culprit(status: u16, body: Option<&Value>) -> Culprit {
    let has = |key| body.is_some_and(|body| body.get(key).is_some_and(|value| *value != 1));
    let names = |word: &str| body.is_some_and(|body| errors(body).iter().any(|e| e.contains(word)));
    if has("token") || names("application token") {
        Culprit::Token
    } else if has("user") || has("device") || names("user identifier") || names("user key") {
        Culprit::User
    } else if matches!(status, 401 | 403) {
        Culprit::Token
    } else {
        Culprit::Message
    }
}

/// Pushover's words with the request's name, which its support asks for.
fn said(status: u16, body: Option<&Value>) -> String {
    let mut text = body.map(errors).unwrap_or_default().join("; ");
    if text.is_empty() {
        let words = if status >= 500 { "Pushover failed" } else { "no reason given" };
        words.clone_into(&mut text);
    }
    let request = body.and_then(|body| text_of(body, "request"));
    let request = request.map_or(String::new(), |id| format!(", request {id}"));
    format!("{} ({status}{})", shorten(&text), shorten(&request))
}

fn errors(body: &Value) -> Vec<String> {
    match body.get("errors") {
        Some(Value::Array(list)) => {
            list.iter().filter_map(|error| error.as_str().map(str::to_owned)).collect()
        }
        // Receipts answer with a map of lists.
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| format!("{key}: {value}")).collect()
        }
        _ => Vec::new(),
    }
}

fn text_of(body: &Value, key: &str) -> Option<String> {
    body.get(key)?.as_str().map(str::to_owned)
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> &'static str {
        match classify(status, &Headers::default(), body.as_bytes()) {
            Answer::Accepted { .. } => "accepted",
            Answer::Rejected { culprit: Culprit::Token, .. } => "token",
            Answer::Rejected { culprit: Culprit::User, .. } => "user",
            Answer::Rejected { .. } => "message",
            Answer::NobodyReached(_) => "nobody",
            Answer::QuotaUsedUp { .. } => "quota",
            Answer::Temporary { .. } => "temporary",
        }
    }

    #[test]
    fn answers_are_classified_by_status_first() {
        let quota = r#"{"token":"invalid","errors":["application has exceeded current limit of 7500 messages"],"status":0}"#;
        let user = r#"{"user":"invalid","errors":["user identifier is invalid"],"status":0,"request":"r"}"#;
        let token = r#"{"token":"invalid","errors":["application token is invalid"],"status":0}"#;
        for (name, status, body, want) in [
            ("ok", 200, r#"{"status":1,"request":"r"}"#, "accepted"),
            ("receipt", 200, r#"{"status":1,"receipt":"x"}"#, "accepted"),
            ("status 0", 200, r#"{"status":0,"errors":["x"]}"#, "message"),
            ("no devices", 200, r#"{"status":1,"info":"no active devices to send to"}"#, "nobody"),
            ("other info", 200, r#"{"status":1,"info":"hello"}"#, "accepted"),
            ("html", 200, "<html>login</html>", "temporary"),
            ("truncated", 200, r#"{"status":1,"requ"#, "temporary"),
            ("empty", 200, "", "temporary"),
            ("no status", 200, "{}", "temporary"),
            ("text status", 200, r#"{"status":"1"}"#, "temporary"),
            ("array", 200, "[1]", "temporary"),
            ("bad user", 400, user, "user"),
            ("bad token", 400, token, "token"),
            ("401 alone", 401, "no", "token"),
            (
                "bad field",
                400,
                r#"{"message":"cannot be blank","errors":["message cannot be blank"],"status":0}"#,
                "message",
            ),
            ("not JSON", 400, "Bad Request", "message"),
            ("not found", 404, "", "message"),
            ("quota says token invalid", 429, quota, "quota"),
            ("proxy", 407, "", "temporary"),
            ("redirect", 307, "", "temporary"),
            ("internal", 500, r#"{"status":0}"#, "temporary"),
            ("gateway", 502, "", "temporary"),
            ("odd", 204, "", "temporary"),
            ("odd", 999, "", "temporary"),
        ] {
            assert_eq!(kind(status, body), want, "{name}");
        }
    }

    #[test]
    fn the_reason_names_errors_and_request() {
        let body = br#"{"user":"invalid","errors":["user identifier is invalid"],"status":0,"request":"abc"}"#;
        let Answer::Rejected { reason, .. } = classify(400, &Headers::default(), body) else {
            panic!("not rejected");
        };
        assert_eq!(reason, "user identifier is invalid (400, request abc)");
    }

    #[test]
    fn a_wish_for_silence_is_kept() {
        let headers = Headers { retry_after: Some(30), ..Headers::default() };
        let Answer::Temporary { retry_after, .. } = classify(503, &headers, b"") else {
            panic!("not temporary");
        };
        assert_eq!(retry_after, Some(Duration::from_secs(30)));
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_classification(status: u16, body: Vec<u8>) {
            let _ = classify(status, &Headers::default(), &body);
        }
    }
}
