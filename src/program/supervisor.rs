//! Watches a run from outside: its time limit and the signals that ask it to end.
//!
//! A thread of its own, because a read on a hung file system or a name look-up has no time limit. Signals are held
//! back in every thread and read from a file descriptor, so nothing runs inside a signal handler.

use std::os::fd::AsFd;
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::console::Console;
use super::run::Run;
use crate::monitoring::Report;

/// Holds SIGTERM, SIGINT and SIGHUP back. Call it before any thread is started, as threads inherit it.
pub(super) fn hold_signals() -> std::io::Result<SignalFd> {
    let ending: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
    ending.thread_block()?;
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
        Ending::Signal(name) => {
            console.end(&Report::unknown(format!(
                "interrupted by {name} while {}",
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
    Signal(&'static str),
}

fn wait(signals: &SignalFd, run: &Run) -> Ending {
    loop {
        let left = run.deadline.until_watchdog();
        if left.is_zero() {
            return Ending::Limit;
        }
        // Rounded up to a whole millisecond, or the last one would be spent spinning.
        let timeout = PollTimeout::try_from(left + std::time::Duration::from_millis(1))
            .unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Ending::Limit,
        }
        if let Ok(Some(signal)) = signals.read_signal() {
            let number = i32::try_from(signal.ssi_signo).unwrap_or_default();
            return Ending::Signal(Signal::try_from(number).map_or("a signal", Signal::as_str));
        }
    }
}
