//! The count: names of all directories, no file touched.

use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use super::arrivals;
use super::names::Names;
use super::scan::{self, Seen};
use super::watch::{Watch, below};
use crate::check_axigen_queue::facts::{OtherFiles, Queue, Unread};

/// Counts messages by name alone, and keeps their names for the ages; breaks when the time is up.
pub(crate) fn count(
    queue: &mut Queue,
    root: BorrowedFd<'_>,
    names: &mut Names,
    watch: &Watch<'_>,
) -> ControlFlow<()> {
    let mut current = (String::new(), 0);
    scan::walk(root, |seen| {
        match seen {
            Seen::Directory(name) => {
                queue.fullest.add(&current.0, queue.messages - current.1);
                current = (name.to_string_lossy().into_owned(), queue.messages);
                queue.subdirectories += u64::from(name != scan::ROOT);
                names.enter(name);
                watch.enter(&queue.path, name, "reading");
            }
            Seen::Message { name, .. } => {
                queue.messages += 1;
                names.push(name);
            }
            Seen::OtherFile { name, .. } => queue.other_files.note(name.to_bytes()),
            Seen::OtherDirectory(name) => {
                queue.other_directories.note(|| name.to_string_lossy().into_owned());
            }
            Seen::Deeper { subdirectory, name } => {
                queue.deeper.note(|| {
                    format!("{}/{}", subdirectory.to_string_lossy(), name.to_string_lossy())
                });
            }
            Seen::Unread { directory, obstacle } => {
                let path = below(&queue.path, directory);
                queue.unread.note(|| Unread { path, obstacle, closed_parent: None });
            }
            Seen::Pause => return watch.tick(queue),
        }
        ControlFlow::Continue(())
    })?;
    queue.fullest.add(&current.0, queue.messages - current.1);
    queue.listed = true;
    watch.tick(queue)
}

/// Finds out whether files of another kind have been there for long, when there is no message among them.
pub(crate) fn settle(
    queue: &mut Queue,
    root: BorrowedFd<'_>,
    now: i64,
    watch: &Watch<'_>,
) -> ControlFlow<()> {
    if queue.messages > 0 || queue.other_files.count < OtherFiles::ENOUGH {
        return ControlFlow::Continue(());
    }
    watch.enter(&queue.path, scan::ROOT, "asking for the age of other files in");
    let mut in_time = true;
    let _ = scan::walk(root, |seen| match seen {
        Seen::OtherFile { dir, name } => {
            let settled = match arrivals::times(dir, name) {
                Ok(times) => {
                    now.saturating_sub(times.stx_mtime.tv_sec)
                        > OtherFiles::SETTLED.as_secs().cast_signed()
                }
                // A file that hides its age may have been there for ever; one that is gone was not.
                Err(errno) => errno != Errno::NOENT,
            };
            queue.other_files.settled += u64::from(settled);
            if queue.is_unrecognised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        Seen::Pause => watch.tick(queue).map_break(|()| in_time = false),
        _ => ControlFlow::Continue(()),
    });
    if in_time { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
