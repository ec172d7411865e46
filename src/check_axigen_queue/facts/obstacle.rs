//! What could not be looked at, and why.

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
    /// A directory or a device in place of a file.
    NotAFile,
    /// A configuration of more than 16 MiB.
    TooLarge,
}

impl Obstacle {
    pub(crate) fn is_denied(self) -> bool {
        matches!(self, Self::System(Errno::ACCESS | Errno::PERM))
    }
}

impl From<std::io::Error> for Obstacle {
    fn from(error: std::io::Error) -> Self {
        Self::System(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl Serialize for Obstacle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
