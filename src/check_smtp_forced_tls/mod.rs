//! `check_smtp_forced_tls`: is mail from a partner refused unless it is encrypted, and would mail to a partner leave?

mod args;
mod evaluate;
mod explain;
mod facts;
mod policy;
mod probe;
mod target;

pub use args::Args;

use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::Progress;

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let progress = Progress::new(target.nothing_yet());
    run.when_cut_short({
        let (progress, policy) = (progress.clone(), policy.clone());
        move |reason| {
            progress.note(|facts| facts.incomplete = Some(reason.to_owned()));
            evaluate::evaluate(&progress.read(Clone::clone), &policy)
        }
    });
    Ok(evaluate::evaluate(&probe::probe(&target, run, &progress), &policy))
}
