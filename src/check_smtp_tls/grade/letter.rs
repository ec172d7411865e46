//! Grades as letters: reading, printing, comparing.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A letter, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Grade {
    APlus,
    A,
    AMinus,
    B,
    C,
    D,
    E,
    F,
}

impl Grade {
    pub(crate) const ALL: [Self; 8] =
        [Self::APlus, Self::A, Self::AMinus, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// 0 for the best.
    pub(crate) fn rank(self) -> usize {
        Self::ALL.iter().take_while(|grade| **grade != self).count()
    }

    /// Whether it is worse than the other.
    #[must_use]
    pub fn is_worse_than(self, other: Self) -> bool {
        self.rank() > other.rank()
    }

    pub(crate) fn worse(self, other: Self) -> Self {
        if other.is_worse_than(self) { other } else { self }
    }

    pub(crate) fn of_score(score: u32) -> Self {
        match score {
            80.. => Self::A,
            65.. => Self::B,
            50.. => Self::C,
            35.. => Self::D,
            20.. => Self::E,
            _ => Self::F,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::AMinus => "A-",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
        })
    }
}

impl Serialize for Grade {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text names no grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a grade; use A+, A, A-, B, C, D, E or F")]
pub struct NotAGrade;

impl FromStr for Grade {
    type Err = NotAGrade;

    fn from_str(text: &str) -> Result<Self, NotAGrade> {
        let found =
            Self::ALL.into_iter().find(|grade| grade.to_string().eq_ignore_ascii_case(text));
        found.ok_or(NotAGrade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_read_as_they_are_printed() {
        for grade in Grade::ALL {
            assert_eq!(grade.to_string().parse(), Ok(grade));
            assert_eq!(grade.to_string().to_lowercase().parse(), Ok(grade));
        }
        assert_eq!("G".parse::<Grade>(), Err(NotAGrade));
        assert!(Grade::AMinus.is_worse_than(Grade::A) && !Grade::A.is_worse_than(Grade::A));
    }
}
