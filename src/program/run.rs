//! One run of a check, from the clock to the report.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use super::options::CheckOptions;
use super::progress::{Gathered, OutOfTime, Progress};
use super::straggler::Straggler;
use crate::deadline::Deadline;
use crate::monitoring::{Report, State};

/// One run of a check: its clock, its deadline, and what to say when it is cut short.
pub struct Run {
    /// The wall clock at the start; the one time every age is measured against.
    pub now: SystemTime,
    /// When to have answered.
    pub deadline: Deadline,
    /// The state of the plugin's own time-out.
    pub on_timeout: State,
    so_far: Mutex<Option<Box<SoFar>>>,
    straggler: OnceLock<Straggler>,
}

/// Reports what was seen up to now.
type SoFar = dyn Fn(OutOfTime) -> Report + Send;

impl Run {
    pub(super) fn start(options: &CheckOptions) -> Self {
        Self {
            now: wall_clock(),
            deadline: Deadline::after(options.timeout.limit),
            on_timeout: options.timeout.state,
            so_far: Mutex::new(None),
            straggler: OnceLock::new(),
        }
    }

    /// Has nothing looked at: where a worker of an earlier run hangs, this one would.
    pub(super) fn leave_to(&self, straggler: Straggler) {
        let _ = self.straggler.set(straggler);
    }

    /// Has `probe` add to the facts, and `evaluate` judge them at its end. When the probe hangs until the time is over,
    /// the watchdog has them judged as far as they came.
    pub fn gather<F, E>(
        &self,
        facts: F,
        probe: impl FnOnce(&Progress<F>) -> Result<(), E>,
        evaluate: impl Fn(Result<F, E>) -> Report + Send + Sync + 'static,
    ) -> Report
    where
        F: Gathered,
        E: 'static,
    {
        if let Some(straggler) = self.straggler.get() {
            let hanging = straggler.hanging(self.now);
            let stack = format!("see what it waits for: sudo cat /proc/{}/stack", hanging.pid);
            let mut facts = facts;
            facts.cut_short(OutOfTime::StillHanging(hanging));
            let mut report = evaluate(Ok(facts));
            report.advise_on_worst(stack);
            return report;
        }
        let (progress, evaluate) = (Progress::new(facts), Arc::new(evaluate));
        let so_far = {
            let (progress, evaluate) = (progress.clone(), evaluate.clone());
            move |out_of_time| {
                let mut facts = progress.read(F::clone);
                facts.cut_short(out_of_time);
                evaluate(Ok(facts))
            }
        };
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(so_far));
        let probed = probe(&progress);
        evaluate(probed.map(|()| progress.read(F::clone)))
    }

    /// The end of the run's time, if it is now.
    #[must_use]
    pub fn out_of_time(&self) -> OutOfTime {
        OutOfTime::Limit { limit: self.deadline.limit(), stage: self.deadline.stage() }
    }

    pub(super) fn report_so_far(&self) -> Report {
        let out_of_time = self.out_of_time();
        if let Some(so_far) = &*self.so_far.lock().unwrap_or_else(PoisonError::into_inner) {
            return so_far(out_of_time);
        }
        let mut report = Report::new();
        report.find(self.on_timeout, out_of_time.to_string());
        report
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
