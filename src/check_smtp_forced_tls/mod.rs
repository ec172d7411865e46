//! `check_smtp_forced_tls`: is mail from a partner refused unless it is encrypted, would mail to a partner leave, and does mail
//! leave encrypted?

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
use crate::program::{Run, UsageError};
use facts::Progress;

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
    Ok(run.gather(target.nothing_yet(), probe, move |Ok(facts)| {
        let mut report = evaluate::evaluate(&facts, &policy);
        report.describe(explain::MEANINGS);
        if let Some(inbound) = &facts.inbound {
            report.concern("host", inbound.host.as_str());
            let tested = inbound.senders.iter().filter(|sender| sender.role.is_tested());
            report.concern(
                "domains",
                tested.map(|sender| sender.domain.as_str()).collect::<Vec<_>>().join(","),
            );
        }
        if let Some(canary) = &facts.canary {
            report.concern("host", canary.host.as_str());
            report.concern("canary", canary.domain.as_str());
        }
        let partners: Vec<&str> =
            facts.partners.iter().map(|partner| partner.domain.as_str()).collect();
        report.concern("partners", partners.join(","));
        report
    }))
}
