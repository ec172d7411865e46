//! `check_axigen_version`: does an Axigen server answer, and has its release a known hole?

mod args;
mod evaluate;
mod explain;
mod facts;
mod holes;
mod policy;
mod probe;
mod release;
mod target;

pub use args::Args;

use std::convert::Infallible;

use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::{Facts, Progress};

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let probe = |progress: &Progress| {
        probe::probe(&target, run, progress);
        Ok::<(), Infallible>(())
    };
    let facts = Facts::new(&target.host, target.port, target.tls);
    Ok(run.gather(facts, probe, move |Ok(facts)| {
        let mut report = evaluate::evaluate(&facts, &policy);
        report.describe(explain::MEANINGS);
        report.concern("host", facts.host.as_str());
        report.concern("port", facts.port.to_string());
        report
    }))
}
