//! The count: names of all directories, no file touched.

use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use super::arrivals::is_settled;
use super::names::Names;
use super::scan::{self, Seen};
use super::unexplained::Suspects;
use super::watch::{Watch, below};
use crate::check_axigen_queue::facts::{OtherFiles, Queue, Unread};

/// Counts messages by name alone, and keeps their names for the ages; breaks when the time is up.
pub(crate) fn count(
    queue: &mut Queue,
    root: BorrowedFd<'_>,
    names: &mut Names,
    watch: &Watch<'_>,
) -> ControlFlow<(), Suspects> {
    let mut current = (String::new(), 0);
    let mut suspects = Suspects::default();
    scan::walk(root, |seen| {
        match seen {
            Seen::Directory(name) => {
                queue.fullest.add(&current.0, queue.messages - current.1);
                current = (name.to_string_lossy().into_owned(), queue.messages);
                queue.subdirectories += u64::from(name != scan::ROOT);
                names.enter(name);
                suspects.enter(name, queue);
                watch.enter(&queue.path, name, "reading");
            }
            Seen::Message { name, .. } => {
                queue.messages += 1;
                names.push(name);
                suspects.message(name);
            }
            Seen::OtherFile { name, .. } => {
                queue.other_files.note(name.to_bytes());
                queue.other_files.named_otherwise += u64::from(!suspects.other(name));
            }
            Seen::OtherDirectory(name) => {
                suspects.beside(&[name]);
                queue.other_directories.note(|| name.to_string_lossy().into_owned());
            }
            Seen::Deeper { subdirectory, name } => {
                suspects.beside(&[subdirectory, name]);
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
    suspects.leave(queue);
    queue.listed = true;
    watch.tick(queue)?;
    ControlFlow::Continue(suspects)
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
            queue.other_files.settled += u64::from(is_settled(dir, name, now));
            if queue.has_only_others() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        Seen::Pause => watch.tick(queue).map_break(|()| in_time = false),
        _ => ControlFlow::Continue(()),
    });
    if in_time { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
