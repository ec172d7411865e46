//! The ends of a service: it answers requests from standard input until that is closed, or a signal asks it to end.

use std::io::{ErrorKind, Read, StdinLock, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;

use super::console::{self, Console};
use super::run::wall_clock;
use super::supervisor;

/// Bytes that are read at once; as many as a pipe holds.
const BLOCK_BYTES: usize = 65_536;

/// Where requests come from, and when to stop.
pub struct Requests {
    signals: std::io::Result<SignalFd>,
    block: Vec<u8>,
    /// Whether a signal has asked for the end: what has been written to us by then is still a request.
    is_ending: bool,
}

impl Requests {
    /// Waits for further bytes; `None` when there will be none, or when a signal has asked for the end and all is read that
    /// had come by then.
    pub fn read(&mut self) -> Option<&[u8]> {
        let mut input = std::io::stdin().lock();
        loop {
            if !self.wait(&input)? {
                continue;
            }
            return match input.read(&mut self.block) {
                Ok(count @ 1..) => self.block.get(..count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                _ => None,
            };
        }
    }

    /// Whether input can be read without waiting for it, which no signal would end; `None` at the end.
    fn wait(&mut self, input: &StdinLock<'_>) -> Option<bool> {
        let time = if self.is_ending { PollTimeout::ZERO } else { PollTimeout::NONE };
        let mut ready = vec![PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if let Ok(signals) = &self.signals {
            ready.push(PollFd::new(signals.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut ready, time) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Some(false),
            Err(_) => return None,
        }
        let is_ready = ready.first().is_some_and(|input| input.any() == Some(true));
        if self.is_ending {
            return is_ready.then_some(true);
        }
        let signal = self.signals.as_ref().ok().and_then(|signals| signals.read_signal().ok()?);
        self.is_ending = signal.is_some();
        Some(is_ready)
    }
}

/// Writes one line to whoever asks. That nobody reads it any more changes nothing: the work is to be done all the same.
pub fn answer(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Writes one line for the log of whoever started the service.
pub fn complain(line: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Runs a service. It ends with 0 when its input is closed or SIGTERM, SIGINT or SIGHUP arrives, and with 3 for usage errors,
/// `--help`, `--version` and a panic in any thread, so that whoever started it notices and starts it again.
///
/// `serve` is given the clock, since nothing else may read it.
pub fn run_service<A: Parser>(
    service: &'static str,
    serve: fn(&A, Requests, fn() -> SystemTime),
) -> ExitCode {
    let console = Console::open(service);
    let signals = supervisor::hold_signals();
    // A file that may not grow is to be an error of the write, not the end of the process.
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => return console.refuse(&error),
    };
    // Standard output belongs to the answers from here on.
    console::panics_end_on_standard_error(service);
    serve(&args, Requests { signals, block: vec![0; BLOCK_BYTES], is_ending: false }, wall_clock);
    // Not by returning: a name look-up that hangs in another thread must not hold the process.
    console::leave(0)
}
