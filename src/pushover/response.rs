//! What Pushover's answers mean for a message: delivered, to be repeated, or never to be repeated.
//!
//! Pure. Status code first, body second: the answer to a used-up quota also says `"token":"invalid"`
//! (<https://pushover.net/api>, "Being Friendly to our API" and "Limitations").

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::not_accepted::{Culprit, Failure, NotAccepted, Words, shorten};
use super::phrases;

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

/// What came back from one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// The body of an acceptance (200 and status 1).
    pub(crate) result: Result<Value, NotAccepted>,
    /// From the headers.
    pub(crate) quota: Option<Quota>,
}

/// The headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    /// `X-Limit-App-Limit`.
    pub(crate) limit: Option<u64>,
    /// `X-Limit-App-Remaining`; below 0 when an application was cut down.
    pub(crate) remaining: Option<i64>,
    /// `X-Limit-App-Reset`, Unix seconds.
    pub(crate) reset: Option<u64>,
    /// `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
}

impl Headers {
    /// The quota, when the answer told all three parts of it.
    #[must_use]
    pub(crate) fn quota(&self) -> Option<Quota> {
        let remaining = messages_left(self.remaining?);
        Some(Quota { limit: self.limit?, remaining, reset: self.reset? })
    }
}

/// Less than nothing is nothing.
#[must_use]
pub(super) fn messages_left(remaining: i64) -> u64 {
    u64::try_from(remaining).unwrap_or(0)
}

/// The body of an acceptance, or what the answer means instead.
pub(crate) fn classify(status: u16, headers: &Headers, body: &[u8]) -> Result<Value, NotAccepted> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let words = || words(status, body.as_ref());
    Err(match status {
        200 => return body.ok_or(Failure::NoJson.into()).and_then(classify_ok),
        429 => too_many(headers, body.as_ref(), words()),
        // A proxy in between answered, not Pushover.
        407 => Failure::ProxyPassword.into(),
        413 => Failure::TooLarge.into(),
        // Pushover refuses in its own words; others are those of a box in between, and the way may be free again.
        400..=499 if !is_pushovers(body.as_ref()) => Failure::Foreign(status).into(),
        400..=499 => {
            NotAccepted::Rejected { culprit: culprit(status, body.as_ref()), words: words() }
        }
        300..=399 => Failure::Redirect(status).into(),
        _ => NotAccepted::Temporary {
            failure: Failure::Said(words()),
            retry_after: headers.retry_after,
        },
    })
}

/// 429 is the end of the monthly quota only if nothing is left of it, else too many requests at once.
fn too_many(headers: &Headers, body: Option<&Value>, words: Words) -> NotAccepted {
    let says_so =
        || body.map(errors).unwrap_or_default().iter().any(|error| phrases::is_about_quota(error));
    match headers.remaining {
        Some(..=0) => NotAccepted::QuotaUsedUp { reset: headers.reset, words },
        None if says_so() => NotAccepted::QuotaUsedUp { reset: None, words },
        _ => NotAccepted::Temporary {
            failure: Failure::Said(words),
            retry_after: headers.retry_after,
        },
    }
}

fn classify_ok(body: Value) -> Result<Value, NotAccepted> {
    match body.get("status").and_then(Value::as_i64) {
        Some(1) => {}
        Some(_) => {
            let (culprit, words) = (culprit(200, Some(&body)), words(200, Some(&body)));
            return Err(NotAccepted::Rejected { culprit, words });
        }
        None => return Err(Failure::NoStatus.into()),
    }
    match text_of(&body, "info").filter(|info| phrases::says_no_device(info)) {
        Some(info) => Err(NotAccepted::NoDevice(shorten(info))),
        None => Ok(body),
    }
}

/// Whether it is Pushover who answers.
fn is_pushovers(body: Option<&Value>) -> bool {
    body.is_some_and(|body| body.get("status").is_some_and(Value::is_i64))
}

fn culprit(status: u16, body: Option<&Value>) -> Culprit {
    let has = |key| body.is_some_and(|body| body.get(key).is_some_and(|value| *value != 1));
    let errors = body.map(errors).unwrap_or_default();
    let is_about = |phrase: fn(&str) -> bool| errors.iter().any(|error| phrase(error));
    if has("token") || is_about(phrases::is_about_token) {
        Culprit::Token
    } else if has("user") || has("device") || is_about(phrases::is_about_user) {
        Culprit::User
    } else if matches!(status, 401 | 403) {
        Culprit::Token
    } else {
        Culprit::Message
    }
}

fn words(status: u16, body: Option<&Value>) -> Words {
    let said = body.map(errors).unwrap_or_default().join("; ");
    let request = body.and_then(|body| text_of(body, "request"));
    Words::new(status, &said, request.unwrap_or_default())
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

fn text_of<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> &'static str {
        match classify(status, &Headers::default(), body.as_bytes()) {
            Ok(_) => "accepted",
            Err(NotAccepted::Rejected { culprit: Culprit::Token, .. }) => "token",
            Err(NotAccepted::Rejected { culprit: Culprit::User, .. }) => "user",
            Err(NotAccepted::Rejected { .. }) => "message",
            Err(NotAccepted::NoDevice(_)) => "nobody",
            Err(NotAccepted::QuotaUsedUp { .. }) => "quota",
            Err(NotAccepted::Temporary { .. }) => "temporary",
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
            ("401 alone", 401, r#"{"status":0}"#, "token"),
            (
                "bad field",
                400,
                r#"{"message":"cannot be blank","errors":["message cannot be blank"],"status":0}"#,
                "message",
            ),
            ("not JSON", 400, "Bad Request", "temporary"),
            ("JSON of a box", 403, r#"{"error":"denied"}"#, "temporary"),
            ("array", 400, "[0]", "temporary"),
            ("not found", 404, "", "temporary"),
            ("not found", 404, r#"{"status":0,"errors":["not found"]}"#, "message"),
            ("too large", 413, r#"{"status":0}"#, "temporary"),
            ("quota says token invalid", 429, quota, "quota"),
            ("too fast", 429, r#"{"status":0,"errors":["slow down"]}"#, "temporary"),
            ("a box", 429, "<html>", "temporary"),
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
        let Err(NotAccepted::Rejected { words, .. }) = classify(400, &Headers::default(), body)
        else {
            panic!("not rejected");
        };
        assert_eq!(words.to_string(), "user identifier is invalid (400, request abc)");
    }

    #[test]
    fn a_429_is_the_end_of_the_quota_only_if_nothing_is_left() {
        for (remaining, used_up) in [(-1, true), (0, true), (1, false), (7321, false)] {
            let headers = Headers {
                limit: Some(10_000),
                remaining: Some(remaining),
                reset: Some(5),
                retry_after: Some(Duration::from_secs(7)),
            };
            match classify(429, &headers, b"{}") {
                Err(NotAccepted::QuotaUsedUp { reset: Some(5), .. }) => assert!(used_up),
                Err(NotAccepted::Temporary { retry_after, .. }) => {
                    assert_eq!((retry_after, used_up), (Some(Duration::from_secs(7)), false));
                }
                other => panic!("{remaining}: {other:?}"),
            }
            let left = headers.quota().unwrap().remaining;
            assert_eq!(left == 0, used_up, "{remaining}");
        }
    }

    #[test]
    fn a_wish_for_silence_is_kept() {
        let headers = Headers { retry_after: Some(Duration::from_secs(30)), ..Headers::default() };
        let Err(NotAccepted::Temporary { retry_after, .. }) = classify(503, &headers, b"") else {
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
