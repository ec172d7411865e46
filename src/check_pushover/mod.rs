//! `check_pushover`: does the way of alerts work? A notifier that fails in silence is worse than none.

mod args;
mod evaluate;
mod explain;
mod facts;
mod policy;
mod probe;
mod target;

use std::sync::{Arc, Mutex, PoisonError};

pub use args::Args;

use crate::monitoring::Report;
use crate::program::{Run, UsageError};
use facts::Facts;

/// Runs the check.
///
/// # Errors
/// None yet; the options fit together in every combination.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout);
    let progress = Arc::new(Mutex::new(None::<Facts>));
    run.when_cut_short({
        let (progress, policy) = (progress.clone(), policy.clone());
        move |reason| {
            let seen = progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(mut facts) = seen else {
                let mut report = Report::new();
                report.find(policy.on_timeout, reason);
                return report;
            };
            facts.cut_short = Some(reason.to_owned());
            evaluate::evaluate(&Ok(facts), &policy)
        }
    });
    let seen = probe::probe(&target, run, &progress);
    Ok(evaluate::evaluate(&seen, &policy))
}
