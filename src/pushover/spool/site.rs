//! Where the spool is: found once, judged by what was found, and opened from there.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::User;
use rustix::fs::{
    AtFlags, CWD, Gid, Mode, OFlags, RenameFlags, Stat, Uid, fchmod, fchown, fstat, fsync, mkdirat,
    openat, renameat, renameat_with, unlinkat,
};

use rustix::io::Errno;

use super::super::identity;
use super::error::SpoolError;
use super::name::TEMPORARY;

/// A directory of which only owner and mode are known yet. Nothing in it was touched.
pub(super) struct Site {
    path: PathBuf,
    /// The file that leads there.
    named_in: Option<PathBuf>,
    handle: OwnedFd,
    meta: Stat,
}

impl Site {
    /// Finds the directory at `path`.
    pub(super) fn find(path: &Path, named_in: Option<&Path>) -> Result<Self, SpoolError> {
        // Without a slash at the end, which would follow a link.
        let path: PathBuf = path.components().collect();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = openat(CWD, &path, flags, Mode::empty())
            .and_then(|handle| fstat(&handle).map(|meta| (handle, meta)));
        match found.map_err(std::io::Error::from) {
            Ok((handle, meta)) => {
                Ok(Self { path, named_in: named_in.map(Path::to_owned), handle, meta })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(SpoolError::Missing(path)),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                Err(SpoolError::NotADirectory(path))
            }
            Err(source) => Err(SpoolError::io("cannot open it", &path, source)),
        }
    }

    /// Makes a directory that is not there: for us alone, or as root for `account`.
    pub(super) fn make(
        path: &Path,
        account: Option<&User>,
        named_in: Option<&Path>,
    ) -> Result<Self, SpoolError> {
        let path: PathBuf = path.components().collect();
        check_way(&path, named_in, account.map_or(0, |account| account.uid.as_raw()))?;
        let made = match account {
            None => mkdirat(CWD, &path, Mode::RWXU),
            Some(account) => make_for(&path, account),
        };
        match made.map_err(std::io::Error::from) {
            // Another process may have been faster.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(SpoolError::io("cannot create it", &path, error))
            }
            _ => {
                sync_above(&path);
                Self::find(&path, named_in)
            }
        }
    }

    /// Root becomes the owner for good, before anything in the directory is opened: whoever may write there decides what
    /// is found in it.
    pub(super) fn take_identity(&self) -> Result<(), SpoolError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        self.check_access()?;
        let owner = identity::Owner::of(self.meta.st_uid, self.meta.st_gid);
        let Some(owner) = owner else { return Ok(()) };
        owner.take().map_err(|cause| SpoolError::Identity {
            path: self.path.as_path().into(),
            cause,
            instead: owner.command_line().into(),
        })
    }

    /// The group that shares the directory, after checking that nobody else can have put files there.
    pub(super) fn check(&self) -> Result<Option<Gid>, SpoolError> {
        self.check_access()?;
        let (we, Stat { st_uid: owner, st_gid: group, .. }) =
            (rustix::process::geteuid(), self.meta);
        let shared = self.meta.st_mode & 0o020 != 0;
        let ours = owner == 0 || owner == we.as_raw();
        if !ours || (shared && !is_our_group(group)) {
            return Err(SpoolError::ForeignOwner { path: self.path.clone(), owner, group });
        }
        if shared && we.is_root() {
            let account = identity::account_of_group(group);
            let instead = account.filter(|account| !account.uid.is_root()).map_or_else(
                || format!("chmod g-w {}", self.path.display()),
                |account| identity::Owner::Account(account).command_line(),
            );
            return Err(SpoolError::SharedByRoot {
                path: self.path.as_path().into(),
                instead: instead.into(),
            });
        }
        Ok(shared.then(|| Gid::from_raw(group)))
    }

    fn check_access(&self) -> Result<(), SpoolError> {
        if self.meta.st_mode & 0o002 != 0 {
            return Err(SpoolError::OpenToAll(self.path.clone()));
        }
        check_way(&self.path, self.named_in.as_deref(), self.meta.st_uid)
    }

    /// Opens it with the rights we have now.
    pub(super) fn open(&self) -> Result<OwnedFd, SpoolError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.handle, ".", flags, Mode::empty())
            .map_err(|error| SpoolError::io("cannot open it", &self.path, error.into()))
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }
}

/// Makes the name of a new directory durable, or its first alert would be gone with it. Some file systems cannot.
fn sync_above(path: &Path) {
    let Some(above) = path.parent() else { return };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let _ = openat(CWD, above, flags, Mode::empty()).and_then(|above| fsync(&above));
}

/// Whether nobody but root and the owner of the spool can lay the way to it. Only root is asked: anybody else goes
/// wherever the way leads with rights of its own.
fn check_way(path: &Path, named_in: Option<&Path>, owner: u32) -> Result<(), SpoolError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let above = path.parent();
    // Where links on the way lead to counts as well.
    let real: Vec<_> =
        above.iter().chain(&named_in).filter_map(|named| fs::canonicalize(named).ok()).collect();
    let named = above.iter().chain(&named_in).copied();
    let steps = named.chain(real.iter().map(PathBuf::as_path)).flat_map(Path::ancestors);
    for above in steps.filter(|step| !step.as_os_str().is_empty()) {
        let Ok(meta) = fs::symlink_metadata(above) else { continue };
        let closed = meta.is_symlink() || meta.mode() & 0o022 == 0 || meta.mode() & 0o1000 != 0;
        if !closed || ![0, owner].contains(&meta.uid()) {
            return Err(SpoolError::UnsafeWay { path: path.into(), above: above.into() });
        }
    }
    Ok(())
}

/// Root makes a directory for somebody else. It gets its name last: a kill before that would leave one that only root
/// may enter.
fn make_for(path: &Path, account: &User) -> rustix::io::Result<()> {
    let (Some(above), Some(name)) =
        (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Err(Errno::INVAL);
    };
    let directory = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let above = openat(CWD, above, OFlags::PATH | directory, Mode::empty())?;
    let temporary = format!("{TEMPORARY}dir-{}", std::process::id());
    let _ = unlinkat(&above, &temporary, AtFlags::REMOVEDIR);
    mkdirat(&above, &temporary, Mode::RWXU)?;
    let made = openat(&above, &temporary, OFlags::NOFOLLOW | directory, Mode::empty())?;
    let (owner, group) = (Uid::from_raw(account.uid.as_raw()), Gid::from_raw(account.gid.as_raw()));
    fchown(&made, Some(owner), Some(group))
        .and_then(|()| fchmod(&made, Mode::RWXU))
        .and_then(|()| rename_to_new(&above, &temporary, name))
        .inspect_err(|_| {
            let _ = unlinkat(&above, &temporary, AtFlags::REMOVEDIR);
        })
}

/// Renames within a directory, but never onto something.
pub(super) fn rename_to_new(directory: &OwnedFd, name: &str, new: &str) -> Result<(), Errno> {
    match renameat_with(directory, name, directory, new, RenameFlags::NOREPLACE) {
        // Not every file system can promise it.
        Err(Errno::INVAL | Errno::NOSYS) => renameat(directory, name, directory, new),
        renamed => renamed,
    }
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
            let found = Site::find(&directory.path().join(name), None);
            assert!(matches!(found, Err(SpoolError::NotADirectory(_))), "{name}");
        }
    }
}
