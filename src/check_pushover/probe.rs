//! Looks into the spool, and asks Pushover when that is wanted and not too often. No judgement.

use std::sync::{Mutex, PoisonError};

use super::facts::{Blocked, Credential, Facts, ProbeError, Verdict};
use crate::program::Run;
use crate::pushover::access::{Access, AccessOptions};
use crate::pushover::answer::{Answer, Culprit, Quota};
use crate::pushover::client::{Api, Reply};
use crate::pushover::drain::SILENCE;
use crate::pushover::item::Address;
use crate::pushover::keys::{KeyError, Keyring, Keys};
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};
use crate::pushover::state::{Inquiry, Memory};
use crate::pushover::unix_seconds;

/// Waiting messages, and those in `failed/`, that are read; the others are only counted.
const ITEMS_READ: usize = 1000;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) access: AccessOptions,
    pub(super) quota: bool,
    pub(super) validate: bool,
}

/// Looks; `progress` has what was seen so far.
pub(super) fn probe(
    target: &Target,
    run: &Run,
    progress: &Mutex<Option<Facts>>,
) -> Result<Facts, ProbeError> {
    run.deadline.enter("reading the spool");
    let mut access = target.access.gather(true).map_err(ProbeError::Spool)?;
    let spool = Spool::open(&access.spool_dir).map_err(|error| match error {
        SpoolError::Missing(path) => ProbeError::Missing(path),
        other => ProbeError::Spool(other.to_string()),
    })?;
    let now = unix_seconds(run.now);
    let mut memory = Memory::recall(&spool);
    let mut facts = look(&spool, &memory, &mut access.keyring, now)
        .map_err(|error| ProbeError::Spool(error.to_string()))?;
    facts.configuration = access.config.as_ref().err().map(ToString::to_string);
    facts.credentials = unusable(&mut access);
    remember(&memory, now, &mut facts);
    *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts.clone());
    if target.quota || target.validate {
        run.deadline.enter("waiting for the notifier that sends");
        // The notifier's lock: one connection at a time, and its memory of what not to ask.
        let turn = spool.wait_for_turn(&[], &run.deadline);
        let may_ask = matches!(turn, Ok(Turn::Ours(_)));
        if may_ask {
            memory = Memory::recall(&spool);
        }
        let mut inquirer = Inquirer {
            access: &mut access,
            memory,
            run,
            now,
            api: None,
            may_ask,
        };
        if target.validate {
            facts.credentials = inquirer.credentials();
        }
        if target.quota {
            facts.quota = Some(inquirer.quota());
        }
        let mut memory = inquirer.memory;
        remember(&memory, now, &mut facts);
        if may_ask {
            memory.keep(&spool, now);
        }
    }
    Ok(facts)
}

/// What is wrong with token and keys as far as they can be read here. One that is missing may stand in the environment
/// of the notifier.
fn unusable(access: &mut Access) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for address in access.everybody() {
        if let Err(error @ (KeyError::Malformed { .. } | KeyError::File { .. })) =
            access.keyring.find(&address)
        {
            credentials.push(Credential {
                name: address.name(),
                verdict: Verdict::Bad(error.to_string()),
            });
        }
    }
    credentials
}

fn look(
    spool: &Spool,
    memory: &Memory,
    keyring: &mut Keyring,
    now: u64,
) -> Result<Facts, SpoolError> {
    let mut waiting = spool.waiting()?;
    let there = waiting.len();
    waiting.retain(|name| !memory.has_ended(name));
    let failed = spool.failed()?;
    let ages = waiting.iter().map(|name| age(name, spool, now));
    let mut facts = Facts {
        spool: spool.path().to_owned(),
        waiting: count(waiting.len()),
        oldest_seconds: ages.max().unwrap_or(0),
        stuck: count(there - waiting.len()),
        failed: count(failed.len()),
        ..Facts::default()
    };
    for name in waiting.iter().take(ITEMS_READ) {
        look_at_waiting(spool, name, keyring, &mut facts);
    }
    for name in failed.iter().rev().take(ITEMS_READ) {
        look_at_failed(spool, name, &mut facts);
    }
    Ok(facts)
}

