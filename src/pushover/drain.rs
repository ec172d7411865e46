//! Sends what waits, in order, over one connection, and decides what becomes of each message.
//!
//! The rules are Pushover's (<https://pushover.net/api>, "Being Friendly to our API"): never repeat after a 4xx, wait
//! five seconds after any other failure, at most two connections (here one, by the lock), and stop asking when token
//! or key are wrong.

mod attempt;
mod bundle;
mod fate;
mod order;
mod settle;
mod transport;

use std::collections::{BTreeMap, BTreeSet};
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
use order::{Choice, Entry};
use settle::Standing;
use transport::Transport;

/// Limits on what may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A message that is older goes to `failed/` when another try fails.
    pub(crate) age: Duration,
    /// When more wait after all tries, the oldest go to `failed/`.
    pub(crate) number: usize,
    /// More than that for one recipient become one message; 0 is never.
    pub(crate) digest: usize,
    /// Where more wait, the caller does not: the oldest of them are dealt with for a moment, and the rest is left to those who
    /// have the time. An emergency of its own is worth a look at all.
    pub(crate) crowd: Option<usize>,
}

/// For how long a caller that does not wait deals with a crowd.
const MOMENT: Duration = Duration::from_millis(500);

/// Unless the configuration says otherwise, more than these are a storm.
pub(crate) const DIGEST: usize = 10;

impl Default for Limits {
    /// A day, and a thousand.
    fn default() -> Self {
        Self { age: Duration::from_secs(86_400), number: 1000, digest: DIGEST, crowd: None }
    }
}

/// What the caller is waiting for.
struct Urgent<'a> {
    names: &'a [Name],
    addressees: Vec<Addressee>,
    /// Whether an emergency is among it.
    rings: bool,
}

/// Sends what waits.
pub(crate) struct Drainer<'a> {
    transport: Transport<'a>,
    limits: Limits,
    /// What waits, as far as it was looked at.
    line: BTreeMap<Name, Entry>,
    /// Whether each is sent by itself: Pushover has refused several in one.
    singly: bool,
    /// How many of a crowd are looked at, where there is one that the caller does not wait for.
    crowd: Option<usize>,
}

