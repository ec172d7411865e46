//! The spool: every message is on disk before the first connection is made, and leaves only when it was delivered
//! or is kept in `failed/`.
//!
//! `<unix ns>-<pid>-<random>.json` waits, `.tmp-*` is being written, `.lock` belongs to the one drainer, `.state.json`
//! remembers failures. A crash at any point leaves a file that the next drainer understands.

mod disk;
mod name;
mod turn;

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub use name::Name;
pub use turn::{Lock, Turn};

use super::item::Item;
use disk::{open_own, read_item};

/// Where messages wait unless the configuration says otherwise.
pub const SPOOL_DIR: &str = "/var/spool/monitoring-plugins-axigen";

/// More than an item with every field at its limit, an image included.
const ITEM_BYTES: u64 = 8 << 20;
const TEMPORARY: &str = ".tmp-";
/// The greatest time that leaves room for one more in the 20 digits of a name.
const LAST_TIME: u128 = 10_u128.pow(20) - 1;

/// What is wrong with the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// It is not there.
    #[error("spool {} does not exist", .0.display())]
    Missing(PathBuf),
    /// It is a symbolic link or no directory.
    #[error("spool {} is not a directory of its own (a link or a file)", .0.display())]
    NotADirectory(PathBuf),
    /// Somebody else could have put messages there.
    #[error("spool {} belongs to user {owner} and group {group}; it must be root or the user who sends", path.display())]
    ForeignOwner {
        /// The spool.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Its group.
        group: u32,
    },
    /// Everybody may write there.
    #[error("spool {} is writable for all users; chmod o-w {}", .0.display(), .0.display())]
    OpenToAll(PathBuf),
    /// An operation failed.
    #[error("{doing} in spool {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The spool.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An open spool.
#[derive(Clone, Debug)]
pub struct Spool {
    path: PathBuf,
    /// Set when members of the directory's group share the spool.
    shared_group: Option<u32>,
}

