//! `check_axigen_queue`: how many messages wait in an Axigen queue, how old they are, and whether all were seen.

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
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let probe = |progress: &Progress<Facts>| probe::probe(&target, run, progress);
    let queues = target.names();
    Ok(run.gather(Facts::default(), probe, move |seen| {
        let mut report = evaluate::evaluate(&seen, &policy);
        report.describe(explain::MEANINGS);
        report.concern("queue", queues.as_str());
        report
    }))
}
