//! A directory of the spool: every system call on its files is made here, from the opened directory, and each file is
//! named by its name alone. A path is resolved once, and no symbolic link is followed: who may write here may put
//! anything in anybody's way.
//!
//! Files come to life so that a crash at any point leaves nothing half.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    Access, AtFlags, Dir, Gid, Mode, OFlags, StatxAttributes, StatxFlags, Timespec, Timestamps,
    UTIME_NOW, accessat, fchmod, fchown, fstatvfs, fsync, linkat, mkdirat, openat, renameat,
    statat, statx, unlinkat, utimensat,
};
use rustix::io::Errno;

use super::error::SpoolError;
use super::name::TEMPORARY;
use super::room::Room;
use super::site::{Site, rename_to_new};

/// More than an item with every field at its limit, an image included.
const FILE_BYTES: u64 = 8 << 20;

/// The time of the system, whatever that is.
pub(super) const NOW: Timestamps = Timestamps {
    last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
};

/// The spool or `failed/` in it.
#[derive(Clone, Debug)]
pub(super) struct SpoolDir {
    handle: Arc<OwnedFd>,
    /// For people to read; nothing is opened by it.
    path: PathBuf,
    /// Set when members of the directory's group share the spool.
    shared_group: Option<Gid>,
}

impl SpoolDir {
    /// Opens a directory after checking that nobody else can have put files there.
    pub(super) fn open(site: Site) -> Result<Self, SpoolError> {
        let shared_group = site.check()?;
        let handle = site.open()?;
        Ok(Self { handle: Arc::new(handle), path: site.into_path(), shared_group })
    }

    /// Opens the directory of that name in this one.
    pub(super) fn below(&self, name: &str) -> io::Result<Self> {
        let handle = openat(&self.handle, name, directory(), Mode::empty())?;
        let meta = rustix::fs::fstat(&handle)?;
        let ours = meta.st_uid == 0 || meta.st_uid == rustix::process::geteuid().as_raw();
        // In a shared spool any member may have made it.
        if meta.st_mode & 0o002 != 0 || !(ours || self.shared_group.is_some()) {
            let problem = format!("{name} belongs to another user or is open to all users");
            return Err(io::Error::new(ErrorKind::PermissionDenied, problem));
        }
        let path = self.path.join(name);
        Ok(Self { handle: Arc::new(handle), path, shared_group: self.shared_group })
    }

