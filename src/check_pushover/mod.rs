//! `check_pushover`: does the way of alerts work? A notifier that fails in silence is worse than none.

mod args;
mod evaluate;
mod explain;
mod facts;
mod policy;
mod probe;
mod target;

pub use args::Args;

use crate::monitoring::Report;
use crate::program::{Progress, Run, UsageError};
use facts::Facts;

/// Runs the check.
///
/// # Errors
/// None yet; the options fit together in every combination.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout);
    let probe = |progress: &Progress<Facts>| probe::probe(&target, run, progress);
    Ok(run.gather(Facts::default(), probe, move |seen| evaluate::evaluate(&seen, &policy)))
}
