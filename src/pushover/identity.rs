//! Run as root by mistake: the spool's owner would not be able to read what root puts there.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, User, getgrouplist, setgid, setgroups, setuid};

/// Takes the identity of the spool's owner when root runs the program and the spool is not root's.
///
/// # Errors
/// What to do instead, with the exact command, when the identity cannot be taken.
pub(crate) fn take_owner_of(spool: &Path) -> Result<(), String> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let Ok(meta) = std::fs::symlink_metadata(spool) else {
        return Ok(());
    };
    if meta.uid() == 0 || !meta.is_dir() {
        return Ok(());
    }
    let owner = Uid::from_raw(meta.uid());
    let user = User::from_uid(owner).ok().flatten();
    become_user(owner, user.as_ref(), Gid::from_raw(meta.gid())).map_err(|error| {
        let program = std::env::args_os().next().unwrap_or_default();
        let program = program.display();
        let (name, way_out) = match &user {
            Some(user) => (user.name.clone(), format!("runuser -u {} --", user.name)),
            // runuser takes names only.
            None => (
                format!("user {owner}"),
                format!("setpriv --reuid={owner} --regid={} --clear-groups", meta.gid()),
            ),
        };
        let error = error.desc();
        format!("cannot become {name}, who owns the spool; run: {way_out} {program} ({error})")
    })
}

fn become_user(owner: Uid, user: Option<&User>, group_of_spool: Gid) -> nix::Result<()> {
    let (group, groups) = match user {
        Some(user) => {
            let name =
                std::ffi::CString::new(user.name.clone()).map_err(|_| nix::errno::Errno::EINVAL)?;
            (user.gid, getgrouplist(&name, user.gid)?)
        }
        None => (group_of_spool, vec![group_of_spool]),
    };
    setgroups(&groups)?;
    setgid(group)?;
    setuid(owner)
}
