//! Sends what waits, in order, over one connection, and decides what becomes of each message.
//!
//! The rules are Pushover's (<https://pushover.net/api>, "Being Friendly to our API"): never repeat after a 4xx, wait
//! five seconds after any other failure, at most two connections (here one, by the lock), and stop asking when token
//! or key are wrong.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::answer::{Answer, Culprit};
use super::client::{Api, Reply, Route, RouteError};
use super::item::{Address, Item};
use super::keys::{Keyring, Keys};
use super::spool::{Name, Spool, SpoolError};
use super::state::Memory;
use super::unix_seconds;
use crate::deadline::Deadline;

/// Silence after a failed request.
pub const SILENCE: Duration = Duration::from_secs(5);
/// Failed requests per run.
const TRIES: u32 = 2;
/// Pauses of `flush` after the first, second, third and every further failure.
const BACK_OFF_SECONDS: [u64; 4] = [5, 15, 60, 300];
/// No wish of a server keeps a message longer than this.
const LONGEST_WISH: Duration = Duration::from_secs(300);

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

    /// What is to be remembered for the next run.
    #[must_use]
    pub fn into_memory(self) -> Memory {
        self.memory
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

    /// One try of one message, after all that may stand against it.
    fn attempt(&mut self, item: &mut Item, urgent: bool, place: Option<(&Spool, &Name)>) -> Step {
        // Left behind by a run that was killed between noting the reason and moving the file.
        if let Some(reason) = &item.failure {
            return Step::Done(Fate::Rejected(reason.clone()));
        }
        let keys = match self.keyring.find(&item.address) {
            Ok(keys) => keys,
            Err(error) => return Step::Done(Fate::Kept(error.to_string())),
        };
        if let Some(fate) = self.objection(item, &keys, urgent) {
            return Step::Done(fate);
        }
        if let Err(fate) = self.wait_for_silence() {
            return Step::Done(fate);
        }
        if let Err(error) = self.connect() {
            return Step::Done(Fate::Kept(error.to_string()));
        }
        let Some(api) = &self.api else {
            return Step::Done(Fate::Queued("no connection".to_owned()));
        };
        if let Some(tag) = &item.cancel {
            self.deadline.enter("cancelling an emergency message");
            let begun = self.deadline.elapsed();
            let reply = api.cancel(&keys.token, tag, self.deadline.remaining());
            self.time(&reply, begun);
            match self.judge(reply, item, &keys, place) {
                // A tag that is refused must not hold the message back.
                Verdict::Accepted | Verdict::Refused(Culprit::Message | Culprit::User, _) => {}
                other => return self.step(other),
            }
            item.cancel = None;
            if item.fields.is_empty() {
                return Step::Done(Fate::Delivered);
            }
            if let Some((spool, name)) = place {
                let _ = spool.update(name, item);
            }
        }
        self.deadline.enter("sending");
        let Some(api) = &self.api else {
            return Step::Done(Fate::Queued("no connection".to_owned()));
        };
        let begun = self.deadline.elapsed();
        let reply = api.send(
            &keys.token,
            &keys.user,
            &item.form(),
            self.deadline.remaining(),
        );
        self.time(&reply, begun);
        let verdict = self.judge(reply, item, &keys, place);
        self.step(verdict)
    }

    fn step(&self, verdict: Verdict) -> Step {
        match verdict {
            Verdict::Accepted => Step::Done(Fate::Delivered),
            Verdict::Refused(_, reason) => Step::Done(Fate::Rejected(reason)),
            Verdict::Blocked(reason) => Step::Done(Fate::Queued(reason)),
            Verdict::Failed(reason) => {
                let now = self.milliseconds();
                let silence = Duration::from_millis(self.memory.silence_left(now));
                if self.failures < TRIES && silence < self.deadline.remaining() {
                    Step::Retry
                } else {
                    Step::Done(Fate::Queued(reason))
                }
            }
        }
    }

    /// What stands against a try now.
    fn objection(&self, item: &Item, keys: &Keys, urgent: bool) -> Option<Fate> {
        let now = self.seconds();
        let blocks = [keys.token_mark(), keys.user_mark()];
        if let Some(block) = blocks.iter().find_map(|mark| self.memory.block(mark, now)) {
            let left = block.until.saturating_sub(now);
            return Some(Fate::Queued(format!(
                "blocked for {left} s: {}",
                block.reason
            )));
        }
        let born = item.created.max(self.memory.quota_wait_end.min(now));
        if item.attempts > 0 && now.saturating_sub(born) > self.limits.age.as_secs() {
            let hours = now.saturating_sub(item.created) / 3600;
            return Some(Fate::Rejected(format!(
                "too old: waited {hours} h and failed {} times",
                item.attempts
            )));
        }
        let wait = item.next_try.saturating_sub(self.milliseconds());
        let longest = BACK_OFF_SECONDS.last().map_or(0, |seconds| seconds * 1000);
        // A longer wait than any back-off means that the clock was set back.
        if !urgent && wait > 0 && wait <= longest {
            return Some(Fate::Queued(format!(
                "next try in {} s",
                wait.div_ceil(1000)
            )));
        }
        // Cut off in the middle it might arrive, and would be sent again.
        if self.deadline.remaining() < self.slowest {
            return Some(Fate::Queued("no time left in this run".to_owned()));
        }
        if self.failures >= TRIES {
            return Some(Fate::Queued(self.last_problem()));
        }
        None
    }

    fn wait_for_silence(&mut self) -> Result<(), Fate> {
        loop {
            let left = Duration::from_millis(self.memory.silence_left(self.milliseconds()));
            if left.is_zero() {
                return Ok(());
            }
            if left >= self.deadline.remaining() {
                return Err(Fate::Queued(self.last_problem()));
            }
            self.deadline.enter("waiting for a second try");
            // Pushover wants to be left alone; there is nothing to wait for but the clock.
            std::thread::park_timeout(left);
        }
    }

    /// Learns how long Pushover takes at present.
    fn time(&mut self, reply: &Reply, begun: Duration) {
        if matches!(reply.answer, Answer::Accepted { .. }) {
            self.slowest = self
                .slowest
                .max(self.deadline.elapsed().saturating_sub(begun));
        }
    }

    fn last_problem(&self) -> String {
        self.memory
            .last_problem
            .clone()
            .unwrap_or_else(|| "a failure shortly before".to_owned())
    }

    fn connect(&mut self) -> Result<(), RouteError> {
        if self.api.is_none() {
            self.deadline.enter("setting up TLS");
            self.api = Some(Api::new(self.route)?);
        }
        Ok(())
    }

    /// Learns from an answer, and notes a failed try in the item.
    fn judge(
        &mut self,
        reply: Reply,
        item: &mut Item,
        keys: &Keys,
        place: Option<(&Spool, &Name)>,
    ) -> Verdict {
        let now = self.seconds();
        if let Some(quota) = reply.quota {
            self.memory.quota = Some((now, quota));
        }
        match reply.answer {
            Answer::Accepted { .. } => {
                self.memory.last_success = Some(now);
                self.memory.last_problem = None;
                self.memory.silence = None;
                Verdict::Accepted
            }
            Answer::NobodyReached(info) => {
                Verdict::Refused(Culprit::Message, format!("nobody was reached: {info}"))
            }
            Answer::Rejected { culprit, reason } => {
                match culprit {
                    Culprit::Token => {
                        self.memory
                            .block_for_error(keys.token_mark(), &reason, "", now);
                    }
                    Culprit::User => {
                        let whom = item.address.name();
                        self.memory
                            .block_for_error(keys.user_mark(), &reason, &whom, now);
                    }
                    Culprit::Message => self.memory.note_rejection(keys.token_mark(), now),
                }
                Verdict::Refused(culprit, reason)
            }
            Answer::QuotaUsedUp { reset, reason } => {
                self.memory
                    .block_for_quota(keys.token_mark(), &reason, reset, now);
                Verdict::Blocked(reason)
            }
            Answer::Temporary {
                reason,
                retry_after,
            } => {
                self.failures += 1;
                self.memory.last_problem = Some(reason.clone());
                let silence = retry_after.unwrap_or_default().clamp(SILENCE, LONGEST_WISH);
                let now = self.milliseconds();
                self.memory.silence = Some((now, now.saturating_add(milliseconds(silence))));
                let step = usize::try_from(item.attempts)
                    .unwrap_or(usize::MAX)
                    .min(BACK_OFF_SECONDS.len() - 1);
                let pause = BACK_OFF_SECONDS.get(step).copied().unwrap_or_default() * 1000;
                item.attempts = item.attempts.saturating_add(1);
                item.next_try = now.saturating_add(pause.max(milliseconds(silence)));
                if let Some((spool, name)) = place {
                    let _ = spool.update(name, item);
                    self.memory.keep(spool, now / 1000);
                }
                Verdict::Failed(reason)
            }
        }
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

enum Step {
    /// A first failure with time for a second try.
    Retry,
    Done(Fate),
}

enum Verdict {
    Accepted,
    Refused(Culprit, String),
    Blocked(String),
    Failed(String),
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn is_broken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    // ELOOP: a symbolic link where a message should be.
    matches!(error.kind(), InvalidData | UnexpectedEof) || error.raw_os_error() == Some(40)
}
