//! The ends of every check: command line in, one report out, exit code 0 to 3, whatever happens in between.
//!
//! Only this module prints, reads the wall clock or ends the process.

mod console;
mod errand;
pub(crate) mod lenient;
mod notifier;
mod offered;
mod options;
mod outcome;
mod printout;
mod progress;
mod run;
mod server;
mod service;
mod stake;
mod straggler;
mod supervisor;
mod unset;
mod usage;
mod wait;
mod worker;

use std::process::{ExitCode, Stdio};

use clap::Parser;

pub use errand::{Errand, Unanswered};
pub use lenient::LeftOut;
pub use notifier::{Notifier, NotifierOptions, run_notifier};
pub use offered::{Offered, offered};
pub use options::{CheckOptions, Timeout};
pub use outcome::{Delivery, Outcome};
pub use progress::{Gathered, Hanging, OutOfTime, Progress};
pub use run::Run;
pub use server::{Served, ServerOptions, Service, run_server};
pub use service::{Requests, answer, complain, run_service};
pub use usage::UsageError;

use crate::command_line::{self, Duty};
use crate::monitoring::Report;
use console::Console;
use worker::Worker;

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
    let is_worker = Duty::own() == Duty::Worker;
    if is_worker {
        worker::settle_in();
    }
    let console = Console::open(service);
    let signals = match supervisor::hold_signals() {
        Ok(signals) => signals,
        Err(error) => {
            return console.finish(&Report::unknown(format!("cannot hold signals back: {error}")));
        }
    };
    let begin = || {
        let line = unset::without_empty_values(&A::command(), command_line::typed());
        A::try_parse_from(line).map(|args| (console.begin(args.as_ref()), args))
    };
    if !is_worker && let Ok(worker) = Worker::start(Duty::Worker, Stdio::null()) {
        return worker.relay(&signals, console, || begin().map(|(run, _)| run));
    }
    let (run, args) = match begin() {
        Ok(both) => both,
        Err(error) => return console.refuse(&error),
    };
    // Where there is no second thread either, a disk that hangs is the only thing that is not noticed.
    let _ = supervisor::start(signals, console, run.clone());
    if let Some(straggler) = straggler::of_this_run() {
        run.leave_to(straggler);
    }
    let report = check(&args, &run).unwrap_or_else(|error| error.report());
    console.finish(&report)
}
