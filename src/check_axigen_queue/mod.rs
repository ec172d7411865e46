//! `check_axigen_queue`: how many messages wait in an Axigen queue, how old they are, and whether all were seen.

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
/// [`UsageError`] when options do not fit together.
pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
    let (target, policy) = args.split(run.on_timeout)?;
    let progress = Arc::new(Mutex::new(Facts::default()));
    run.when_cut_short({
        let (progress, policy) = (progress.clone(), policy.clone());
        move |reason| {
            let mut facts = progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
            facts.cut_short = Some(reason.to_owned());
            evaluate::evaluate(&Ok(facts), &policy)
        }
    });
    let seen = probe::probe(&target, run, &progress);
    Ok(evaluate::evaluate(&seen, &policy))
}
