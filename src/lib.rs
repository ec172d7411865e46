//! Monitoring plugins for mail servers, Axigen first.
//!
//! Every program is the same short path: command line -> `probe` (all I/O, yields facts) -> `evaluate` (pure: facts,
//! policy and the time become a report) -> `render` -> exit code. `program` holds the ends of that path, `monitoring`
//! the vocabulary of plugins; each program has a module of its own name.

pub mod check_axigen_queue;
pub mod check_pushover;
pub mod check_smtp_forced_tls;
pub mod check_smtp_malware;
pub mod check_smtp_tls;
pub mod clock;
pub mod connection;
pub mod deadline;
pub mod monitoring;
pub mod notify_pushover;
pub mod program;
mod pushover;
mod secret;
pub mod smtp;
pub mod smtp_client;
pub mod stream;
pub mod system_error;
pub mod tls;

use clap::CommandFactory;

/// Every program of the suite, by its command line definition.
///
/// The one registry: binaries, man pages, completions and shipped configuration are compared with it by tests.
#[must_use]
pub fn commands() -> Vec<clap::Command> {
    vec![
        check_axigen_queue::Args::command(),
        check_smtp_tls::Args::command(),
        check_smtp_forced_tls::Args::command(),
        check_smtp_malware::Args::command(),
        check_pushover::Args::command(),
        notify_pushover::Args::command(),
    ]
}
