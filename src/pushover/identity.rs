//! Root that works in a spool of another account becomes that account first: what it finds there is that account's.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::unistd::{
    Gid, Group, Uid, User, getgrouplist, getgroups, getresgid, getresuid, setgroups, setresgid,
    setresuid,
};

use crate::command_line;

/// Bytes of arguments that are repeated to be typed again.
const ARGUMENT_BYTES: usize = 60;

/// Who owns a spool, if it is not root.
pub(crate) enum Owner {
    /// It has a name.
    Account(User),
    /// Nobody knows its name.
    Number(Uid, Gid),
}

impl Owner {
    /// The owner of a directory with these numbers.
    #[must_use]
    pub(crate) fn of(owner: u32, group: u32) -> Option<Self> {
        let uid = Uid::from_raw(owner);
        if uid.is_root() {
            return None;
        }
        // Without a name it has no group of its own to go by, and that of root would be too much.
        let gid = Gid::from_raw(if group == 0 { owner } else { group });
        let account = User::from_uid(uid).ok().flatten();
        Some(account.map_or(Self::Number(uid, gid), Self::Account))
    }

    /// Takes its identity, all of it and for good.
    ///
    /// # Errors
    /// The system's error; `EPERM` also when there would be a way back.
    pub(crate) fn take(&self) -> nix::Result<()> {
        let (uid, gid, groups) = match self {
            Self::Account(user) => {
                let name = CString::new(user.name.as_str()).map_err(|_| Errno::EINVAL)?;
                (user.uid, user.gid, getgrouplist(&name, user.gid)?)
            }
            Self::Number(uid, gid) => (*uid, *gid, vec![*gid]),
        };
        setgroups(&groups)?;
        setresgid(gid, gid, gid)?;
        setresuid(uid, uid, uid)?;
        let (users, held) = (getresuid()?, getresgid()?);
        let is_it = [users.real, users.effective, users.saved] == [uid; 3]
            && [held.real, held.effective, held.saved] == [gid; 3]
            && getgroups()?.iter().all(|group| groups.contains(group));
        // Somebody may have started us with rights that survive the change.
        let comes_back = setresuid(uid, Uid::from_raw(0), uid).is_ok();
        if is_it && !comes_back { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// How root runs this program as the owner.
    #[must_use]
    pub(crate) fn command_line(&self) -> String {
        let line = called_as();
        match self {
            Self::Account(user) => format!("runuser -u {} -- {line}", user.name),
            // runuser takes no number.
            Self::Number(uid, gid) => {
                format!("setpriv --reuid={uid} --regid={gid} --clear-groups {line}")
            }
        }
    }
}

/// The account that a group stands for: the one of its name or number, else its first member.
#[must_use]
pub(crate) fn account_of_group(gid: u32) -> Option<User> {
    let known = |user: nix::Result<Option<User>>| user.ok().flatten();
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    let names = group.iter().map(|group| &group.name);
    let members = group.iter().flat_map(|group| &group.mem);
    let own = |user: &User| user.gid.as_raw() == gid;
    names
        .filter_map(|name| known(User::from_name(name)))
        .chain(known(User::from_uid(Uid::from_raw(gid))).filter(own))
        .chain(members.filter_map(|name| known(User::from_name(name))))
        .next()
}

/// The program as it was called, and its arguments if they can be typed again as they are.
fn called_as() -> String {
    let mut words = command_line::typed();
    let program = words.next().unwrap_or_default().display().to_string();
    let plain = |word: &OsStr| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(byte);
        !word.is_empty() && word.as_bytes().iter().all(plain)
    };
    let words: Vec<_> = words.collect();
    let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
    if bytes > ARGUMENT_BYTES || !words.iter().all(|word| plain(word)) {
        return program;
    }
    words.iter().fold(program, |line, word| format!("{line} {}", word.display()))
}