    /// Opens the directory of that name in this one, or makes it, shared like this one.
    pub(super) fn make_below(&self, name: &str) -> io::Result<Self> {
        match self.below(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let made = match self.shared_group {
            None => mkdirat(&self.handle, name, Mode::RWXU),
            Some(group) => self.make_shared(name, group),
        };
        match made {
            // Another process may have been faster.
            Ok(()) | Err(Errno::EXIST) => self.below(name),
            Err(error) => Err(error.into()),
        }
    }

    /// A shared directory gets its name last: a kill before that would leave one that only its owner may enter.
    fn make_shared(&self, name: &str, group: Gid) -> Result<(), Errno> {
        let temporary = format!("{TEMPORARY}dir-{}", std::process::id());
        let _ = unlinkat(&self.handle, &temporary, AtFlags::REMOVEDIR);
        mkdirat(&self.handle, &temporary, Mode::RWXU)?;
        let made = openat(&self.handle, &temporary, directory(), Mode::empty())?;
        if fchown(&made, None, Some(group)).is_ok() {
            let _ = fchmod(&made, Mode::RWXU | Mode::RWXG);
        }
        rename_to_new(&self.handle, &temporary, name).inspect_err(|_| {
            let _ = unlinkat(&self.handle, &temporary, AtFlags::REMOVEDIR);
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all files that are text.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// When a file was last renamed or written, in Unix seconds.
    pub(super) fn changed(&self, name: &str) -> io::Result<u64> {
        let meta = statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(u64::try_from(meta.st_ctime).unwrap_or(0))
    }

    /// When a file was last written or [touched](Self::touch), in Unix seconds.
    pub(super) fn touched(&self, name: &str) -> io::Result<u64> {
        let meta = statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(u64::try_from(meta.st_mtime).unwrap_or(0))
    }

    /// Sets the time of a file to that of the system.
    pub(super) fn touch(&self, name: &str) -> io::Result<()> {
        Ok(utimensat(&self.handle, name, &NOW, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Space and files for an ordinary account: what is reserved for root counts as used.
    pub(super) fn room(&self) -> io::Result<Room> {
        let space = fstatvfs(&self.handle)?;
        let files = (space.f_files > 0).then_some(space.f_favail);
        Ok(Room { bytes: space.f_bavail.saturating_mul(space.f_frsize), files })
    }

    /// Opens a file to be read.
    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDONLY)
    }

    /// Opens a file to be locked.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDWR)
    }

    /// Opens a regular file. Without `NONBLOCK` a named pipe would be waited for.
    fn open_regular(&self, name: &str, access: OFlags) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(&self.handle, name, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidData.into()) }
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        read_all(&self.open_file(name)?)
    }

    /// Makes a file that is not there yet.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)?;
        // In a shared spool every file belongs to the group, whoever wrote it.
        if let Some(group) = self.shared_group {
            fchown(&file, None, Some(group))?;
            fchmod(&file, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP)?;
        }
        Ok(File::from(file))
    }

    /// Writes a file for good: it has its name only when all of it is on disk.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Once more: the drainer may take a file for broken that is not locked yet.
        self.write_once(name, bytes).or_else(|_| self.write_once(name, bytes))
    }

    fn write_once(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = format!("{TEMPORARY}{name}");
        let mut file = self.create(&temporary)?;
        let written = (|| {
            file.lock()?;
            file.write_all(bytes)?;
            file.sync_data()?;
            self.rename(&temporary, name)
        })();
        if written.is_err() {
            // Should it stay, it must not be adopted: its alert finds another way.
            let _ = file.set_len(0);
            let _ = self.remove(&temporary);
        }
        written
    }

    /// Replaces the content of a file, unless it is known elsewhere by another name.
    pub(super) fn overwrite(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.open_regular(name, OFlags::WRONLY)?;
        if file.metadata()?.nlink() != 1 {
            return Err(ErrorKind::PermissionDenied.into());
        }
        file.set_len(0)?;
        file.write_all(bytes)
    }

    pub(super) fn rename(&self, name: &str, new: &str) -> io::Result<()> {
        Ok(renameat(&self.handle, name, &self.handle, new)?)
    }

    pub(super) fn move_to(&self, name: &str, other: &Self) -> io::Result<()> {
        Ok(renameat(&self.handle, name, &other.handle, name)?)
    }

    /// A second name, unless there is a file of that name.
    pub(super) fn link(&self, name: &str, second: &str) -> io::Result<()> {
        Ok(linkat(&self.handle, name, &self.handle, second, AtFlags::empty())?)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(fsync(&self.handle)?)
    }

    /// Whether files can be removed, as far as the directory has a say in it.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        accessat(&self.handle, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty())?;
        // An old kernel knows no attributes, and then there is none to mind.
        let grows_only = statx(&self.handle, ".", AtFlags::empty(), StatxFlags::empty())
            .is_ok_and(|seen| seen.stx_attributes.contains(StatxAttributes::APPEND));
        if grows_only {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "it is append-only; chattr -a",
            ));
        }
        Ok(())
    }
}

/// How a directory is opened that may have been put there by somebody else.
fn directory() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Reads a file as far as one of the spool may reach.
pub(super) fn read_all(file: &File) -> io::Result<Vec<u8>> {
    // Read at once: there may be a hundred thousand of them.
    let length = file.metadata().map_or(0, |meta| meta.len().min(FILE_BYTES));
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 32);
    file.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
