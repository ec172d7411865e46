//! Files named like messages that are neither counted nor belong to a message that is: a sign of a layout that nobody here
//! knows.
//!
//! The count finds them by name; ages are asked only of so many that the verdict is certain.

use std::ffi::{CStr, CString, OsStr};
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::fstat;
use walkdir::WalkDir;

use super::arrivals::is_settled;
use super::kin::{self, Kin};
use super::scan::{self, Seen};
use super::watch::{Watch, below};
use crate::check_axigen_queue::facts::{OtherFiles, Queue};

/// Directories beside the queue's own that are looked into; a queue has none that is known of.
const MOST_DIRECTORIES: usize = 4096;
/// Entries looked at in all of them.
const MOST_ENTRIES: usize = 200_000;
/// Entries between two looks at the clock.
const BETWEEN_LOOKS: usize = 256;

/// Where unexplained files are, or may be.
#[derive(Default)]
pub(crate) struct Suspects {
    kin: Kin,
    /// The directory of the queue that is being counted.
    current: CString,
    /// Those that hold unexplained files.
    directories: Vec<CString>,
    /// Those that are not counted, below the queue.
    beside: Vec<PathBuf>,
}

impl Suspects {
    /// What follows is in this directory.
    pub(crate) fn enter(&mut self, directory: &CStr, queue: &mut Queue) {
        self.leave(queue);
        directory.clone_into(&mut self.current);
    }

    /// The directory ends.
    pub(crate) fn leave(&mut self, queue: &mut Queue) {
        let unexplained = self.kin.unexplained();
        if unexplained > 0 {
            queue.unexplained.count += unexplained;
            self.directories.push(self.current.clone());
        }
    }

    pub(crate) fn message(&mut self, name: &CStr) {
        self.kin.message(name.to_bytes());
    }

    /// Whether another file is named like a message.
    pub(crate) fn other(&mut self, name: &CStr) -> bool {
        self.kin.other(name.to_bytes())
    }

    /// A directory that is not counted.
    pub(crate) fn beside(&mut self, path: &[&CStr]) {
        if self.beside.len() < MOST_DIRECTORIES {
            let parts = path.iter().map(|part| OsStr::from_bytes(part.to_bytes()));
            self.beside.push(parts.collect());
        }
    }

    /// Finds out whether so many have been there for long that the layout is not recognised; breaks when the time is up.
    pub(crate) fn settle(
        &self,
        queue: &mut Queue,
        root: BorrowedFd<'_>,
        now: i64,
        watch: &Watch<'_>,
    ) -> ControlFlow<()> {
        // Without a subdirectory this is no queue, and what stands beside may be a whole disk.
        if queue.subdirectories > 0 {
            self.look_beside(queue, root, now, watch)?;
        }
        if queue.unexplained.count >= queue.too_many_unexplained() {
            for directory in &self.directories {
                if queue.has_unexplained() {
                    break;
                }
                look_into(queue, root, directory, now, watch)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Looks through the directories that are not counted, at any depth, on the queue's own file system.
    fn look_beside(
        &self,
        queue: &mut Queue,
        root: BorrowedFd<'_>,
        now: i64,
        watch: &Watch<'_>,
    ) -> ControlFlow<()> {
        let device = fstat(root).ok().map(|root| root.st_dev);
        let mut looked_at = 0;
        for beside in &self.beside {
            watch.enter_path(&queue.path.join(beside), "looking for messages in");
            let start = queue.path.join(beside);
            let is_ours = start.symlink_metadata().is_ok_and(|start| Some(start.dev()) == device);
            let entries = WalkDir::new(&start).same_file_system(true).into_iter();
            for entry in entries.filter(|_| is_ours).flatten() {
                looked_at += 1;
                if looked_at > MOST_ENTRIES {
                    return ControlFlow::Continue(());
                }
                if looked_at % BETWEEN_LOOKS == 0 {
                    watch.tick(queue)?;
                }
                let is_alike = kin::id(entry.file_name().as_bytes()).is_some();
                if !is_alike || !entry.file_type().is_file() {
                    continue;
                }
                queue.unexplained.count += 1;
                if !queue.has_unexplained()
                    && entry.metadata().is_ok_and(|file| OtherFiles::is_settled(file.mtime(), now))
                {
                    let path = entry.path().strip_prefix(&queue.path).unwrap_or(entry.path());
                    queue.unexplained.settle(path);
                }
            }
        }
        watch.tick(queue)
    }
}

/// Asks the unexplained files of one directory of the queue for their ages, as many as are needed.
fn look_into(
    queue: &mut Queue,
    root: BorrowedFd<'_>,
    directory: &CStr,
    now: i64,
    watch: &Watch<'_>,
) -> ControlFlow<()> {
    watch.enter(&queue.path, directory, "asking for the age of other files in");
    let mut kin = Kin::default();
    scan::files(root, directory, |seen| {
        match seen {
            Seen::Message { name, .. } => kin.message(name.to_bytes()),
            Seen::Pause => return watch.tick(queue),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    if !kin.settle() {
        return ControlFlow::Continue(());
    }
    let mut in_time = true;
    let _ = scan::files(root, directory, |seen| match seen {
        Seen::OtherFile { dir, name } => {
            let id = kin::id(name.to_bytes());
            if id.is_some_and(|id| !kin.has(id)) && is_settled(dir, name, now) {
                queue.unexplained.settle(
                    &below(Path::new(""), directory).join(OsStr::from_bytes(name.to_bytes())),
                );
            }
            if queue.has_unexplained() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        Seen::Pause => watch.tick(queue).map_break(|()| in_time = false),
        _ => ControlFlow::Continue(()),
    });
    if in_time { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
