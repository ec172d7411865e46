//! Monitoring plugins for mail servers, Axigen first.
//!
//! # The path of a run
//!
//! Every check is the same short path: command line -> `probe` (all I/O, yields facts) -> `evaluate` (pure: facts,
//! policy and the time become a report) -> `render` -> exit code. The notifier has another: an alert is written down,
//! then sent, then forgotten.
//!
//! # The parts
//!
//! The programs, each of the same rooms: `args`, `target`, `policy`, `facts`, `probe`, `evaluate`, `explain`.
//!
//! - [`check_axigen_queue`]: how many messages wait, how old they are, how much room is left
//! - [`check_axigen_version`]: whether an Axigen server answers, and whether its release has a known hole
//! - [`check_smtp_tls`]: how good the TLS of a mail server is
//! - [`check_smtp_forced_tls`]: whether mail from and to partners is encrypted, or refused
//! - [`check_smtp_malware`]: whether infected mail is rejected
//! - [`check_smtp_accept`]: whether mail is taken at all
//! - [`check_mail_domain`]: whether mail to a domain is protected by DANE or MTA-STS
//! - [`smtp_canary`]: takes the mails by which [`check_smtp_forced_tls`] proves that mail leaves encrypted
//! - [`check_pushover`]: whether alerts would arrive
//! - [`notify_pushover`]: sends them
//! - [`pushover_channel`]: sends those of Icinga Notifications
//!
//! What they stand on:
//!
//! - [`program`]: the ends of a run: command line, time limit, one output, exit code
//! - [`monitoring`]: the vocabulary of plugins: states, ranges, metrics, reports and their output
//! - [`pushover`]: from an alert to Pushover: configuration, spool, client
//! - [`smtp_client`]: from a host name to a session, in the clear or in TLS
//! - [`smtp`]: addresses, replies and sessions, over any stream
//! - [`tls`]: TLS as seen from outside, and what a certificate proves
//! - [`dns`]: questions to DNS, and whether DNSSEC proves the answers
//! - [`published`]: what a domain says of its mail in DNS and in its policy
//! - [`canary`]: the state that those two share
//! - [`exposition`]: metrics as servers show them to Prometheus
//! - [`connection`]: TCP whose every wait has an end
//! - [`stream`], [`system_error`]: why bytes no longer come or go, the same for every protocol
//! - [`deadline`], [`clock`]: how long a run may take, and how the time of day is counted
//! - [`command_line`]: what was typed, and how a helper is told from its run
//! - [`secret`], [`login`]: what must never be shown, alone or with the name of a user
//! - [`named_file`]: files that somebody names, whatever they are
//!
//! # Who may import whom
//!
//! ```text
//! programs        -> everything below, but no other program
//! program         -> monitoring, deadline, clock, command_line, secret
//! pushover        -> deadline, clock, secret, named_file, command_line
//! canary          -> system_error
//! smtp_client     -> smtp, tls, connection, deadline, login, program
//! smtp, tls       -> nothing that monitors
//! dns             -> connection, deadline
//! published       -> nothing
//! exposition      -> nothing
//! monitoring      -> nothing
//! ```
//!
//! No two files import each other, not even by way of others. `evaluate` and `policy` use no network, file or clock.
//! `tests/it/files/boundaries.rs` holds all of this against the sources.
#![allow(rustdoc::private_intra_doc_links, reason = "the map names every part")]

mod canary;
pub mod check_axigen_queue;
pub mod check_axigen_version;
pub mod check_mail_domain;
pub mod check_pushover;
pub mod check_smtp_accept;
pub mod check_smtp_forced_tls;
pub mod check_smtp_malware;
pub mod check_smtp_tls;
mod clock;
mod command_line;
mod connection;
mod deadline;
mod dns;
pub mod exposition;
mod login;
pub mod monitoring;
mod named_file;
pub mod notify_pushover;
pub mod program;
pub mod published;
pub mod pushover;
pub mod pushover_channel;
mod secret;
pub mod smtp;
pub mod smtp_canary;
mod smtp_client;
mod stream;
mod system_error;
pub mod tls;

use clap::CommandFactory;

/// Every program of the suite, by its command line definition.
///
/// The one registry: binaries, man pages, completions and shipped configuration are compared with it by tests.
#[must_use]
pub fn commands() -> Vec<clap::Command> {
    vec![
        check_axigen_queue::Args::command(),
        check_axigen_version::Args::command(),
        check_mail_domain::Args::command(),
        check_smtp_tls::Args::command(),
        check_smtp_forced_tls::Args::command(),
        check_smtp_malware::Args::command(),
        check_smtp_accept::Args::command(),
        smtp_canary::Args::command(),
        check_pushover::Args::command(),
        notify_pushover::Args::command(),
        pushover_channel::Args::command(),
    ]
}
