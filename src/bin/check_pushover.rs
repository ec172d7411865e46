//! Do alerts get through to Pushover? Looks at the spool, the quota and the credentials.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("PUSHOVER", suite::check_pushover::check)
}
