//! Is mail to a domain protected by what its owner publishes? DANE, MTA-STS, and what belongs to them.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("MAIL DOMAIN", suite::check_mail_domain::check)
}
