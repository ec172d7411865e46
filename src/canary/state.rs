//! The state directory as each of the two sees it: one half to write, one to read.

use std::fs::{File, TryLockError};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::half::{Half, HalfError, HalfFault, or_reason};
use super::sighting::{Circumstances, Peer, Sight, Sighting};
use super::token::{Canary, Token};

const TOKENS: &str = "tokens";
const SEEN: &str = "seen";
/// Where the mail exchanger keeps the key it made for itself.
const KEY: &str = "key";
const KEY_FILE: &str = "self-signed.pem";
const LOCK: &str = ".lock";

/// Canary mails that are known, at most: a week of hourly ones is 168.
const MOST_TOKENS: usize = 1000;
/// Sightings of one mail, at most. Honest servers leave four, and strangers who knock may not fill the disk.
pub(crate) const MOST_OF_A_MAIL: usize = 100;
/// Mails whose files are read to be judged: two days of hourly ones.
const MOST_JUDGED: usize = 48;
/// Seconds a mail is known for, longer than mail servers keep mails in their queue: five days with most.
const KNOWN_FOR: u64 = 8 * 86_400;
/// Seconds by which a time may lie ahead.
const AHEAD: u64 = 60;

/// The state as the check sees it.
#[derive(Debug)]
pub(crate) struct CheckState {
    tokens: Half,
    seen: Half,
}

/// What is known of a canary mail.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Followed {
    pub(crate) token: Token,
    /// What the check noted.
    #[serde(serialize_with = "or_reason")]
    pub(crate) canary: Result<Canary, HalfError>,
    /// What was seen, in no order.
    pub(crate) seen: Vec<Observed>,
}

/// What was seen once. The file's content may be lost; what it is about is not.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Observed {
    #[serde(flatten)]
    pub(crate) sighting: Sighting,
    #[serde(serialize_with = "or_reason")]
    pub(crate) how: Result<Circumstances, HalfError>,
}

impl CheckState {
    /// Opens both halves.
    ///
    /// # Errors
    /// [`HalfError`] names the directory.
    pub(crate) fn open(path: &Path) -> Result<Self, HalfError> {
        let top = Half::top(path)?;
        Ok(Self { tokens: top.below(TOKENS)?, seen: top.below(SEEN)? })
    }

    /// Becomes the one process that hands a mail over; nothing while another is.
    ///
    /// # Errors
    /// [`HalfError`] when the lock file cannot be used.
    pub(crate) fn lock(&self) -> Result<Option<File>, HalfError> {
        let file = self.tokens.lock_file(LOCK)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.tokens.error(LOCK, error.into())),
        }
    }

    /// The newest canary mails that are known, newest first.
    ///
    /// # Errors
    /// [`HalfError`] when a directory cannot be read.
    pub(crate) fn mails(&self) -> Result<Vec<Followed>, HalfError> {
        // First what was seen: of a mail that comes between the two only less is known.
        let seen = self.seen.names()?;
        let seen: Vec<Sighting> = seen.iter().filter_map(|name| Sighting::read(name)).collect();
        let mails =
            tokens(&self.tokens)?.into_iter().rev().take(MOST_JUDGED).map(|token| Followed {
                canary: parsed(&self.tokens, token.as_str()),
                seen: seen
                    .iter()
                    .filter(|sighting| sighting.token == token)
                    .map(|sighting| Observed {
                        sighting: sighting.clone(),
                        how: parsed(&self.seen, &sighting.file_name()),
                    })
                    .collect(),
                token,
            });
        Ok(mails.collect())
    }

    /// Notes a mail, before it is handed over and when more is known of it.
    ///
    /// # Errors
    /// [`HalfError`] when it cannot be written.
    pub(crate) fn note(&self, token: &Token, canary: &Canary) -> Result<(), HalfError> {
        self.tokens.replace(token.as_str(), &bytes(canary))
    }

    /// Forgets a mail that was not taken, so that it will not come.
    ///
    /// # Errors
    /// [`HalfError`] when it cannot be removed.
    pub(crate) fn forget(&self, token: &Token) -> Result<(), HalfError> {
        self.tokens.remove(token.as_str())
    }

    /// Forgets mails that no queue holds any more, and those of a clock that was ahead: they would be the newest for ever.
    pub(crate) fn tidy(&self, now: u64) {
        let Ok(names) = self.tokens.names() else {
            return;
        };
        let known = names.iter().filter(|name| Token::read(name).is_some()).count();
        let mut too_many = known.saturating_sub(MOST_TOKENS);
        let mut names = names;
        names.sort();
        let over: Vec<&String> = names
            .iter()
            .filter(|name| {
                let Some(token) = Token::read(name) else {
                    return false;
                };
                let is_one_too_many = too_many > 0;
                too_many = too_many.saturating_sub(1);
                is_one_too_many
                    || token.made().saturating_add(KNOWN_FOR) < now
                    || is_ahead(token.made(), now)
            })
            .collect();
        let over: Vec<&str> = over.into_iter().map(String::as_str).collect();
        self.tokens.tidy(&names, signed(now), |name| over.contains(&name));
    }
}