/// How one way through the line stands.
#[derive(Default)]
struct Pass {
    /// What stops a message stops those behind it, or they would overtake it: a recovery before its problem.
    stopped: BTreeMap<Addressee, Fate>,
    handled: BTreeSet<Name>,
    moved: bool,
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
        let transport = Transport::new(route, keyring, memory, deadline, started);
        Self { transport, limits, line: BTreeMap::new(), singly: false, crowd: None }
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
    ) -> Result<BTreeMap<Name, Fate>, SpoolError> {
        spool.check_writable()?;
        spool.tidy(self.transport.seconds());
        let mut fates = BTreeMap::new();
        let entries = urgent.iter().filter_map(|name| spool.read(name).ok());
        let entries: Vec<Entry> = entries.map(|item| Entry::of(&item)).collect();
        let rings = entries.iter().any(Entry::rings);
        let addressees = entries.into_iter().map(|entry| entry.addressee).collect();
        let urgent = Urgent { names: urgent, addressees, rings };
        while self.pass(spool, &urgent, &mut fates)? {}
        if self.crowd.is_none() {
            self.enforce_number(spool, &mut fates)?;
        }
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

    /// Sends what waits, the loudest first; true when another pass may find something to do. Looks into the spool before each
    /// message: a louder one may have come.
    fn pass(
        &mut self,
        spool: &Spool,
        urgent: &Urgent<'_>,
        fates: &mut BTreeMap<Name, Fate>,
    ) -> Result<bool, SpoolError> {
        let mut pass = Pass::default();
        loop {
            self.look(spool, urgent, &mut pass, fates)?;
            // The end of what rings may wait behind the part of a crowd that is looked at.
            let is_partial = self.crowd.is_some() && !urgent.rings;
            let may = |name: &Name, entry: &Entry| {
                let is_left = is_partial && entry.rings() || pass.handled.contains(name);
                !(is_left || pass.stopped.contains_key(&entry.addressee))
            };
            let digest = if self.singly { 0 } else { self.limits.digest };
            let Some(choice) = order::choose(&self.line, may, digest) else { break };
            if !self.transport.has_time() {
                let names = choice.names().iter().cloned();
                fates.extend(names.map(|name| (name, Fate::Queued(Wait::Time))));
                return Ok(false);
            }
            let choice = if self.singly { single(choice) } else { choice };
            let Some(ends) = self.carry(&choice, spool, urgent) else { return Ok(true) };
            spool.note_progress();
            for (name, fate) in ends {
                let addressee = self.line.remove(&name).map(|entry| entry.addressee);
                match addressee {
                    Some(addressee) if fate.waits() => {
                        pass.stopped.insert(addressee, fate.clone());
                    }
                    _ => pass.moved = true,
                }
                pass.handled.insert(name.clone());
                fates.insert(name, fate);
            }
            if self.crowd.is_some() && urgent.names.iter().all(|name| fates.contains_key(name)) {
                self.transport.leave_after(Duration::ZERO);
            }
        }
        for (name, entry) in &self.line {
            if let Some(fate) = pass.stopped.get(&entry.addressee) {
                fates.entry(name.clone()).or_insert_with(|| fate.clone());
            }
        }
        Ok(pass.moved)
    }

    /// Learns what has come into the spool, and what has gone.
    fn look(
        &mut self,
        spool: &Spool,
        urgent: &Urgent<'_>,
        pass: &mut Pass,
        fates: &mut BTreeMap<Name, Fate>,
    ) -> Result<(), SpoolError> {
        let mut known = std::mem::take(&mut self.line);
        let names = spool.waiting()?;
        if self.crowd.is_none() {
            self.crowd = self.limits.crowd.filter(|crowd| names.len() > *crowd);
            if self.crowd.is_some() && !urgent.rings {
                self.transport.leave_after(MOMENT);
            }
        }
        let most = self.crowd.filter(|_| !urgent.rings).unwrap_or(usize::MAX);
        for name in names.into_iter().take(most) {
            // It could not be taken out before.
            let is_over = fates.get(&name).is_some_and(|fate| !fate.waits());
            if is_over || pass.handled.contains(&name) {
                continue;
            }
            if let Some(entry) = known.remove(&name) {
                self.line.insert(name, entry);
                continue;
            }
            let ours = urgent.names.contains(&name);
            match settle::open(&mut self.transport.memory, spool, &name, ours) {
                Standing::Message(item) => {
                    self.line.insert(name, Entry::of(&item));
                }
                Standing::Settled(fate) => {
                    pass.handled.insert(name.clone());
                    fates.insert(name, fate);
                }
                Standing::Gone => {}
            }
        }
        Ok(())
    }

    /// Sends what was chosen, and tells what has become of each message; `None` when a second try is worth it.
    fn carry(
        &mut self,
        choice: &Choice,
        spool: &Spool,
        urgent: &Urgent<'_>,
    ) -> Option<Vec<(Name, Fate)>> {
        let mut items = Vec::new();
        for name in choice.names() {
            // Gone, or damaged since: the next look tells.
            let Ok(item) = spool.read(name) else {
                self.line.remove(name);
                return None;
            };
            items.push((name.clone(), item));
        }
        let hurry = items.iter().any(|(_, item)| urgent.addressees.contains(&item.addressee));
        let fate = match (choice, items.as_mut_slice()) {
            (Choice::One(name), [(_, item)]) => {
                self.attempt(item, Some(Place { spool, name }), hurry)?
            }
            (Choice::Digest(_), items) => match self.end_alarms(items, spool, hurry)? {
                Fate::Delivered => self.send_together(choice, items, hurry)?,
                fate => fate,
            },
            (_, items) => self.send_together(choice, items, hurry)?,
        };
        let together = !matches!(choice, Choice::One(_));
        if together && matches!(fate, Fate::Rejected(_)) {
            self.singly = true;
            return None;
        }
        let now = self.transport.seconds();
        let settle = |(name, item): (Name, Item)| {
            let ours = urgent.names.contains(&name);
            let fate = fate.clone();
            let memory = &mut self.transport.memory;
            let fate = settle::settle(memory, spool, &name, item, fate, ours, now);
            (name, fate)
        };
        Some(items.into_iter().map(settle).collect())
    }

    /// One message in place of several. Nothing is written until it is accepted: a crash repeats, and loses nothing.
    fn send_together(
        &mut self,
        choice: &Choice,
        items: &[(Name, Item)],
        hurry: bool,
    ) -> Option<Fate> {
        let entries: Vec<Entry> = items.iter().map(|(_, item)| Entry::of(item)).collect();
        let entries: Vec<&Entry> = entries.iter().collect();
        let (_, last) = items.last()?;
        let mut item = match choice {
            Choice::Digest(_) => bundle::digest(&entries, last),
            Choice::Late(_) | Choice::One(_) => bundle::late(&entries, last),
        };
        item.next_try = 0;
        self.attempt(&mut item, None, hurry)
    }

    /// Cancels the emergencies that the messages of a digest end, each once.
    fn end_alarms(
        &mut self,
        items: &mut [(Name, Item)],
        spool: &Spool,
        hurry: bool,
    ) -> Option<Fate> {
        let mut cancelled = BTreeSet::new();
        for (name, item) in items {
            let Some(tag) = item.cancel.clone() else { continue };
            if !cancelled.contains(&tag) {
                let mut cancellation = Item { fields: Vec::new(), ..item.clone() };
                match self.attempt(&mut cancellation, None, hurry)? {
                    Fate::Delivered => cancelled.insert(tag),
                    fate => return Some(fate),
                };
            }
            item.cancel = None;
            // Where that cannot be written, it is cancelled once more.
            let _ = spool.update(name, item);
        }
        Some(Fate::Delivered)
    }

    fn attempt(&mut self, item: &mut Item, place: Option<Place<'_>>, urgent: bool) -> Option<Fate> {
        let attempt = Attempt { item, place, urgent, longest_age: self.limits.age };
        attempt.make(&mut self.transport)
    }

    /// Sets the oldest aside when more wait than may, and forgets what is gone.
    fn enforce_number(
        &mut self,
        spool: &Spool,
        fates: &mut BTreeMap<Name, Fate>,
    ) -> Result<(), SpoolError> {
        let memory = &mut self.transport.memory;
        let mut names = spool.waiting()?;
        memory.forget_all_but(&names);
        names.retain(|name| !memory.has_ended(name));
        let limit = self.limits.number;
        let excess = names.len().saturating_sub(limit);
        for name in names.into_iter().take(excess) {
            if !self.transport.has_time() {
                break;
            }
            let memory = &mut self.transport.memory;
            let item = spool.read(&name).ok();
            let fate = Fate::given_up(Reason::TooMany { limit });
            let fate = settle::set_aside(memory, spool, &name, item, fate);
            fates.insert(name, fate);
        }
        Ok(())
    }
}

/// The first of several alone.
fn single(choice: Choice) -> Choice {
    match choice.names() {
        [first, ..] => Choice::One(first.clone()),
        [] => choice,
    }
}
