//! What a walk of the whole tree counts: sizes, and a census without names.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ages::AgeBuckets;

/// The size of all regular files on the queue's file system.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Size {
    pub(crate) bytes: u64,
    /// Of one file.
    pub(crate) largest_bytes: u64,
    pub(crate) files: u64,
    /// Directories and files that could not be asked.
    pub(crate) unread: u64,
    pub(crate) finished: bool,
}

/// What stands in the tree, by kind. Holds no name, so it can be shown to strangers.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Census {
    /// "depth 2 file S(hex)" -> what is known of the entries of that kind.
    pub(crate) kinds: BTreeMap<String, Kind>,
    pub(crate) unread: u64,
    pub(crate) finished: bool,
}

/// Entries of one kind.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Kind {
    pub(crate) count: u64,
    /// Octal mode -> count.
    pub(crate) modes: BTreeMap<String, u64>,
    /// Ages by mtime, in the buckets of the check.
    pub(crate) by_mtime: AgeBuckets,
    /// Ages by birth time.
    pub(crate) by_birth: AgeBuckets,
    pub(crate) without_birth: u64,
    /// mtime more than a second after birth: written again later.
    pub(crate) rewritten: u64,
    /// mtime more than a second before birth: copied, or set on purpose.
    pub(crate) backdated: u64,
    pub(crate) in_future: u64,
}
