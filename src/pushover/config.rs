//! `pushover.toml`: who may be told, with which token, and by which way. See pushover.toml(5).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::addressee::shown;
use super::core_access::{CoreMistake, CoreTable};
use super::object_state::ObjectState;
use crate::secret::{self, Secret, SecretError};

/// Where the configuration is unless `--config` says otherwise.
pub(crate) const CONFIG_FILE: &str = "/etc/monitoring-plugins-axigen/pushover.toml";

/// Letters of the longest key we know.
const KEY_CHARS: usize = 13;
/// Enough for thousands of recipients.
const FILE_BYTES: u64 = 1 << 20;

/// The file's content. Keys are named like the options they stand for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// The application's token.
    #[serde(deserialize_with = "secret")]
    pub(crate) token: Option<Secret>,
    /// A file with the token alone.
    pub(crate) token_file: Option<PathBuf>,
    /// Keys of users and groups by name.
    #[serde(deserialize_with = "secrets")]
    pub(crate) users: BTreeMap<String, Secret>,
    /// Who is told when no recipient is named.
    pub(crate) recipient: Option<String>,
    /// The spool.
    pub(crate) spool_dir: Option<PathBuf>,
    /// Where the API is.
    pub(crate) api_url: Option<String>,
    /// Trust these certificates only.
    pub(crate) ca_file: Option<PathBuf>,
    /// The proxy, perhaps with a password.
    #[serde(deserialize_with = "secret")]
    pub(crate) proxy: Option<Secret>,
    /// The monitoring instance's name: emergency tags of one instance are the same on all its nodes.
    pub(crate) instance: Option<String>,
    /// Base of the links to Icinga Web.
    pub(crate) icingaweb_url: Option<String>,
    /// States that ring until somebody acknowledges.
    pub(crate) emergency: Option<String>,
    /// More waiting messages than that become one; 0 is never.
    pub(crate) digest: Option<usize>,
    /// The core that learns what is acknowledged on the phone.
    pub(crate) acknowledge: Option<CoreTable>,
    /// Whether there is no file: all of it is unset.
    #[serde(skip)]
    pub(crate) is_missing: bool,
}

/// A value that can be read and is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigMistake {
    /// Who is told by default is not among the users.
    #[error("recipient = '{}' is not in [users]", shown(.0))]
    Recipient(String),
    /// Something else than a state, which rings for nothing.
    #[error("emergency = '{}' is not a state{}", shown(.word), .meant.map(|known| format!("; did you mean {known}?")).unwrap_or_default())]
    State { word: String, meant: Option<&'static str> },
    /// Links that lead nowhere.
    #[error("icingaweb-url is not a URL such as https://icinga.example.com/icingaweb2")]
    WebUrl,
    /// A core that cannot be told.
    #[error("{0}")]
    Core(CoreMistake),
}

/// One line of a file whose other lines may be broken.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SpoolLine {
    spool_dir: Option<PathBuf>,
}

/// Why the configuration is of no use. Never holds a value from it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConfig {
    /// The file cannot be read, or everybody can.
    #[error("{0}")]
    File(#[from] SecretError),
    /// Not the TOML we know.
    #[error("{}, line {line}: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Config {
    /// Reads the file. `required` is whether it was asked for; the default one may be missing.
    ///
    /// # Errors
    /// [`NoConfig`] names the file, and the line for a mistake in it.
    pub(crate) fn read(path: &Path, required: bool) -> Result<Self, NoConfig> {
        match secret::read_private(path, FILE_BYTES) {
            Ok(text) => Self::parse(&text, path),
            Err(SecretError::Unreadable { source, .. })
                if !required && source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(Self { is_missing: true, ..Self::default() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The spool in a file that is of no other use: an alert must not wait where nobody looks later.
    #[must_use]
    pub(crate) fn salvage_spool_dir(path: &Path) -> Option<PathBuf> {
        let text = secret::read_trusted(path, FILE_BYTES).ok()?;
        let mut lines = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        lines.find_map(|line| toml::from_str::<SpoolLine>(line).ok()?.spool_dir)
    }

    /// Reads the text of a file. `path` is for words.
    ///
    /// # Errors
    /// [`NoConfig::Syntax`] with the line.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, NoConfig> {
        toml::from_str(text).map_err(|error| NoConfig::Syntax {
            path: path.to_owned(),
            line: error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(1, |before| before.matches('\n').count() + 1),
            problem: without_values(error.message()),
        })
    }

    /// Values that are of no use though the file is.
    #[must_use]
    pub(crate) fn mistakes(&self) -> Vec<ConfigMistake> {
        let mut mistakes = Vec::new();
        if let Some(name) = self.recipient.as_ref().filter(|name| !self.users.contains_key(*name)) {
            mistakes.push(ConfigMistake::Recipient(name.clone()));
        }
        let words = self.emergency.iter().flat_map(|list| list.split(',')).map(str::trim);
        for word in words.filter(|word| !word.is_empty() && ObjectState::parse(word).is_none()) {
            let meant = ObjectState::meant_by(word);
            mistakes.push(ConfigMistake::State { word: word.to_owned(), meant });
        }
        let web = self.icingaweb_url.as_deref().filter(|url| !url.is_empty());
        let is_link = |url: &str| Url::parse(url).is_ok_and(|url| url.scheme().starts_with("http"));
        if web.is_some_and(|url| !is_link(url)) {
            mistakes.push(ConfigMistake::WebUrl);
        }
        let core = self.acknowledge.as_ref().map(CoreTable::access);
        if let Some(Err(mistake)) = core {
            mistakes.push(ConfigMistake::Core(mistake));
        }
        mistakes
    }

    /// The recipient for a message that names none: the default one, or the only one.
    #[must_use]
    pub(crate) fn default_recipient(&self) -> Option<&str> {
        match &self.recipient {
            Some(name) => Some(name),
            None if self.users.len() == 1 => self.users.keys().next().map(String::as_str),
            None => None,
        }
    }
}

/// The parser's own words about keys and values could hold a token: in the wrong place, or with name and value swapped.
fn without_values(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if line.starts_with("invalid type") || line.starts_with("invalid value") {
        return "a value of the wrong type".to_owned();
    }
    // The list of all keys stands in pushover.toml(5).
    let line = line.split(", expected").next().unwrap_or_default();
    let shown = |(at, word)| if at % 2 == 0 || is_harmless(word) { word } else { "..." };
    line.split('`').enumerate().map(shown).collect::<Vec<_>>().join("`")
}

/// Whether it may be shown what stands in the file: a sign, or what could be one of our keys.
fn is_harmless(word: &str) -> bool {
    let is_key_like = |c: char| c.is_ascii_lowercase() || c == '-' || c == '_';
    let sign = word.chars().all(|c| c.is_ascii_punctuation()) && word.len() <= 3;
    sign || (word.len() <= KEY_CHARS + 2 && word.chars().all(is_key_like))
}

fn secret<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::new(&Zeroizing::new(String::deserialize(source)?))))
}

