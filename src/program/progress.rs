//! Facts that grow while a probe works, so that a run that is cut short has them all the same.
//!
//! Every check goes the one way of [`Run::gather`](super::Run::gather): it says what is known before it begins, the
//! probe [notes](Progress::note) what it finds, and whoever ends the run has the same facts judged: the check itself,
//! or the watchdog in its place.
//!
//! ```ignore
//! pub fn check(args: &Args, run: &Run) -> Result<Report, UsageError> {
//!     let (target, policy) = args.split(run.on_timeout)?;
//!     let probe = |progress: &Progress<Facts>| probe::probe(&target, run, progress);
//!     Ok(run.gather(Facts::new(&target), probe, move |seen| evaluate::evaluate(&seen, &policy)))
//! }
//! ```
//!
//! A probe that stops itself at its deadline notes `facts.cut_short = Some(run.out_of_time())`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::clock::utc;
use crate::monitoring::duration;

/// Facts that grow, and can say that they were cut short.
pub trait Gathered: Clone + Send + 'static {
    /// The look ended here: the run's own time is over.
    fn cut_short(&mut self, by: OutOfTime);
}

/// The end of the time that there is for a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutOfTime {
    /// That of this run. "timed out after 10s while reading /q/0F".
    Limit {
        /// The time that was given.
        limit: Duration,
        /// What was being done.
        stage: String,
    },
    /// That of an earlier run, which waits for what this one would wait for.
    StillHanging(Hanging),
}

/// A process of an earlier run that cannot end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hanging {
    /// Its number.
    pub pid: u32,
    /// Its start, in seconds since 1970.
    pub since: i64,
}

impl fmt::Display for Hanging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, since } = self;
        write!(f, "still hanging since {} (process {pid} of an earlier run)", utc(*since))
    }
}

impl fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { limit, stage } => {
                write!(f, "timed out after {} while {stage}", duration::human(*limit))
            }
            Self::StillHanging(hanging) => write!(f, "{hanging}, nothing was checked"),
        }
    }
}

impl Serialize for OutOfTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The facts as they grow, shared with whoever reports them when the run is cut short.
#[derive(Debug)]
pub struct Progress<F>(Arc<Mutex<F>>);

impl<F> Progress<F> {
    /// What is known before the probe begins.
    #[must_use]
    pub fn new(facts: F) -> Self {
        Self(Arc::new(Mutex::new(facts)))
    }

    /// Looks at what is known by now.
    pub fn read<T>(&self, read: impl FnOnce(&F) -> T) -> T {
        read(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what was found out.
    pub fn note<T>(&self, note: impl FnOnce(&mut F) -> T) -> T {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<F> Clone for Progress<F> {
    /// The same facts, not a copy of them.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
