//! Looks into the spool, and has Pushover asked when that is wanted. No judgement.

mod inquiry;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::facts::{Blocked, Credential, Facts, Lost, Note, Unconfirmed};
use super::target::Target;
use crate::clock::unix_seconds;
use crate::program::{Progress, Run};
use crate::pushover::access::Access;
use crate::pushover::client::Api;
use crate::pushover::config::Config;
use crate::pushover::item::Item;
use crate::pushover::keys::{KeyError, Keyring, Keys};
use crate::pushover::losses::{self, Losses};
use crate::pushover::memory::Memory;
use crate::pushover::remarks::Remarks;
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};
use inquiry::Inquirer;

/// How far clocks may be apart.
const CLOCK_SECONDS: u64 = 60;
/// Waiting messages, and those in `failed/`, that are read; the others are only counted.
const ITEMS_READ: usize = 1000;

/// What can be told where a process of an earlier run still hangs: notes of losses, which are on no disk.
pub(super) fn before_any_disk(target: &Target, run: &Run) -> Facts {
    let lost = lost(&target.access.places_of_losses(), unix_seconds(run.now));
    Facts { lost, ..Facts::default() }
}

/// Looks into the spool first, so that this is known whatever the network does.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress<Facts>) {
    run.deadline.enter("reading the configuration");
    let mut access = target.access.gather();
    let now = unix_seconds(run.now);
    // Not in the spool, which may be what hangs.
    let lost = lost(&access.places_of_losses(), now);
    progress.note(|facts| facts.lost = lost);
    run.deadline.enter("reading the spool");
    access.enter_spool();
    // Once more with the rights of whoever sends, who may have a place of its own for it.
    let lost_by_it = self::lost(&access.places_of_losses(), now);
    progress.note(|facts| {
        let new = lost_by_it
            .into_iter()
            .filter(|one| !facts.lost.iter().any(|known| known.file == one.file));
        let new: Vec<Lost> = new.collect();
        facts.lost.extend(new);
    });
    let credentials = unusable(&mut access);
    let route = Api::new(&access.route).err().map(Arc::new);
    progress.note(|facts| {
        facts.configuration = access.config.as_ref().err().cloned();
        facts.mistakes = access.config.iter().flat_map(Config::mistakes).collect();
        facts.route = route;
        facts.credentials = credentials;
    });
    let mut present = Present::of(&mut access);
    let looked = access.spool.clone().and_then(|spool| {
        let memory = Memory::recall(&spool);
        let facts = progress.read(Facts::clone);
        let facts = look(&spool, &memory, &mut access.keyring, &mut present, now, facts)?;
        Ok((spool, memory, facts))
    });
    let (spool, memory, mut facts) = match looked {
        Ok(looked) => looked,
        Err(error) => return progress.note(|facts| facts.unusable = Some(error)),
    };
    remember(&memory, &present, now, &mut facts);
    progress.note(|known| *known = facts);
    if target.quota || target.validate {
        inquire(target, access, &spool, memory, &present, run, progress);
    }
}

/// The tokens and keys that are in use, by their marks. What was learnt of others concerns nobody.
#[derive(Default)]
struct Present {
    marks: BTreeSet<String>,
    /// Others may be in use that cannot be found from here.
    and_others: bool,
}

impl Present {
    fn of(access: &mut Access) -> Self {
        let mut present = Self::default();
        for addressee in access.everybody().into_iter().chain(access.configured()) {
            present.add(&access.keyring.find(&addressee));
        }
        present
    }

    fn add(&mut self, keys: &Result<Keys, KeyError>) {
        match keys {
            Ok(keys) => self.marks.extend([keys.token_mark(), keys.user_mark()]),
            Err(_) => self.and_others = true,
        }
    }

    fn has(&self, mark: &str) -> bool {
        self.and_others || self.marks.contains(mark)
    }
}

fn lost(places: &[PathBuf], now: u64) -> Vec<Lost> {
    let seen =
        |Losses { count, last, file }| Lost { count, seconds: now.saturating_sub(last), file };
    places.iter().flat_map(|place| losses::of(place)).map(seen).collect()
}

/// Has Pushover asked, and what is in its way noted anew.
fn inquire(
    target: &Target,
    mut access: Access,
    spool: &Spool,
    mut memory: Memory,
    present: &Present,
    run: &Run,
    progress: &Progress<Facts>,
) {
    run.deadline.enter("waiting for the notifier that sends");
    let now = unix_seconds(run.now);
    // The notifier's lock: one connection at a time, and its memory of what not to ask.
    let turn = spool.wait_for_turn(&[], &run.deadline);
    let may_ask = matches!(turn, Ok(Turn::Ours(_)));
    if may_ask {
        memory = Memory::recall(spool);
    }
    let mut inquirer = Inquirer { access: &mut access, memory, run, now, api: None, may_ask };
    let credentials = target.validate.then(|| inquirer.credentials());
    let quota = target.quota.then(|| inquirer.quota());
    let mut memory = inquirer.memory;
    progress.note(|facts| {
        remember(&memory, present, now, facts);
        facts.quota = quota;
        if let Some(credentials) = credentials {
            facts.credentials = credentials;
        }
    });
    if may_ask {
        memory.keep(spool, now);
    }
}

/// What is wrong with token and keys as far as they can be read here. A key that is missing may stand in the environment
/// of the notifier; without a token here the check cannot know that anything can be sent.
fn unusable(access: &mut Access) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for addressee in access.everybody() {
        if let Err(
            error @ (KeyError::Malformed { .. }
            | KeyError::File { .. }
            | KeyError::NotInAFile(_)
            | KeyError::NoToken(_)
            | KeyError::NoConfigFile(_)
            | KeyError::TokenBelowUsers(_)),
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
    present: &mut Present,
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
        not_kept: spool.try_to_keep().err(),
        room: spool.room().ok(),
        standstill_seconds: spool.standstill(now),
        last_flush_seconds: spool.last_flush().map(|at| now.saturating_sub(at)),
        used_seconds: now.saturating_sub(if memory.since == 0 { now } else { memory.since }),
        remarks: Remarks::recall(spool).map(|remarks| (now.saturating_sub(remarks.at), remarks)),
        ..known
    };
    for name in waiting.iter().take(ITEMS_READ) {
        let Ok(item) = spool.read(name) else { continue };
        if item.created > now.saturating_add(CLOCK_SECONDS) {
            facts.future += 1;
            facts.future_seconds = facts.future_seconds.max(item.created - now);
        }
        look_at_waiting(&item, keyring, present, &mut facts);
    }
    for name in failed.iter().rev().take(ITEMS_READ) {
        look_at_failed(spool, name, &mut facts);
    }
    Ok(facts)
}

/// Called from the oldest to the newest.
fn look_at_waiting(item: &Item, keyring: &mut Keyring, present: &mut Present, facts: &mut Facts) {
    let keys = keyring.find(&item.addressee);
    present.add(&keys);
    match keys {
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

fn remember(memory: &Memory, present: &Present, now: u64, facts: &mut Facts) {
    facts.last_success_seconds = memory.last_success.map(|at| now.saturating_sub(at));
    facts.last_problem.clone_from(&memory.last_problem);
    let holding =
        memory.blocks.iter().filter(|(mark, block)| present.has(mark) && block.holds(now));
    facts.blocks = holding
        .map(|(_, block)| Blocked {
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
