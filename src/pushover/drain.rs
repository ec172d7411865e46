//! Sends what waits, in order, over one connection, and decides what becomes of each message.
//!
//! The rules are Pushover's (<https://pushover.net/api>, "Being Friendly to our API"): never repeat after a 4xx, wait
//! five seconds after any other failure, at most two connections (here one, by the lock), and stop asking when token
//! or key are wrong.

mod attempt;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use super::client::{Api, Route};
use super::item::{Address, Item};
use super::keys::Keyring;
use super::spool::{Name, Spool, SpoolError};
use super::state::Memory;
use super::unix_seconds;
use crate::deadline::Deadline;
use attempt::{Step, milliseconds};

/// Silence after a failed request.
pub const SILENCE: Duration = Duration::from_secs(5);

/// What has become of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Pushover has it.
    Delivered,
    /// It waits: a temporary failure, a block, or no time left.
    Queued(String),
    /// It waits for the administrator: a secret or a recipient is wrong.
    Kept(String),
    /// It will not be sent, and stands in `failed/`.
    Rejected(String),
}

/// Limits on what may wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A message that was tried and is older goes to `failed/`.
    pub age: Duration,
    /// When more wait after all tries, the oldest go to `failed/`.
    pub number: usize,
}

/// One run's way to the API.
pub struct Drainer<'a> {
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
    pub fn new(
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
    pub fn drain(
        &mut self,
        spool: &Spool,
        urgent: &[Name],
    ) -> Result<HashMap<Name, Fate>, SpoolError> {
        spool.check_writable()?;
        spool.adopt();
        let mut fates = HashMap::new();
        let lanes: Vec<Address> = urgent
            .iter()
            .filter_map(|name| spool.read(name).ok().map(|item| item.address))
            .collect();
        while self.pass(spool, &lanes, &mut fates)? {}
        self.enforce_number(spool, &mut fates)?;
        self.memory.keep(spool, self.seconds());
        Ok(fates)
    }

    /// Sends one message that could not be put on disk.
    pub fn send_unspooled(&mut self, item: &mut Item) -> Fate {
        loop {
            match self.attempt(item, true, None) {
                Step::Retry => {}
                Step::Done(fate) => return fate,
            }
        }
    }

    /// Goes through all waiting messages once; true when another pass may find something to do.
    fn pass(
        &mut self,
        spool: &Spool,
        urgent: &[Address],
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<bool, SpoolError> {
        let mut stopped: HashMap<String, Fate> = HashMap::new();
        let mut moved = false;
        for name in spool.waiting()? {
            // It could not be moved to `failed/` a pass ago.
            if matches!(fates.get(&name), Some(Fate::Rejected(_))) {
                continue;
            }
            let mut item = match spool.read(&name) {
                Ok(item) => item,
                // Somebody took it out since the directory was read.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    let fate = if is_broken(&error) {
                        set_aside(spool, &name, None, "the file in the spool is damaged")
                    } else {
                        Fate::Kept(format!("cannot read a message in the spool: {error}"))
                    };
                    fates.insert(name, fate);
                    continue;
                }
            };
            let lane = serde_json::to_string(&item.address).unwrap_or_default();
            // What stops a message stops those behind it, or they would overtake it.
            if let Some(fate) = stopped.get(&lane) {
                fates.insert(name, fate.clone());
                continue;
            }
            if self.deadline.has_passed() {
                fates.insert(name, Fate::Queued("no time left in this run".to_owned()));
                return Ok(false);
            }
            let urgent = urgent.contains(&item.address);
            let fate = match self.attempt(&mut item, urgent, Some((spool, &name))) {
                Step::Retry => return Ok(true),
                Step::Done(fate) => fate,
            };
            match &fate {
                Fate::Delivered => {
                    spool.remove(&name)?;
                    moved = true;
                }
                Fate::Rejected(reason) => {
                    let fate = set_aside(spool, &name, Some(item), reason);
                    fates.insert(name, fate);
                    // What was learnt must not be lost with a kill: the next run would ask again.
                    self.memory.keep(spool, self.seconds());
                    moved = true;
                    continue;
                }
                Fate::Queued(_) | Fate::Kept(_) => {
                    stopped.insert(lane, fate.clone());
                }
            }
            fates.insert(name, fate);
        }
        Ok(moved)
    }

    fn enforce_number(
        &self,
        spool: &Spool,
        fates: &mut HashMap<Name, Fate>,
    ) -> Result<(), SpoolError> {
        let names = spool.waiting()?;
        let excess = names.len().saturating_sub(self.limits.number);
        for name in names.into_iter().take(excess) {
            let reason = format!("more than {} messages wait", self.limits.number);
            let fate = set_aside(spool, &name, spool.read(&name).ok(), &reason);
            fates.insert(name, fate);
        }
        Ok(())
    }

    fn now(&self) -> SystemTime {
        self.started + self.deadline.elapsed()
    }

    fn seconds(&self) -> u64 {
        unix_seconds(self.now())
    }

    fn milliseconds(&self) -> u64 {
        milliseconds(
            self.now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }
}

/// Moves a message to `failed/` with the reason. One that cannot be moved stays, with the reason noted if that is
/// possible, and must not hold the others up.
fn set_aside(spool: &Spool, name: &Name, mut item: Option<Item>, reason: &str) -> Fate {
    if let Some(item) = &mut item {
        item.failure = Some(reason.to_owned());
    }
    match spool.fail(name, item.as_ref()) {
        Ok(()) => Fate::Rejected(reason.to_owned()),
        Err(error) => Fate::Rejected(format!("{reason}; {error}")),
    }
}

fn is_broken(error: &std::io::Error) -> bool {
    // ELOOP: a symbolic link where a message should be.
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof
    ) || error.raw_os_error() == Some(40)
}