/// Called from the oldest to the newest.
fn look_at_waiting(spool: &Spool, name: &Name, keyring: &mut Keyring, facts: &mut Facts) {
    let Ok(item) = spool.read(name) else { return };
    match keyring.find(&item.address) {
        // A configuration of no use is a finding of its own.
        Ok(_) | Err(KeyError::Config(_)) => {}
        Err(lacking) => {
            facts.unsendable += 1;
            facts.lacking.get_or_insert_with(|| lacking.to_string());
        }
    }
}

/// Called from the newest to the oldest.
fn look_at_failed(spool: &Spool, name: &Name, facts: &mut Facts) {
    let (reason, given_up) = match spool.read_failed(name) {
        Ok(item) => {
            let reason = item.failure.unwrap_or_else(|| "no reason noted".to_owned());
            (reason, item.given_up)
        }
        Err(error) => (error.to_string(), false),
    };
    if given_up {
        facts.given_up += 1;
        facts.newest_given_up.get_or_insert_with(|| reason.clone());
    }
    facts.newest_failure.get_or_insert(reason);
}

/// A name from a clock that was ahead, or behind such a name, tells no age; the message itself does.
fn age(name: &Name, spool: &Spool, now: u64) -> u64 {
    let begin = if name.seconds() <= now {
        name.seconds()
    } else {
        spool.read(name).map_or(now, |item| item.created)
    };
    now.saturating_sub(begin)
}

fn remember(memory: &Memory, now: u64, facts: &mut Facts) {
    facts.last_success_seconds = memory.last_success.map(|at| now.saturating_sub(at));
    facts.last_problem.clone_from(&memory.last_problem);
    let holding = memory.blocks.values().filter(|block| block.holds(now));
    facts.blocks = holding
        .map(|block| Blocked {
            whom: block.whom.clone(),
            reason: block.reason.clone(),
            seconds_left: block.until.saturating_sub(now),
            quota: block.quota,
        })
        .collect();
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Asks Pushover, unless the answer is known, forbidden or somebody else is talking to it.
struct Inquirer<'a> {
    access: &'a mut Access,
    memory: Memory,
    run: &'a Run,
    now: u64,
    api: Option<Api>,
    may_ask: bool,
}

