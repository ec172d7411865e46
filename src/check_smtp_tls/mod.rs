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
use crate::program::{Progress, Run, UsageError};
use facts::{Facts, Looks};

/// Runs the check.
///
/// # Errors
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let facts = Facts::new(&target.host, target.port, target.start, &target.name, target.quick);
    let looks = Looks::new(facts);
    let (probe, now) = (|looks: &Progress<Looks>| probe::probe(&target, run, looks), run.now);
    let (host, port) = (target.host.clone(), target.port);
    Ok(run.gather(looks, probe, move |seen| {
        let mut report = evaluate::evaluate(&seen, &policy, now);
        report.describe(explain::MEANINGS);
        report.concern("host", host.as_str());
        report.concern("port", port.to_string());
        report
    }))
}
