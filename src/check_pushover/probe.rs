//! Looks into the spool, and has Pushover asked when that is wanted. No judgement.

mod inquiry;

use std::path::Path;
use std::sync::Arc;

use super::facts::{Blocked, Credential, Facts, Lost, Note, Unconfirmed};
use super::target::Target;
use crate::clock::unix_seconds;
use crate::program::{Progress, Run};
use crate::pushover::access::Access;
use crate::pushover::keys::{KeyError, Keyring};
use crate::pushover::losses::{self, Losses};
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};
use inquiry::Inquirer;

/// Waiting messages, and those in `failed/`, that are read; the others are only counted.
const ITEMS_READ: usize = 1000;

/// Looks into the spool first, so that this is known whatever the network does.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress<Facts>) {
    run.deadline.enter("reading the configuration");
    let mut access = target.access.gather();
    let now = unix_seconds(run.now);
    // Not in the spool, which may be what hangs.
    let lost = lost(&access.spool_dir, now);
    progress.note(|facts| facts.lost = lost);
    run.deadline.enter("reading the spool");
    access.enter_spool();
    let credentials = unusable(&mut access);
    progress.note(|facts| {
        facts.configuration = access.config.as_ref().err().cloned();
        facts.credentials = credentials;
    });
    let looked = access.spool.clone().and_then(|spool| {
        let memory = Memory::recall(&spool);
        let facts = progress.read(Facts::clone);
        let facts = look(&spool, &memory, &mut access.keyring, now, facts)?;
        Ok((spool, memory, facts))
    });
    let (spool, memory, mut facts) = match looked {
        Ok(looked) => looked,
        Err(error) => return progress.note(|facts| facts.unusable = Some(error)),
    };
    remember(&memory, now, &mut facts);
    progress.note(|known| *known = facts);
    if target.quota || target.validate {
        inquire(target, access, &spool, memory, run, progress);
    }
}

fn lost(spool: &Path, now: u64) -> Vec<Lost> {
    let seen =
        |Losses { count, last, file }| Lost { count, seconds: now.saturating_sub(last), file };
    losses::of(spool).into_iter().map(seen).collect()
}

/// Has Pushover asked, and what is in its way noted anew.
fn inquire(
    target: &Target,
    mut access: Access,
    spool: &Spool,
    mut memory: Memory,
    run: &Run,
    progress: &Progress<Facts>,
) {
    run.deadline.enter("waiting for the notifier that sends");
    let now = unix_seconds(run.now);
    // The notifier's lock: one connection at a time, and its memory of what not to ask.
    let turn = spool.wait_for_turn(&[], run.deadline.remaining(), &run.deadline);
    let may_ask = matches!(turn, Ok(Turn::Ours(_)));
    if may_ask {
        memory = Memory::recall(spool);
    }
    let mut inquirer = Inquirer { access: &mut access, memory, run, now, api: None, may_ask };
    let credentials = target.validate.then(|| inquirer.credentials());
    let quota = target.quota.then(|| inquirer.quota());
    let mut memory = inquirer.memory;
    progress.note(|facts| {
        remember(&memory, now, facts);
        facts.quota = quota;
        if let Some(credentials) = credentials {
            facts.credentials = credentials;
        }
    });
    if may_ask {
        memory.keep(spool, now);
    }
}

/// What is wrong with token and keys as far as they can be read here. One that is missing may stand in the environment
/// of the notifier.
fn unusable(access: &mut Access) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for addressee in access.everybody() {
        if let Err(
            error @ (KeyError::Malformed { .. } | KeyError::File { .. } | KeyError::NotInAFile(_)),
        ) = access.keyring.find(&addressee)
        {
            credentials
                .push(Credential { name: addressee.name(), result: Err(Unconfirmed::Keys(error)) });
        }
    }
    credentials
}

fn look(
    spool: &Spool,
    memory: &Memory,
    keyring: &mut Keyring,
    now: u64,
    known: Facts,
) -> Result<Facts, SpoolError> {
    let mut waiting = spool.waiting()?;
    let there = waiting.len();
    waiting.retain(|name| !memory.has_ended(name));
    let failed = spool.failed()?;
    let ages = waiting.iter().map(|name| age(name, spool, now));
    let mut facts = Facts {
        spool: Some(spool.path().to_owned()),
        waiting: count(waiting.len()),
        oldest_seconds: ages.max().unwrap_or(0),
        stuck: count(there - waiting.len()),
        failed: count(failed.len()),
        ..known
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
    match keyring.find(&item.addressee) {
        // A configuration of no use is a finding of its own.
        Ok(_) | Err(KeyError::Config(_)) => {}
        Err(lacking) => {
            facts.unsendable += 1;
            facts.lacking.get_or_insert(lacking);
        }
    }
}

/// Called from the newest to the oldest.
fn look_at_failed(spool: &Spool, name: &Name, facts: &mut Facts) {
    let (note, given_up) = match spool.read_failed(name) {
        Ok(item) => (item.failure.map_or(Note::Missing, Note::Reason), item.given_up),
        Err(error) => (Note::Unreadable(Arc::new(error)), false),
    };
    if given_up {
        facts.given_up += 1;
        facts.newest_given_up.get_or_insert_with(|| note.clone());
    }
    facts.newest_failure.get_or_insert(note);
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
            cause: block.cause.clone(),
            seconds_left: block.until.saturating_sub(now),
            quota: block.quota,
        })
        .collect();
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
