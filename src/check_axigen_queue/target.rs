//! What to look at.

use std::path::PathBuf;
use std::time::Duration;

/// What to look at.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) queue_dirs: Vec<PathBuf>,
    pub(super) config: Option<PathBuf>,
    /// The age from which a message counts as older; absent when no age is wanted.
    pub(super) ages: Option<Duration>,
    pub(super) size: bool,
    pub(super) census: bool,
}

impl Target {
    /// The queue directories as they were given.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> =
            self.queue_dirs.iter().map(|path| path.display().to_string()).collect();
        names.join(",")
    }
}
