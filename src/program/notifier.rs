//! The ends of a notifier: its exit code says what became of the message, and nothing stops a delivery under way.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::console::Console;
use super::errand::Errand;
use super::lenient;
use super::outcome::{Delivery, Outcome};
use super::progress::Progress;
use super::run::wall_clock;
use super::supervisor;
use crate::deadline::Deadline;
use crate::monitoring::clean::{clean, cut};
use clap::Parser;

/// Characters of the first line.
const LINE_CHARS: usize = 200;

/// Options of every notifier.
#[derive(Clone, Debug, clap::Args)]
pub struct NotifierOptions {
    /// Leave the message in the spool after this many seconds; Nagios kills
    /// after 30
    #[arg(short, long, value_name = "SECONDS", default_value_t = 20, allow_hyphen_values = true, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,

    /// Explain what was done
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Runs a notifier. SIGTERM, SIGINT and SIGHUP are held back until the end, since the core that sends them does not
/// try again; whether anybody could read the output does not change the exit code.
///
/// Exits 3 for usage errors, `--help`, `--version` and a panic.
pub fn run_notifier<A>(service: &'static str, notify: fn(&A, &Errand) -> Outcome) -> ExitCode
where
    A: Parser + AsRef<NotifierOptions>,
{
    let console = Console::open(service);
    // Held back and never read. Without it a signal would end the process, but the message is on disk.
    let _signals = supervisor::hold_signals();
    let (args, left_out) = match lenient::parse::<A>(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => return console.refuse(&error),
    };
    let options = args.as_ref();
    let errand = Arc::new(Errand {
        now: wall_clock(),
        deadline: Deadline::after(Duration::from_secs(options.timeout)),
        left_out,
        so_far: Progress::new(Outcome::new(Delivery::Lost, "nothing was sent or kept")),
        when_lost: Mutex::new(None),
    });
    let verbosity = options.verbose;
    let watched = errand.clone();
    let watch = move || -> () {
        while !watched.deadline.until_watchdog().is_zero() {
            std::thread::park_timeout(watched.deadline.until_watchdog());
        }
        let outcome = watched.cut_short();
        watched.end(&outcome);
        say(console, service, &outcome, verbosity)
    };
    let watchdog = std::thread::Builder::new().name("watchdog".to_owned()).stack_size(256 * 1024);
    let watchdog = watchdog.spawn(watch);
    let mut outcome = notify(&args, &errand);
    // It is of use where something hangs; the alert is not to depend on it.
    if let Err(error) = watchdog {
        outcome.text = format!("{}; ran without a watchdog: {error}", outcome.text);
    }
    errand.end(&outcome);
    say(console, service, &outcome, verbosity)
}

fn say(console: &Console, service: &str, outcome: &Outcome, verbosity: u8) -> ! {
    let first = format!("{service} {} - {}", outcome.delivery.word(), outcome.text);
    let mut text = cut(&clean(&first), LINE_CHARS);
    if verbosity > 0 {
        for detail in &outcome.details {
            text.push('\n');
            text.push_str(&clean(detail));
        }
    }
    text.push('\n');
    // Not by returning: a name look-up that hangs in another thread must not hold the process.
    console.announce(&text, outcome.delivery.exit_code())
}
