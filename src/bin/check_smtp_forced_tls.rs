//! Is mail from a partner refused unless it is encrypted, and would mail to a partner leave over TLS?

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("SMTP FORCED TLS", suite::check_smtp_forced_tls::check)
}
