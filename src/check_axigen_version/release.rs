//! Releases of Axigen, as 10.6.30 and 10.3.3.67, and which is older.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The numbers of a release; those that are not written are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release([u32; 4]);

/// The first two numbers, as in 10.6: releases of one line replace each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReleaseLine(u32, u32);

/// Why a text is no release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a release; write two to four numbers, as in 10.6.41")]
pub(super) struct NotARelease;

impl Release {
    pub(super) const fn new(major: u32, minor: u32, update: u32, fix: u32) -> Self {
        Self([major, minor, update, fix])
    }

    pub(super) fn line(self) -> ReleaseLine {
        let [major, minor, ..] = self.0;
        ReleaseLine(major, minor)
    }
}

impl ReleaseLine {
    pub(super) fn first(self) -> Release {
        Release::new(self.0, self.1, 0, 0)
    }
}

impl FromStr for Release {
    type Err = NotARelease;

    fn from_str(text: &str) -> Result<Self, NotARelease> {
        let mut numbers = [0; 4];
        let mut count = 0;
        for part in text.split('.') {
            let place = numbers.get_mut(count).ok_or(NotARelease)?;
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(NotARelease);
            }
            *place = part.parse().map_err(|_| NotARelease)?;
            count += 1;
        }
        if count < 2 { Err(NotARelease) } else { Ok(Self(numbers)) }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, update, fix] = self.0;
        write!(f, "{major}.{minor}.{update}")?;
        if fix == 0 { Ok(()) } else { write!(f, ".{fix}") }
    }
}

impl fmt::Display for ReleaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers_and_missing_ones_are_zero() {
        let order =
            ["9.0", "10.3", "10.3.0.1", "10.3.3.9", "10.3.3.67", "10.6.5", "10.6.41", "10.10.0"];
        let releases: Vec<Release> = order.iter().map(|text| text.parse().unwrap()).collect();
        assert!(releases.is_sorted_by(|a, b| a < b), "{releases:?}");
        assert_eq!("10.6".parse::<Release>(), "10.6.0.0".parse());
        for (text, shown) in
            [("10.6.41", "10.6.41"), ("10.3.3.67", "10.3.3.67"), ("10.6", "10.6.0")]
        {
            assert_eq!(text.parse::<Release>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_no_release() {
        for text in ["", "10", "10.", ".6", "10..6", "10.6.a", "+10.6", "10.-6", "1.2.3.4.5"] {
            assert_eq!(text.parse::<Release>(), Err(NotARelease), "{text:?}");
        }
        assert_eq!("10.99999999999".parse::<Release>(), Err(NotARelease));
    }
}
