//! `flush`: sends what waits. A timer runs it, for the hours in which no new alert does.

use super::args::Args;
use super::dispatch::Dispatch;
use super::{explain, poll, settings};
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::drain::Fate;
use crate::pushover::spool::{SpoolError, Turn};

/// What is known before the spool was looked at.
const SOME_WAIT: &str = "some messages may still be waiting";

/// Sends what waits and is due.
pub(super) fn flush(args: &Args, errand: &Errand) -> Outcome {
    errand.stands_at(Outcome::new(Delivery::Queued, SOME_WAIT));
    if let Some(hanging) = errand.earlier() {
        return Outcome::new(Delivery::Queued, format!("{SOME_WAIT}; {hanging}"));
    }
    let access = args.access.enter();
    let limits = settings::limits(args, &access);
    let mut dispatch = Dispatch { access, limits, errand };
    match drain_all(args, &mut dispatch) {
        Ok(outcome) => with_receipts(outcome, poll::beside_flush(dispatch.access, errand)),
        Err(SpoolError::Missing(path)) => Outcome::new(
            Delivery::Accepted,
            format!("nothing is waiting; {} does not exist yet", path.display()),
        ),
        Err(error) => Outcome::new(Delivery::Misconfigured, explain::unusable_spool(&error)),
    }
}

/// The worse of the two decides the exit code.
fn with_receipts(mut outcome: Outcome, receipts: Option<Outcome>) -> Outcome {
    if let Some(receipts) = receipts {
        outcome.delivery = outcome.delivery.max(receipts.delivery);
        outcome.text = format!("{}; {}", outcome.text, receipts.text);
        outcome.details.extend(receipts.details);
    }
    outcome
}

fn drain_all(args: &Args, dispatch: &mut Dispatch<'_>) -> Result<Outcome, SpoolError> {
    let spool = dispatch.access.spool.clone()?;
    spool.note_flush();
    dispatch.errand.deadline.enter("waiting for the process that sends");
    let deadline = &dispatch.errand.deadline;
    let Turn::Ours(_lock) = spool.wait_for_turn(&[], deadline)? else {
        return Ok(Outcome::new(Delivery::Queued, "another process is sending"));
    };
    if args.retry_failed {
        spool.revive(dispatch.now())?;
    }
    let fates: Vec<Fate> = dispatch.drain(&spool, &[])?.into_values().collect();
    if fates.is_empty() {
        return Ok(Outcome::new(Delivery::Accepted, "nothing is waiting"));
    }
    Ok(dispatch.sum_up(&fates, Some(&spool)))
}
