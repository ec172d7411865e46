//! `check_smtp_accept` before real and scripted servers.

mod answers;
mod postfix;
mod proxy;

use std::process::Command;

use crate::support::{Outcome, program, run};

const RECIPIENT: &str = "probe@own.test";

/// A run that offers one mailbox a mail.
fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_accept"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--recipient", RECIPIENT, "--helo", "monitor.test"])
        .args(options))
}

/// What a delivery needs.
const DELIVER: [&str; 3] = ["--deliver", "--allow-recipient-domain", "own.test"];
