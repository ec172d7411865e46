//! From the names in an item to token and key, at the moment of sending.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::addressee::{
    Addressee, KEY_CHARS, Source, TOKEN_NAMES, USER_NAMES, looks_like_key, shown,
};
use super::config::{Config, NoConfig};
use super::fingerprint::fingerprint;
use crate::secret::{self, Secret, SecretError};

/// Digits of a fingerprint.
const DIGITS: usize = 12;

/// Token and key of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The application's token.
    pub(crate) token: Secret,
    /// The recipient's key.
    pub(crate) user: Secret,
}

impl Keys {
    /// Stands for the token in files.
    #[must_use]
    pub(crate) fn token_mark(&self) -> String {
        mark(&self.token)
    }

    /// Stands for the token and the key in files.
    #[must_use]
    pub(crate) fn user_mark(&self) -> String {
        fingerprint(&[self.token.expose(), self.user.expose()], DIGITS)
    }
}

/// One of the two secrets of a message, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The application's token.
    Token,
    /// The recipient's key, which no name of the configuration leads to.
    User,
    /// The key of a recipient of the configuration.
    UserNamed(String),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("the token"),
            Self::User => f.write_str("the recipient's key"),
            Self::UserNamed(name) => write!(f, "the key of '{}'", shown(name)),
        }
    }
}

/// Why a message has no token or no key. Says which one, never what it is.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The configuration is of no use.
    #[error("{0}")]
    Config(Arc<NoConfig>),
    /// A file or credential is of no use.
    #[error("{which}: {source}")]
    File { which: Which, source: Arc<SecretError> },
    /// A secret stands where the name of its file is expected.
    #[error("{0} itself is given where the name of its file is expected")]
    NotInAFile(Which),
    /// Nowhere to be found.
    #[error("no token in {}, a file, the environment or a credential", .0.display())]
    NoToken(PathBuf),
    /// The configuration is not there.
    #[error("no token: {} does not exist", .0.display())]
    NoConfigFile(PathBuf),
    /// It is taken for a user.
    #[error("no token: found under [users] in {}; move the line above [users]", .0.display())]
    TokenBelowUsers(PathBuf),
    /// The configuration does not know the recipient.
    #[error("unknown recipient '{}': not in [users] of the configuration", shown(.0))]
    UnknownRecipient(String),
    /// No recipient was named and there is no default.
    #[error("no recipient: give one, or set one in the configuration")]
    NoRecipient,
    /// The environment has another one now.
    #[error("{0} came from the environment of another process and is not set here")]
    Elsewhere(Which),
    /// Not what a token or key looks like.
    #[error("{which} must be {KEY_CHARS} letters and digits, but has {chars} characters{}", if *.plain { "" } else { " and contains other ones" })]
    Malformed {
        which: Which,
        /// Its length.
        chars: usize,
        /// Whether all of them are letters and digits.
        plain: bool,
    },
}

/// Reads configurations and secrets once per run.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    configs: BTreeMap<PathBuf, Result<Config, Arc<NoConfig>>>,
    files: BTreeMap<PathBuf, Secret>,
}

impl Keyring {
    /// An empty one.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Hands over the configuration that was read already.
    pub(crate) fn know(&mut self, path: &Path, config: &Result<Config, Arc<NoConfig>>) {
        self.configs.insert(path.to_owned(), config.clone());
    }

    /// Hands over what stands in a file, or would if that could be written.
    pub(crate) fn know_file(&mut self, path: &Path, secret: &Secret) {
        self.files.insert(path.to_owned(), secret.clone());
    }

    /// Token and key of `addressee`.
    ///
    /// # Errors
    /// [`KeyError`]; the message must wait until somebody has repaired it.
    pub(crate) fn find(&mut self, addressee: &Addressee) -> Result<Keys, KeyError> {
        let token = self.find_token(addressee)?;
        let user = self.find_user(addressee)?;
        Ok(Keys { token, user })
    }

    /// The token of `addressee` alone.
    ///
    /// # Errors
    /// [`KeyError`] when there is none.
    pub(crate) fn find_token(&mut self, addressee: &Addressee) -> Result<Secret, KeyError> {
        let which = Which::Token;
        let token = match &addressee.token {
            Source::File(path) => self.find_file(path, &which)?,
            Source::Environment(mark) => from_surroundings(TOKEN_NAMES, mark, &which)?,
            Source::Configured => {
                let config = self.config(&addressee.config)?;
                match (&config.token, &config.token_file) {
                    (Some(token), _) => token.clone(),
                    (None, Some(path)) => from_file(path, &which)?,
                    (None, None) => {
                        let path = addressee.config.clone();
                        return Err(match config {
                            Config { is_missing: true, .. } => KeyError::NoConfigFile(path),
                            config if config.users.contains_key("token") => {
                                KeyError::TokenBelowUsers(path)
                            }
                            _ => KeyError::NoToken(path),
                        });
                    }
                }
            }
        };
        well_formed(token, which)
    }

