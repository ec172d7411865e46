//! Runs the programs as a monitoring core does, against real trees, file systems and peers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test that cannot go on fails, and a test reads the clock to make ages"
)]

mod check_axigen_queue;
mod check_axigen_version;
mod check_mail_domain;
mod check_pushover;
mod check_smtp_accept;
mod check_smtp_forced_tls;
mod check_smtp_malware;
mod check_smtp_tls;
mod contract;
mod files;
mod lab;
mod notify_pushover;
mod pushover_channel;
mod smtp_canary;
mod soak;
mod support;
