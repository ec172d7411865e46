//! The spool: every message is on disk before the first connection is made, and leaves only when it was delivered
//! or is kept in `failed/`.
//!
//! `<unix ns>-<pid>-<random>.json` waits, `.tmp-*` is being written, `.sent-*` was delivered by another process, `.lock` belongs to the one drainer, `.state.json`
//! remembers failures, `receipts/` emergencies that may be acknowledged. A crash at any point leaves a file that the next drainer understands.

mod directory;
mod error;
mod name;
mod notes;
mod parted;
mod receipts;
mod room;
mod site;
mod turn;

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::io::Errno;

pub(crate) use error::SpoolError;
pub(crate) use name::Name;
pub(crate) use receipts::Receipts;
pub(crate) use room::Room;
pub(crate) use turn::{Lock, Turn};

use super::fingerprint::fingerprint;
use super::identity;
use super::item::Item;
use crate::deadline::Deadline;
use directory::SpoolDir;
use name::TEMPORARY;
use site::Site;

/// Where messages wait unless the configuration says otherwise.
pub(crate) const SPOOL_DIR: &str = "/var/spool/monitoring-plugins-axigen";

/// The greatest time that leaves room for one more in the 20 digits of a name.
const LAST_TIME: u128 = 10_u128.pow(20) - 1;

/// Changed by every run of `flush`.
const FLUSHED: &str = ".flushed";

/// How long a process waits for another one that has its message in line.
const IN_LINE: Duration = Duration::from_secs(5);

/// An open spool.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    waiting: SpoolDir,
}

impl Spool {
    /// Opens the spool after checking that nobody else can have put messages there. Root takes the identity of its owner
    /// before, for good. `named_in` is the file that leads there, if one does.
    ///
    /// # Errors
    /// [`SpoolError`] for a missing spool, one that is not ours, and one that root must not use.
    pub(crate) fn enter(path: &Path, named_in: Option<&Path>) -> Result<Self, SpoolError> {
        let site = Site::find(path, named_in)?;
        site.take_identity()?;
        Ok(Self { waiting: SpoolDir::open(site)? })
    }

    /// Opens the spool with the rights we have, to look what was learnt there.
    ///
    /// # Errors
    /// [`SpoolError`] for a missing spool and for one that is not ours.
    pub(crate) fn open(path: &Path, named_in: Option<&Path>) -> Result<Self, SpoolError> {
        Ok(Self { waiting: SpoolDir::open(Site::find(path, named_in)?)? })
    }

    /// Makes a spool that only we may enter, and enters it. Root makes it for the account that `group` stands for.
    ///
    /// # Errors
    /// [`SpoolError`] as for [`Spool::enter`], and when the directory cannot be made.
    pub(crate) fn make(
        path: &Path,
        named_in: Option<&Path>,
        group: Option<u32>,
    ) -> Result<Self, SpoolError> {
        let account = group.and_then(identity::account_of_group);
        let site = Site::make(path, account.as_ref(), named_in)?;
        site.take_identity()?;
        Ok(Self { waiting: SpoolDir::open(site)? })
    }

