//! How files get into the spool and are read from it, so that a crash at any point leaves nothing half.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, OFlags, StatxAttributes, StatxFlags, access, statx};

use super::super::item::Item;
use super::{ITEM_BYTES, Name, Spool, SpoolError, TEMPORARY, trouble};

impl Spool {
    /// Adopts what a killed writer left behind: a complete temporary file becomes a message, a broken one goes.
    /// Only the drainer may do this.
    pub fn adopt(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            let file_name = entry.file_name();
            let Some(rest) = file_name.to_str().and_then(|name| name.strip_prefix(TEMPORARY))
            else {
                continue;
            };
            let path = entry.path();
            let Ok(file) = open_own(&path) else { continue };
            // A live writer holds the lock of its file.
            if file.try_lock().is_err() {
                continue;
            }
            match (Name::parse(rest), parse_item(&file)) {
                (Some(name), Ok(_)) => drop(fs::rename(&path, self.path.join(name.as_str()))),
                _ => drop(fs::remove_file(&path)),
            }
        }
    }

    pub(super) fn write(
        &self,
        directory: &Path,
        name: &Name,
        item: &Item,
    ) -> Result<(), SpoolError> {
        let failed = |source| trouble("cannot write a message", &self.path, source);
        let bytes = serde_json::to_vec(item).map_err(|error| failed(error.into()))?;
        let temporary = directory.join(format!("{TEMPORARY}{}", name.as_str()));
        // Once more: the drainer may take a file for broken that is not locked yet.
        self.write_at(&temporary, &directory.join(name.as_str()), &bytes)
            .or_else(|_| self.write_at(&temporary, &directory.join(name.as_str()), &bytes))
            .map_err(failed)
    }

    pub(super) fn write_at(&self, temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(temporary)?;
        let written = (|| {
            file.lock()?;
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(temporary, path)
        })();
        if written.is_err() {
            // Should it stay, it must not be adopted: its alert finds another way.
            let _ = file.set_len(0);
            let _ = fs::remove_file(temporary);
        }
        written
    }

    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        self.share(&file)?;
        Ok(file)
    }

    /// In a shared spool every file belongs to the group, whoever wrote it.
    pub(super) fn share(&self, file: &File) -> io::Result<()> {
        let Some(group) = self.shared_group else {
            return Ok(());
        };
        fchown(file, None, Some(group))?;
        file.set_permissions(fs::Permissions::from_mode(0o660))
    }

    pub(super) fn sync(&self) -> Result<(), SpoolError> {
        File::open(&self.path)
            .and_then(|directory| directory.sync_all())
            .map_err(|source| trouble("cannot make a message durable", &self.path, source))
    }
}

pub(super) fn open_own(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidData.into()) }
}

pub(super) fn read_item(path: &Path) -> io::Result<Item> {
    parse_item(&open_own(path)?)
}

pub(super) fn parse_item(file: &File) -> io::Result<Item> {
    let mut bytes = Vec::new();
    file.take(ITEM_BYTES).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Whether files in a directory can be removed, as far as the directory has a say in it.
pub(super) fn check_writable(directory: &Path) -> io::Result<()> {
    access(directory, Access::WRITE_OK | Access::EXEC_OK)?;
    let flags = AtFlags::empty();
    // An old kernel knows no attributes, and then there is none to mind.
    let grows_only = statx(CWD, directory, flags, StatxFlags::empty())
        .is_ok_and(|seen| seen.stx_attributes.contains(StatxAttributes::APPEND));
    if grows_only {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is append-only; chattr -a",
        ));
    }
    Ok(())
}

/// Replaces the content of a file.
pub(super) fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    file.write_all(bytes)
}

/// Makes a directory unless it is there: for its owner alone, or open to a group as far as we have the right to do that.
///
/// A shared one gets its name last: a kill before that would leave one that only its owner may enter.
pub(super) fn make_directory(path: &Path, group: Option<u32>) -> io::Result<()> {
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