    fn find_user(&mut self, addressee: &Addressee) -> Result<Secret, KeyError> {
        let which = Which::User;
        match &addressee.user {
            Source::File(path) => well_formed(self.find_file(path, &which)?, which),
            Source::Environment(mark) => {
                well_formed(from_surroundings(USER_NAMES, mark, &which)?, which)
            }
            Source::Configured => {
                let config = self.config(&addressee.config)?;
                let name = match addressee.recipient.as_str() {
                    "" => config.default_recipient().ok_or(KeyError::NoRecipient)?,
                    name => name,
                };
                let unknown = || KeyError::UnknownRecipient(name.to_owned());
                let key = config.users.get(name).ok_or_else(unknown)?;
                well_formed(key.clone(), Which::UserNamed(name.to_owned()))
            }
        }
    }

    fn find_file(&self, path: &Path, which: &Which) -> Result<Secret, KeyError> {
        self.files.get(path).cloned().map_or_else(|| from_file(path, which), Ok)
    }

    fn config(&mut self, path: &Path) -> Result<&Config, KeyError> {
        let read = || Config::read(path, true).map_err(Arc::new);
        self.configs
            .entry(path.to_owned())
            .or_insert_with(read)
            .as_ref()
            .map_err(|error| KeyError::Config(error.clone()))
    }
}

/// What the environment or the credentials hold now, as a source to be noted in an item.
///
/// A credential that cannot be read is noted, too, without a mark: the next best source may lead to somebody else.
#[must_use]
pub(crate) fn surroundings((variable, credential): (&str, &str)) -> Option<Source> {
    let found = match secret::from_environment(variable) {
        Some(secret) => Ok(Some(secret)),
        None => secret::from_credential(credential),
    };
    match found {
        Ok(secret) => secret.map(|secret| Source::Environment(mark(&secret))),
        Err(_) => Some(Source::Environment(String::new())),
    }
}

fn from_surroundings(
    (variable, credential): (&str, &str),
    wanted: &str,
    which: &Which,
) -> Result<Secret, KeyError> {
    let credential =
        secret::from_credential(credential).map_err(|error| of_no_use(error, which))?;
    [secret::from_environment(variable), credential]
        .into_iter()
        .flatten()
        .find(|secret| wanted.is_empty() || mark(secret) == wanted)
        .ok_or_else(|| KeyError::Elsewhere(which.clone()))
}

fn from_file(path: &Path, which: &Which) -> Result<Secret, KeyError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    secret::from_file(path).map_err(|error| match error {
        SecretError::Unreadable { .. } if looks_like_key(name) => {
            KeyError::NotInAFile(which.clone())
        }
        error => of_no_use(error, which),
    })
}

fn of_no_use(source: SecretError, which: &Which) -> KeyError {
    KeyError::File { which: which.clone(), source: Arc::new(source) }
}

fn well_formed(secret: Secret, which: Which) -> Result<Secret, KeyError> {
    let text = secret.expose();
    if looks_like_key(text) {
        return Ok(secret);
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    Err(KeyError::Malformed { which, chars: text.chars().count(), plain })
}

fn mark(secret: &Secret) -> String {
    fingerprint(&[secret.expose()], DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";

    fn keyring(config: &str) -> Keyring {
        let mut keyring = Keyring::new();
        let config: Config = toml::from_str(config).unwrap();
        keyring.know(Path::new("c"), &Ok(config));
        keyring
    }

    fn find(config: &str, recipient: &str) -> Result<Keys, String> {
        let addressee = Addressee {
            config: PathBuf::from("c"),
            token: Source::Configured,
            user: Source::Configured,
            recipient: recipient.to_owned(),
        };
        keyring(config).find(&addressee).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_is_named_and_never_shown() {
        let good = format!("token = '{TOKEN}'\n[users]\nalice = '{TOKEN}'\nbob = 'short!'\n");
        assert_eq!(find(&good, "alice").unwrap().user.expose(), TOKEN);
        let error = find(&good, "bob").unwrap_err();
        assert_eq!(
            error,
            "the key of 'bob' must be 30 letters and digits, but has 6 characters and contains other ones"
        );
        assert!(find(&good, "carol").unwrap_err().contains("unknown recipient 'carol'"));
        assert!(find(&good, "").unwrap_err().contains("no recipient"));
        assert!(find("[users]\na = 'b'\n", "a").unwrap_err().contains("no token"));
        let swapped = format!("token = '{TOKEN}'\n[users]\n{TOKEN} = 'alice'\n");
        for error in [
            find(&swapped, "").unwrap_err(),
            find(&good, TOKEN).unwrap_err(),
            find(&format!("token-file = '{TOKEN}'\n"), "a").unwrap_err(),
            find(&format!("token-file = '/etc/{TOKEN}'\n"), "a").unwrap_err(),
        ] {
            assert!(!error.contains(TOKEN), "{error}");
        }
        let error = find("token = 'sesame'\n", "a").unwrap_err();
        assert!(error.starts_with("the token must be") && !error.contains("sesame"), "{error}");
    }
}
