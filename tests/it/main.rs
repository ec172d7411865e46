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
mod check_pushover;
mod check_smtp_forced_tls;
mod check_smtp_forced_tls_partners;
mod check_smtp_malware;
mod check_smtp_malware_answers;
mod check_smtp_malware_samples;
mod check_smtp_tls;
mod check_smtp_tls_drown;
mod check_smtp_tls_hostile;
mod check_smtp_tls_peers;
mod configuration;
mod contract;
mod cores;
mod generated;
mod install;
mod json;
mod lab_smtp_forced_tls;
mod lab_smtp_malware;
mod lab_smtp_tls;
mod lab_smtp_tls_scanners;
mod notify_pushover;
mod notify_pushover_faults;
mod notify_pushover_input;
mod notify_pushover_processes;
mod notify_pushover_rights;
mod notify_pushover_secrets;
mod notify_pushover_spool;
mod notify_pushover_stuck;
mod pushover_docs;
mod readme;
mod support;
mod transcripts;
