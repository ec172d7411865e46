//! How loud a message is: the priorities and sounds that Pushover knows.

use std::str::FromStr;

/// A priority from -2 to 2 (<https://pushover.net/api#priority>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Priority(pub(crate) i8);

impl FromStr for Priority {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number @ -2..=2) => Ok(Self(number)),
            _ => Err("use a number from -2 to 2"),
        }
    }
}

/// The name of a sound, Pushover's or one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sound(pub(crate) String);

impl FromStr for Sound {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !text.is_empty() && text.len() <= 60 && text.bytes().all(of_a_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use a name such as siren")
        }
    }
}
