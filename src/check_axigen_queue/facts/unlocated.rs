//! Why there is no queue to look at.

use std::path::PathBuf;

use super::obstacle;

/// Why there is no queue directory to look at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("cannot read {path}: {cause}", path = path.display(), cause = obstacle::cause(cause))]
    ConfigUnreadable { path: PathBuf, cause: std::io::Error },
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
