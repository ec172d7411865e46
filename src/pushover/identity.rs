//! Run as root by mistake: the spool's owner would not be able to read what root puts there.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, getgrouplist, setgid, setgroups, setuid};

/// Why root could not become the spool's owner. Says what to run instead.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// The owner has a name.
    #[error("cannot become {name}, who owns the spool; run: runuser -u {name} -- {} ({})", program.display(), cause.desc())]
    User {
        name: String,
        /// As it was called.
        program: OsString,
        cause: Errno,
    },
    /// The owner has only a number, which runuser does not take.
    #[error("cannot become user {uid}, who owns the spool; run: setpriv --reuid={uid} --regid={gid} --clear-groups {} ({})", program.display(), cause.desc())]
    Number {
        uid: Uid,
        gid: Gid,
        /// As it was called.
        program: OsString,
        cause: Errno,
    },
}

/// Takes the identity of the spool's owner when root runs the program and the spool is not root's.
///
/// # Errors
/// [`IdentityError`] when the identity cannot be taken.
pub(crate) fn take_owner_of(spool: &Path) -> Result<(), IdentityError> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let Ok(meta) = std::fs::symlink_metadata(spool) else {
        return Ok(());
    };
    if meta.uid() == 0 || !meta.is_dir() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
    let user = User::from_uid(uid).ok().flatten();
    become_user(uid, user.as_ref(), gid).map_err(|cause| {
        let program = std::env::args_os().next().unwrap_or_default();
        match user {
            Some(user) => IdentityError::User { name: user.name, program, cause },
            None => IdentityError::Number { uid, gid, program, cause },
        }
    })
}

fn become_user(owner: Uid, user: Option<&User>, group_of_spool: Gid) -> nix::Result<()> {
    let (group, groups) = match user {
        Some(user) => {
            let name = std::ffi::CString::new(user.name.clone()).map_err(|_| Errno::EINVAL)?;
            (user.gid, getgrouplist(&name, user.gid)?)
        }
        None => (group_of_spool, vec![group_of_spool]),
    };
    setgroups(&groups)?;
    setgid(group)?;
    setuid(owner)
}
