//! One directory of the state: every system call on its files is made here, from the opened directory, and each file is
//! named by its name alone. No link is followed, and no file counts that another account may have put there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, fchmod, fstat, fsync, linkat, openat, renameat, statat,
    unlinkat,
};

use serde::{Serialize, Serializer};

use crate::system_error::SystemError;

/// More than any file of the state.
const FILE_BYTES: u64 = 4096;
/// Most names read. Honest servers leave four files for each mail, strangers who knock a hundred.
const MOST_FILES: usize = 100_000;
const TEMPORARY: &str = ".tmp-";
/// Seconds after which a temporary file is what a killed writer left behind.
const LEFT_BEHIND: i64 = 3600;

/// Why a part of the state is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub(crate) struct HalfError {
    /// The directory or file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) why: HalfFault,
}

impl Serialize for HalfError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A part of the state as JSON: itself, or why there is none.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn or_reason<T: Serialize, S: Serializer>(
    value: &Result<T, HalfError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Ok(value) => value.serialize(serializer),
        Err(error) => serializer.collect_map([("unreadable", error.to_string())]),
    }
}

/// What is wrong with a directory or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HalfFault {
    /// What the system said.
    #[error("{0}")]
    System(SystemError),
    /// Everybody may put files there.
    #[error("open to all users (mode {0:04o}); chmod o-w it")]
    OpenToAll(u32),
    /// More files than are looked at.
    #[error("holds more than {0} files")]
    TooMany(usize),
    /// A file that the directory's owner did not write, or no file at all.
    #[error("not a file of the directory's owner")]
    Foreign,
    /// The content is not what it should be.
    #[error("cannot be understood")]
    Malformed,
}

impl From<io::Error> for HalfFault {
    fn from(error: io::Error) -> Self {
        Self::System((&error).into())
    }
}

impl From<rustix::io::Errno> for HalfFault {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// An open directory of the state.
#[derive(Debug)]
pub(super) struct Half {
    handle: OwnedFd,
    /// For people to read; nothing is opened by it.
    path: PathBuf,
    owner: u32,
}

impl Half {
    /// Opens the state directory itself. Somebody named it, so links on the way to it are followed.
    pub(super) fn top(path: &Path) -> Result<Self, HalfError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, path, flags, Mode::empty());
        Self::checked(opened, path.to_owned())
    }

    /// Opens the directory of that name in this one.
    pub(super) fn below(&self, name: &str) -> Result<Self, HalfError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Self::checked(openat(&self.handle, name, flags, Mode::empty()), self.path.join(name))
    }

    fn checked(opened: rustix::io::Result<OwnedFd>, path: PathBuf) -> Result<Self, HalfError> {
        let checked = || -> Result<(OwnedFd, u32), HalfFault> {
            let handle = opened?;
            let meta = fstat(&handle)?;
            if meta.st_mode & 0o002 != 0 {
                return Err(HalfFault::OpenToAll(meta.st_mode & 0o7777));
            }
            Ok((handle, meta.st_uid))
        };
        match checked() {
            Ok((handle, owner)) => Ok(Self { handle, path, owner }),
            Err(why) => Err(HalfError { path, why }),
        }
    }

    /// The names of all files.
    pub(super) fn names(&self) -> Result<Vec<String>, HalfError> {
        let names = || -> Result<Vec<String>, HalfFault> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.handle)? {
                names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
                if names.len() > MOST_FILES {
                    return Err(HalfFault::TooMany(MOST_FILES));
                }
            }
            Ok(names)
        };
        names().map_err(|why| self.error(".", why))
    }

    /// Reads a file, if the directory's owner wrote it, or root.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, HalfError> {
        let read = || -> Result<Vec<u8>, HalfFault> {
            let flags = OFlags::RDONLY
                | OFlags::NOFOLLOW
                | OFlags::NONBLOCK
                | OFlags::NOCTTY
                | OFlags::CLOEXEC;
            let file = File::from(openat(&self.handle, name, flags, Mode::empty())?);
            let meta = file.metadata()?;
            if !meta.is_file() || (meta.uid() != self.owner && meta.uid() != 0) {
                return Err(HalfFault::Foreign);
            }
            let mut bytes = Vec::new();
            file.take(FILE_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|why| self.error(name, why))
    }

    /// Writes a file for good: it has its name only when all of it is on disk. Replaces one of that name.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), HalfError> {
        self.write(name, bytes, shared(), |temporary| {
            renameat(&self.handle, temporary, &self.handle, name).map_err(Into::into)
        })
    }

    /// The same, but leaves the one that is there, which is as good.
    pub(super) fn keep_first(&self, name: &str, bytes: &[u8]) -> Result<(), HalfError> {
        self.keep_first_as(name, bytes, shared())
    }

    /// The same for what nobody else may read.
    pub(super) fn keep_first_secret(&self, name: &str, bytes: &[u8]) -> Result<(), HalfError> {
        self.keep_first_as(name, bytes, Mode::RUSR | Mode::WUSR)
    }

    fn keep_first_as(&self, name: &str, bytes: &[u8], mode: Mode) -> Result<(), HalfError> {
        self.write(name, bytes, mode, |temporary| {
            match linkat(&self.handle, temporary, &self.handle, name, AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            unlinkat(&self.handle, temporary, AtFlags::empty()).map_err(Into::into)
        })
    }

    fn write(
        &self,
        name: &str,
        bytes: &[u8],
        mode: Mode,
        settle: impl FnOnce(&str) -> Result<(), HalfFault>,
    ) -> Result<(), HalfError> {
        let temporary = format!("{TEMPORARY}{}", std::process::id());
        let write = || -> Result<(), HalfFault> {
            // Of a process of this number that was killed.
            let _ = unlinkat(&self.handle, &temporary, AtFlags::empty());
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut file = File::from(openat(&self.handle, &temporary, flags, mode)?);
            // Whatever the umask.
            fchmod(&file, mode)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            settle(&temporary)?;
            // Some file systems cannot sync a directory; there the name may be lost in a crash, which is no proof either.
            let _ = fsync(&self.handle);
            Ok(())
        };
        write().map_err(|why| {
            let _ = unlinkat(&self.handle, &temporary, AtFlags::empty());
            self.error(name, why)
        })
    }

    /// Opens the file that processes take turns by, and makes it first.
    pub(super) fn lock_file(&self, name: &str) -> Result<File, HalfError> {
        let flags = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|error| self.error(name, error.into()))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), HalfError> {
        unlinkat(&self.handle, name, AtFlags::empty())
            .map_err(|error| self.error(name, error.into()))
    }

    /// Removes what `is_over` and what killed writers left behind.
    pub(super) fn tidy(&self, names: &[String], now: i64, is_over: impl Fn(&str) -> bool) {
        for name in names {
            let is_left_behind = name.starts_with(TEMPORARY)
                && statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|meta| meta.st_mtime.saturating_add(LEFT_BEHIND) < now);
            if is_left_behind || is_over(name) {
                let _ = self.remove(name);
            }
        }
    }

    pub(super) fn error(&self, name: &str, why: HalfFault) -> HalfError {
        let path = if name == "." { self.path.clone() } else { self.path.join(name) };
        HalfError { path, why }
    }
}

/// What the other side reads, by its group or by an ACL, whose mask the group's bits are.
fn shared() -> Mode {
    Mode::RUSR | Mode::WUSR | Mode::RGRP
}

impl HalfError {
    /// Whether there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.why, HalfFault::System(error) if error.is_not_found())
    }
}
