//! The worker: a run starts its own program once more, has that do all the work, and passes on what it says.
//!
//! A process that waits for a disk which does not answer (state D) cannot be ended, not even by itself, and holds what
//! it has open: the core would wait for its output, or for the process, until the disk is back. So the run waits for
//! nothing without an end: it hands over the worker's answer, or says why there is none, and leaves the worker behind.
//! The next run finds that as a [`straggler`] and adds none.

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::console::Console;
use super::printout::{Draft, Interim, Printout, Said};
use super::run::Run;
use super::{straggler, supervisor, wait};
use crate::command_line::{self, Duty};
use crate::deadline::Deadline;
use crate::monitoring::Report;

/// The running program, whatever has become of its file since.
const ITSELF: &str = "/proc/self/exe";
/// How long a worker may take to end after its answer, and again after it was killed; then others have to reap it.
const ENDING: Duration = Duration::from_millis(50);
/// How long a worker may take to answer a signal.
const ANSWERING: Duration = Duration::from_millis(500);
/// How long most runs take at most.
const PROMPT: Duration = Duration::from_millis(20);

/// Makes this process a worker that holds nothing of others: not their pipes and sockets, which whoever is at the other
/// end would wait for, and not itself beyond the end of its run.
#[expect(clippy::exit, reason = "there is nobody to return to")]
pub(super) fn settle_in() {
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // Where the run ended before that, nobody reads the answer any more. The number of the parent would not tell: in a
    // container the run itself may be number 1.
    let answer = std::io::stdout();
    let mut reader = [PollFd::new(answer.as_fd(), PollFlags::empty())];
    let _ = poll(&mut reader, PollTimeout::ZERO);
    if reader.first().and_then(PollFd::any).unwrap_or_default() {
        std::process::exit(3);
    }
    // The kernel calls it "exe", since it was started by that name.
    let name = command_line::typed().next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or_default();
    let _ = std::fs::write("/proc/self/comm", name.as_bytes());
    let Ok(listed) = std::fs::read_dir("/proc/self/fd") else { return };
    let number = |name: OsString| name.to_str().and_then(|name| name.parse::<i32>().ok());
    let open: Vec<i32> = listed
        .flatten()
        .filter_map(|entry| number(entry.file_name()))
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The list itself is closed by now.
        let _ = nix::unistd::close(fd);
    }
}

/// A worker that was started.
pub(super) struct Worker {
    child: Child,
    answers: ChildStdout,
    draft: Draft,
    /// Tells when it has ended; absent before Linux 5.3.
    end: Option<OwnedFd>,
}

/// What is to be said where bytes are no answer.
pub(super) const NONSENSE: &str = "the worker process gave an invalid answer";

/// How a wait for a worker ends.
pub(super) enum Heard {
    Interim(Interim),
    Printout(Printout),
    Nonsense,
    Ended,
    Signal(Signal),
    Nothing,
}

