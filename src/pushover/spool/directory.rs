//! A directory of the spool: every system call on its files is made here, and each file is named by its name alone.
//!
//! Files come to life so that a crash at any point leaves nothing half.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown,
};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, OFlags, StatxAttributes, StatxFlags, access, statx};

use super::error::SpoolError;

/// How the name of a file begins that is being written.
pub(super) const TEMPORARY: &str = ".tmp-";
/// More than an item with every field at its limit, an image included.
const FILE_BYTES: u64 = 8 << 20;

/// The spool or `failed/` in it.
#[derive(Clone, Debug)]
pub(super) struct SpoolDir {
    path: PathBuf,
    /// Set when members of the directory's group share the spool.
    shared_group: Option<u32>,
}

impl SpoolDir {
    /// Opens a directory after checking that nobody else can have put files there.
    pub(super) fn open(path: &Path) -> Result<Self, SpoolError> {
        // Without a slash at the end, which would follow a link.
        let path: PathBuf = path.components().collect();
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SpoolError::Missing(path));
            }
            Err(source) => return Err(SpoolError::io("cannot look", &path, source)),
        };
        if !meta.is_dir() {
            return Err(SpoolError::NotADirectory(path));
        }
        if meta.mode() & 0o002 != 0 {
            return Err(SpoolError::OpenToAll(path));
        }
        let shared = meta.mode() & 0o020 != 0;
        let ours = meta.uid() == 0 || meta.uid() == rustix::process::geteuid().as_raw();
        if !ours || (shared && !is_our_group(meta.gid())) {
            return Err(SpoolError::ForeignOwner { path, owner: meta.uid(), group: meta.gid() });
        }
        Ok(Self { path, shared_group: shared.then(|| meta.gid()) })
    }

    /// The directory of that name in this one, there or not.
    pub(super) fn below(&self, name: &str) -> Self {
        Self { path: self.path.join(name), shared_group: self.shared_group }
    }

    /// Makes the directory unless it is there, shared like the one it came from.
    pub(super) fn make(&self) -> io::Result<()> {
        make(&self.path, self.shared_group)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all files that are text.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }

    /// Opens a regular file. Without `NONBLOCK` a named pipe would be waited for.
    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.path.join(name))?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidData.into()) }
    }

    /// Opens a file to be locked.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(flags).open(self.path.join(name))
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        read_all(&self.open_file(name)?)
    }

    /// Makes a file that is not there yet.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.path.join(name))?;
        self.share(&file)?;
        Ok(file)
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

    /// Replaces the content of a file.
    pub(super) fn overwrite(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .truncate(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.path.join(name))?;
        file.write_all(bytes)
    }

    pub(super) fn rename(&self, name: &str, new: &str) -> io::Result<()> {
        fs::rename(self.path.join(name), self.path.join(new))
    }

    pub(super) fn move_to(&self, name: &str, other: &Self) -> io::Result<()> {
        fs::rename(self.path.join(name), other.path.join(name))
    }

    /// A second name, unless there is a file of that name.
    pub(super) fn link(&self, name: &str, second: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(name), self.path.join(second))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Whether files can be removed, as far as the directory has a say in it.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        access(&self.path, Access::WRITE_OK | Access::EXEC_OK)?;
        let flags = AtFlags::empty();
        // An old kernel knows no attributes, and then there is none to mind.
        let grows_only = statx(CWD, &self.path, flags, StatxFlags::empty())
            .is_ok_and(|seen| seen.stx_attributes.contains(StatxAttributes::APPEND));
        if grows_only {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "it is append-only; chattr -a",
            ));
        }
        Ok(())
    }

    /// In a shared spool every file belongs to the group, whoever wrote it.
    fn share(&self, file: &File) -> io::Result<()> {
        let Some(group) = self.shared_group else {
            return Ok(());
        };
        fchown(file, None, Some(group))?;
        file.set_permissions(fs::Permissions::from_mode(0o660))
    }
}

/// Reads a file as far as one of the spool may reach.
pub(super) fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a directory unless it is there: for its owner alone, or open to a group as far as we have the right to do that.
///
/// A shared one gets its name last: a kill before that would leave one that only its owner may enter.
pub(super) fn make(path: &Path, group: Option<u32>) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    let create = |path: &Path| DirBuilder::new().mode(0o700).create(path);
    let made = match group {
        None => create(path),
        Some(group) => {
            let temporary = path.with_file_name(format!("{TEMPORARY}dir-{}", std::process::id()));
            let _ = fs::remove_dir(&temporary);
            create(&temporary)?;
            if chown(&temporary, None, Some(group)).is_ok() {
                let _ = fs::set_permissions(&temporary, fs::Permissions::from_mode(0o770));
            }
            fs::rename(&temporary, path).inspect_err(|_| drop(fs::remove_dir(&temporary)))
        }
    };
    // Another process may have been faster.
    made.or_else(|error| fs::symlink_metadata(path).map_or(Err(error), |_| Ok(())))
}

fn is_our_group(group: u32) -> bool {
    let we = rustix::process::geteuid();
    we.is_root()
        || group == 0
        || rustix::process::getegid().as_raw() == group
        || rustix::process::getgroups()
            .is_ok_and(|groups| groups.iter().any(|known| known.as_raw() == group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_with_a_slash_behind_it_is_still_a_link() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
        for name in ["link", "link/", "link//."] {
            let opened = SpoolDir::open(&directory.path().join(name));
            assert!(matches!(opened, Err(SpoolError::NotADirectory(_))), "{name}");
        }
    }
}
