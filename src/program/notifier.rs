//! The ends of a notifier: its exit code says what became of the message, and nothing stops a delivery under way.
//!
//! As for a check, the [worker] does all the work and the run waits for no disk. Once half of the time is over and the spool has
//! not answered, the run ends the worker and has a substitute send the alert without a spool. A disk that comes back does not
//! bring the worker back with it; what the last system call of it had asked for may have been done, and then the alert
//! comes twice.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Parser;
use nix::sys::signalfd::SignalFd;
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};

use super::console::{self, Console};
use super::errand::Errand;
use super::lenient::{self, LeftOut};
use super::outcome::Outcome;
use super::printout::{Interim, Printout};
use super::stake::Stake;
use super::worker::{self, Heard, Worker};
use super::{straggler, supervisor};
use crate::command_line::{self, Duty};
use crate::deadline::Deadline;
use crate::monitoring::clean::{clean, cut};
use crate::secret;

/// Characters of the first line.
const LINE_CHARS: usize = 200;

/// How often in a row a worker must be seen waiting before it is said to hang.
const GLANCES: u32 = 5;
/// Time between two looks at a worker.
const GLANCE: Duration = Duration::from_millis(50);

/// Options of every notifier.
#[derive(Clone, Debug, clap::Args)]
pub struct NotifierOptions {
    /// Leave the message in the spool after this many seconds; Nagios kills the
    /// command after 30
    #[arg(short, long, value_name = "SECONDS", default_value_t = 20, allow_hyphen_values = true, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,

    /// Explain what was done
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// A notifier.
pub struct Notifier<A> {
    /// What opens the first line of output.
    pub service: &'static str,
    /// Does the work.
    pub notify: fn(&A, &Errand) -> Outcome,
    /// What is read or written on disks, as far as the command line tells: where one run hangs, so does the next with the
    /// same.
    pub places: fn(&A) -> Vec<PathBuf>,
    /// Where it is noted if an alert is lost, as far as the command line tells, if that was read already; absent where none can
    /// be.
    pub at_stake: fn(Option<&A>) -> Option<PathBuf>,
    /// Notes that an alert was lost at that time, which would have been kept at that place.
    pub note_loss: fn(&Path, SystemTime),
}

/// What a substitute is told by its run.
#[derive(Default, Serialize, Deserialize)]
struct Brief {
    milliseconds: Option<u64>,
    input: Option<String>,
}

impl Brief {
    fn of(errand: &Errand) -> Self {
        let left = errand.deadline.until_watchdog().as_millis();
        Self { milliseconds: u64::try_from(left).ok(), input: errand.input.clone() }
    }

    /// As the standard input of a process, in memory: no disk and no reader is waited for.
    fn as_input(&self) -> io::Result<Stdio> {
        let mut file = File::from(memfd_create("brief", MemfdFlags::CLOEXEC)?);
        file.write_all(&serde_json::to_vec(self)?)?;
        file.rewind()?;
        Ok(file.into())
    }