impl Inquirer<'_> {
    fn credentials(&mut self) -> Vec<Credential> {
        let everybody = self.access.everybody();
        let one = |address: &Address| Credential {
            name: address.name(),
            verdict: self.credential(address),
        };
        everybody.iter().map(one).collect()
    }

    fn credential(&mut self, address: &Address) -> Verdict {
        let keys = match self.access.keyring.find(address) {
            Ok(keys) => keys,
            Err(error) => return Verdict::Bad(error.to_string()),
        };
        let mark = keys.user_mark();
        if let Some(known) = self
            .memory
            .validated
            .get(&mark)
            .filter(|known| known.is_fresh(self.now))
        {
            return known.problem.clone().map_or(Verdict::Good, Verdict::Bad);
        }
        if let Some(reason) = self.block(&keys) {
            return Verdict::Bad(reason);
        }
        self.run.deadline.enter("validating token and recipients");
        let time = self.run.deadline.remaining();
        let reply = match self.api() {
            Ok(api) => api.validate(&keys.token, &keys.user, None, time),
            Err(reason) => return Verdict::Unknown(reason),
        };
        let problem = match self.learn(reply, &keys, &address.name()) {
            Ok(_) => None,
            Err(Refusal::Final(reason)) => Some(reason),
            Err(Refusal::ForNow(reason)) => return Verdict::Unknown(reason),
        };
        self.memory.validated.insert(
            mark,
            Inquiry {
                at: self.now,
                problem: problem.clone(),
            },
        );
        problem.map_or(Verdict::Good, Verdict::Bad)
    }

    fn quota(&mut self) -> Result<Quota, String> {
        let address = self
            .access
            .addresses
            .first()
            .cloned()
            .ok_or("no recipient")?;
        let token = self
            .access
            .keyring
            .find_token(&address)
            .map_err(|error| error.to_string())?;
        // The token stands in for the key: nothing is asked of a recipient here.
        let keys = Keys {
            user: token.clone(),
            token,
        };
        let mark = keys.token_mark();
        if let Some(quota) = self.memory.quota(&mark, self.now) {
            return Ok(quota);
        }
        let known = self
            .memory
            .limits
            .get(&mark)
            .filter(|known| known.is_fresh(self.now));
        if let Some(problem) = known.and_then(|known| known.problem.clone()) {
            return Err(problem);
        }
        if let Some(reason) = self.block(&keys) {
            return Err(reason);
        }
        self.run.deadline.enter("asking for the quota");
        let time = self.run.deadline.remaining();
        let reply = self.api()?.limits(&keys.token, time);
        match self.learn(reply, &keys, "") {
            Ok(quota) => quota.ok_or_else(|| "the answer holds no quota".to_owned()),
            Err(Refusal::Final(reason)) => {
                self.memory.limits.insert(
                    mark,
                    Inquiry {
                        at: self.now,
                        problem: Some(reason.clone()),
                    },
                );
                Err(reason)
            }
            Err(Refusal::ForNow(reason)) => Err(reason),
        }
    }

    fn block(&self, keys: &Keys) -> Option<String> {
        let marks = [keys.token_mark(), keys.user_mark()];
        let block = marks
            .iter()
            .find_map(|mark| self.memory.block(mark, self.now));
        block.map(|block| block.reason.clone())
    }

    fn api(&mut self) -> Result<&Api, String> {
        if !self.may_ask {
            return Err("not asked, a notifier is sending".to_owned());
        }
        if self.memory.silence_left(self.now.saturating_mul(1000)) > 0 {
            return Err("not asked so soon after a failure".to_owned());
        }
        if self.api.is_none() {
            self.api = Some(Api::new(&self.access.route).map_err(|error| error.to_string())?);
        }
        self.api.as_ref().ok_or_else(String::new)
    }

    /// Shares what an answer says with the notifier.
    fn learn(&mut self, reply: Reply, keys: &Keys, whom: &str) -> Result<Option<Quota>, Refusal> {
        if let Some(quota) = reply.quota {
            let told = (self.now, quota);
            self.memory.quotas.insert(keys.token_mark(), told);
        }
        match reply.answer {
            Answer::Accepted { .. } => Ok(reply.quota),
            Answer::NobodyReached(reason) => Err(Refusal::Final(reason)),
            Answer::Rejected { culprit, reason } => {
                match culprit {
                    Culprit::Token => {
                        self.memory
                            .block_for_error(keys.token_mark(), &reason, "", self.now);
                    }
                    Culprit::User => {
                        self.memory
                            .block_for_error(keys.user_mark(), &reason, whom, self.now);
                    }
                    Culprit::Message => {}
                }
                Err(Refusal::Final(reason))
            }
            Answer::QuotaUsedUp { reason, reset } => {
                self.memory
                    .block_for_quota(keys.token_mark(), &reason, reset, self.now);
                Err(Refusal::ForNow(reason))
            }
            Answer::Temporary { reason, .. } => {
                let begin = self.now.saturating_mul(1000);
                let silence = u64::try_from(SILENCE.as_millis()).unwrap_or(u64::MAX);
                // From the end of the request, which the clock of the start does not know.
                let spent =
                    u64::try_from(self.run.deadline.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.memory.silence =
                    Some((begin, begin.saturating_add(spent).saturating_add(silence)));
                Err(Refusal::ForNow(reason))
            }
        }
    }
}

enum Refusal {
    Final(String),
    ForNow(String),
}
