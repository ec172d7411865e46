//! Watches a run from outside: its time limit and the signals that ask it to end.
//!
//! A thread of the worker, since it knows what was seen by then; the [worker](super::worker)'s run ends in time without
//! it, too. Signals are held
//! back in every thread and read from a file descriptor, so nothing runs inside a signal handler.

use std::os::fd::AsFd;
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::console::Console;
use super::run::Run;
use super::wait::rounded_up;
use crate::monitoring::Report;

/// Holds SIGTERM, SIGINT and SIGHUP back, and SIGXFSZ for good: a file that may not grow is to be an error of the write.
/// Call it before any thread is started, as threads inherit it.
pub(super) fn hold_signals() -> std::io::Result<SignalFd> {
    let ending: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
    ending.thread_block()?;
    SigSet::from(Signal::SIGXFSZ).thread_block()?;
    Ok(SignalFd::with_flags(&ending, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// Starts the watch; it answers in the check's place when the limit is reached or a signal arrives.
pub(super) fn start(
    signals: SignalFd,
    console: &'static Console,
    run: Arc<Run>,
) -> std::io::Result<()> {
    let watch = move || match wait(&signals, &run) {
        Ending::Limit => console.end(&run.report_so_far()),
        Ending::Signal(signal) => {
            console.end(&Report::unknown(format!(
                "interrupted by {} while {}",
                signal.as_str(),
                run.deadline.stage()
            )));
        }
    };
    std::thread::Builder::new()
        .name("supervisor".to_owned())
        .stack_size(256 * 1024)
        .spawn(watch)
        .map(drop)
}

enum Ending {
    Limit,
    Signal(Signal),
}

fn wait(signals: &SignalFd, run: &Run) -> Ending {
    loop {
        let left = run.deadline.until_watchdog();
        if left.is_zero() {
            return Ending::Limit;
        }
        let mut ready = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, rounded_up(left)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Ending::Limit,
        }
        if let Some(signal) = signal(signals) {
            return Ending::Signal(signal);
        }
    }
}

/// The signal that has arrived, if one has.
pub(super) fn signal(signals: &SignalFd) -> Option<Signal> {
    let number = signals.read_signal().ok()??.ssi_signo;
    Signal::try_from(i32::try_from(number).ok()?).ok()
}
