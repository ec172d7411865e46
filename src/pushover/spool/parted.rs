//! Messages that have left the line: delivered, with word of it for whoever waits, or set aside in `failed/`.

use std::io;

use super::super::item::Item;
use super::{Name, Spool, SpoolError, messages, parse};

const FAILED: &str = "failed";
/// How the name of a file begins that says that its message was delivered.
const DELIVERED: &str = ".sent-";
/// Whoever waits for a delivery looks for it many times a second.
const DELIVERED_SECONDS: u64 = 60;

impl Spool {
    /// The messages that will not be sent, oldest first.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when `failed/` is there but cannot be read.
    pub(crate) fn failed(&self) -> Result<Vec<Name>, SpoolError> {
        match self.waiting.below(FAILED).and_then(|failed| messages(&failed)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            names => names.map_err(self.trouble("cannot list the messages")),
        }
    }

    /// Reads a message in `failed/`.
    ///
    /// # Errors
    /// The system's error; `InvalidData` for a file that is no message.
    pub(crate) fn read_failed(&self, name: &Name) -> io::Result<Item> {
        parse(&self.waiting.below(FAILED)?.read(name.as_str())?)
    }

    /// Takes a message out that another process may be waiting for, and leaves an empty file that says why. Nothing is written
    /// that a full disk could refuse.
    ///
    /// # Errors
    /// As for [`Spool::remove`].
    pub(crate) fn record_delivery(&self, name: &Name) -> Result<(), SpoolError> {
        let record = format!("{DELIVERED}{}", name.as_str());
        match self.waiting.rename(name.as_str(), &record) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.trouble("cannot remove a delivered message")(error)),
            Ok(()) => {
                let _ = self.waiting.overwrite(&record, b"");
                Ok(())
            }
        }
    }

    /// Whether another process has left word that it delivered the message; the word is gone then.
    #[must_use]
    pub(crate) fn take_record(&self, name: &Name) -> bool {
        self.waiting.remove(&format!("{DELIVERED}{}", name.as_str())).is_ok()
    }

    /// Removes what was left for a process that has ended by now.
    pub(super) fn forget_delivery(&self, name: &str, now: u64) {
        let is_old = || {
            let changed = self.waiting.changed(name).unwrap_or(0);
            !(changed..=changed.saturating_add(DELIVERED_SECONDS)).contains(&now)
        };
        if name.starts_with(DELIVERED) && is_old() {
            let _ = self.waiting.remove(name);
        }
    }

    /// Moves a message to `failed/`. The reason is noted in it first, if the disk has room for it.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be moved.
    pub(crate) fn fail(&self, name: &Name, item: Option<&Item>) -> Result<(), SpoolError> {
        if let Some(item) = item {
            let _ = self.update(name, item);
        }
        let failed =
            self.waiting.make_below(FAILED).map_err(self.trouble("cannot create failed/"))?;
        self.waiting
            .move_to(name.as_str(), &failed)
            .map_err(self.trouble("cannot move a message to failed/"))?;
        // Where it is now before where it was: a power cut in between leaves it twice, the other way round not at all.
        failed
            .sync()
            .and_then(|()| self.waiting.sync())
            .map_err(self.trouble("cannot sync a message to the disk"))
    }

    /// Puts the messages in `failed/` back in line, as if they were new.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when one cannot be moved.
    pub(crate) fn revive(&self, now: u64) -> Result<(), SpoolError> {
        let names = self.failed()?;
        if names.is_empty() {
            return Ok(());
        }
        let failed = self.waiting.below(FAILED).map_err(self.trouble("cannot open failed/"))?;
        for name in names {
            let Ok(mut item) = self.read_failed(&name) else { continue };
            item.failure = None;
            item.given_up = false;
            item.attempts = 0;
            item.next_try = 0;
            item.created = now;
            self.write(&failed, &name, &item)?;
            failed
                .move_to(name.as_str(), &self.waiting)
                .map_err(self.trouble("cannot move a message back"))?;
        }
        // Before anything makes durable that they are gone from failed/. What cannot be synced is there all the same.
        let _ = self.waiting.sync();
        Ok(())
    }
}