    fn read() -> Self {
        let mut bytes = Vec::new();
        let _ = io::stdin().lock().read_to_end(&mut bytes);
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

/// Runs a notifier. SIGTERM, SIGINT and SIGHUP are held back until the end, since the core that sends them does not
/// try again; whether anybody could read the output does not change the exit code.
///
/// A panic is a worker that does not answer, or an alert lost. Exits 3 for usage errors, `--help` and `--version`.
pub fn run_notifier<A>(notifier: &Notifier<A>) -> ExitCode
where
    A: Parser + AsRef<NotifierOptions> + 'static,
{
    let duty = Duty::own();
    if duty != Duty::Run {
        worker::settle_in();
    }
    // Before there is a worker: the environment may hold a token.
    secret::guard();
    let console = Console::open(notifier.service);
    let stake = Arc::new(Stake::new((notifier.at_stake)(None), notifier.note_loss));
    survive_panics(console, notifier.service, stake.clone());
    // Held back, and of no effect. Without it a signal would end the process, but the message is on disk.
    let signals = supervisor::hold_signals();
    let (args, left_out) = match lenient::parse::<A>(command_line::typed()) {
        Ok(read) => read,
        Err(error) => return console.refuse(&error),
    };
    let brief = if duty == Duty::Substitute { Brief::read() } else { Brief::default() };
    let limit = Duration::from_secs(args.as_ref().timeout);
    let limit = brief.milliseconds.map_or(limit, Duration::from_millis);
    let end = Deadline::after(limit);
    console.ends_within(move || end.until_end());
    stake.losses_go_to((notifier.at_stake)(Some(&args)));
    let mut errand = errand(notifier, &args, left_out, limit, stake);
    errand.input = brief.input;
    if let (Duty::Run, Ok(signals)) = (duty, &signals)
        && let Ok(worker) = Worker::start(Duty::Worker, Stdio::inherit())
    {
        match follow(worker, &mut errand, signals) {
            Some(Ok(printout)) => console.announce(&printout.text, printout.code),
            Some(Err(why)) => {
                let outcome = errand.broken_off(&why);
                errand.end(&outcome);
                say(console, notifier.service, &outcome, args.as_ref().verbose)
            }
            None => errand.duty = Duty::Substitute,
        }
    }
    work(console, notifier, &args, errand)
}

/// Has a panic of a worker told to its run, which goes on without it, and that of a run cost no alert in silence.
fn survive_panics(console: &'static Console, service: &'static str, stake: Arc<Stake>) {
    console::on_panic(move |why| {
        if Duty::own() != Duty::Run {
            console::note(&Interim::Broken(why.to_owned()));
            console::leave(3);
        }
        let outcome = stake.broken_off(why);
        stake.end(&outcome);
        say(console, service, &outcome, 0)
    });
}

fn errand<A>(
    notifier: &Notifier<A>,
    args: &A,
    left_out: LeftOut,
    limit: Duration,
    stake: Arc<Stake>,
) -> Errand
where
    A: Parser + 'static,
{
    let (places, own) = (notifier.places, (notifier.places)(args));
    let find = move |duty| {
        let is_alike = |words: &[OsString]| {
            lenient::parse::<A>(words.iter().cloned()).is_ok_and(|(args, _)| places(&args) == own)
        };
        straggler::find(duty, is_alike)
    };
    Errand::new(left_out, limit, stake, Box::new(find))
}

/// What the worker or its substitute says at its end, or why it says nothing; `None` where a substitute is needed and cannot be
/// started.
fn follow(
    mut worker: Worker,
    errand: &mut Errand,
    signals: &SignalFd,
) -> Option<Result<Printout, String>> {
    errand.deadline.enter("waiting for its worker process");
    let answer = hear(&mut worker, errand, signals);
    worker.leave();
    // It may have said something more until it was ended.
    let answer = answer.or_else(|why| rest(&mut worker, errand, signals).ok_or(why));
    if answer.is_ok() || !errand.waits_for_the_spool() {
        return Some(answer);
    }
    let mut substitute =
        Worker::start(Duty::Substitute, Brief::of(errand).as_input().ok()?).ok()?;
    errand.go_without_the_spool();
    let answer = hear(&mut substitute, errand, signals);
    substitute.leave();
    Some(answer)
}

/// A worker that runs is not ended when the time for the spool is over: on a machine that has too much to do a substitute would be
/// no faster.
fn hear(worker: &mut Worker, errand: &mut Errand, signals: &SignalFd) -> Result<Printout, String> {
    let mut glances = 0;
    loop {
        match worker.hear(signals, || errand.patience()) {
            Heard::Printout(printout) => return Ok(printout),
            Heard::Interim(Interim::Broken(why)) => return Err(why),
            Heard::Interim(note) => errand.learn(note),
            Heard::Signal(_) => {}
            Heard::Nothing if !errand.is_over() && glances < GLANCES => {
                glances = if worker.is_running() { 0 } else { glances + 1 };
                errand.wait_longer(GLANCE);
            }
            Heard::Nonsense => return Err(worker::NONSENSE.to_owned()),
            Heard::Ended => return Err(worker.no_answer()),
            Heard::Nothing => return Err(errand.gave_up()),
        }
    }
}

fn rest(worker: &mut Worker, errand: &mut Errand, signals: &SignalFd) -> Option<Printout> {
    loop {
        match worker.hear(signals, || Duration::ZERO) {
            Heard::Printout(printout) => return Some(printout),
            Heard::Interim(note) => errand.learn(note),
            Heard::Signal(_) => {}
            Heard::Nonsense | Heard::Ended | Heard::Nothing => return None,
        }
    }
}

fn work<A: AsRef<NotifierOptions>>(
    console: &'static Console,
    notifier: &Notifier<A>,
    args: &A,
    errand: Errand,
) -> ! {
    let (service, verbosity) = (notifier.service, args.as_ref().verbose);
    let errand = Arc::new(errand);
    let watched = errand.clone();
    let watch = move || -> () {
        while !watched.deadline.until_watchdog().is_zero() {
            std::thread::park_timeout(watched.deadline.until_watchdog());
        }
        let outcome = watched.broken_off(&watched.gave_up());
        watched.end(&outcome);
        say(console, service, &outcome, verbosity)
    };
    let watchdog = std::thread::Builder::new().name("watchdog".to_owned()).stack_size(256 * 1024);
    let watchdog = watchdog.spawn(watch);
    let mut outcome = (notifier.notify)(args, &errand);
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
