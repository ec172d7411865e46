//! The ends of every check: command line in, one report out, exit code 0 to 3, whatever happens in between.
//!
//! Only this module prints, reads the wall clock or ends the process.

mod console;
mod lenient;
mod notifier;
mod options;
mod progress;
mod run;
mod server;
mod service;
mod supervisor;
mod unset;
mod usage;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

pub use lenient::LeftOut;
pub use notifier::{Delivery, Errand, NotifierOptions, Outcome, run_notifier};
pub use options::{CheckOptions, Timeout};
pub use progress::{Gathered, OutOfTime, Progress};
pub use run::Run;
pub use server::{Served, ServerOptions, Service, run_server};
pub use service::{Requests, answer, complain, run_service};
pub use usage::UsageError;

use crate::monitoring::Report;
use console::Console;

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
    let line = unset::without_empty_values(&A::command(), std::env::args_os());
    let args = match A::try_parse_from(line) {
        Ok(args) => args,
        Err(error) => return console.refuse(&error),
    };
    let options = args.as_ref();
    console.write_as(options.output_format, options.verbose);
    let run = Arc::new(Run::start(options));
    if let Err(error) = signals.and_then(|signals| supervisor::start(signals, console, run.clone()))
    {
        return console.finish(&Report::unknown(format!("cannot start the watchdog: {error}")));
    }
    let report = check(&args, &run).unwrap_or_else(|error| error.report());
    console.finish(&report)
}
