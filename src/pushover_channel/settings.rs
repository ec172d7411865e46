//! What is set in the web form: described by `GetInfo`, received by `SetConfig`. Pure.
//!
//! Neither a directory nor an address of the network stands here: whoever may use the form must not be able to send
//! token and texts elsewhere, or to have files written.

use serde_json::{Map, Value, json};

use super::protocol::{Objection, ObjectionKind};
use super::severity::BySeverity;
use crate::pushover::addressee::looks_like_key;
use crate::pushover::loudness::{Priority, Sound};
use crate::secret::Secret;

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WebForm {
    /// The application's token, unless pushover.toml has it.
    pub(super) token: Option<Secret>,
    pub(super) priorities: BySeverity<Priority>,
    pub(super) sounds: BySeverity<Sound>,
}

/// The answer to `GetInfo`.
pub(super) fn info() -> Value {
    json!({
        "name": "Pushover",
        "version": env!("CARGO_PKG_VERSION"),
        "author": "monitoring-plugins-axigen",
        "config_attrs": [
            option(
                "token",
                "secret",
                "Application token",
                "30 letters and digits; empty for the one in pushover.toml",
            ),
            option(
                "priorities",
                "string",
                "Priorities by severity",
                "From -2 to 2, as in crit=1,emerg=2; 2 rings until somebody acknowledges or the incident ends",
            ),
            option(
                "sounds",
                "string",
                "Sounds by severity",
                "As in crit=siren,warning=none; Pushover's names",
            ),
        ],
    })
}

fn option(name: &str, kind: &str, label: &str, help: &str) -> Value {
    json!({
        "name": name,
        "type": kind,
        "label": { "en_US": label },
        "help": { "en_US": help },
        "min": null,
        "max": null,
    })
}

impl WebForm {
    /// Reads the parameters of `SetConfig`, and what of them is of no use but costs no alert.
    ///
    /// # Errors
    /// [`Objection`] for what is no set of options, and for a token that is none. It does not hold the token.
    pub(super) fn read(params: &Value) -> Result<(Self, Vec<String>), Objection> {
        let refuse = |message: String| Objection::new(ObjectionKind::Params, message);
        let empty = Map::new();
        let options = match params {
            Value::Object(options) => options,
            // What the web form stores when every field is left blank (Icinga/icinga-notifications#299).
            Value::Array(none) if none.is_empty() => &empty,
            _ => return Err(refuse("SetConfig needs an object of options".to_owned())),
        };
        let text = |name: &str| match options.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.trim()),
            Some(_) => Err(refuse(format!("{name} is not a string"))),
        };
        let token = text("token")?;
        if !token.is_empty() && !looks_like_key(token) {
            let chars = token.chars().count();
            return Err(refuse(format!(
                "the token must be 30 letters and digits, but has {chars} characters or contains other ones"
            )));
        }
        let (priorities, wrong_priorities) = BySeverity::read(text("priorities")?);
        let (sounds, wrong_sounds) = BySeverity::read(text("sounds")?);
        let ignored = |name: &'static str, mistakes: Vec<String>| {
            mistakes.into_iter().map(move |mistake| format!("{name} ignored: {mistake}"))
        };
        let remarks =
            ignored("priority", wrong_priorities).chain(ignored("sound", wrong_sounds)).collect();
        let token = (!token.is_empty()).then(|| Secret::new(token));
        Ok((Self { token, priorities, sounds }, remarks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";

    #[test]
    fn options_are_read_and_taste_is_a_remark() {
        let given = json!({
            "token": TOKEN, "priorities": "crit=1,bad=9", "sounds": "crit=si ren", "api-url": "x"
        });
        let (settings, remarks) = WebForm::read(&given).unwrap();
        assert_eq!(settings.token.as_ref().unwrap().expose(), TOKEN);
        assert_eq!(settings.priorities.values().count(), 1);
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(!format!("{settings:?}").contains(TOKEN));
        assert_eq!(WebForm::read(&json!({})).unwrap().0, WebForm::default());
        assert_eq!(WebForm::read(&json!([])).unwrap().0, WebForm::default());
        assert_eq!(WebForm::read(&json!({ "token": null })).unwrap().0, WebForm::default());
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_shown() {
        for given in [
            json!(null),
            json!(["token"]),
            json!({ "token": 5 }),
            json!({ "token": "sesame" }),
            json!({ "token": format!("{TOKEN}sesame") }),
            json!({ "sounds": {} }),
        ] {
            let refusal = WebForm::read(&given).unwrap_err();
            assert_eq!(refusal.kind, ObjectionKind::Params);
            assert!(!refusal.message.contains("sesame"), "{}", refusal.message);
        }
    }

    #[test]
    fn the_form_offers_no_way_to_files_or_hosts() {
        let info = info();
        let options = info["config_attrs"].as_array().unwrap();
        let names: Vec<&str> = options.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["token", "priorities", "sounds"]);
        assert_eq!(options[0]["type"], "secret");
        assert!(options.iter().all(|one| one["label"]["en_US"].is_string()));
    }
}
