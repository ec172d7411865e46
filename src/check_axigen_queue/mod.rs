//! `check_axigen_queue`: how many messages wait in an Axigen queue, how old they are, and whether all were seen.

mod args;
mod evaluate;
mod explain;
mod facts;
pub mod fuzzed;
mod policy;
mod probe;
mod target;

pub use args::Args;

use std::convert::Infallible;

use crate::monitoring::Report;
use crate::program::{Progress, Run, UsageError};
use facts::{Facts, Scrape};
use policy::CountPolicy;
use target::Endpoint;

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    if let Some((endpoint, policy)) = args.split_for_metrics(run.on_timeout)? {
        return Ok(check_metrics(&endpoint, policy, run));
    }
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

/// The same question to a server's own metrics.
fn check_metrics(endpoint: &Endpoint, policy: CountPolicy, run: &Run) -> Report {
    let name = endpoint.name();
    let probe = |progress: &Progress<Scrape>| {
        probe::metrics::scrape(endpoint, run, progress);
        Ok::<(), Infallible>(())
    };
    let scrape = Scrape { url: name.clone(), ..Scrape::default() };
    run.gather(scrape, probe, move |Ok(scrape)| {
        let mut report = evaluate::metrics::evaluate(&scrape, &policy);
        report.describe(explain::MEANINGS);
        report.concern("queue", name.as_str());
        report
    })
}
