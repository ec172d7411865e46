//! Does a mail server take a mail now? Goes as far as the recipient, or delivers one where that is asked for.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("SMTP ACCEPT", suite::check_smtp_accept::check)
}
