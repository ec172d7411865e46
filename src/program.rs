//! The ends of every check: command line in, one report out, exit code 0 to 3, whatever happens in between.
//!
//! Only this module prints, reads the wall clock or ends the process.

mod console;
mod notifier;
mod options;
mod progress;
mod supervisor;
mod usage;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use clap::Parser;

pub use notifier::{Delivery, Errand, NotifierOptions, Outcome, run_notifier};
pub use options::{CheckOptions, Timeout};
pub use progress::Progress;
pub use usage::UsageError;

use crate::deadline::Deadline;
use crate::monitoring::{Report, State, duration};
use console::Console;

/// One run of a check: its clock, its deadline, and what to say when it is cut short.
pub struct Run {
    /// The wall clock at the start; the one time every age is measured against.
    pub now: SystemTime,
    /// When to have answered.
    pub deadline: Deadline,
    /// The state of the plugin's own time-out.
    pub on_timeout: State,
    so_far: Mutex<Option<Box<SoFar>>>,
}

/// Reports what was seen up to now; the text says why the rest was not.
type SoFar = dyn Fn(&str) -> Report + Send;

impl Run {
    fn start(options: &CheckOptions) -> Self {
        Self {
            now: wall_clock(),
            deadline: Deadline::after(options.timeout.limit),
            on_timeout: options.timeout.state,
            so_far: Mutex::new(None),
        }
    }

    /// What the watchdog reports when the probe hangs: `so_far` judges the facts gathered until then.
    pub fn when_cut_short(&self, so_far: impl Fn(&str) -> Report + Send + 'static) {
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(so_far));
    }

    /// "timed out after 10s while reading /q/0F".
    #[must_use]
    pub fn timed_out(&self) -> String {
        format!(
            "timed out after {} while {}",
            duration::human(self.deadline.limit()),
            self.deadline.stage()
        )
    }

    fn cut_short(&self) -> Report {
        let reason = self.timed_out();
        if let Some(so_far) = &*self.so_far.lock().unwrap_or_else(PoisonError::into_inner) {
            return so_far(&reason);
        }
        let mut report = Report::new();
        report.find(self.on_timeout, reason);
        report
    }
}

/// Runs a check as a plugin.
///
/// `service` opens the first line of output, as in `AXIGEN QUEUE`. Exits 0 to 3 by the report's state; 3 also for
/// usage errors, `--help`, `--version`, a panic, SIGTERM and an output that cannot be written.
pub fn run_check<A>(
    service: &'static str,
    check: fn(&A, &Run) -> Result<Report, UsageError>,
) -> ExitCode
where
    A: Parser + AsRef<CheckOptions>,
{
    let console = Console::open(service);
    let signals = supervisor::hold_signals();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => return console.refuse(&error),
    };
    let options = args.as_ref();
    console.write_as(options.output_format, options.verbose);
    let run = std::sync::Arc::new(Run::start(options));
    if let Err(error) = signals.and_then(|signals| supervisor::start(signals, console, run.clone()))
    {
        return console.finish(&Report::unknown(format!("cannot start the watchdog: {error}")));
    }
    let report = check(&args, &run).unwrap_or_else(|error| error.report());
    console.finish(&report)
}

#[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
