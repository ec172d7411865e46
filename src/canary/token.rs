//! A canary mail's number, and what the check notes of the mail.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

/// Hexadecimal digits of the time; enough for 30,000 years.
const TIME_DIGITS: usize = 10;
/// Hexadecimal digits nobody can guess: 88 bits.
const RANDOM_DIGITS: usize = 22;

/// One canary mail's number and the local part of its recipient. It begins with the time it was made, so that tokens sort
/// by age, and ends with what nobody can guess.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Token(String);

impl Token {
    /// A new one; nothing when the system gives no random bytes.
    #[must_use]
    pub(crate) fn new(now: u64) -> Option<Self> {
        let mut random = [0; RANDOM_DIGITS / 2];
        aws_lc_rs::rand::fill(&mut random).ok()?;
        let mut text = format!("{now:0TIME_DIGITS$x}");
        for byte in random {
            let _ = write!(text, "{byte:02x}");
        }
        Self::read(&text)
    }

    /// Reads a local part or the start of a file's name. Mail servers may change the case.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_one = text.len() == TIME_DIGITS + RANDOM_DIGITS
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub(crate) fn made(&self) -> u64 {
        self.0.get(..TIME_DIGITS).and_then(|time| u64::from_str_radix(time, 16).ok()).unwrap_or(0)
    }

    /// Its text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the check notes of a canary mail, in `tokens/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Canary {
    /// Whether our own server must refuse a wrong certificate, so that it is shown one.
    pub(crate) verify: bool,
    /// What our own server answered when it took the mail; absent until it did.
    pub(crate) accepted: Option<String>,
    /// When the mail exchanger was last found not to listen while this mail waited, in seconds since 1970.
    pub(crate) no_sink: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_sort_by_age_and_read_back_in_any_case() {
        let (older, newer) =
            (Token::new(1_795_507_200).unwrap(), Token::new(1_795_507_201).unwrap());
        assert!(older < newer);
        assert_ne!(newer, Token::new(1_795_507_201).unwrap());
        assert_eq!(older.made(), 1_795_507_200);
        assert_eq!(Token::read(&older.as_str().to_uppercase()), Some(older));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let long = "a".repeat(33);
        for text in ["", "postmaster", "..", "0123456789abcdef0123456789abcde/", "é", &long] {
            assert_eq!(Token::read(text), None, "{text}");
        }
    }
}
