//! Icinga 2's action `acknowledge-problem` (<https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/#acknowledge-problem>).

use std::io::Read;
use std::mem::ManuallyDrop;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Url, redirect};
use serde_json::{Value, json};

use super::answer::{CoreAnswer, Untold, Wording};
use crate::pushover::client::{RouteError, certificates, failure};
use crate::pushover::core_access::IcingaAccess;
use crate::pushover::receipt::Alarm;
use crate::secret;

/// More than the answer for one object.
const BODY_BYTES: u64 = 65_536;
/// Characters shown of what Icinga says.
const SAID_CHARS: usize = 200;
/// Like Pushover's: a core of the same site answers sooner.
const REQUEST_TIME: Duration = Duration::from_secs(8);

/// The object is found by a filter whose text is always the same: names are data beside it. A later change of state is another
/// problem; what somebody has acknowledged already keeps their name. Times have fractions in Icinga, and none in an alert.
const SERVICE: &str = "host.name == wanted_host && service.name == wanted_service \
                       && service.last_hard_state_change < wanted_before && service.acknowledgement == 0";
/// The same for a host.
const HOST: &str = "host.name == wanted_host && host.last_hard_state_change < wanted_before \
                    && host.acknowledgement == 0";

/// Asks Icinga to acknowledge the problem.
pub(super) fn acknowledge(
    access: &IcingaAccess,
    alarm: &Alarm,
    words: &Wording,
    time: Duration,
) -> Result<CoreAnswer, Untold> {
    let password = secret::from_file(&access.password_file)?;
    // Never dropped: the drop would wait for a name look-up that has no time limit.
    let client = ManuallyDrop::new(client(access)?);
    let body = body(alarm, words).to_string();
    let sent = client
        .post(action(&access.url))
        .basic_auth(&access.user, Some(password.expose()))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .timeout(time.min(REQUEST_TIME))
        .body(body)
        .send();
    let response = sent.map_err(|error| Untold::Away(failure(error)))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // A part of the answer is no answer, and judged as such.
    let _ = response.take(BODY_BYTES).read_to_end(&mut body);
    judge(status, &body)
}

fn action(base: &Url) -> Url {
    let mut url = base.clone();
    let path = base.path().trim_end_matches('/').trim_end_matches("/v1");
    url.set_path(&format!("{path}/v1/actions/acknowledge-problem"));
    url.set_query(None);
    url
}

fn body(alarm: &Alarm, words: &Wording) -> Value {
    let (kind, filter) =
        if alarm.service.is_empty() { ("Host", HOST) } else { ("Service", SERVICE) };
    json!({
        "type": kind,
        "filter": filter,
        "filter_vars": {
            "wanted_host": alarm.host,
            "wanted_service": alarm.service,
            "wanted_before": alarm.at.saturating_add(1),
        },
        "author": words.author,
        "comment": words.comment,
        // The phones of all others ring on until they are told.
        "notify": true,
    })
}

fn client(access: &IcingaAccess) -> Result<Client, RouteError> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("notify_pushover/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(REQUEST_TIME)
        .connect_timeout(REQUEST_TIME)
        // The way to a core of one's own is not that to the internet.
        .no_proxy()
        .referer(false);
    if access.url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    } else {
        builder = builder.https_only(true);
        if let Some(path) = &access.ca_file {
            builder = builder.tls_certs_only(certificates(path)?);
        }
    }
    builder.build().map_err(RouteError::Client)
}

