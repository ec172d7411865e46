//! A mail exchanger in miniature that takes canary mails only, and shows which way our own server hands them over.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_server("SMTP CANARY", suite::smtp_canary::serve)
}
