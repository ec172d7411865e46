//! What Icinga Notifications has to say, from the parameters of `SendNotification`. Pure.
//!
//! The form changes between releases: what is not there, or of another type than expected, is unset, and the alert goes out
//! without it.

use serde_json::Value;

use super::severity::Severity;
use crate::clock::rfc3339;

/// One notification for one contact. Empty texts are unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notification {
    /// Name of the contact.
    pub(super) contact: String,
    /// Where the contact is reached by this channel.
    pub(super) addresses: Vec<String>,
    /// Host, or the whole name of an object that is none of Icinga 2's.
    pub(super) host: String,
    /// Service of that host.
    pub(super) service: String,
    /// Link to the object.
    pub(super) url: String,
    /// Number of the incident.
    pub(super) incident: String,
    /// How bad it is.
    pub(super) severity: Option<Severity>,
    /// What happened, as v0.2.0 says it: `state`, `acknowledgement-set` and so on.
    pub(super) kind: String,
    /// Whether the incident is over.
    pub(super) is_over: bool,
    /// Who did it.
    pub(super) author: String,
    /// Output of the check, or a comment.
    pub(super) message: String,
    /// When it happened, in seconds since 1970.
    pub(super) time: Option<u64>,
}

/// Events after which an emergency must not go on to ring (`notifications/event/type.go` of icinga-go-library).
const ENDS: [&str; 3] = ["acknowledgement-set", "downtime-start", "mute"];

impl Notification {
    /// Reads the parameters for the channel `channel`, which is the type of its addresses. `None` for what is no object.
    pub(super) fn read(params: &Value, channel: &str) -> Option<Self> {
        let Value::Object(_) = params else { return None };
        let at = |path: &str| params.pointer(path);
        let text = |path: &str| at(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let yes = |path: &str| at(path).and_then(Value::as_bool).unwrap_or_default();
        let severity = ["/incident/severity", "/event/severity"]
            .iter()
            .find_map(|path| Severity::parse(at(path)?.as_str()?));
        let kind = match text("/event/type") {
            kind if kind.is_empty() && yes("/incident/muted") => "mute".to_owned(),
            kind => kind,
        };
        let (host, service) = match (text("/object/tags/host"), text("/object/tags/service")) {
            (host, _) if host.is_empty() => (text("/object/name"), String::new()),
            object => object,
        };
        let addresses = at("/contact/addresses").and_then(Value::as_array);
        let ours = |one: &Value| {
            let is_ours = one.get("type")?.as_str()? == channel;
            let address = one.get("address")?.as_str()?.trim();
            (is_ours && !address.is_empty()).then(|| address.to_owned())
        };
        Some(Self {
            contact: text("/contact/full_name"),
            addresses: addresses.into_iter().flatten().filter_map(ours).collect(),
            host,
            service,
            url: text("/object/url"),
            incident: at("/incident/id")
                .filter(|id| id.is_number())
                .map(ToString::to_string)
                .unwrap_or_default(),
            severity,
            is_over: severity == Some(Severity::Ok) || yes("/incident/recovered"),
            kind,
            author: text("/event/username"),
            message: text("/event/message"),
            time: rfc3339(&text("/event/time")).and_then(|time| u64::try_from(time).ok()),
        })
    }

    /// Whether an emergency must not go on to ring.
    pub(super) fn ends_alarm(&self) -> bool {
        self.is_over || ENDS.contains(&self.kind.as_str())
    }

    /// Whether it speaks of a state, and not of what people do about it.
    pub(super) fn is_of_state(&self) -> bool {
        matches!(self.kind.as_str(), "" | "state" | "incident-age")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_releases_are_understood() {
        let read = |value: Value| Notification::read(&value, "x_pushover").unwrap();
        let contact = json!({
            "full_name": "Alice", "addresses": [
                { "type": "email", "address": "alice@example.com" },
                { "type": "x_pushover", "address": " alice " },
            ]
        });
        let old = read(json!({
            "contact": contact,
            "object": {
                "name": "mail01!queue", "url": "https://w", "tags": { "host": "mail01", "service": "queue" },
                "extra_tags": { "hostgroup/linux": null }
            },
            "incident": { "id": 22, "url": "https://i", "severity": "crit" },
            "event": {
                "time": "2024-07-12T10:47:30.445439055Z", "type": "state", "username": "", "message": "143\n"
            }
        }));
        assert_eq!((old.contact.as_str(), old.addresses.join(" ")), ("Alice", "alice".to_owned()));
        assert_eq!((old.host.as_str(), old.service.as_str()), ("mail01", "queue"));
        assert_eq!((old.incident.as_str(), old.severity), ("22", Some(Severity::Crit)));
        assert_eq!(
            (old.time, old.ends_alarm(), old.is_of_state()),
            (Some(1_720_781_250), false, true)
        );
        let new = read(json!({
            "contact": contact,
            "object": { "name": "job", "url": "", "tags": {} },
            "incident": { "id": 22, "severity": "crit", "muted": false, "recovered": true },
            "event": { "time": "soon", "message": "x" },
            "states": [{ "state_key": "a", "value": "b" }]
        }));
        assert_eq!((new.host.as_str(), new.service.as_str(), new.is_over), ("job", "", true));
        assert_eq!(new.time, None);
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_unset() {
        assert_eq!(Notification::read(&json!([]), "x"), None);
        let empty = Notification::read(&json!({}), "x").unwrap();
        assert_eq!(empty, Notification::default());
        let odd = json!({
            "contact": { "full_name": 5, "addresses": { "type": "x" } },
            "object": "mail01", "incident": null, "event": { "message": ["a"], "time": 5 }
        });
        assert_eq!(Notification::read(&odd, "x").unwrap(), empty);
    }

    #[test]
    fn an_emergency_ends_with_the_incident_and_when_somebody_takes_it_up() {
        for (value, ends) in [
            (json!({ "incident": { "id": 1, "severity": "crit" } }), false),
            (json!({ "incident": { "id": 1, "severity": "ok" } }), true),
            (json!({ "incident": { "id": 1, "severity": "crit", "muted": true } }), true),
            (json!({ "event": { "type": "acknowledgement-set", "severity": "crit" } }), true),
            (json!({ "event": { "type": "downtime-end" } }), false),
        ] {
            assert_eq!(Notification::read(&value, "x").unwrap().ends_alarm(), ends, "{value}");
        }
    }
}
