//! Notification -> form fields, within Pushover's limits. Pure.

use super::notification::Notification;
use super::settings::WebForm;
use super::severity::Severity;
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Gist;
use crate::pushover::lines::{that_fit, worth_a_push};
use crate::pushover::loudness::Priority;
use crate::pushover::text::{MESSAGE_CHARS, TITLE_CHARS, URL_CHARS, clean, cut};

/// An emergency rings once a minute, and 50 times at most, which is all that Pushover does.
const RETRY_SECONDS: u32 = 60;
const EXPIRE_SECONDS: u32 = 3000;
/// Characters of one message among others.
const LINE_CHARS: usize = 100;
/// No event is farther ahead.
const DAY_SECONDS: u64 = 86_400;

/// A message that is ready to be sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Composed {
    /// Form fields as Pushover names them, none of them empty.
    pub(super) fields: Vec<(String, String)>,
    /// Stop the repeats of this tag first.
    pub(super) cancel: Option<String>,
}

/// Composes the message for a notification that came in at `now` (Unix seconds). `instance` is the name of the monitoring
/// instance in pushover.toml.
#[must_use]
pub(super) fn compose(
    notification: &Notification,
    settings: &WebForm,
    instance: &str,
    now: u64,
) -> Composed {
    let priority = priority(notification, settings);
    let tag = tag(notification, instance);
    let mut fields = Vec::new();
    let mut put = |key: &str, value: String| {
        if !value.is_empty() {
            fields.push((key.to_owned(), value));
        }
    };
    put("message", body(notification));
    put("title", cut(&title(notification), TITLE_CHARS));
    let possible = 1..=now.saturating_add(DAY_SECONDS);
    let time = notification.time.filter(|time| possible.contains(time)).unwrap_or(now);
    put("timestamp", time.to_string());
    if priority.0 != 0 {
        put("priority", priority.0.to_string());
    }
    if priority.0 == 2 {
        put("retry", RETRY_SECONDS.to_string());
        put("expire", EXPIRE_SECONDS.to_string());
        put("tags", tag.clone().unwrap_or_default());
    }
    let sound = settings.sounds.of(notification.severity);
    put("sound", sound.map(|sound| sound.0.clone()).unwrap_or_default());
    let url = clean(&notification.url).replace(['\n', ' '], "");
    if url.chars().count() <= URL_CHARS {
        put("url", url);
    }
    let may_ring = settings.priorities.values().any(|priority| priority.0 == 2);
    Composed { fields, cancel: tag.filter(|_| notification.ends_alarm() && may_ring) }
}

/// What a notification says, in parts.
#[must_use]
pub(super) fn about(notification: &Notification) -> Option<Gist> {
    let state = match notification.severity {
        _ if notification.is_over => Severity::Ok.word(),
        severity => severity.map_or("", Severity::word),
    };
    let first = notification.message.lines().next().unwrap_or_default();
    (!notification.host.is_empty()).then(|| Gist {
        host: cut(&one_line(&notification.host), LINE_CHARS),
        service: cut(&one_line(&notification.service), LINE_CHARS),
        state: state.to_owned(),
        ends: notification.is_over && notification.is_of_state(),
        text: cut(&one_line(first), LINE_CHARS),
    })
}

/// The tag of an incident's emergency messages; without an incident there is nothing that could end.
fn tag(notification: &Notification, instance: &str) -> Option<String> {
    let incident = notification.incident.as_str();
    (!incident.is_empty())
        .then(|| format!("in-{}", fingerprint(&[instance, "icinga-notifications", incident], 16)))
}

fn priority(notification: &Notification, settings: &WebForm) -> Priority {
    let by_default = match notification.severity {
        _ if !notification.is_of_state() => Priority(-1),
        _ if notification.is_over => Priority(0),
        Some(Severity::Crit | Severity::Alert | Severity::Emerg) => Priority(1),
        _ => Priority(0),
    };
    let rule = settings.priorities.of(notification.severity).copied();
    // What people do about an incident must not be louder than the incident, and what ends an alarm must not start one.
    if !notification.is_of_state() {
        return rule.unwrap_or(by_default).min(Priority(0));
    }
    let wanted = rule.unwrap_or(by_default);
    if notification.is_over { wanted.min(Priority(1)) } else { wanted }
}

