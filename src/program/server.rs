//! The ends of a server that serves one connection and ends: systemd accepted it and hands it over as standard input.

use std::io::Write;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use nix::sys::signal::{SigSet, Signal};

use super::console::{self, Console};
use super::run::wall_clock;
use crate::deadline::Deadline;
use crate::monitoring::clean::{clean, cut};

/// Characters of the one line for the journal.
const LINE_CHARS: usize = 400;

/// Options of every server.
#[derive(Clone, Debug, clap::Args)]
pub struct ServerOptions {
    /// End the connection after this many seconds
    #[arg(short, long, value_name = "SECONDS", default_value = "60", allow_hyphen_values = true, value_parser = seconds)]
    pub timeout: u64,
}

fn seconds(text: &str) -> Result<u64, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
    seconds.ok_or("is not a time limit; write seconds from 1 to 86400")
}

/// One run of a server.
#[derive(Debug)]
pub struct Service {
    /// When the connection ends.
    pub deadline: Deadline,
}

impl Service {
    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        wall_clock()
    }

    /// The connection that standard input is.
    ///
    /// # Errors
    /// What the system says when there is none.
    pub fn connection(&self) -> std::io::Result<std::net::TcpStream> {
        Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into())
    }
}

/// What became of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// It was served, however it ended.
    Whole(String),
    /// Something of our own is missing or broken.
    Failed(String),
}

/// Serves the connection on standard input.
///
/// Says in one line on standard error what became of it. Exits 0, or 1 when something of our own is missing or broken; 3
/// for usage errors, `--help`, `--version` and a panic.
pub fn run_server<A>(service: &'static str, serve: fn(&A, &Service) -> Served) -> ExitCode
where
    A: Parser + AsRef<ServerOptions>,
{
    let console = Console::open(service);
    // A file that may not grow is to be an error of the write, not the end of the process.
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => return console.refuse(&error),
    };
    // Standard output may be the connection.
    console::panics_end_on_standard_error(service);
    let limit = Duration::from_secs(args.as_ref().timeout);
    let served = serve(&args, &Service { deadline: Deadline::after(limit) });
    let (text, code) = match &served {
        Served::Whole(text) => (text, 0),
        Served::Failed(text) => (text, 1),
    };
    let line = cut(&clean(text), LINE_CHARS);
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(code)
}
