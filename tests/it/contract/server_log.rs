//! Every line that a run leaves in the log of a real postfix stands in the page of its program: whoever watches that log
//! must know what is a check.

use std::net::SocketAddrV4;
use std::process::Command;

use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::server_log::Table;
use crate::support::zones::{Block, SignedZones, Zone};
use crate::support::{program, run};

/// A program, the column of its page, and what it is given besides the server.
type Run = (&'static str, &'static str, &'static [&'static str]);

const MALWARE: &[&str] = &["--recipient", "probe@own.test", "--allow-recipient-domain", "own.test"];
const ACCEPT: &[&str] = &["--recipient", "probe@own.test"];
const DELIVER: &[&str] =
    &["--recipient", "probe@own.test", "--deliver", "--allow-recipient-domain", "own.test"];
const FORCED: &[&str] = &["--recipient", "probe@lab.test", "--domain", "partner.test"];

/// Each with a listener of its own that is set so.
const RUNS: [(Run, &[&str]); 6] = [
    (("check_smtp_tls", "full scan", &["--sni", NAME]), &[]),
    (("check_smtp_tls", "`--quick`", &["--sni", NAME, "--quick"]), &[]),
    (
        ("check_smtp_forced_tls", "lines", FORCED),
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
    ),
    (("check_smtp_malware", "lines", MALWARE), &["cleanup_service_name = scanner"]),
    (("check_smtp_accept", "up to RCPT", ACCEPT), &[]),
    (("check_smtp_accept", "`--deliver`", DELIVER), &[]),
];

#[test]
fn what_a_run_leaves_in_the_log_of_a_server_is_in_its_page() {
    let test = "what_a_run_leaves_in_the_log_of_a_server_is_in_its_page";
    let services: Vec<Service> = RUNS
        .iter()
        .map(|(_, settings)| Service::new(&[*settings, &["smtpd_tls_loglevel = 1"]].concat()))
        .collect();
    let Some(postfix) = Postfix::start(test, &files(), &services) else {
        return;
    };
    let mut wrong = Vec::new();
    for (service, ((name, column, options), _)) in RUNS.iter().enumerate() {
        wrong.extend(Table::of(name, column).after(&postfix, || {
            run(Command::new(program(name))
                .args(["-H", "127.0.0.1", "-p", &postfix.port(service).to_string()])
                .args(["--helo", "monitor.own.test"])
                .args(*options))
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_look_at_a_domain_leaves_in_the_log_of_its_server_is_in_the_page() {
    let test = "what_a_look_at_a_domain_leaves_in_the_log_of_its_server";
    let block = Block::new();
    let at = block.address(10);
    let zones = [Zone::new("seen", "good", &format!("@ MX 10 mx\nmx A {at}\n"))];
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let service = Service::new(&["smtpd_tls_loglevel = 1"]);
    let place = vec![SocketAddrV4::new(at, 25)];
    let Some(postfix) = Postfix::start_at(test, &files(), &[service], place) else {
        return;
    };
    let profile = ["--profile", "ncsc2025", "--require", "none"];
    let mut wrong = Vec::new();
    for (column, options) in [("default", &[][..]), ("`--profile ncsc2025`", &profile)] {
        wrong.extend(Table::of("check_mail_domain", column).after(&postfix, || {
            run(zones
                .asked_by(&program("check_mail_domain"))
                .args(["-d", "seen.lab", "--helo", "monitor.lab"])
                .args(options))
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn files() -> [(&'static str, String); 3] {
    [
        ("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem()),
        ("names", String::new()),
        ("bodies", "/(WDVPIVAlQEFQ|^UEsDB(BQ|Ao)A[AC]Q)/ REJECT 5.7.1 Virus found\n".to_owned()),
    ]
}
