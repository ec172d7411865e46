//! The clock and the published facts, as each step of the probe sees them.

use std::ffi::{CStr, OsStr};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::scan;
use crate::check_axigen_queue::facts::{Facts, Queue};
use crate::deadline::Deadline;
use crate::program::Progress;

/// Keeps the clock and publishes one queue's facts.
pub(crate) struct Watch<'a> {
    deadline: &'a Deadline,
    progress: &'a Progress<Facts>,
    index: usize,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(deadline: &'a Deadline, progress: &'a Progress<Facts>, index: usize) -> Self {
        Self { deadline, progress, index }
    }

    /// Says what is being done to a directory of the queue.
    pub(crate) fn enter(&self, queue: &Path, directory: &CStr, doing: &str) {
        self.deadline.enter(format!("{doing} {}", below(queue, directory).display()));
    }

    /// Says what is being done to another directory.
    pub(crate) fn enter_path(&self, path: &Path, doing: &str) {
        self.deadline.enter(format!("{doing} {}", path.display()));
    }

    /// Publishes, and breaks when the time is up.
    pub(crate) fn tick(&self, queue: &Queue) -> ControlFlow<()> {
        self.progress.note(|facts| {
            if let Some(published) = facts.queues.get_mut(self.index) {
                queue.clone_into(published);
            }
        });
        if self.deadline.has_passed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A directory of the queue as people name it; the root is not "/queue/.".
pub(crate) fn below(root: &Path, name: &CStr) -> PathBuf {
    if name == scan::ROOT {
        root.to_path_buf()
    } else {
        root.join(OsStr::from_bytes(name.to_bytes()))
    }
}
