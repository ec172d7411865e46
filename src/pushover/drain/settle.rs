//! What becomes of a message's file. One that is done with leaves the line; where it cannot, that is remembered, so that
//! it is not sent again.

use std::io::ErrorKind;
use std::sync::Arc;

use super::super::item::Item;
use super::super::memory::{Leftover, Memory};
use super::super::reason::Reason;
use super::super::spool::{Name, Spool, SpoolError, is_damage};
use super::fate::{Failed, Fate, Hold};

/// What stands under a name in the spool.
pub(super) enum Standing {
    /// A message to be sent.
    Message(Box<Item>),
    /// One that is not, or not now.
    Settled(Fate),
    /// Nothing any more.
    Gone,
}

/// Reads a message that is to be sent. `ours` is whether the caller waits for it.
pub(super) fn open(memory: &mut Memory, spool: &Spool, name: &Name, ours: bool) -> Standing {
    if let Some(leftover) = memory.ended.get(name.as_str()).cloned() {
        return clear(memory, spool, name, leftover, ours)
            .map_or(Standing::Gone, Standing::Settled);
    }
    let error = match spool.read(name) {
        Ok(item) => return Standing::Message(Box::new(item)),
        Err(error) => error,
    };
    match error.kind() {
        // Somebody took it out since the directory was read.
        ErrorKind::NotFound => Standing::Gone,
        _ if is_damage(&error) => Standing::Settled(damaged(memory, spool, name)),
        _ => Standing::Settled(Fate::Held(Hold::Unreadable(Arc::new(error)))),
    }
}

/// Takes a delivered message out. Whoever else waits for it must not have to guess why it is gone.
fn take_out(spool: &Spool, name: &Name, ours: bool) -> Result<(), SpoolError> {
    if ours { spool.remove(name) } else { spool.record_delivery(name) }
}

/// Takes a message that is done with out of the line. What was learnt must not be lost with a kill then: the next run
/// would ask again.
pub(super) fn settle(
    memory: &mut Memory,
    spool: &Spool,
    name: &Name,
    item: Item,
    fate: Fate,
    ours: bool,
    now: u64,
) -> Fate {
    match fate {
        Fate::Delivered if take_out(spool, name, ours).is_err() => {
            memory.leave(name, Leftover::Delivered);
            memory.keep(spool, now);
            fate
        }
        Fate::Rejected(_) | Fate::GivenUp(_) => {
            let fate = set_aside(memory, spool, name, Some(item), fate);
            memory.keep(spool, now);
            fate
        }
        other => other,
    }
}

/// Tries again to take out what is done with. `None` when that has worked.
fn clear(
    memory: &mut Memory,
    spool: &Spool,
    name: &Name,
    leftover: Leftover,
    ours: bool,
) -> Option<Fate> {
    match leftover {
        Leftover::Rejected(reason) => {
            let item = spool.read(name).ok();
            Some(set_aside(memory, spool, name, item, Fate::rejected(reason)))
        }
        Leftover::Delivered => match take_out(spool, name, ours) {
            Ok(()) => None,
            Err(_) if ours => Some(Fate::Delivered),
            Err(error) => Some(Fate::Leftover(error)),
        },
    }
}

fn damaged(memory: &mut Memory, spool: &Spool, name: &Name) -> Fate {
    set_aside(memory, spool, name, None, Fate::rejected(Reason::Damaged))
}

/// Moves a message to `failed/` with the reason. One that cannot be moved stays, with the reason noted if that is
/// possible, and must not hold the others up.
pub(super) fn set_aside(
    memory: &mut Memory,
    spool: &Spool,
    name: &Name,
    mut item: Option<Item>,
    fate: Fate,
) -> Fate {
    let (given_up, reason) = match &fate {
        Fate::GivenUp(Failed { reason: Some(reason), .. }) => (true, reason.clone()),
        Fate::Rejected(Failed { reason: Some(reason), .. }) => (false, reason.clone()),
        _ => return fate,
    };
    if let Some(item) = &mut item {
        item.failure = Some(reason.clone());
        item.given_up = given_up;
    }
    let Err(error) = spool.fail(name, item.as_ref()) else {
        return fate;
    };
    let failed = Failed { reason: Some(reason.clone()), stays: Some(error) };
    if given_up {
        return Fate::GivenUp(failed);
    }
    memory.leave(name, Leftover::Rejected(reason));
    Fate::Rejected(failed)
}
