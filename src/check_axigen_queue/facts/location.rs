//! How the queue was found, or why there is none to look at.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::obstacle::Obstacle;

/// How the queue directories were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// Named on the command line.
    QueueDir,
    /// `queuePath` in this file.
    Config(PathBuf),
    /// The first of the vendor's places that exists, since no axigen.cfg says more.
    Default(ConfigSays),
}

/// An axigen.cfg that was not named and is of no help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigSays {
    NoFile,
    NoQueuePath(PathBuf),
    Unreadable(PathBuf, Obstacle),
}

impl Serialize for FoundBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why there is no queue directory to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("cannot read {path}: {cause}", path = path.display())]
    ConfigUnreadable { path: PathBuf, cause: Obstacle },
    #[error("cannot understand {path}: {cause}", path = path.display())]
    ConfigBroken { path: PathBuf, cause: ConfigError },
    #[error("{path} sets no queuePath in Server, processing", path = path.display())]
    NoQueuePath { path: PathBuf },
    #[error("queuePath in {path} is relative to a directory the file does not name", path = path.display())]
    RelativeQueuePath { path: PathBuf },
    #[error("no queue directory: none of {} exists", .0.join(", "))]
    NoQueue(&'static [&'static str]),
}

/// Why a file is no axigen.cfg; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("line {0}: a string has no closing quote")]
    OpenString(usize),
    #[error("line {0}: a comment is never closed")]
    OpenComment(usize),
    #[error("line {0}: a bracket closes what was not opened")]
    StrayBracket(usize),
    #[error("the file ends inside a bracket, as if it were cut off")]
    OpenBracket,
    #[error("line {0}: a value is longer than 8192 characters")]
    LongValue(usize),
    #[error("line {0}: queuePath holds a NUL or is empty")]
    BadPath(usize),
}
