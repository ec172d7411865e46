//! `flush`: sends what waits. A timer runs it, for the hours in which no new alert does.

use super::args::Args;
use super::dispatch::Run;
use super::settings;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::drain::Fate;
use crate::pushover::spool::{Spool, SpoolError, Turn};

/// Sends what waits and is due.
pub(super) fn flush(args: &Args, access: Access, errand: &Errand) -> Outcome {
    let limits = settings::limits(args);
    match drain_all(args, &mut Run { access, limits, errand }) {
        Ok(outcome) => outcome,
        Err(SpoolError::Missing(path)) => Outcome::new(
            Delivery::Accepted,
            format!("nothing waits, {} does not exist yet", path.display()),
        ),
        Err(error) => Outcome::new(Delivery::Misconfigured, error.to_string()),
    }
}

fn drain_all(args: &Args, run: &mut Run<'_>) -> Result<Outcome, SpoolError> {
    let spool = Spool::open(&run.access.spool_dir)?;
    run.errand.stands_at(Outcome::new(Delivery::Queued, "some may still wait"));
    run.errand.deadline.enter("waiting for the process that sends");
    let Turn::Ours(_lock) = spool.wait_for_turn(&[], &run.errand.deadline)? else {
        return Ok(Outcome::new(Delivery::Queued, "another process sends"));
    };
    if args.retry_failed {
        spool.revive(run.now())?;
    }
    let fates: Vec<Fate> = run.drain(&spool, &[])?.into_values().collect();
    if fates.is_empty() {
        return Ok(Outcome::new(Delivery::Accepted, "nothing waits"));
    }
    Ok(run.sum_up(&fates, Some(&spool)))
}
