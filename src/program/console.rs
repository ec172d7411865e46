//! Standard output: one report, written once, by whoever comes first.

use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::poll::PollFlags;

use super::options::CheckOptions;
use super::printout::{Interim, Printout};
use super::run::Run;
use super::{usage, wait};
use crate::command_line::Duty;
use crate::monitoring::clean::clean;
use crate::monitoring::render::{self, Format};
use crate::monitoring::{Report, State};

/// Bytes for which a pipe that can be written has room (pipe(7), `PIPE_BUF`).
const CHUNK_BYTES: usize = 4096;
/// How long a reader may take where no time limit is known yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// The process' one output: for a worker the pipe to its run, for any other the standard output.
pub(super) struct Console {
    service: &'static str,
    style: OnceLock<(Format, u8)>,
    /// Time until the process must have ended.
    left: OnceLock<Box<dyn Fn() -> Duration + Send + Sync>>,
    claimed: AtomicBool,
}

static CONSOLE: OnceLock<Console> = OnceLock::new();

impl Console {
    /// Opens the output and makes panics end as UNKNOWN on it, until [`on_panic`] says otherwise.
    pub(super) fn open(service: &'static str) -> &'static Self {
        let console = CONSOLE.get_or_init(|| Self {
            service,
            style: OnceLock::new(),
            left: OnceLock::new(),
            claimed: AtomicBool::new(false),
        });
        on_panic(|why| console.end(&Report::unknown(why)));
        console
    }

    /// Begins the run that these options ask for, and settles how its report is written, and until when. Without it, as
    /// plugin text.
    pub(super) fn begin(&self, options: &CheckOptions) -> Arc<Run> {
        let run = Arc::new(Run::start(options));
        let _ = self.style.set((options.output_format, options.verbose));
        let of_run = run.clone();
        self.ends_within(move || of_run.deadline.until_end());
        run
    }

    /// Settles until when the output must be written.
    pub(super) fn ends_within(&self, left: impl Fn() -> Duration + Send + Sync + 'static) {
        let _ = self.left.set(Box::new(left));
    }

    /// Writes the report and returns the exit code for `main`.
    pub(super) fn finish(&self, report: &Report) -> ExitCode {
        ExitCode::from(self.write(report))
    }

    /// Writes the report and ends the process: the check is still busy in another thread.
    pub(super) fn end(&self, report: &Report) {
        let code = self.write(report);
        leave(code);
    }

    /// Writes a notifier's words and ends the process with a code that does not depend on anybody reading them.
    pub(super) fn announce(&self, text: &str, code: u8) -> ! {
        self.claim();
        self.tell(text, code);
        // Not by returning from main: a name look-up in another thread may hang for long.
        std::process::exit(i32::from(code));
    }

    /// Printouts a command line that asks for no check: help, version or a mistake.
    pub(super) fn refuse(&self, error: &clap::Error) -> ExitCode {
        if error.use_stderr() {
            return self.finish(&Report::unknown(usage::one_line(error)));
        }
        self.claim();
        // Help, or a list that was asked for in place of a check, before which clap writes the word all the same.
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        ExitCode::from(self.tell(text, State::Unknown.exit_code()))
    }

    /// Prints what a worker has rendered.
    pub(super) fn relay(&self, printout: &Printout) -> ExitCode {
        self.claim();
        ExitCode::from(self.tell(&printout.text, printout.code))
    }

    fn write(&self, report: &Report) -> u8 {
        self.claim();
        let (format, verbosity) = self.style.get().copied().unwrap_or_default();
        let text = render::render(self.service, report, format, verbosity);
        self.tell(&text, report.state().exit_code())
    }

    /// Prints, and returns the exit code: that given, unless nobody can have read it, so that it must not count.
    fn tell(&self, text: &str, code: u8) -> u8 {
        let told = if Duty::own() == Duty::Run {
            self.put(text.as_bytes())
        } else {
            self.put(&Printout { code, text: text.to_owned() }.to_bytes())
        };
        told.map_or(State::Unknown.exit_code(), |()| code)
    }

    /// A pipe that is full and never read must not hold the run.
    fn put(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let left = || self.left.get().map_or(PATIENCE, |left| left());
            if !wait::is_ready(out.as_fd(), PollFlags::POLLOUT, left) {
                return Err(ErrorKind::TimedOut.into());
            }
            out.write_all(chunk)?;
            out.flush()?;
        }
        Ok(())
    }

    /// Returns to the first caller only; the others wait for it to end the process.
    fn claim(&self) {
        if self.claimed.swap(true, Ordering::SeqCst) {
            loop {
                std::thread::park();
            }
        }
    }
}

/// Settles what a panic leads to.
pub(super) fn on_panic(end: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| end(&panicked(panic))));
}

/// Has a panic in any thread end the process with 3 and one line on standard error.
pub(super) fn panics_end_on_standard_error(service: &'static str) {
    on_panic(move |why| {
        let _ = writeln!(std::io::stderr(), "{service}: {}", clean(why));
        leave(3)
    });
}

/// Tells the run of this worker what it must know, unless all is said.
pub(super) fn note(note: &Interim) {
    let _nobody_else = std::io::stdout().lock();
    if let (Some(console), true) = (CONSOLE.get(), Duty::own() != Duty::Run)
        && !console.claimed.load(Ordering::SeqCst)
    {
        let _ = console.put(&note.to_bytes());
    }
}

/// Ends the process without a word.
#[expect(clippy::exit, reason = "a hung thread cannot be joined")]
pub(super) fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

fn panicked(panic: &PanicHookInfo<'_>) -> String {
    let place =
        panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = panic.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let cause = text.unwrap_or("no message");
    format!("internal error{place}, please report it: {cause}")
}
