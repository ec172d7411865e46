//! Sends what waits, in order, over one connection, and decides what becomes of each message.
//!
//! The rules are Pushover's (<https://pushover.net/api>, "Being Friendly to our API"): never repeat after a 4xx, wait
//! five seconds after any other failure, at most two connections (here one, by the lock), and stop asking when token
//! or key are wrong.

mod attempt;
mod fate;
mod settle;
mod transport;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

pub(crate) use fate::{Failed, Fate, Hold, Wait};
pub(crate) use transport::{LONGEST_WISH, SILENCE};

use super::addressee::Addressee;
use super::client::Route;
use super::item::Item;
use super::keys::Keyring;
use super::memory::Memory;
use super::reason::Reason;
use super::spool::{Name, Spool, SpoolError};
use crate::deadline::Deadline;
use attempt::{Attempt, Place};
use settle::Standing;
use transport::Transport;

/// Limits on what may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A message that is older goes to `failed/` when another try fails.
    pub(crate) age: Duration,
    /// When more wait after all tries, the oldest go to `failed/`.
    pub(crate) number: usize,
}

impl Default for Limits {
    /// A day, and a thousand.
    fn default() -> Self {
        Self { age: Duration::from_secs(86_400), number: 1000 }
    }
}

/// What the caller is waiting for.
struct Urgent<'a> {
    names: &'a [Name],
    addressees: Vec<Addressee>,
}

/// Sends what waits.
pub(crate) struct Drainer<'a> {
    transport: Transport<'a>,
    limits: Limits,
}

impl<'a> Drainer<'a> {
    /// A drainer that has made no connection yet. `started` is the wall clock when `deadline` began.
    pub(crate) fn new(
        route: &'a Route,
        keyring: &'a mut Keyring,
        memory: Memory,
        deadline: &'a Deadline,
        started: SystemTime,
        limits: Limits,
    ) -> Self {
        Self { transport: Transport::new(route, keyring, memory, deadline, started), limits }
    }

    /// Sends everything that is due in `spool`, whose lock the caller holds. Messages for the same people as those of
    /// `urgent` do not wait for their pause: a fresh alert is reason enough to try again.
    ///
    /// # Errors
    /// [`SpoolError`] when the spool cannot be listed; what happened before that is lost to the caller, not on disk.
    pub(crate) fn drain(
        &mut self,
        spool: &Spool,
        urgent: &[Name],
    ) -> Result<HashMap<Name, Fate>, SpoolError> {
        spool.check_writable()?;
        spool.adopt();
        spool.forget_deliveries(self.transport.seconds());
        let mut fates = HashMap::new();
        let addressee = |name| spool.read(name).ok().map(|item| item.addressee);
        let addressees = urgent.iter().filter_map(addressee).collect();
        let urgent = Urgent { names: urgent, addressees };
        while self.pass(spool, &urgent, &mut fates)? {}
        self.enforce_number(spool, &mut fates)?;
        self.keep_memory(spool);
        Ok(fates)
    }

    /// Sends one message that could not be put on disk.
    pub(crate) fn send_unspooled(&mut self, item: &mut Item) -> Fate {
        loop {
            match self.attempt(item, None, true) {
                Some(Fate::Delivered) => return Fate::Delivered,
                Some(fate) => return Fate::Lost(Box::new(fate)),
                None => {}
            }
        }
    }

    /// Ends the connection, for a process that lives on. May wait for a name look-up.
    pub(crate) fn close(self) {
        self.transport.close();
    }

    /// Leaves what was learnt to later runs. The caller holds the lock of `spool`.
    pub(crate) fn keep_memory(&mut self, spool: &Spool) {
        self.transport.keep_memory(spool);
    }

    /// Goes through all waiting messages once; true when another pass may find something to do.
    fn pass(
        &mut self,
        spool: &Spool,
        urgent: &Urgent<'_>,
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<bool, SpoolError> {
        let mut stopped: HashMap<Addressee, Fate> = HashMap::new();
        let mut moved = false;
        for name in spool.waiting()? {
            // It could not be taken out a pass ago.
            if fates.get(&name).is_some_and(|fate| !fate.waits()) {
                continue;
            }
            let ours = urgent.names.contains(&name);
            let mut item = match settle::open(&mut self.transport.memory, spool, &name, ours) {
                Standing::Message(item) => item,
                Standing::Settled(fate) => {
                    fates.insert(name, fate);
                    continue;
                }
                Standing::Gone => continue,
            };
            // What stops a message stops those behind it, or they would overtake it: a recovery before its problem.
            if let Some(fate) = stopped.get(&item.addressee) {
                fates.insert(name, fate.clone());
                continue;
            }
            if !self.transport.has_time() {
                fates.insert(name, Fate::Queued(Wait::Time));
                return Ok(false);
            }
            let hurry = urgent.addressees.contains(&item.addressee);
            let Some(fate) = self.attempt(&mut item, Some(Place { spool, name: &name }), hurry)
            else {
                return Ok(true);
            };
            spool.note_progress();
            let addressee = item.addressee.clone();
            let now = self.transport.seconds();
            let fate =
                settle::settle(&mut self.transport.memory, spool, &name, item, fate, ours, now);
            if fate.waits() {
                stopped.insert(addressee, fate.clone());
            } else {
                moved = true;
            }
            fates.insert(name, fate);
        }
        Ok(moved)
    }

    fn attempt(&mut self, item: &mut Item, place: Option<Place<'_>>, urgent: bool) -> Option<Fate> {
        let attempt = Attempt { item, place, urgent, longest_age: self.limits.age };
        attempt.make(&mut self.transport)
    }

    /// Sets the oldest aside when more wait than may, and forgets what is gone.
    fn enforce_number(
        &mut self,
        spool: &Spool,
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<(), SpoolError> {
        let memory = &mut self.transport.memory;
        let mut names = spool.waiting()?;
        memory.forget_all_but(&names);
        names.retain(|name| !memory.has_ended(name));
        let limit = self.limits.number;
        let excess = names.len().saturating_sub(limit);
        for name in names.into_iter().take(excess) {
            let item = spool.read(&name).ok();
            let fate = Fate::given_up(Reason::TooMany { limit });
            let fate = settle::set_aside(memory, spool, &name, item, fate);
            fates.insert(name, fate);
        }
        Ok(())
    }
}
