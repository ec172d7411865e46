//! `check_mail_domain` in signed zones of its own, with mail servers behind their names.

mod hostile;
mod policies;
mod resolvers;
mod texts;
mod tls;
mod verdicts;

use std::net::Ipv4Addr;

use aws_lc_rs::digest::{SHA256, digest};

use crate::support::pki::Leaf;
use crate::support::zones::{SignedZones, Zone};
use crate::support::{Outcome, program, run};

/// The record that names a leaf whole.
fn tlsa(leaf: &Leaf) -> String {
    let hash = digest(&SHA256, leaf.der());
    let hex = hash.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("TLSA 3 0 1 {hex}")
}

/// A zone with one mail server, and SPF and DMARC, so that these are not what is told.
fn zone(name: &'static str, flaw: &'static str, at: Ipv4Addr, tlsa: &str) -> Zone {
    let records = format!("@ MX 10 mx\nmx A {at}\n_25._tcp.mx {tlsa}\n");
    Zone::new(name, flaw, &(records + &texts(name)))
}

fn texts(name: &str) -> String {
    format!(
        "@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@{name}.lab\"\n"
    )
}

fn check(zones: &SignedZones, domain: &str, options: &[&str]) -> Outcome {
    run(zones
        .asked_by(&program("check_mail_domain"))
        .args(["-d", domain, "--helo", "monitor.lab"])
        .args(options))
}

/// What a run says that should say something else.
fn wrong(outcome: &Outcome, code: i32, start: &str) -> Option<String> {
    let is_start = outcome.first_line().starts_with(&format!("MAIL DOMAIN {start}"));
    let is_right = is_start && outcome.code == code;
    (!is_right).then(|| format!("{code} {start}\n{} {}", outcome.code, outcome.stdout))
}
