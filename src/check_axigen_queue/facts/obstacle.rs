//! What could not be looked at, and why.

use std::fmt;

use rustix::io::Errno;
use serde::{Serialize, Serializer};

/// Why something could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The system call's error.
    System(Errno),
    /// A symbolic link below the root, which is not followed.
    SymbolicLink,
    /// A mount point below the root, which is not crossed.
    OtherFileSystem,
    /// The file system gives no figure.
    NotTold,
    /// The same directory as one named before.
    SameAsBefore,
}

impl Obstacle {
    pub(crate) fn is_denied(self) -> bool {
        matches!(self, Self::System(Errno::ACCESS | Errno::PERM))
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(errno) => f.write_str(&cause(&(*errno).into())),
            Self::SymbolicLink => f.write_str("is a symbolic link"),
            Self::OtherFileSystem => f.write_str("is on another file system"),
            Self::SameAsBefore => f.write_str("is a directory that was named before"),
            Self::NotTold => f.write_str("the file system does not tell"),
        }
    }
}

impl Serialize for Obstacle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// "Permission denied", without the number that std adds.
pub(crate) fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// How many, and the first of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Noted<T> {
    pub(crate) count: u64,
    pub(crate) first: Option<T>,
}

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self { count: 0, first: None }
    }
}

impl<T> Noted<T> {
    pub(crate) fn note(&mut self, item: impl FnOnce() -> T) {
        self.count += 1;
        self.first.get_or_insert_with(item);
    }
}