impl Spool {
    /// Opens the spool after checking that nobody else can have put messages there.
    ///
    /// # Errors
    /// [`SpoolError`] for a missing spool and for one that is not ours.
    pub fn open(path: &Path) -> Result<Self, SpoolError> {
        // Without a slash at the end, which would follow a link.
        let path: &Path = &path.components().collect::<PathBuf>();
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SpoolError::Missing(path.to_owned()));
            }
            Err(source) => return Err(trouble("cannot look", path, source)),
        };
        if !meta.is_dir() {
            return Err(SpoolError::NotADirectory(path.to_owned()));
        }
        if meta.mode() & 0o002 != 0 {
            return Err(SpoolError::OpenToAll(path.to_owned()));
        }
        let shared = meta.mode() & 0o020 != 0;
        let ours = meta.uid() == 0 || meta.uid() == rustix::process::geteuid().as_raw();
        if !ours || (shared && !is_our_group(meta.gid())) {
            return Err(SpoolError::ForeignOwner {
                path: path.to_owned(),
                owner: meta.uid(),
                group: meta.gid(),
            });
        }
        Ok(Self { path: path.to_owned(), shared_group: shared.then(|| meta.gid()) })
    }

    /// Opens the spool, or makes one that only we may enter, or with us the members of `group`.
    ///
    /// # Errors
    /// [`SpoolError`] as for [`Spool::open`], and when the directory cannot be made.
    pub fn open_or_create(path: &Path, group: Option<u32>) -> Result<Self, SpoolError> {
        match Self::open(path) {
            Err(SpoolError::Missing(_)) => {
                disk::make_directory(path, group)
                    .map_err(|source| trouble("cannot create it", path, source))?;
                Self::open(path)
            }
            opened => opened,
        }
    }

    /// Whether messages can be taken out; what cannot would be sent again by every run.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when they cannot.
    pub fn check_writable(&self) -> Result<(), SpoolError> {
        disk::check_writable(&self.path)
            .map_err(|source| trouble("cannot take messages out", &self.path, source))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a message on disk, for good, under a name that sorts behind all others. `key` is 16 hexadecimal digits
    /// that make a repetition recognisable, or empty.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written.
    pub fn put(&self, item: &Item, key: &str, now: SystemTime) -> Result<Name, SpoolError> {
        self.check_writable()?;
        let name = self.new_name(key, now)?;
        self.write(&self.path, &name, item)?;
        // Some file systems cannot sync a directory. The message is there all the same: were it called homeless and sent
        // beside the spool, it would arrive twice.
        let _ = self.sync();
        Ok(name)
    }

    /// The newest waiting message of this key, unless a newer one is about the same object. One that is done with and
    /// cannot be taken out may have this name, too.
    #[must_use]
    pub fn find_repetition(&self, key: &str, object: &str) -> Option<Name> {
        let names = self.waiting().ok()?;
        let at = names.iter().rposition(|name| name.key() == key)?;
        let newer = names.iter().skip(at + 1);
        let overtaken =
            newer.filter_map(|name| self.read(name).ok()).any(|item| item.object == object);
        if overtaken { None } else { names.get(at).cloned() }
    }

    /// The waiting messages, oldest first.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the directory cannot be read.
    pub fn waiting(&self) -> Result<Vec<Name>, SpoolError> {
        self.names_in(&self.path)
    }

    /// The messages that will not be sent, oldest first.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when `failed/` is there but cannot be read.
    pub fn failed(&self) -> Result<Vec<Name>, SpoolError> {
        match self.names_in(&self.failed_dir()) {
            Err(SpoolError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Vec::new())
            }
            names => names,
        }
    }

    /// Reads a waiting message.
    ///
    /// # Errors
    /// The system's error; `InvalidData` for a file that is no message.
    pub fn read(&self, name: &Name) -> io::Result<Item> {
        read_item(&self.path.join(name.as_str()))
    }

    /// Reads a message in `failed/`.
    ///
    /// # Errors
    /// The system's error; `InvalidData` for a file that is no message.
    pub fn read_failed(&self, name: &Name) -> io::Result<Item> {
        read_item(&self.failed_dir().join(name.as_str()))
    }

    /// Whether the message still waits.
    #[must_use]
    pub fn is_waiting(&self, name: &Name) -> bool {
        fs::symlink_metadata(self.path.join(name.as_str())).is_ok()
    }

    /// Writes a waiting message anew.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written; the old one is still there then.
    pub fn update(&self, name: &Name, item: &Item) -> Result<(), SpoolError> {
        self.write(&self.path, name, item)
    }

    /// Takes a delivered message out. Its text is kept nowhere.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be removed, in which case it would be sent again.
    pub fn remove(&self, name: &Name) -> Result<(), SpoolError> {
        match fs::remove_file(self.path.join(name.as_str())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(trouble("cannot remove a delivered message", &self.path, error))
            }
            _ => Ok(()),
        }
    }

    /// Moves a message to `failed/`. The reason is noted in it first, if the disk has room for it.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be moved.
    pub fn fail(&self, name: &Name, item: Option<&Item>) -> Result<(), SpoolError> {
        if let Some(item) = item {
            let _ = self.update(name, item);
        }
        let failed = self.failed_dir();
        disk::make_directory(&failed, self.shared_group)
            .map_err(|source| trouble("cannot create failed/", &self.path, source))?;
        fs::rename(self.path.join(name.as_str()), failed.join(name.as_str()))
            .map_err(|source| trouble("cannot move a message to failed/", &self.path, source))?;
        self.sync()
    }

    /// Puts the messages in `failed/` back in line, as if they were new. Returns how many.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when one cannot be moved.
    pub fn revive(&self, now: u64) -> Result<usize, SpoolError> {
        let names = self.failed()?;
        let mut count = 0;
        for name in &names {
            let Ok(mut item) = self.read_failed(name) else {
                continue;
            };
            item.failure = None;
            item.given_up = false;
            item.attempts = 0;
            item.next_try = 0;
            item.created = now;
            self.write(&self.failed_dir(), name, &item)?;
            fs::rename(self.failed_dir().join(name.as_str()), self.path.join(name.as_str()))
                .map_err(|source| trouble("cannot move a message back", &self.path, source))?;
            count += 1;
        }
        Ok(count)
    }

    /// Reads a small file of the drainer's.
    ///
    /// # Errors
    /// The system's error.
    pub fn read_note(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        open_own(&self.path.join(name))?.take(ITEM_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Replaces a small file of the drainer's; its loss would be tolerable.
    ///
    /// # Errors
    /// The system's error.
    pub fn write_note(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(format!("{TEMPORARY}note-{}", std::process::id()));
        let _ = fs::remove_file(&temporary);
        let mut file = self.create(&temporary)?;
        file.write_all(bytes)?;
        let path = self.path.join(name);
        let renamed = fs::rename(&temporary, &path);
        if renamed.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        match renamed {
            // In a sticky directory nobody replaces a file of another member of the group, but may write into it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                disk::write_in_place(&path, bytes)
            }
            other => other,
        }
    }

    fn failed_dir(&self) -> PathBuf {
        self.path.join("failed")
    }

    fn names_in(&self, directory: &Path) -> Result<Vec<Name>, SpoolError> {
        let doing = "cannot list the messages";
        let mut names = Vec::new();
        for entry in fs::read_dir(directory).map_err(|source| trouble(doing, &self.path, source))? {
            let entry = entry.map_err(|source| trouble(doing, &self.path, source))?;
            names.extend(entry.file_name().to_str().and_then(Name::parse));
        }
        names.sort();
        Ok(names)
    }

    /// Behind all others even when the clock was set back.
    fn new_name(&self, key: &str, now: SystemTime) -> Result<Name, SpoolError> {
        // A name at the end of time must not make the next one longer than names are, which nobody would look at.
        let names = self.waiting()?;
        let mut times = names.iter().rev().map(Name::nanoseconds);
        let newest = times.find(|time| *time < LAST_TIME).unwrap_or(0);
        let clock = now.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos());
        let time = clock.max(newest.saturating_add(1));
        let key = if key.is_empty() {
            format!("{:016x}", RandomState::new().build_hasher().finish())
        } else {
            key.to_owned()
        };
        Ok(Name::new(format!("{time:020}-{}-{key}.json", std::process::id())))
    }
}

fn trouble(doing: &'static str, path: &Path, source: io::Error) -> SpoolError {
    SpoolError::Io { doing, path: path.to_owned(), source }
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
            let opened = Spool::open(&directory.path().join(name));
            assert!(matches!(opened, Err(SpoolError::NotADirectory(_))), "{name}");
        }
    }
}