fn title(notification: &Notification) -> String {
    let severity = notification.severity;
    let kind = match notification.kind.as_str() {
        _ if notification.is_of_state() => String::new(),
        kind => kind.replace('-', " ").to_uppercase(),
    };
    let (symbol, word) = match severity {
        _ if notification.is_over => (Severity::Ok.symbol(), Severity::Ok.word()),
        Some(severity) => (severity.symbol(), severity.word()),
        None => ("", ""),
    };
    let symbol = if kind.is_empty() { symbol } else { "" };
    let object = match (notification.host.as_str(), notification.service.as_str()) {
        (host, "") => host.to_owned(),
        (host, service) => format!("{host}: {service}"),
    };
    let parts = [symbol, &kind, word, &object].map(one_line);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn body(notification: &Notification) -> String {
    let text = clean(&notification.message);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned);
    let lines = worth_a_push(lines.collect());
    let text = that_fit(lines, MESSAGE_CHARS);
    let author = one_line(&notification.author);
    match (author.as_str(), text.as_str()) {
        ("", "") => "(no output)".to_owned(),
        (author, "") => cut(author, MESSAGE_CHARS),
        ("", text) => cut(text, MESSAGE_CHARS),
        (author, text) => cut(&format!("{author}: {text}"), MESSAGE_CHARS),
    }
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(priorities: &str) -> WebForm {
        WebForm::read(&json!({ "priorities": priorities, "sounds": "crit=siren" })).unwrap().0
    }

    fn problem() -> Notification {
        Notification {
            host: "mail01".to_owned(),
            service: "queue".to_owned(),
            incident: "22".to_owned(),
            severity: Some(Severity::Crit),
            message: "143 messages\nmend it\n[OK] fine\n[CRITICAL] a".to_owned(),
            time: Some(1000),
            ..Notification::default()
        }
    }

    fn field<'a>(composed: &'a Composed, name: &str) -> &'a str {
        let found = composed.fields.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    #[test]
    fn a_problem_names_object_state_and_what_is_worth_a_push() {
        let composed = compose(&problem(), &settings(""), "", 2000);
        assert_eq!(field(&composed, "title"), "🔴 CRIT mail01: queue");
        assert_eq!(field(&composed, "message"), "143 messages\nmend it\n[CRITICAL] a");
        assert_eq!((field(&composed, "timestamp"), field(&composed, "priority")), ("1000", "1"));
        assert_eq!((field(&composed, "sound"), field(&composed, "tags")), ("siren", ""));
        assert_eq!(composed.cancel, None);
    }

    #[test]
    fn an_emergency_is_cancelled_by_the_number_of_its_incident() {
        let rings = settings("crit=2");
        let emergency = compose(&problem(), &rings, "a", 2000);
        assert_eq!((field(&emergency, "priority"), field(&emergency, "retry")), ("2", "60"));
        let over = |incident: &str| Notification {
            severity: Some(Severity::Ok),
            is_over: true,
            incident: incident.to_owned(),
            ..problem()
        };
        let end = compose(&over("22"), &rings, "a", 2000);
        assert_eq!(end.cancel.as_deref(), Some(field(&emergency, "tags")));
        assert_eq!(field(&end, "title"), "🟢 OK mail01: queue");
        assert_ne!(compose(&over("23"), &rings, "a", 2000).cancel, end.cancel);
        assert_ne!(compose(&over("22"), &rings, "b", 2000).cancel, end.cancel);
        assert_eq!(compose(&over("22"), &settings("crit=1"), "a", 2000).cancel, None);
        assert_eq!(compose(&over(""), &rings, "a", 2000).cancel, None);
    }

    #[test]
    fn nothing_that_ends_an_alarm_or_only_speaks_of_it_rings() {
        for (kind, ends, expected) in [
            ("state", false, "2"),
            ("", true, "1"),
            ("acknowledgement-set", false, ""),
            ("mute", false, ""),
            ("downtime-end", false, ""),
        ] {
            let one = Notification { kind: kind.to_owned(), is_over: ends, ..problem() };
            let composed = compose(&one, &settings("2"), "", 2000);
            assert_eq!(field(&composed, "priority"), expected, "{kind}");
        }
        let kind = "flapping-start".to_owned();
        let quiet = compose(&Notification { kind, ..problem() }, &settings(""), "", 2000);
        assert_eq!(field(&quiet, "priority"), "-1");
        assert_eq!(field(&quiet, "title"), "FLAPPING START CRIT mail01: queue");
        let muted = Notification { kind: "mute".to_owned(), ..problem() };
        let muted = compose(&muted, &settings("crit=2"), "", 2000);
        assert_eq!(field(&muted, "title"), "MUTE CRIT mail01: queue");
        assert!(muted.cancel.is_some());
    }

    #[test]
    fn every_part_stays_within_its_limit() {
        let long = "ä\u{1}\t".repeat(400_000);
        let huge = Notification {
            host: long.clone(),
            service: long.clone(),
            url: format!("https://{long}"),
            message: long.clone(),
            author: long,
            ..problem()
        };
        let composed = compose(&huge, &settings(""), "", 2000);
        assert!(field(&composed, "title").chars().count() <= TITLE_CHARS);
        assert!(field(&composed, "message").chars().count() <= MESSAGE_CHARS);
        assert_eq!(field(&composed, "url"), "");
        let empty = compose(&Notification::default(), &settings(""), "", 2000);
        assert_eq!(field(&empty, "message"), "(no output)");
        assert_eq!(field(&empty, "title"), "");
    }
}
