//! What `send` and `flush` share: draining, and saying what became of the messages.

use std::collections::HashMap;

use crate::clock::unix_seconds;
use crate::monitoring::render::cut;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::drain::{Drainer, Fate, Limits};
use crate::pushover::item::Item;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Lock, Name, Spool, SpoolError};

/// Characters of a reason when it also has to be said where the alert is.
const REASON_CHARS: usize = 110;

/// One run with its way to Pushover.
pub(super) struct Run<'a> {
    pub(super) access: Access,
    pub(super) limits: Limits,
    pub(super) errand: &'a Errand,
}

impl Run<'_> {
    /// Seconds since 1970 at the start.
    pub(super) fn now(&self) -> u64 {
        unix_seconds(self.errand.now)
    }

    /// Sends what is due. The caller holds the lock.
    pub(super) fn drain(
        &mut self,
        spool: &Spool,
        urgent: &[Name],
    ) -> Result<HashMap<Name, Fate>, SpoolError> {
        self.drainer(Memory::recall(spool)).drain(spool, urgent)
    }

    /// Sends what is not on disk. A spool that is there all the same knows what must not be asked, and learns it if the
    /// caller holds its lock.
    pub(super) fn send_unspooled(
        &mut self,
        items: Vec<Item>,
        spool: Option<&Spool>,
        lock: Option<&Lock>,
    ) -> Vec<Fate> {
        let memory = spool.map(Memory::recall).unwrap_or_default();
        let mut drainer = self.drainer(memory);
        let send = |mut item| drainer.send_unspooled(&mut item);
        let fates = items.into_iter().map(send).collect();
        if let (Some(spool), Some(_)) = (spool, lock) {
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

    /// The worst fate first, then how many were sent and how many wait.
    pub(super) fn sum_up(&self, fates: &[Fate], spool: Option<&Spool>) -> Outcome {
        let kept = |reason: &str| match spool {
            Some(spool) => format!(
                "{}; the alert is kept in {}",
                cut(reason, REASON_CHARS),
                spool.path().display()
            ),
            None => reason.to_owned(),
        };
        let judged = fates.iter().map(|fate| match fate {
            Fate::Delivered => (Delivery::Accepted, String::new()),
            Fate::Queued(reason) => (Delivery::Queued, reason.clone()),
            Fate::Kept(reason) => (Delivery::Misconfigured, kept(reason)),
            Fate::Leftover(reason) => (Delivery::Misconfigured, reason.clone()),
            Fate::Rejected(reason) | Fate::GivenUp(reason) => (Delivery::Rejected, reason.clone()),
        });
        let worst = judged.reduce(|worst, other| if other.0 > worst.0 { other } else { worst });
        let (delivery, text) = worst.unwrap_or((Delivery::Accepted, String::new()));
        let sent = fates.iter().filter(|fate| **fate == Fate::Delivered).count();
        let mut text = match (delivery, sent) {
            (Delivery::Accepted, 1) => "sent".to_owned(),
            (Delivery::Accepted, sent) => format!("{sent} sent"),
            (_, 0) => text,
            (_, sent) => format!("{text}; {sent} sent"),
        };
        if let Some(waiting) = spool.and_then(|spool| self.waiting(spool)) {
            text = format!("{text}; {waiting}");
        }
        Outcome::new(delivery, text)
    }

    fn waiting(&self, spool: &Spool) -> Option<String> {
        let mut names = spool.waiting().ok()?;
        if names.is_empty() {
            return None;
        }
        let memory = Memory::recall(spool);
        names.retain(|name| !memory.has_ended(name));
        let age = self.now().saturating_sub(names.first()?.seconds());
        Some(format!("{} waiting, oldest {age} s", names.len()))
    }
}
