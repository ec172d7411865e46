//! What is left for messages to come.

use serde::Serialize;

/// What is left on a file system for an ordinary account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Room {
    pub(crate) bytes: u64,
    /// Absent where the file system has no limit on them.
    pub(crate) files: Option<u64>,
}
