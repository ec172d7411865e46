//! `check_smtp_tls`: how good the TLS of a mail server is, from SSLv2 to TLS 1.3, and how long its certificate lasts.

mod args;
mod evaluate;
mod explain;
mod facts;
mod grade;
mod lifetime;
mod listener;
mod policy;
mod probe;
#[cfg(test)]
mod sample;
mod target;

pub use args::Args;
pub use grade::Grade;

use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::{CutShort, Facts, Progress};

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let progress = Progress::new(Facts::new(
        &target.host,
        target.port,
        target.start,
        &target.name,
        target.quick,
    ));
    run.when_cut_short({
        let (progress, policy, now) = (progress.clone(), policy.clone(), run.now);
        move |reason| {
            let mut facts = progress.read(Clone::clone);
            facts.cut_short = Some(CutShort::OutOfTime(reason.to_owned()));
            evaluate::evaluate(&Ok(facts), &policy, now)
        }
    });
    let seen = probe::probe(&target, run, &progress);
    Ok(evaluate::evaluate(&seen, &policy, run.now))
}