fn secrets<'de, D: Deserializer<'de>>(source: D) -> Result<BTreeMap<String, Secret>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(source)?;
    let secret = |(name, text): (String, String)| (name, Secret::new(&Zeroizing::new(text)));
    Ok(texts.into_iter().map(secret).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, NoConfig> {
        Config::parse(text, Path::new("pushover.toml"))
    }

    #[test]
    fn all_keys_are_read() {
        let config = parse(
            "token = \"t\"\nrecipient = \"bob\"\nspool-dir = \"/s\"\napi-url = \"https://p\"\n\
             instance = \"i\"\nproxy = \"http://u:sesame@p:1\"\n[users]\nalice = \"a\"\nbob = \" b \"\n",
        )
        .unwrap();
        assert_eq!(config.token.as_ref().unwrap().expose(), "t");
        assert_eq!(config.users["bob"].expose(), "b");
        assert_eq!(config.default_recipient(), Some("bob"));
        let shown = format!("{config:?}");
        assert!(!shown.contains("\"t\"") && !shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn the_only_user_is_the_default_recipient() {
        let only = parse("[users]\nalice = \"a\"\n").unwrap();
        assert_eq!(only.default_recipient(), Some("alice"));
        let two = parse("[users]\nalice = \"a\"\nbob = \"b\"\n").unwrap();
        assert_eq!(two.default_recipient(), None);
    }

    #[test]
    fn values_of_no_use_are_named() {
        for (text, mistakes) in [
            ("emergency = 'critical, DOWN'\nicingaweb-url = 'https://i/icingaweb2'\n", ""),
            (
                "emergency = 'CRITCAL'",
                "emergency = 'CRITCAL' is not a state; did you mean CRITICAL?",
            ),
            (
                "emergency = 'azGDORePK8gMaC0QOYAMyEEuzJnyUi,DOWN'",
                "emergency = '***' is not a state",
            ),
            ("recipient = 'carol'\n[users]\nalice = 'a'", "recipient = 'carol' is not in [users]"),
            (
                "icingaweb-url = '/icingaweb2'",
                "icingaweb-url is not a URL such as https://icinga.example.com/icingaweb2",
            ),
        ] {
            let seen = parse(text).unwrap().mistakes();
            let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
            assert_eq!(seen.join("; "), mistakes, "{text}");
        }
    }

    #[test]
    fn mistakes_name_the_line_and_no_value() {
        for (text, line) in [
            ("token = \"sesame\"\ntokne = \"sesame\"\n", 2),
            ("token = \"sesame\n", 1),
            ("\n\n[users\nsesame", 3),
            ("token = 5\n", 1),
            ("[users]\nalice = [\"sesame\"]\n", 2),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}: ")), "{error}");
            assert!(!error.contains("sesame"), "{error}");
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_shown() {
        const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
        for text in [
            "T = \"token\"",
            "\"T\" = 1",
            "'T' = 'token'",
            "tokne.T = 1",
            "token.T = 1",
            "token = T",
            "token = 'T",
            "token = \"\\T\"",
            "token: T",
            "T",
            "[T]",
            "[[T]]",
            "[T",
            "[users]\nT",
            "[users]\nT = 5",
            "[users.T]\na = 'b'",
            "[users]\n[T]",
            "users = 'T'",
            "recipient = ['T']",
            "emergency = { T = 'a' }",
            "T = 1\nT = 2",
            "[users]\nT = 'a'\nT = 'b'",
            "T.a = 1\nT = 2",
            "a = 1979-05-T",
            "a = 0xT",
        ] {
            let error = parse(&text.replace('T', TOKEN)).unwrap_err().to_string();
            assert!(!error.contains("azGD"), "{text}: {error}");
        }
        let error = parse("tokne = 'a'").unwrap_err().to_string();
        assert!(error.ends_with("line 1: unknown field `tokne`"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text: String) {
            let _ = parse(&text);
        }
    }
}
