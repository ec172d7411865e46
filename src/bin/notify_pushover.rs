//! Delivers a notification by Pushover, or keeps it until it can.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_notifier(&suite::notify_pushover::NOTIFIER)
}
