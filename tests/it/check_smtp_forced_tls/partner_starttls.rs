//! `check_smtp_forced_tls --partner-starttls` before a real postfix: partners as an `encrypt` or `verify` policy uses them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::dns::NameServer;
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::{open_tempdir, program, run};

/// Settings of the partner's postfix, options, exit code and start of the output.
type Case = (&'static [&'static str], &'static [&'static str], i32, &'static str);

const CASES: &[Case] = &[
    (
        &[],
        &["--require-valid"],
        0,
        "OK - p.test reachable: its mail exchanger with STARTTLS on PORT |",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &["--require-valid"],
        0,
        "OK - p.test reachable: its mail exchanger with STARTTLS on PORT |",
    ),
    (
        &["smtpd_tls_security_level = none"],
        &[],
        2,
        "CRITICAL - p.test: mail would queue: mx.p.test: STARTTLS is not offered |",
    ),
    (
        &["smtpd_tls_chain_files = DIR/other.pem"],
        &[],
        1,
        "WARNING - p.test: mx.p.test: certificate is for mail.lab.test, not for mx.p.test |",
    ),
    (
        &["smtpd_tls_chain_files = DIR/other.pem"],
        &["--require-valid"],
        2,
        "CRITICAL - p.test: mx.p.test: certificate is for mail.lab.test, not for mx.p.test |",
    ),
    // Its key is another's.
    (
        &["smtpd_tls_chain_files = DIR/broken.pem"],
        &[],
        2,
        "CRITICAL - p.test: mail would queue: mx.p.test: STARTTLS is refused: 454 4.7.0 TLS not available due to local problem |",
    ),
    // It sends us away, and may let our mail server in.
    (
        &["smtpd_client_restrictions = reject", "smtpd_delay_reject = no"],
        &[],
        3,
        "UNKNOWN - p.test: mx.p.test: does not let this host in: 554 5.7.1 ",
    ),
    // What postfix does not say, we do not say either: the name of the server.
    (
        &[
            "smtpd_tls_chain_files = DIR/other.pem",
            "tls_server_sni_maps = inline:{ {mx.p.test=SNI} }",
        ],
        &[],
        1,
        "WARNING - p.test: mx.p.test: certificate is for mail.lab.test, not for mx.p.test |",
    ),
];

#[test]
fn partners_on_port_25_are_judged_as_a_postfix_policy_uses_them() {
    let test = "partners_on_port_25_are_judged_as_a_postfix_policy_uses_them";
    let dir = open_tempdir();
    let root = Authority::root();
    let ca = root.write(dir.path());
    let (good, other) =
        (root.leaf("mx.p.test", -1, 397, ecdsa()), root.leaf(NAME, -1, 397, ecdsa()));
    let parts = |pem: &str| {
        let (key, certificates) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").unwrap());
        (key.to_owned(), certificates.to_owned())
    };
    let broken = parts(&other.pem()).0 + &parts(&good.pem()).1;
    let files = [("good.pem", good.pem()), ("other.pem", other.pem()), ("broken.pem", broken)];
    let sni = STANDARD.encode(good.pem());
    let service = |settings: &[&str]| {
        Service(settings.iter().map(|setting| setting.replace("SNI", &sni)).collect())
    };
    let services: Vec<Service> = CASES.iter().map(|(settings, ..)| service(settings)).collect();
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    let Some(dns) = NameServer::start(test, "p MX 10 mx.p\nmx.p A 127.0.0.1\n") else {
        return;
    };
    let mut wrong = Vec::new();
    for (service, (settings, options, code, start)) in CASES.iter().enumerate() {
        let port = postfix.port(service).to_string();
        let mut command = dns.asked_by(&program("check_smtp_forced_tls"));
        command.args(["--partner", "p.test", "--partner-starttls", "--partner-port", &port]);
        let outcome = run(command.arg("--ca-file").arg(&ca).args(*options));
        let start = format!("SMTP FORCED TLS {}", start.replace("PORT", &port));
        if outcome.code != *code || !outcome.first_line().starts_with(&start) {
            wrong.push((settings, options, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!postfix.log().contains("mail="), "no mail is offered: {}", postfix.log());
}
