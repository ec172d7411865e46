//! How good is the TLS of a mail server? Grades versions, suites, keys and certificate in one gentle run.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("SMTP TLS", suite::check_smtp_tls::check)
}
