//! `check_pushover`: does the way of alerts work? A notifier that fails unnoticed is worse than none.

mod args;
mod evaluate;
mod explain;
mod facts;
mod policy;
mod probe;
mod target;

pub use args::Args;

use std::convert::Infallible;

use crate::monitoring::Report;
use crate::program::{Progress, Run, UsageError};
use facts::Facts;

/// Runs the check.
///
/// # Errors
/// None yet; the options fit together in every combination.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout);
    let probe = |progress: &Progress<Facts>| {
        probe::probe(&target, run, progress);
        Ok::<(), Infallible>(())
    };
    let known = probe::before_any_disk(&target, run);
    let spool = target.access.spool_dir.as_ref().map(|dir| dir.display().to_string());
    let spool = spool.unwrap_or_default();
    Ok(run.gather(known, probe, move |Ok(seen)| {
        let mut report = evaluate::evaluate(&seen, &policy);
        report.describe(explain::MEANINGS);
        report.concern("spool", spool.as_str());
        report
    }))
}