    /// Where it is.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        self.waiting.path()
    }

    /// Whether messages can be taken out; what cannot would be sent again by every run.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when they cannot.
    pub(crate) fn check_writable(&self) -> Result<(), SpoolError> {
        self.waiting.check_writable().map_err(self.trouble("cannot remove messages"))
    }

    /// Whether a message can be put here: as large as most, and taken out again.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot.
    pub(crate) fn try_to_keep(&self) -> Result<(), SpoolError> {
        self.check_writable()?;
        let name = format!("{TEMPORARY}try-{}", std::process::id());
        let _ = self.waiting.remove(&name);
        let written = self.waiting.create(&name).and_then(|mut file| file.write_all(&[b' '; 4096]));
        let removed = self.waiting.remove(&name);
        written.and(removed).map_err(self.trouble("cannot keep a message"))
    }

    /// What is left on its file system for an ordinary account.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn room(&self) -> io::Result<Room> {
        self.waiting.room()
    }

    /// For how many seconds the process that sends has not moved, if there is one.
    #[must_use]
    pub(crate) fn standstill(&self, now: u64) -> Option<u64> {
        match turn::take(&self.waiting) {
            Ok(None) => Some(now.saturating_sub(self.waiting.touched(turn::LOCK).ok()?)),
            _ => None,
        }
    }

    /// Notes that the process that sends has dealt with another message.
    pub(crate) fn note_progress(&self) {
        let _ = self.waiting.touch(turn::LOCK);
    }

    /// Notes that `flush` runs.
    pub(crate) fn note_flush(&self) {
        if self.waiting.touch(FLUSHED).is_err() {
            let _ = self.waiting.create(FLUSHED);
        }
    }

    /// When `flush` ran last, in Unix seconds.
    #[must_use]
    pub(crate) fn last_flush(&self) -> Option<u64> {
        self.waiting.touched(FLUSHED).ok()
    }

    /// Tries to become the one process that sends.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the lock file cannot be opened.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, SpoolError> {
        turn::take(&self.waiting)
    }

    /// Waits until we may send, or another process has dealt with all of `ours`. Whoever sends looks into the spool before
    /// each message, and has ours in line: so nobody has to stand there for longer than it takes when all is well.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the lock file cannot be used.
    pub(crate) fn wait_for_turn(
        &self,
        ours: &[Name],
        deadline: &Deadline,
    ) -> Result<Turn, SpoolError> {
        let patience = if ours.is_empty() { Duration::MAX } else { IN_LINE };
        turn::wait(&self.waiting, ours, patience, deadline)
    }

    /// Waits for at most `patience` until we may send.
    #[must_use]
    pub(crate) fn lock_within(&self, patience: Duration, deadline: &Deadline) -> Option<Lock> {
        match turn::wait(&self.waiting, &[], patience, deadline) {
            Ok(Turn::Ours(lock)) => Some(lock),
            _ => None,
        }
    }

    /// Puts a message on disk, for good, under a name that sorts behind all others. `key` is 16 hexadecimal digits
    /// that make a repetition recognisable, or empty.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written.
    pub(crate) fn put(&self, item: &Item, key: &str, now: SystemTime) -> Result<Name, SpoolError> {
        self.check_writable()?;
        let name = self.new_name(key, now)?;
        self.update(&name, item)?;
        // Some file systems cannot sync a directory. The message is there all the same: were it called homeless and sent
        // beside the spool, it would arrive twice.
        let _ = self.waiting.sync();
        Ok(name)
    }

    /// Adopts what a killed writer left behind, and forgets what processes were told that have ended by now. Only the drainer
    /// may do this.
    pub(crate) fn tidy(&self, now: u64) {
        for name in self.waiting.names().unwrap_or_default() {
            if let Some(message) = name.strip_prefix(TEMPORARY) {
                self.adopt(&name, message);
            } else {
                self.forget_delivery(&name, now);
            }
        }
    }

    /// A complete temporary file becomes a message, a broken one goes.
    fn adopt(&self, temporary: &str, name: &str) {
        // Perhaps a second name of the lock that we hold; whoever is making one bears that it is gone.
        if name.starts_with("lock-") {
            let _ = self.waiting.remove(temporary);
            return;
        }
        let Ok(file) = self.waiting.open_file(temporary) else { return };
        // A live writer holds the lock of its file.
        if file.try_lock().is_err() {
            return;
        }
        let item = directory::read_all(&file).and_then(|bytes| parse(&bytes));
        let _ = match (Name::parse(name), item) {
            (Some(_), Ok(_)) => self.waiting.rename(temporary, name),
            // What the disk does not hand out now may be an alert.
            (Some(_), Err(error)) if !is_damage(&error) => return,
            _ => self.waiting.remove(temporary),
        };
    }

    /// The newest waiting message of this key, unless a newer one is about the same object, or what stands there is damaged or
    /// not to be sent. One that is done with and cannot be taken out may have this name, too.
    #[must_use]
    pub(crate) fn find_repetition(&self, key: &str, object: &str) -> Option<Name> {
        let names = self.waiting().ok()?;
        let at = names.iter().rposition(|name| name.key() == key)?;
        let newer = names.iter().skip(at + 1);
        let overtaken =
            newer.filter_map(|name| self.read(name).ok()).any(|item| item.object == object);
        let is_good = |name: &&Name| {
            self.read(name).is_ok_and(|item| item.object == object && item.failure.is_none())
        };
        names.get(at).filter(is_good).filter(|_| !overtaken).cloned()
    }

    /// The waiting messages, oldest first.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the directory cannot be read.
    pub(crate) fn waiting(&self) -> Result<Vec<Name>, SpoolError> {
        messages(&self.waiting).map_err(self.trouble("cannot list the messages"))
    }

    /// Reads a waiting message.
    ///
    /// # Errors
    /// The system's error; `InvalidData` for a file that is no message.
    pub(crate) fn read(&self, name: &Name) -> io::Result<Item> {
        parse(&self.waiting.read(name.as_str())?)
    }

    /// Whether the message still waits.
    #[must_use]
    pub(crate) fn is_waiting(&self, name: &Name) -> bool {
        self.waiting.holds(name.as_str())
    }

    /// Writes a waiting message anew.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written; the old one is still there then.
    pub(crate) fn update(&self, name: &Name, item: &Item) -> Result<(), SpoolError> {
        self.write(&self.waiting, name, item)
    }

    /// Takes a delivered message out. Its text is kept nowhere.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be removed, in which case it would be sent again.
    pub(crate) fn remove(&self, name: &Name) -> Result<(), SpoolError> {
        match self.waiting.remove(name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(self.trouble("cannot remove a delivered message")),
        }
    }

    fn write(&self, directory: &SpoolDir, name: &Name, item: &Item) -> Result<(), SpoolError> {
        serde_json::to_vec(item)
            .map_err(io::Error::from)
            .and_then(|bytes| directory.write(name.as_str(), &bytes))
            .map_err(self.trouble("cannot write a message"))
    }

    /// Behind all others even when the clock was set back.
    fn new_name(&self, key: &str, now: SystemTime) -> Result<Name, SpoolError> {
        // A name at the end of time must not make the next one longer than names are, which nobody would look at.
        let names = self.waiting()?;
        let mut times = names.iter().rev().map(Name::nanoseconds);
        let newest = times.find(|time| *time < LAST_TIME).unwrap_or(0);
        let clock = now.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos());
        let mut time = clock.max(newest.saturating_add(1));
        let process = std::process::id().to_string();
        loop {
            // That of no other, even where the system gives no random bytes.
            let key = if key.is_empty() {
                fingerprint(&[&time.to_string(), &process], 16)
            } else {
                key.to_owned()
            };
            let name = Name::new(format!("{time:020}-{process}-{key}.json"));
            // A list that is not whole must not have the second message of a run replace its first one.
            if !self.is_waiting(&name) {
                return Ok(name);
            }
            time = time.saturating_add(1);
        }
    }

    fn trouble(&self, doing: &'static str) -> impl Fn(io::Error) -> SpoolError {
        move |source| SpoolError::io(doing, self.path(), source)
    }
}

/// Whether a file was read and is no message, nor will be one when it is read again.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    // A symbolic link where a message should be.
    let link = Errno::from_io_error(error) == Some(Errno::LOOP);
    link || matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn messages(directory: &SpoolDir) -> io::Result<Vec<Name>> {
    let mut names: Vec<Name> =
        directory.names()?.iter().filter_map(|name| Name::parse(name)).collect();
    names.sort();
    Ok(names)
}

fn parse(bytes: &[u8]) -> io::Result<Item> {
    Ok(serde_json::from_slice(bytes)?)
}
