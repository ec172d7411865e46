//! `check_smtp_accept`: does this server take a mail now?

mod args;
mod evaluate;
mod explain;
mod facts;
mod mail;
mod policy;
mod probe;
mod target;

pub use args::Args;

use std::convert::Infallible;

use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::{Facts, Progress};

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when a mail or a password could reach somebody it is not for, or options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run)?;
    let facts = Facts::new(&target);
    let probe = |progress: &Progress| {
        probe::probe(&target, run, progress);
        Ok::<(), Infallible>(())
    };
    let (host, port) = (target.host.clone(), target.port);
    Ok(run.gather(facts, probe, move |Ok(facts)| {
        let mut report = evaluate::evaluate(&facts, &policy);
        report.describe(explain::MEANINGS);
        report.concern("host", host.as_str());
        report.concern("port", port.to_string());
        report
    }))
}
