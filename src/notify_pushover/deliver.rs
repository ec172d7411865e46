//! Messages on their way: kept first, then sent by us or by whoever has its turn, and what has become of each.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use super::dispatch::Dispatch;
use super::explain;
use super::facts::Unkept;
use crate::program::{Delivery, Outcome};
use crate::pushover::drain::{Failed, Fate, Wait};
use crate::pushover::item::Item;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};

/// A message for one recipient.
pub(super) struct Outgoing {
    pub(super) item: Item,
    /// What makes a repetition of it recognisable; empty when nothing does.
    pub(super) key: String,
}

/// Messages, and what the spool said to those that it did not take.
struct Delivered {
    fates: Vec<Fate>,
    trouble: Option<SpoolError>,
}

/// Sends messages by way of the spool.
pub(super) fn spooled(all: Vec<Outgoing>, dispatch: &mut Dispatch<'_>, spool: &Spool) -> Outcome {
    let Delivered { fates, trouble } = deliver(all, dispatch, spool, true);
    if let Some(error) = trouble {
        let mut outcome = dispatch.sum_up(&fates, None);
        let unkept = explain::unkept(&Unkept::Spool(error));
        outcome.text = format!("{}; {unkept}", outcome.text);
        return outcome;
    }
    let mut outcome = dispatch.sum_up(&fates, Some(spool));
    if fates.iter().any(Fate::waits) {
        outcome.text.push_str(&explain::hint(&dispatch.access.addressees));
    }
    outcome
}

/// Sends messages without keeping them.
pub(super) fn unspooled(all: Vec<Outgoing>, dispatch: &mut Dispatch<'_>, why: &Unkept) -> Outcome {
    let unkept = explain::unkept(why);
    // One of earlier runs, or of others on this host: a token that was refused is not to be tried by each alert.
    let spool = dispatch.access.spool.clone().ok();
    let lock = spool.as_ref().and_then(|spool| spool.try_lock().ok()?);
    let memory = spool.as_ref().map(Memory::recall).unwrap_or_default();
    dispatch.errand.stands_at(Outcome::new(Delivery::Lost, unkept.as_str()));
    let items = all.into_iter().map(|one| one.item).collect();
    let fates = dispatch.send_unspooled(items, memory, spool.as_ref().filter(|_| lock.is_some()));
    let mut outcome = dispatch.sum_up(&fates, None);
    // Somebody wanted no spool and it was not needed: nothing to remark.
    if outcome.delivery != Delivery::Accepted || !matches!(why, Unkept::NotWanted) {
        outcome.text = format!("{}; {unkept}", outcome.text);
    }
    outcome
}

/// A message whose file is gone without word that it was delivered is sent `again`, once.
fn deliver(
    all: Vec<Outgoing>,
    dispatch: &mut Dispatch<'_>,
    spool: &Spool,
    again: bool,
) -> Delivered {
    dispatch.errand.deadline.enter("writing to the spool");
    let (mut ours, mut names, mut homeless, mut trouble) =
        (Vec::new(), Vec::new(), Vec::new(), None);
    for one in all {
        match put(&one, dispatch, spool) {
            Ok(name) => {
                names.push(name);
                ours.push(one);
            }
            Err(error) => {
                trouble = Some(error);
                homeless.push(one.item);
            }
        }
    }
    let (mut fates, ends) = match &trouble {
        None => (Vec::new(), follow(&names, dispatch, spool)),
        Some(error) => send_homeless(&names, homeless, dispatch, spool, error),
    };
    let mut vanished = Vec::new();
    for (one, end) in ours.into_iter().zip(ends) {
        match end {
            Some(fate) => fates.push(fate),
            None if again => vanished.push(one),
            None => fates.push(Fate::Lost(Box::new(Fate::Queued(Wait::Vanished)))),
        }
    }
    if !vanished.is_empty() {
        let more = deliver(vanished, dispatch, spool, false);
        fates.extend(more.fates);
        trouble = trouble.or(more.trouble);
    }
    Delivered { fates, trouble }
}

/// Puts a message into the spool, unless it stands there already.
fn put(one: &Outgoing, dispatch: &Dispatch<'_>, spool: &Spool) -> Result<Name, SpoolError> {
    let Outgoing { item, key } = one;
    let known = if key.is_empty() { None } else { spool.find_repetition(key, &item.object) };
    match known.filter(|name| !Memory::recall(spool).has_ended(name)) {
        Some(name) => Ok(name),
        None => spool.put(item, key, dispatch.errand.now),
    }
}

/// Drains, or waits until another process has dealt with our messages. No fate is that of a file that is gone.
fn follow(ours: &[Name], dispatch: &mut Dispatch<'_>, spool: &Spool) -> Vec<Option<Fate>> {
    let hint = explain::hint(&dispatch.access.addressees);
    let kept = format!("kept in {}{hint}", spool.path().display());
    dispatch.errand.stands_at(Outcome::new(Delivery::Queued, kept));
    let deadline = &dispatch.errand.deadline;
    deadline.enter("waiting for the process that sends");
    let all = |wait: Wait| vec![Some(Fate::Queued(wait)); ours.len()];
    let fates = match spool.wait_for_turn(ours, deadline) {
        Ok(Turn::Ours(_lock)) => match dispatch.drain(spool, ours) {
            Ok(fates) => fates,
            Err(error) => return all(Wait::Spool(error)),
        },
        Ok(Turn::Done) => BTreeMap::new(),
        Ok(Turn::TooLate) => return all(Wait::Turn),
        Err(error) => return all(Wait::Spool(error)),
    };
    ends_of(ours, &fates, spool)
}

/// Some messages could not be put on disk: they are sent from memory, before those that are safe. For half of the time
/// they wait for their turn, then they go without it: nobody else will send them.
fn send_homeless(
    ours: &[Name],
    homeless: Vec<Item>,
    dispatch: &mut Dispatch<'_>,
    spool: &Spool,
    trouble: &SpoolError,
) -> (Vec<Fate>, Vec<Option<Fate>>) {
    let deadline = &dispatch.errand.deadline;
    let unkept = explain::unkept(&Unkept::Spool(trouble.clone()));
    dispatch.errand.stands_at(Outcome::new(Delivery::Lost, unkept));
    deadline.enter("waiting for the process that sends");
    let lock = spool.lock_within(deadline.until_half(), deadline);
    let keeper = lock.as_ref().map(|_| spool);
    let fates = dispatch.send_unspooled(homeless, Memory::recall(spool), keeper);
    let drained = lock.as_ref().and_then(|_lock| dispatch.drain(spool, ours).ok());
    (fates, ends_of(ours, &drained.unwrap_or_default(), spool))
}

fn ends_of(ours: &[Name], drained: &BTreeMap<Name, Fate>, spool: &Spool) -> Vec<Option<Fate>> {
    let end = |name: &Name| drained.get(name).cloned().or_else(|| end_on_disk(name, spool));
    ours.iter().map(end).collect()
}

/// Where another process has put our message.
fn end_on_disk(name: &Name, spool: &Spool) -> Option<Fate> {
    if spool.is_waiting(name) {
        return Some(Fate::Queued(Wait::NotKnown));
    }
    if spool.take_record(name) {
        return Some(Fate::Delivered);
    }
    let reason = match spool.read_failed(name) {
        Ok(item) => item.failure,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Somebody may have put it back in line meanwhile.
            return spool.is_waiting(name).then_some(Fate::Queued(Wait::NotKnown));
        }
        Err(_) => None,
    };
    Some(Fate::Rejected(Failed { reason, stays: None }))
}