/// Whether a time lies in the future, so that the clock was set back since.
#[must_use]
pub(crate) fn is_ahead(at: u64, now: u64) -> bool {
    at > now.saturating_add(AHEAD)
}

/// The state as the mail exchanger sees it.
#[derive(Debug)]
pub(crate) struct SinkState {
    top: Half,
    tokens: Half,
    seen: Half,
}

impl SinkState {
    /// Opens both halves.
    ///
    /// # Errors
    /// [`HalfError`] names the directory.
    pub(crate) fn open(path: &Path) -> Result<Self, HalfError> {
        let top = Half::top(path)?;
        Ok(Self { tokens: top.below(TOKENS)?, seen: top.below(SEEN)?, top })
    }

    /// The key and the certificate that were made at the first start; `make` makes them. Of two that make them at once
    /// both get the same.
    ///
    /// # Errors
    /// [`HalfError`] when they can be neither read nor kept.
    pub(crate) fn own_key(
        &self,
        make: impl FnOnce() -> Option<String>,
    ) -> Result<Vec<u8>, HalfError> {
        let half = self.top.below(KEY)?;
        match half.read(KEY_FILE) {
            Err(error) if error.is_missing() => {}
            other => return other,
        }
        let key = make().ok_or_else(|| half.error(KEY_FILE, HalfFault::Malformed))?;
        half.keep_first_secret(KEY_FILE, key.as_bytes())?;
        half.read(KEY_FILE)
    }

    /// The newest canary mail: the only one that may be open.
    ///
    /// # Errors
    /// [`HalfError`] when that cannot be read.
    pub(crate) fn newest(&self) -> Result<Option<(Token, Canary)>, HalfError> {
        let Some(token) = tokens(&self.tokens)?.pop() else {
            return Ok(None);
        };
        let canary = parsed(&self.tokens, token.as_str())?;
        Ok(Some((token, canary)))
    }

    /// Whether a canary mail of this number is expected.
    ///
    /// # Errors
    /// [`HalfError`] when that cannot be read.
    pub(crate) fn expects(&self, token: &Token) -> Result<bool, HalfError> {
        match self.tokens.read(token.as_str()) {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What was seen up to now.
    ///
    /// # Errors
    /// [`HalfError`] when that cannot be read.
    pub(crate) fn seen(&self) -> Result<Vec<Sighting>, HalfError> {
        Ok(self.seen.names()?.iter().filter_map(|name| Sighting::read(name)).collect())
    }

    /// Puts on disk what was seen, for good. The first of each kind stays; of a refused right certificate the last.
    ///
    /// # Errors
    /// [`HalfError`] when it is not on disk, so that nothing may follow from it.
    pub(crate) fn note(
        &self,
        token: &Token,
        sight: Sight,
        peer: &Peer,
        circumstances: &Circumstances,
    ) -> Result<(), HalfError> {
        self.tidy(circumstances.at);
        let sighting = Sighting::new(token, sight, peer);
        let of_this_mail = self.seen()?.iter().filter(|known| known.token == *token).count();
        let counts = matches!(sight, Sight::InTheClear | Sight::Encrypted);
        if of_this_mail >= MOST_OF_A_MAIL && !counts {
            return Err(self.seen.error(".", HalfFault::TooMany(MOST_OF_A_MAIL)));
        }
        let (name, bytes) = (sighting.file_name(), bytes(circumstances));
        match sight {
            Sight::RightRefused => self.seen.replace(&name, &bytes),
            _ => self.seen.keep_first(&name, &bytes),
        }
    }

    /// Forgets what was seen of mails that the check has forgotten.
    fn tidy(&self, now: u64) {
        let (Ok(known), Ok(names)) = (tokens(&self.tokens), self.seen.names()) else {
            return;
        };
        let is_over = |name: &str| {
            Sighting::read(name).is_some_and(|sighting| {
                known.binary_search(&sighting.token).is_err()
                    && sighting.token.made().saturating_add(KNOWN_FOR) < now
            })
        };
        self.seen.tidy(&names, signed(now), is_over);
    }
}

/// All tokens in a directory, oldest first.
fn tokens(half: &Half) -> Result<Vec<Token>, HalfError> {
    let names = half.names()?;
    let mut tokens: Vec<Token> = names
        .iter()
        .filter_map(|name| Token::read(name).filter(|token| token.as_str() == *name))
        .collect();
    tokens.sort();
    Ok(tokens)
}

fn parsed<T: DeserializeOwned>(half: &Half, name: &str) -> Result<T, HalfError> {
    serde_json::from_slice(&half.read(name)?).map_err(|_| half.error(name, HalfFault::Malformed))
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