/// Icinga answers with a result for each object, or with an error for all of them.
pub(super) fn judge(status: u16, body: &[u8]) -> Result<CoreAnswer, Untold> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let results = body.get("results").and_then(Value::as_array);
    // No object is as the filter says, in the words of Icinga 2.13, whose status is 500 then.
    if results.is_some_and(Vec::is_empty) {
        return Ok(CoreAnswer::NotTheSame);
    }
    let results = results.map_or(&[][..], Vec::as_slice);
    let has = |code: f64| {
        let is = |result: &Value| {
            let seen = result.get("code").and_then(Value::as_f64);
            seen.is_some_and(|seen| (seen - code).abs() < 0.5)
        };
        results.iter().any(is)
    };
    let of_all = body.get("error").and_then(Value::as_f64);
    if has(200.0) {
        return Ok(CoreAnswer::Acknowledged);
    }
    // The action's own answer for what is no problem any more, or is acknowledged.
    if has(409.0) {
        return Ok(CoreAnswer::NotTheSame);
    }
    // The same in those of later ones. A server in between that knows no such page answers otherwise.
    if status == 404 && of_all.is_some_and(|code| (code - 404.0).abs() < 0.5) {
        let said = text(&body, "status");
        return if said.starts_with("No objects found") {
            Ok(CoreAnswer::NotTheSame)
        } else {
            Err(Untold::Refused { status, said })
        };
    }
    let said = results.first().map_or_else(|| text(&body, "status"), |first| text(first, "status"));
    Err(Untold::Refused { status, said })
}

fn text(value: &Value, key: &str) -> String {
    let text = value.get(key).and_then(Value::as_str).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(SAID_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_data_and_never_part_of_the_filter() {
        let hostile = "\" || true || \"";
        let alarm = |service: &str| Alarm {
            host: hostile.to_owned(),
            service: service.to_owned(),
            at: 1000,
        };
        let words = Wording { author: "a".to_owned(), comment: "c".to_owned() };
        for (service, kind, filter) in [("", "Host", HOST), (hostile, "Service", SERVICE)] {
            let body = body(&alarm(service), &words);
            assert_eq!((&body["type"], &body["filter"]), (&json!(kind), &json!(filter)));
            assert_eq!(body["filter_vars"]["wanted_host"], json!(hostile));
            assert_eq!(body["filter_vars"]["wanted_service"], json!(service));
            assert_eq!(body["filter_vars"]["wanted_before"], json!(1001));
        }
    }

    #[test]
    fn only_icingas_own_words_end_it() {
        let done = r#"{"results":[{"code":200.0,"status":"Successfully acknowledged problem"}]}"#;
        let before = r#"{"results":[{"code":409.0,"status":"is already acknowledged"}]}"#;
        let none = r#"{"error":404,"status":"No objects found."}"#;
        for (status, body, wanted) in [
            (200, done, Some(CoreAnswer::Acknowledged)),
            (200, before, Some(CoreAnswer::NotTheSame)),
            (409, before, Some(CoreAnswer::NotTheSame)),
            (500, before, Some(CoreAnswer::NotTheSame)),
            (404, none, Some(CoreAnswer::NotTheSame)),
            (404, r#"{"error":404.0,"status":"No objects found."}"#, Some(CoreAnswer::NotTheSame)),
            (404, r#"{"error":404,"status":"The requested path was not found."}"#, None),
            (404, "<html>not found</html>", None),
            (401, "<h1>Unauthorized</h1>", None),
            (
                403,
                r#"{"error":403,"status":"Missing permission: actions/acknowledge-problem"}"#,
                None,
            ),
            (503, r#"{"error":503,"status":"Icinga is reloading"}"#, None),
            (200, "", None),
            (500, r#"{"results":[]}"#, Some(CoreAnswer::NotTheSame)),
            (500, r#"{"results":[{"code":500.0,"status":"Action execution failed"}]}"#, None),
            (302, "", None),
        ] {
            let seen = judge(status, body.as_bytes());
            assert_eq!(seen.ok(), wanted, "{status} {body}");
        }
    }

    #[test]
    fn the_action_is_below_the_base() {
        for (base, wanted) in [
            ("https://i:5665", "https://i:5665/v1/actions/acknowledge-problem"),
            ("https://i:5665/", "https://i:5665/v1/actions/acknowledge-problem"),
            ("https://i:5665/v1/", "https://i:5665/v1/actions/acknowledge-problem"),
            ("https://p/icinga?x", "https://p/icinga/v1/actions/acknowledge-problem"),
        ] {
            assert_eq!(action(&Url::parse(base).unwrap()).as_str(), wanted);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_breaks_the_judge(status: u16, body: Vec<u8>) {
            let _ = judge(status, &body);
        }
    }
}
