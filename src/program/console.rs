//! Standard output: one report, written once, by whoever comes first.

use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::usage;
use crate::monitoring::render::{self, Format};
use crate::monitoring::{Report, State};

/// The process' one output.
pub(super) struct Console {
    service: &'static str,
    style: OnceLock<(Format, u8)>,
    claimed: AtomicBool,
}

static CONSOLE: OnceLock<Console> = OnceLock::new();

impl Console {
    /// Opens the output and makes panics end as UNKNOWN on it.
    pub(super) fn open(service: &'static str) -> &'static Self {
        let console = CONSOLE.get_or_init(|| Self {
            service,
            style: OnceLock::new(),
            claimed: AtomicBool::new(false),
        });
        std::panic::set_hook(Box::new(|panic| console.end(&panicked(panic))));
        console
    }

    /// Settles how reports are written. Until then they are plugin text.
    pub(super) fn write_as(&self, format: Format, verbosity: u8) {
        let _ = self.style.set((format, verbosity));
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
        let _ = print(text);
        // Not by returning from main: a name look-up in another thread may hang for long.
        std::process::exit(i32::from(code));
    }

    /// Answers a command line that asks for no check: help, version or a mistake.
    pub(super) fn refuse(&self, error: &clap::Error) -> ExitCode {
        if error.use_stderr() {
            return self.finish(&Report::unknown(usage::one_line(error)));
        }
        self.claim();
        // Help, or a list that was asked for in place of a check, before which clap writes the word all the same.
        let text = error.to_string();
        let _ = print(text.strip_prefix("error: ").unwrap_or(&text));
        ExitCode::from(State::Unknown.exit_code())
    }

    /// Ends the process without a word.
    #[expect(clippy::unused_self, reason = "who has a console may end the process")]
    pub(super) fn leave(&self, code: u8) -> ! {
        leave(code)
    }

    fn write(&self, report: &Report) -> u8 {
        self.claim();
        let (format, verbosity) = self.style.get().copied().unwrap_or_default();
        match print(&render::render(self.service, report, format, verbosity)) {
            Ok(()) => report.state().exit_code(),
            // Nobody can have read the state, so it must not count as one.
            Err(_) => State::Unknown.exit_code(),
        }
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

#[expect(clippy::exit, reason = "a hung thread cannot be joined")]
fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn panicked(panic: &PanicHookInfo<'_>) -> Report {
    let place =
        panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = panic.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let cause = text.unwrap_or("no message");
    Report::unknown(format!("internal error{place}, please report it: {cause}"))
}
