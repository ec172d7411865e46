//! One waiting message, as it stands in the spool: finished text, but neither token nor key.

use serde::{Deserialize, Serialize};

use super::addressee::Addressee;
use super::fingerprint::fingerprint;
use super::reason::Reason;
use super::receipt::Alarm;
use super::text::MESSAGE_CHARS;

const IMAGE_LEFT_OUT: &str = "\n(image left out: it did not get through)";

/// A message or a cancellation on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Who it is for. Files call it an address since the first version.
    #[serde(rename = "address")]
    pub(crate) addressee: Addressee,
    /// Stop the repeats of this tag first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancel: Option<String>,
    /// Form fields as Pushover names them; empty for a mere cancellation.
    pub(crate) fields: Vec<(String, String)>,
    /// What the message is about, hashed, to recognise a repetition.
    #[serde(default)]
    pub(crate) object: String,
    /// When it was put here, in Unix seconds.
    pub(crate) created: u64,
    /// Tries that failed so far.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// Not to be tried again before this, in Unix milliseconds.
    #[serde(default)]
    pub(crate) next_try: u64,
    /// Whether it will not be sent because it waited too long, not because Pushover would not have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) given_up: bool,
    /// Why it will not be sent. Only in `failed/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Reason>,
    /// What it says, for whoever has to put several into one; absent in files of older versions, and for what is about no
    /// host or service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<Gist>,
    /// What an emergency rings for, if its core is to be told of an acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alarm: Option<Alarm>,
}

/// What a message says, in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gist {
    /// The host as it is shown.
    pub(crate) host: String,
    /// The service as it is shown; empty for the host itself.
    pub(crate) service: String,
    /// The state in its core's word; empty for none.
    pub(crate) state: String,
    /// Whether the problem is over.
    pub(crate) ends: bool,
    /// The first line of the text.
    pub(crate) text: String,
}

impl Item {
    /// The form fields in the shape the client takes.
    #[must_use]
    pub(crate) fn form(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// A form field.
    #[must_use]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Replaces a form field; an empty value removes it.
    pub(crate) fn set_field(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self.fields.retain(|(_, value)| !value.is_empty());
    }

    /// Goes on without the image, if there is one, and says so in the text.
    pub(crate) fn leave_image_out(&mut self) {
        let before = self.fields.len();
        self.fields.retain(|(key, _)| !key.starts_with("attachment_"));
        if self.fields.len() == before {
            return;
        }
        let room = MESSAGE_CHARS - IMAGE_LEFT_OUT.chars().count();
        for (_, text) in self.fields.iter_mut().filter(|(key, _)| key == "message") {
            *text = text.chars().take(room).chain(IMAGE_LEFT_OUT.chars()).collect();
        }
    }

    /// What identifies a repetition of the same notification: all that reaches the phone. `None` when that cannot be told.
    ///
    /// Host and notification number are needed: without them two different alerts may look alike.
    #[must_use]
    pub(crate) fn repetition_key(&self, host: &str, number: &str) -> Option<String> {
        if host.is_empty() || number.is_empty() {
            return None;
        }
        let Self { addressee, cancel, fields, .. } = self;
        let all = serde_json::to_string(&(addressee, cancel, fields)).ok()?;
        Some(fingerprint(&[&all, number], 16))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::addressee::Source;
    use super::*;

    fn addressee() -> Addressee {
        Addressee {
            config: PathBuf::from("/etc/c.toml"),
            token: Source::Configured,
            user: Source::Configured,
            recipient: "alice".to_owned(),
        }
    }

    #[test]
    fn the_file_of_the_first_version_is_read_and_written_alike() {
        let text = concat!(
            r#"{"address":{"config":"/c","token":"configured","user":{"environment":"0123456789ab"},"#,
            r#""recipient":""},"fields":[["message","x"]],"object":"o","created":1,"attempts":3,"next_try":0,"#,
            r#""given_up":true,"failure":"more than 5 messages wait"}"#,
        );
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&item).unwrap(), text);
        assert_eq!(item.failure.unwrap().to_string(), "more than 5 messages wait");
    }

    #[test]
    fn an_item_survives_the_disk() {
        let item = Item {
            addressee: addressee(),
            cancel: Some("ni-1".to_owned()),
            fields: vec![("message".to_owned(), "ä\n\"🔴\"".to_owned())],
            object: "o".to_owned(),
            created: 1,
            attempts: 2,
            next_try: 3,
            given_up: true,
            failure: Some(Reason::Noted("too old".to_owned())),
            about: Some(Gist {
                host: "h".to_owned(),
                service: "s".to_owned(),
                state: "OK".to_owned(),
                ends: true,
                text: "t".to_owned(),
            }),
            alarm: Some(Alarm { host: "h".to_owned(), service: "s".to_owned(), at: 1 }),
        };
        let text = serde_json::to_vec(&item).unwrap();
        assert_eq!(serde_json::from_slice::<Item>(&text).unwrap(), item);
    }

    #[test]
    fn a_text_says_that_its_image_is_left_out() {
        let field = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        let long = "ä".repeat(1024);
        for (text, image, chars, says_so) in
            [("x", true, 42, true), ("x", false, 1, false), (&long, true, 1024, true)]
        {
            let mut item: Item = serde_json::from_value(serde_json::json!({
                "address": addressee(), "fields": [["message", text]], "created": 1
            }))
            .unwrap();
            if image {
                item.fields.push(field("attachment_base64", "AAAA"));
                item.fields.push(field("attachment_type", "image/png"));
            }
            item.leave_image_out();
            let shown = &item.fields[0].1;
            assert_eq!((item.fields.len(), shown.chars().count()), (1, chars), "{shown}");
            assert_eq!(shown.ends_with("(image left out: it did not get through)"), says_so);
        }
    }

    #[test]
    fn only_what_reaches_the_phone_alike_is_a_repetition() {
        let item = |fields: [[&str; 2]; 2]| -> Item {
            serde_json::from_value(serde_json::json!({
                "address": addressee(), "fields": fields, "created": 1
            }))
            .unwrap()
        };
        let loud = item([["message", "x"], ["priority", "2"]]);
        assert_eq!(loud.repetition_key("", "1"), None);
        assert_eq!(loud.repetition_key("h", ""), None);
        let key = loud.repetition_key("h", "1");
        assert_eq!(Item { created: 9, attempts: 3, ..loud.clone() }.repetition_key("h", "1"), key);
        assert_ne!(loud.repetition_key("h", "2"), key);
        assert_ne!(item([["message", "x"], ["priority", "-1"]]).repetition_key("h", "1"), key);
        assert_ne!(item([["message", "y"], ["priority", "2"]]).repetition_key("h", "1"), key);
        assert_ne!(Item { cancel: Some("t".to_owned()), ..loud }.repetition_key("h", "1"), key);
    }
}
