//! Who a message is for and whose application sends it: where token and key are, never what they are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Environment variable and credential of the token.
pub(crate) const TOKEN_NAMES: (&str, &str) = ("PUSHOVER_TOKEN", "pushover_token");
/// Environment variable and credential of the recipient's key.
pub(crate) const USER_NAMES: (&str, &str) = ("PUSHOVER_USER", "pushover_user");

/// Length of every token and key (<https://pushover.net/api>, "identifiers").
pub(super) const KEY_CHARS: usize = 30;

/// A name from a configuration or a command line for people to read, unless it is a key in the wrong place.
#[must_use]
pub(super) fn shown(name: &str) -> &str {
    if looks_like_key(name) { "***" } else { name }
}

/// Whether it has the form of a token or key.
#[must_use]
pub(crate) fn looks_like_key(text: &str) -> bool {
    text.len() == KEY_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where a token or a key is to be read by whoever sends the message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// In the configuration file.
    Configured,
    /// In a file of its own.
    File(PathBuf),
    /// In the environment or a systemd credential; the fingerprint says whether it is still the same.
    Environment(String),
}

/// Who the message is for and whose application sends it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Addressee {
    /// The configuration file.
    pub(crate) config: PathBuf,
    /// The application token.
    pub(crate) token: Source,
    /// The recipient's key.
    pub(crate) user: Source,
    /// The recipient's name in the configuration; empty for its default one.
    pub(crate) recipient: String,
}

impl Addressee {
    /// The variables, or credentials of like names, without which no other process can send to it.
    #[must_use]
    pub(crate) fn variables(&self) -> Vec<&'static str> {
        let of = |source: &Source, (variable, _): (&'static str, _)| {
            matches!(source, Source::Environment(_)).then_some(variable)
        };
        let both = [of(&self.token, TOKEN_NAMES), of(&self.user, USER_NAMES)];
        both.into_iter().flatten().collect()
    }

    /// The recipient for people to read.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match &self.user {
            Source::Configured if self.recipient.is_empty() => "the default recipient".to_owned(),
            Source::Configured => shown(&self.recipient).to_owned(),
            Source::File(path) => format!("the recipient in {}", path.display()),
            Source::Environment(_) => "the recipient in the environment".to_owned(),
        }
    }
}

/// Whether a word may be a key or token, or most of one.
pub(crate) fn is_like_a_secret(word: &str) -> bool {
    let long = |run: &str| run.len() * 3 >= KEY_CHARS * 2;
    word.split(|c: char| !c.is_ascii_alphanumeric()).any(long)
}
