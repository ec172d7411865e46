//! `check_mail_domain`: is mail to this domain protected by what its owner publishes?

mod args;
mod evaluate;
mod explain;
mod facts;
mod ncsc;
mod policy;
mod probe;
mod target;

pub use args::Args;

use std::convert::Infallible;

use crate::clock;
use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::{Facts, Progress};

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let facts = Facts::new(&target);
    let probe = |progress: &Progress| {
        probe::probe(&target, run, progress);
        Ok::<(), Infallible>(())
    };
    let (domain, now) = (target.domain.clone(), clock::seconds(run.now));
    Ok(run.gather(facts, probe, move |Ok(facts)| {
        let mut report = evaluate::evaluate(&facts, &policy, now);
        report.describe(explain::MEANINGS);
        report.concern("domain", domain.as_str());
        report
    }))
}
