//! What becomes of a message's file. One that is done with leaves the line; where it cannot, that is remembered, so that
//! it is not sent again.

use std::collections::HashMap;
use std::io::ErrorKind;

use super::super::item::Item;
use super::super::memory::End;
use super::super::spool::{Name, Spool, SpoolError};
use super::{Drainer, Fate, Urgent};

impl Drainer<'_> {
    /// Reads a message that is to be sent. Else its fate, or `None` for one that is gone.
    pub(super) fn open(
        &mut self,
        spool: &Spool,
        name: &Name,
        urgent: &Urgent<'_>,
    ) -> Result<Item, Option<Fate>> {
        if let Some(end) = self.memory.ended.get(name.as_str()).cloned() {
            let ours = urgent.names.contains(name);
            return Err(self.clear(spool, name, end, ours));
        }
        let error = match spool.read(name) {
            Ok(item) => return Ok(item),
            Err(error) => error,
        };
        // ELOOP: a symbolic link where a message should be.
        let link = error.raw_os_error() == Some(40);
        match error.kind() {
            // Somebody took it out since the directory was read.
            ErrorKind::NotFound => Err(None),
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Err(Some(self.damaged(spool, name)))
            }
            _ if link => Err(Some(self.damaged(spool, name))),
            _ => Err(Some(Fate::Kept(format!("cannot read a message in the spool: {error}")))),
        }
    }

    /// Takes a message that is done with out of the line.
    pub(super) fn settle(&mut self, spool: &Spool, name: &Name, item: Item, fate: Fate) -> Fate {
        match fate {
            Fate::Delivered if spool.remove(name).is_err() => {
                self.memory.end(name, End::Delivered);
                self.keep_memory(spool);
                fate
            }
            Fate::Rejected(_) | Fate::GivenUp(_) => {
                let fate = self.set_aside(spool, name, Some(item), fate);
                // What was learnt must not be lost with a kill: the next run would ask again.
                self.keep_memory(spool);
                fate
            }
            other => other,
        }
    }

    /// Sets the oldest aside when more wait than may, and forgets what is gone.
    pub(super) fn enforce_number(
        &mut self,
        spool: &Spool,
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<(), SpoolError> {
        let mut names = spool.waiting()?;
        self.memory.forget_all_but(&names);
        names.retain(|name| !self.memory.has_ended(name));
        let excess = names.len().saturating_sub(self.limits.number);
        for name in names.into_iter().take(excess) {
            let reason = format!("more than {} messages wait", self.limits.number);
            let item = spool.read(&name).ok();
            let fate = self.set_aside(spool, &name, item, Fate::GivenUp(reason));
            fates.insert(name, fate);
        }
        Ok(())
    }

    /// Tries again to take out what is done with. `None` when that has worked.
    fn clear(&mut self, spool: &Spool, name: &Name, end: End, ours: bool) -> Option<Fate> {
        match end {
            End::Rejected(reason) => {
                let item = spool.read(name).ok();
                Some(self.set_aside(spool, name, item, Fate::Rejected(reason)))
            }
            End::Delivered => match spool.remove(name) {
                Ok(()) => None,
                Err(_) if ours => Some(Fate::Delivered),
                Err(error) => Some(Fate::Leftover(format!("{error}; it is not sent again"))),
            },
        }
    }

    fn damaged(&mut self, spool: &Spool, name: &Name) -> Fate {
        let reason = "the file in the spool is damaged".to_owned();
        self.set_aside(spool, name, None, Fate::Rejected(reason))
    }

    /// Moves a message to `failed/` with the reason. One that cannot be moved stays, with the reason noted if that is
    /// possible, and must not hold the others up.
    fn set_aside(
        &mut self,
        spool: &Spool,
        name: &Name,
        mut item: Option<Item>,
        fate: Fate,
    ) -> Fate {
        let (Fate::Rejected(reason) | Fate::GivenUp(reason)) = &fate else {
            return fate;
        };
        let given_up = matches!(fate, Fate::GivenUp(_));
        if let Some(item) = &mut item {
            item.failure = Some(reason.clone());
            item.given_up = given_up;
        }
        let Err(error) = spool.fail(name, item.as_ref()) else {
            return fate;
        };
        let text = format!("{reason}; {error}");
        if given_up {
            return Fate::GivenUp(text);
        }
        self.memory.end(name, End::Rejected(reason.clone()));
        Fate::Rejected(text)
    }
}
