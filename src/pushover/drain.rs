//! Sends what waits, in order, over one connection, and decides what becomes of each message.
//!
//! The rules are Pushover's (<https://pushover.net/api>, "Being Friendly to our API"): never repeat after a 4xx, wait
//! five seconds after any other failure, at most two connections (here one, by the lock), and stop asking when token
//! or key are wrong.

mod attempt;
mod settle;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::addressee::Addressee;
use super::client::{Api, Route};
use super::item::Item;
use super::keys::Keyring;
use super::memory::Memory;
use super::spool::{Name, Spool, SpoolError};
use crate::clock::unix_seconds;
use crate::deadline::Deadline;
use attempt::{Step, milliseconds};

/// Silence after a failed request.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// What has become of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Pushover has it.
    Delivered,
    /// It waits: a temporary failure, a block, or no time left.
    Queued(String),
    /// It waits for the administrator: a secret or a recipient is wrong.
    Kept(String),
    /// Pushover will not have it. It stands in `failed/`.
    Rejected(String),
    /// It could not be sent in the time or the number that may wait. It stands in `failed/`.
    GivenUp(String),
    /// It was delivered by an earlier run, but its file cannot be removed.
    Leftover(String),
}

impl Fate {
    /// Whether the message is to be tried again.
    #[must_use]
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Queued(_) | Self::Kept(_))
    }
}

/// Limits on what may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A message that is older goes to `failed/` when another try fails.
    pub(crate) age: Duration,
    /// When more wait after all tries, the oldest go to `failed/`.
    pub(crate) number: usize,
}

/// What the caller is waiting for.
struct Urgent<'a> {
    names: &'a [Name],
    lanes: Vec<Addressee>,
}

/// One run's way to the API.
pub(crate) struct Drainer<'a> {
    route: &'a Route,
    keyring: &'a mut Keyring,
    memory: Memory,
    deadline: &'a Deadline,
    started: SystemTime,
    limits: Limits,
    api: Option<Api>,
    failures: u32,
    /// The longest time Pushover took to accept something in this run.
    slowest: Duration,
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
        Self {
            route,
            keyring,
            memory,
            deadline,
            started,
            limits,
            api: None,
            failures: 0,
            slowest: Duration::ZERO,
        }
    }

    /// Sends everything that is due in `spool`, whose lock the caller holds. Messages of the same recipients as
    /// `urgent` do not wait for their back-off: a fresh alert is reason enough to try again.
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
        let mut fates = HashMap::new();
        let addressee = |name| spool.read(name).ok().map(|item| item.addressee);
        let urgent = Urgent { names: urgent, lanes: urgent.iter().filter_map(addressee).collect() };
        while self.pass(spool, &urgent, &mut fates)? {}
        self.enforce_number(spool, &mut fates)?;
        self.keep_memory(spool);
        Ok(fates)
    }

    /// Sends one message that could not be put on disk.
    pub(crate) fn send_unspooled(&mut self, item: &mut Item) -> Fate {
        loop {
            match self.attempt(item, true, None) {
                Step::Retry => {}
                Step::Done(fate) => return fate,
            }
        }
    }

    /// Leaves what was learnt to later runs. The caller holds the lock of `spool`.
    pub(crate) fn keep_memory(&mut self, spool: &Spool) {
        self.memory.keep(spool, self.seconds());
    }

    /// Goes through all waiting messages once; true when another pass may find something to do.
    fn pass(
        &mut self,
        spool: &Spool,
        urgent: &Urgent<'_>,
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<bool, SpoolError> {
        let mut stopped: HashMap<String, Fate> = HashMap::new();
        let mut moved = false;
        for name in spool.waiting()? {
            // It could not be taken out a pass ago.
            if fates.get(&name).is_some_and(|fate| !fate.waits()) {
                continue;
            }
            let mut item = match self.open(spool, &name, urgent) {
                Ok(item) => item,
                Err(fate) => {
                    fates.extend(fate.map(|fate| (name, fate)));
                    continue;
                }
            };
            let lane = serde_json::to_string(&item.addressee).unwrap_or_default();
            // What stops a message stops those behind it, or they would overtake it.
            if let Some(fate) = stopped.get(&lane) {
                fates.insert(name, fate.clone());
                continue;
            }
            if self.deadline.has_passed() {
                fates.insert(name, Fate::Queued("no time left in this run".to_owned()));
                return Ok(false);
            }
            let hurry = urgent.lanes.contains(&item.addressee);
            let fate = match self.attempt(&mut item, hurry, Some((spool, &name))) {
                Step::Retry => return Ok(true),
                Step::Done(fate) => self.settle(spool, &name, item, fate),
            };
            if fate.waits() {
                stopped.insert(lane, fate.clone());
            } else {
                moved = true;
            }
            fates.insert(name, fate);
        }
        Ok(moved)
    }

    fn now(&self) -> SystemTime {
        self.started + self.deadline.elapsed()
    }

    fn seconds(&self) -> u64 {
        unix_seconds(self.now())
    }

    fn milliseconds(&self) -> u64 {
        milliseconds(self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}
