//! `check_smtp_forced_tls` offering mail to real and to scripted servers.

mod answers;
mod canary;
mod conversation;
mod outbound;
mod partner_starttls;
mod postfix;
mod standards;

use std::process::Command;

use crate::support::mail_server::Way;
use crate::support::{Outcome, program, run};

/// A run with one domain to test.
fn check(port: u16, options: &[&str]) -> Outcome {
    let domain = ["--domain", "partner.test"];
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--recipient", "probe@lab.test", "--helo", "monitor.test"])
        .args(domain)
        .args(options))
}

/// The server that most tests mean: it refuses the partner's mail in the clear.
fn enforcing(way: Way, command: &str) -> Option<&'static str> {
    let is_caught = way == Way::Clear && command.to_lowercase().contains("@partner.test>");
    is_caught.then_some("550 5.7.1 Encryption needed")
}
