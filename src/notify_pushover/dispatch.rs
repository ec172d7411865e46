//! What `send` and `flush` share: draining, and saying what became of the messages.

use std::collections::BTreeMap;

use super::explain;
use super::facts::Waiting;
use crate::clock::unix_seconds;
use crate::program::{Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::drain::{Drainer, Fate, Limits};
use crate::pushover::item::Item;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Name, Spool, SpoolError};

/// One run with its way to Pushover.
pub(super) struct Dispatch<'a> {
    pub(super) access: Access,
    pub(super) limits: Limits,
    pub(super) errand: &'a Errand,
}

impl Dispatch<'_> {
    /// Seconds since 1970 at the start.
    pub(super) fn now(&self) -> u64 {
        unix_seconds(self.errand.now)
    }

    /// Sends what is due. The caller holds the lock.
    pub(super) fn drain(
        &mut self,
        spool: &Spool,
        urgent: &[Name],
    ) -> Result<BTreeMap<Name, Fate>, SpoolError> {
        self.drainer(Memory::recall(spool)).drain(spool, urgent)
    }

    /// Sends what is not on disk. What is learnt is left to `spool`, whose lock the caller holds.
    pub(super) fn send_unspooled(
        &mut self,
        items: Vec<Item>,
        memory: Memory,
        spool: Option<&Spool>,
    ) -> Vec<Fate> {
        let mut drainer = self.drainer(memory);
        let send = |mut item| drainer.send_unspooled(&mut item);
        let fates = items.into_iter().map(send).collect();
        if let Some(spool) = spool {
            drainer.keep_memory(spool);
        }
        fates
    }

    fn drainer(&mut self, memory: Memory) -> Drainer<'_> {
        let Self { access, limits, errand } = self;
        Drainer::new(
            &access.route,
            &mut access.keyring,
            memory,
            &errand.deadline,
            errand.now,
            *limits,
        )
    }

    /// What became of messages that are in `spool`, or in none.
    pub(super) fn sum_up(&self, fates: &[Fate], spool: Option<&Spool>) -> Outcome {
        let waiting = spool.and_then(|spool| self.waiting(spool));
        explain::fates(fates, spool.map(Spool::path), waiting.as_ref())
    }

    fn waiting(&self, spool: &Spool) -> Option<Waiting> {
        let mut names = spool.waiting().ok()?;
        if names.is_empty() {
            return None;
        }
        let memory = Memory::recall(spool);
        names.retain(|name| !memory.has_ended(name));
        let seconds = self.now().saturating_sub(names.first()?.seconds());
        Some(Waiting { count: names.len(), seconds })
    }
}
