//! The channel of Icinga Notifications that leads to Pushover.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_service("PUSHOVER CHANNEL", suite::pushover_channel::run)
}
