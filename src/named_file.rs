//! Files that somebody names on the command line or in a configuration: they may be anything, a pipe or a device too, and
//! as large as they like.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// What the system said.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A directory, a pipe, a device.
    #[error("not a regular file")]
    NotAFile,
    /// More than it may hold.
    #[error("larger than {limit} bytes")]
    TooLarge { limit: u64 },
    /// Nothing is in it.
    #[error("empty")]
    Empty,
    /// Others may do with it what they must not.
    #[error("open to all users (mode {mode:04o})")]
    OpenToAll { mode: u32 },
}

/// Opens a regular file without waiting for anybody: neither for the writer of a pipe, nor for a terminal.
///
/// # Errors
/// [`FileError`] when it cannot be opened or is something else.
pub(crate) fn open(path: &Path) -> Result<File, FileError> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(FileError::NotAFile) }
}

/// Opens one that gives nobody any of the `forbidden` permissions.
///
/// # Errors
/// [`FileError::OpenToAll`], beside those of [`open`].
pub(crate) fn open_closed(path: &Path, forbidden: u32) -> Result<File, FileError> {
    let file = open(path)?;
    let mode = file.metadata()?.mode();
    if mode & forbidden == 0 { Ok(file) } else { Err(FileError::OpenToAll { mode: mode & 0o7777 }) }
}

/// Reads all of a file, which stays in one place in memory.
///
/// # Errors
/// [`FileError::TooLarge`] for more than `limit` bytes.
pub(crate) fn read(file: File, limit: u64) -> Result<Vec<u8>, FileError> {
    let room = file.metadata()?.len().min(limit).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(FileError::TooLarge { limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        let all = |path: &Path, limit| open(path).and_then(|file| read(file, limit));
        assert_eq!(all(&path, 5).unwrap(), b"12345");
        assert!(matches!(all(&path, 4), Err(FileError::TooLarge { limit: 4 })));
        let pipe = directory.path().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, rustix::fs::Mode::RUSR, 0).unwrap();
        for path in [&pipe, directory.path(), Path::new("/dev/zero")] {
            assert!(matches!(all(path, 5), Err(FileError::NotAFile)), "{}", path.display());
        }
        // Of no size by its own words, but not without content.
        assert!(!all(Path::new("/proc/self/status"), 65_536).unwrap().is_empty());
    }
}
