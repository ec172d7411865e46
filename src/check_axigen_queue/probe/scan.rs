//! Lists a queue directory the way Axigen lays it out: status files in the root and in hexadecimal subdirectories.
//!
//! Reads with getdents64 into one buffer, so memory does not grow with the queue and no file is touched.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, StatxFlags, fstat, openat, statx};
use rustix::io::Errno;

use crate::check_axigen_queue::facts::Obstacle;

/// About 1,000 entries a system call; 4 KiB to 256 KiB measured the same.
const BUFFER_BYTES: usize = 32 * 1024;

/// The root's own name, as an entry of itself.
pub(crate) const ROOT: &CStr = c".";

/// What the walk comes across, directory by directory.
pub(crate) enum Seen<'a> {
    /// The root or a subdirectory of the queue; its entries follow.
    Directory(&'a CStr),
    /// A message's status file.
    Message { dir: BorrowedFd<'a>, name: &'a CStr },
    /// Another regular file.
    OtherFile { dir: BorrowedFd<'a>, name: &'a CStr },
    /// A directory in the root that is not named as the queue's own are.
    OtherDirectory(&'a CStr),
    /// A directory inside a subdirectory.
    Deeper { subdirectory: &'a CStr, name: &'a CStr },
    /// A directory that should hold messages but cannot be read, or not to its end.
    Unread { directory: &'a CStr, obstacle: Obstacle },
    /// Another buffer is read next: time to look at the clock.
    Pause,
}

/// Opens a queue's root, following a symbolic link there and nowhere else.
pub(crate) fn open_root(path: &Path) -> Result<OwnedFd, Errno> {
    openat(CWD, path, DIRECTORY, Mode::empty())
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// Opens a directory of the queue. One on another file system is not the queue's.
pub(crate) fn open_directory(root: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Obstacle> {
    let open = || {
        let fd = openat(root, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        Ok((fstat(root)?.st_dev == fstat(&fd)?.st_dev, fd))
    };
    match open().map_err(Obstacle::System)? {
        (true, fd) => Ok(fd),
        (false, _) => Err(Obstacle::OtherFileSystem),
    }
}

/// Shows everything in the queue to `visit` until that breaks: the root first, then the subdirectories in order.
pub(crate) fn walk(
    root: BorrowedFd<'_>,
    mut visit: impl FnMut(Seen<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    let mut subdirectories: Vec<CString> = Vec::new();
    visit_directory(root, ROOT, &mut buffer, &mut visit, |visit, name, kind| match kind {
        FileType::Directory if is_subdirectory(name.to_bytes()) => {
            subdirectories.push(name.to_owned());
            ControlFlow::Continue(())
        }
        FileType::Directory => visit(Seen::OtherDirectory(name)),
        FileType::Symlink if is_subdirectory(name.to_bytes()) => {
            visit(Seen::Directory(name))?;
            visit(Seen::Unread { directory: name, obstacle: Obstacle::SymbolicLink })
        }
        _ => ControlFlow::Continue(()),
    })?;
    subdirectories.sort_unstable();
    for subdirectory in &subdirectories {
        visit_directory(
            root,
            subdirectory,
            &mut buffer,
            &mut visit,
            |visit, name, kind| match kind {
                FileType::Directory => visit(Seen::Deeper { subdirectory, name }),
                _ => ControlFlow::Continue(()),
            },
        )?;
    }
    ControlFlow::Continue(())
}

/// Shows the files of one directory of the queue.
pub(crate) fn files(
    root: BorrowedFd<'_>,
    directory: &CStr,
    mut visit: impl FnMut(Seen<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    visit_directory(root, directory, &mut buffer, &mut visit, |_, _, _| ControlFlow::Continue(()))
}

/// Opens and lists one directory; what is no regular file goes to `other`.
fn visit_directory<V: FnMut(Seen<'_>) -> ControlFlow<()>>(
    root: BorrowedFd<'_>,
    directory: &CStr,
    buffer: &mut [MaybeUninit<u8>],
    visit: &mut V,
    mut other: impl FnMut(&mut V, &CStr, FileType) -> ControlFlow<()>,
) -> ControlFlow<()> {
    // Removed since the root was listed: a queue is alive. The root itself must stay.
    let is_gone = |obstacle| obstacle == Obstacle::System(Errno::NOENT) && directory != ROOT;
    visit(Seen::Directory(directory))?;
    let fd = match open_directory(root, directory) {
        Ok(fd) => fd,
        Err(obstacle) if is_gone(obstacle) => return ControlFlow::Continue(()),
        Err(obstacle) => return visit(Seen::Unread { directory, obstacle }),
    };
    let dir = fd.as_fd();
    let listed = list(dir, buffer, |entry| match entry {
        Entry::Pause => visit(Seen::Pause),
        Entry::Named { name, kind: FileType::RegularFile } if is_message(name.to_bytes()) => {
            visit(Seen::Message { dir, name })
        }
        Entry::Named { name, kind: FileType::RegularFile } => visit(Seen::OtherFile { dir, name }),
        Entry::Named { name, kind } => other(visit, name, kind),
    });
    match listed.map_err(Obstacle::System) {
        Ok(flow) => flow,
        Err(obstacle) if is_gone(obstacle) => ControlFlow::Continue(()),
        Err(obstacle) => visit(Seen::Unread { directory, obstacle }),
    }
}

enum Entry<'a> {
    Named { name: &'a CStr, kind: FileType },
    Pause,
}

/// Shows every entry but `.` and `..`. An error is the directory's own; an entry whose type nobody tells counts as one,
/// since it may be a message.
fn list(
    dir: BorrowedFd<'_>,
    buffer: &mut [MaybeUninit<u8>],
    mut each: impl FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Errno> {
    let mut entries = RawDir::new(dir, buffer);
    loop {
        let at_buffer_end = entries.is_buffer_empty();
        if at_buffer_end && each(Entry::Pause).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let entry = match entries.next() {
            Some(entry) => entry?,
            None => return Ok(ControlFlow::Continue(())),
        };
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => match ask_type(dir, name) {
                Err(Errno::NOENT) => continue,
                kind => kind?,
            },
            kind => kind,
        };
        if each(Entry::Named { name, kind }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// The type of an entry whose directory does not tell (ext4 without `filetype`, old XFS, some network file systems).
fn ask_type(dir: BorrowedFd<'_>, name: &CStr) -> Result<FileType, Errno> {
    let answer =
        statx(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE)?;
    Ok(FileType::from_raw_mode(answer.stx_mode.into()))
}

/// `S` and 1 to 16 upper-case hexadecimal digits (<https://www.axigen.com/documentation/queue-management-p45253814>).
pub(crate) fn is_message(name: &[u8]) -> bool {
    match name {
        [b'S', id @ ..] => {
            matches!(id.len(), 1..=16) && id.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
        }
        _ => false,
    }
}

/// Two to four hexadecimal digits. The vendor's examples have two, but their number is configurable
/// (`queueEntryCount`), so more are taken for the queue's as well: rather a directory too many than messages too few.
fn is_subdirectory(name: &[u8]) -> bool {
    matches!(name.len(), 2..=4) && name.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_are_s_and_upper_case_hexadecimal() {
        for name in ["S0", "S5F4E", "S12BE", "SFFFFFFFFFFFFFFFF"] {
            assert!(is_message(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "S",
            "S5F4E.tmp",
            "S5f4e",
            "s5F4E",
            "M5F4E",
            "SG",
            "S5F\n4E",
            "SFFFFFFFFFFFFFFFF0",
            "SPOOL",
            "5F4E",
        ] {
            assert!(!is_message(name.as_bytes()), "{name:?}");
        }
        assert!(!is_message(b"S\xff"));
    }

    #[test]
    fn subdirectory_names_are_hexadecimal() {
        for name in ["00", "0F", "3f", "100", "0FFF"] {
            assert!(is_subdirectory(name.as_bytes()), "{name}");
        }
        for name in ["", "A", "lost+found", "S0", "0G", "00000"] {
            assert!(!is_subdirectory(name.as_bytes()), "{name:?}");
        }
    }
}