impl Worker {
    /// Starts one with this run's arguments and environment.
    ///
    /// # Errors
    /// What the system said, where no process may be started or there is no /proc.
    pub(super) fn start(duty: Duty, input: Stdio) -> std::io::Result<Self> {
        let mut words = command_line::of_helper(duty, command_line::typed());
        let mut child = Command::new(ITSELF)
            .arg0(words.next().unwrap_or_default())
            .args(words)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let answers = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let end = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).ok();
        Ok(Self { child, answers, draft: Draft::default(), end })
    }

    /// Passes on what the worker says, and ends in time whatever it does. Most answer before the time limit is of
    /// interest, so `begin` reads it no sooner.
    pub(super) fn relay(
        mut self,
        signals: &SignalFd,
        console: &Console,
        begin: impl FnOnce() -> Result<Arc<Run>, clap::Error>,
    ) -> ExitCode {
        let code = match self.hear_for(PROMPT, signals) {
            Heard::Nothing => match begin() {
                Ok(run) => {
                    run.deadline.enter("waiting for its worker process");
                    let heard = self.hear(signals, || run.deadline.until_end());
                    self.tell(heard, signals, console, || run.report_so_far())
                }
                Err(error) => console.refuse(&error),
            },
            heard => self.tell(heard, signals, console, Report::new),
        };
        self.leave();
        code
    }

    fn tell(
        &mut self,
        heard: Heard,
        signals: &SignalFd,
        console: &Console,
        otherwise: impl FnOnce() -> Report,
    ) -> ExitCode {
        match heard {
            Heard::Printout(printout) => console.relay(&printout),
            // A check has nothing to note.
            Heard::Nonsense | Heard::Interim(_) => console.finish(&Report::unknown(NONSENSE)),
            Heard::Ended => console.finish(&Report::unknown(self.no_answer())),
            Heard::Signal(signal) => self.interrupted(signals, console, signal),
            Heard::Nothing => console.finish(&otherwise()),
        }
    }

    /// The worker knows what it was busy with.
    fn interrupted(&mut self, signals: &SignalFd, console: &Console, signal: Signal) -> ExitCode {
        self.send(signal);
        loop {
            match self.hear_for(ANSWERING, signals) {
                Heard::Signal(_) => {}
                Heard::Printout(printout) => return console.relay(&printout),
                _ => {
                    let text = format!("interrupted by {}", signal.as_str());
                    return console.finish(&Report::unknown(text));
                }
            }
        }
    }

    fn hear_for(&mut self, limit: Duration, signals: &SignalFd) -> Heard {
        let deadline = Deadline::after(limit);
        self.hear(signals, || deadline.until_watchdog())
    }

    /// Waits for what the worker says next while `left` says that there is time.
    pub(super) fn hear(&mut self, signals: &SignalFd, left: impl Fn() -> Duration) -> Heard {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match self.draft.take() {
                Some(Ok(Said::Interim(note))) => return Heard::Interim(note),
                Some(Ok(Said::Printout(printout))) => return Heard::Printout(printout),
                Some(Err(_)) => return Heard::Nonsense,
                None => {}
            }
            let left = left();
            let answers = PollFd::new(self.answers.as_fd(), PollFlags::POLLIN);
            let mut ready = [answers, PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, wait::rounded_up(left)) {
                Ok(0) | Err(Errno::EINTR) if left.is_zero() => return Heard::Nothing,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return Heard::Nothing,
            }
            if let Some(signal) = supervisor::signal(signals) {
                return Heard::Signal(signal);
            }
            if !ready.first().and_then(PollFd::any).unwrap_or_default() {
                continue;
            }
            match self.answers.read(&mut chunk) {
                Ok(0) => return Heard::Ended,
                Ok(count) => self.draft.push(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Heard::Ended,
            }
        }
    }

    /// Whether it waits for nothing but the processor.
    pub(super) fn is_running(&self) -> bool {
        straggler::is_running(self.child.id())
    }

    fn send(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).map(nix::unistd::Pid::from_raw);
        // Not waited for yet, so the number is still its own.
        let _ = id.map(|id| nix::sys::signal::kill(id, signal));
    }

    /// Why there is no answer.
    pub(super) fn no_answer(&mut self) -> String {
        let cause =
            self.ended_within(ENDING).map(|status| match (status.signal(), status.code()) {
                (Some(signal), _) => {
                    let name = Signal::try_from(signal).map_or("a signal", Signal::as_str);
                    format!(": killed by {name}")
                }
                (None, code) => format!(": exit code {}", code.unwrap_or_default()),
            });
        format!("the worker process ended without an answer{}", cause.unwrap_or_default())
    }

    /// Has no zombie left to whoever is process 1, and waits for none that does not end.
    pub(super) fn leave(&mut self) {
        if self.ended_within(ENDING).is_none() {
            let _ = self.child.kill();
            self.ended_within(ENDING);
        }
    }

    /// How the worker ended, if it does so in this time.
    fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        if let Some(end) = &self.end {
            wait::is_ready(end.as_fd(), PollFlags::POLLIN, || limit);
        }
        self.child.try_wait().ok().flatten()
    }
}
