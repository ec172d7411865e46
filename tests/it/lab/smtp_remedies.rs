//! What `check_smtp_accept`, `check_smtp_malware` and `check_smtp_forced_tls` say to type ends, typed word for word into the
//! server it names or on their own command line, what it was said for.

use std::process::Command;

use crate::support::exim::Exim;
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::{Outcome, program, run};

fn check(name: &str, port: u16, options: &[&str]) -> Outcome {
    let own: &[&str] = match name {
        "check_smtp_malware" => &["--allow-recipient-domain", "own.test", "--sample", "gtube"],
        "check_smtp_forced_tls" => &["--domain", "partner.test"],
        _ => &[],
    };
    run(Command::new(program(name))
        .args(["-H", "127.0.0.1", "-p", &port.to_string(), "-t", "6"])
        .args(["--recipient", "probe@own.test", "--helo", "monitor.test"])
        .args(own)
        .args(options))
}

fn next_step(outcome: &Outcome) -> &str {
    outcome.stdout.lines().nth(1).unwrap_or_else(|| panic!("no next step: {}", outcome.stdout))
}

/// The setting for a server, as in "postfix: a = b; exim: c = d" or "(postfix: a = b)".
fn setting(step: &str, server: &str) -> String {
    let (_, rest) = step.split_once(&format!("{server}: ")).unwrap_or_else(|| panic!("{step}"));
    let setting = rest.split([';', ')']).next().unwrap().trim();
    assert!(setting.contains(" = "), "no value: {step}");
    setting.to_owned()
}

const RULE: &str = "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }";

#[test]
#[ignore = "lab: starts two postfix"]
fn settings_of_postfix_end_what_they_are_said_for() {
    let test = "settings_of_postfix_end_what_they_are_said_for";
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem())];
    let cases: [(&[&str], &str); 2] = [
        (&[RULE], "softly enforced"),
        (&["smtpd_tls_security_level = none"], "STARTTLS is not offered"),
    ];
    let services: Vec<Service> = cases.iter().map(|(settings, _)| Service::new(settings)).collect();
    let Some(broken) = Postfix::start(test, &files, &services) else {
        return;
    };
    let mended: Vec<Service> = cases
        .iter()
        .enumerate()
        .map(|(place, (settings, finding))| {
            let outcome = check("check_smtp_forced_tls", broken.port(place), &[]);
            assert!(outcome.first_line().contains(finding), "{}", outcome.stdout);
            let remedy = setting(next_step(&outcome), "postfix");
            eprintln!("{finding}: {remedy}");
            Service::new(&[*settings, &[remedy.as_str()]].concat())
        })
        .collect();
    drop(broken);
    let postfix = Postfix::start(test, &files, &mended).unwrap();
    for (place, (_, finding)) in cases.iter().enumerate() {
        let outcome = check("check_smtp_forced_tls", postfix.port(place), &["-v"]);
        assert!(!outcome.stdout.contains(finding), "{}", outcome.stdout);
    }
}

#[test]
#[ignore = "lab: starts exim twice"]
fn the_setting_of_exim_ends_what_it_is_said_for() {
    let test = "the_setting_of_exim_ends_what_it_is_said_for";
    let rcpt = "acl_smtp_rcpt = everybody\nbegin acl\neverybody:\n  accept\n";
    let Some(exim) = Exim::start(test, &format!("tls_advertise_hosts =\n{rcpt}")) else {
        return;
    };
    let outcome = check("check_smtp_forced_tls", exim.starttls(), &["-v"]);
    assert!(outcome.stdout.contains("STARTTLS is not offered"), "{}", outcome.stdout);
    let step = outcome.stdout.lines().find(|line| line.contains("exim: ")).unwrap();
    let remedy = setting(step, "exim");
    drop(exim);
    let exim = Exim::start(test, &format!("{remedy}\n{rcpt}")).unwrap();
    let outcome = check("check_smtp_forced_tls", exim.starttls(), &["-v"]);
    assert!(!outcome.stdout.contains("STARTTLS is not offered"), "{}", outcome.stdout);
    check("check_smtp_accept", exim.starttls(), &["-S"]).expect(0, "SMTP ACCEPT OK");
    check("check_smtp_accept", exim.tls(), &["-s"]).expect(0, "SMTP ACCEPT OK");
}

#[test]
#[ignore = "lab: starts postfix on three kinds of ports"]
fn options_that_are_said_end_what_they_are_said_for_on_25_587_and_465() {
    let test = "options_that_are_said_end_what_they_are_said_for_on_25_587_and_465";
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem())];
    let services = [
        Service::new(&[]),
        Service::new(&["smtpd_tls_security_level = encrypt"]),
        Service::new(&["smtpd_tls_wrappermode = yes", "smtpd_tls_security_level = encrypt"]),
    ];
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    for name in ["check_smtp_accept", "check_smtp_malware"] {
        // A port, what was typed, what is to be typed: nothing is the other of "--starttls, or neither option".
        for (service, typed, remedies) in [
            (0, &["--tls"][..], &[&["--starttls"][..], &[]][..]),
            (1, &[], &[&["--starttls"]]),
            (1, &["--tls"], &[&["--starttls"]]),
            (2, &[], &[&["--tls"]]),
        ] {
            let port = postfix.port(service);
            let outcome = check(name, port, typed);
            assert!(outcome.code >= 2, "{name} {service} {typed:?}: {}", outcome.stdout);
            for remedy in remedies {
                let said = remedy.first().unwrap_or(&"neither option");
                let step = next_step(&outcome);
                assert!(step.contains(said), "{name} {service} {typed:?}: {}", outcome.stdout);
                let outcome = check(name, port, remedy);
                // The mail of the malware check gets through, and nobody looks into it here.
                let start = if name == "check_smtp_accept" {
                    "SMTP ACCEPT OK - mail to probe@own.test is accepted up to RCPT"
                } else {
                    "SMTP MALWARE WARNING - accepted (spam test): gtube"
                };
                assert!(outcome.stdout.starts_with(start), "{name} {remedy:?}: {}", outcome.stdout);
            }
        }
    }
}
