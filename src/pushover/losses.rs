//! Alerts that were neither sent nor kept. The spool has failed them, so the note of them is elsewhere: one file for each
//! spool, one line for each alert, with the time it was lost at. Only people remove it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Gid, Mode, OFlags, Stat, Uid, fchown, fstat, openat};

use super::fingerprint::fingerprint;

/// Made when the host starts (tmpfiles.d), for the account that sends.
const RUN_DIR: &str = "/run/monitoring-plugins-axigen";
/// In memory, for an account that has no other place. Everybody may write there, so that only what is its own counts.
const SHARED_DIR: &str = "/dev/shm";
/// Bytes of a file that are read; it does not grow beyond.
const FILE_BYTES: u64 = 1 << 20;

/// What was lost on its way through one spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Losses {
    /// How many alerts.
    pub(crate) count: u64,
    /// When the last one was lost, in Unix seconds.
    pub(crate) last: u64,
    /// The file that says so.
    pub(crate) file: PathBuf,
}

/// Notes that an alert of `spool` was lost at `now` (Unix seconds), in the first place that takes the note.
///
/// # Errors
/// What the last place said, if none does.
pub(crate) fn note(spool: &Path, now: u64) -> io::Result<()> {
    let mut result = Err(io::ErrorKind::NotFound.into());
    for directory in places() {
        result = note_in(&directory, &file_name(spool), now);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// What is noted of `spool` in any place. A file that cannot be read is a reason to look: it counts as one.
#[must_use]
pub(crate) fn of(spool: &Path) -> Vec<Losses> {
    let name = file_name(spool);
    places().iter().filter_map(|directory| read_in(directory, &name)).collect()
}

fn file_name(spool: &Path) -> String {
    let spool: PathBuf = spool.components().collect();
    format!("notify_pushover-lost-{}", fingerprint(&[&spool.to_string_lossy()], 16))
}

/// The one for all accounts first, then that of our own, then what is there on every host.
fn places() -> Vec<PathBuf> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty());
    let by_number = format!("/run/user/{}", rustix::process::geteuid().as_raw());
    let own = own.map_or_else(|| PathBuf::from(by_number), PathBuf::from);
    let places = [PathBuf::from(RUN_DIR), own, PathBuf::from(SHARED_DIR)];
    places.into_iter().filter(|path| path.is_absolute()).collect()
}

/// The owner of the directory may have put anything there, and we may be root: only a plain file of ours or of that owner
/// is written to, and it only grows by one time.
fn note_in(directory: &Path, name: &str, now: u64) -> io::Result<()> {
    let (directory, owner) = open_directory(directory)?;
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::CLOEXEC;
    let file = openat(&directory, name, flags, Mode::RUSR | Mode::WUSR | Mode::RGRP)?;
    let Stat { st_size, .. } = plain(&file, &owner)?;
    // The owner's own runs add to it, too. Nobody but root may give it away.
    let _ = fchown(&file, Some(Uid::from_raw(owner.st_uid)), Some(Gid::from_raw(owner.st_gid)));
    if u64::try_from(st_size).unwrap_or(0) < FILE_BYTES {
        File::from(file).write_all(format!("{now}\n").as_bytes())?;
    }
    Ok(())
}

fn read_in(directory: &Path, name: &str) -> Option<Losses> {
    let file = directory.join(name);
    let times: Vec<u64> = match read_times(directory, name) {
        Ok(text) => text.lines().filter_map(|line| line.parse().ok()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !file.exists() => {
            return None;
        }
        // Anybody can have put it there.
        Err(_) if directory == Path::new(SHARED_DIR) => return None,
        Err(_) => Vec::new(),
    };
    let count = u64::try_from(times.len()).unwrap_or(u64::MAX).max(1);
    Some(Losses { count, last: times.into_iter().max().unwrap_or(0), file })
}

fn read_times(directory: &Path, name: &str) -> io::Result<String> {
    let (directory, owner) = open_directory(directory)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(&directory, name, flags, Mode::empty())?;
    plain(&file, &owner)?;
    let mut bytes = Vec::new();
    File::from(file).take(FILE_BYTES + 32).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A directory in which not everybody can take away what we have put there.
fn open_directory(path: &Path) -> io::Result<(OwnedFd, Stat)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(CWD, path, flags, Mode::empty())?;
    let meta = fstat(&directory)?;
    if meta.st_mode & 0o1002 == 0o002 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok((directory, meta))
}

/// A file of ours, or of the owner of the directory, that is known by no other name.
fn plain(file: &OwnedFd, owner: &Stat) -> io::Result<Stat> {
    let meta = fstat(file)?;
    if ![owner.st_uid, rustix::process::geteuid().as_raw()].contains(&meta.st_uid) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let is_file = rustix::fs::FileType::from_raw_mode(meta.st_mode).is_file();
    if is_file && meta.st_nlink == 1 { Ok(meta) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_is_counted_and_links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        assert_eq!(read_in(place, "lost"), None);
        for now in [5, 9, 7] {
            note_in(place, "lost", now).unwrap();
        }
        let expected = Losses { count: 3, last: 9, file: place.join("lost") };
        assert_eq!(read_in(place, "lost"), Some(expected));
        let victim = place.join("victim");
        std::fs::write(&victim, "v").unwrap();
        std::os::unix::fs::symlink(&victim, place.join("link")).unwrap();
        std::fs::hard_link(&victim, place.join("hard")).unwrap();
        for name in ["link", "hard"] {
            assert!(note_in(place, name, 1).is_err(), "{name}");
            assert_eq!(read_in(place, name).map(|seen| seen.count), Some(1), "a reason to look");
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"v");
    }
}
