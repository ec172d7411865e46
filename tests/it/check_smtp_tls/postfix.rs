//! `check_smtp_tls` against a real postfix.

use std::path::Path;

use crate::support::open_tempdir;
use crate::support::pki::{Authority, Leaf, NAME, ecdsa, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::smtp_tls::{check, facts};

/// Settings of postfix, options of the check, code and start.
const GRADES: [(&[&str], &[&str], i32, &str); 10] = [
    (&[], &[], 0, "SMTP TLS OK - grade A, certificate valid for 396d"),
    (
        &["smtpd_tls_protocols = TLSv1.2"],
        &[],
        0,
        "SMTP TLS OK - grade A-: TLS 1.3 is not offered, certificate valid",
    ),
    (&["smtpd_tls_protocols = TLSv1.3"], &[], 0, "SMTP TLS OK - grade A, certificate valid"),
    (
        &["smtpd_tls_protocols = !SSLv2"],
        &[],
        1,
        "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered | ",
    ),
    (
        &["tls_medium_cipherlist = ALL:eNULL:@SECLEVEL=0"],
        &[],
        2,
        "SMTP TLS CRITICAL - grade F: suites without encryption (NULL) are accepted",
    ),
    // Its one suite is beyond the 64 of the first hello.
    (
        &["smtpd_tls_protocols = TLSv1.2", "tls_medium_cipherlist = eNULL:@SECLEVEL=0"],
        &[],
        2,
        "SMTP TLS CRITICAL - grade F: suites without encryption (NULL) are accepted",
    ),
    (
        &[
            "smtpd_tls_wrappermode = yes",
            "smtpd_tls_security_level = encrypt",
            "smtpd_tls_exclude_ciphers = aNULL",
        ],
        &["-s"],
        0,
        "SMTP TLS OK - grade A+, certificate valid",
    ),
    (
        &["smtpd_tls_wrappermode = yes", "smtpd_tls_security_level = encrypt"],
        &["-s"],
        2,
        "SMTP TLS CRITICAL - grade F: anonymous suites are accepted",
    ),
    (&[], &["--strict"], 2, "SMTP TLS CRITICAL - grade F: anonymous suites are accepted"),
    (
        &["smtpd_tls_chain_files = DIR/good.pem, DIR/ecdsa.pem"],
        &[],
        0,
        "SMTP TLS OK - grade A, certificate (ECDSA 256) valid for 299d",
    ),
];

#[test]
fn a_real_postfix_is_graded_by_what_it_offers() {
    let dir = open_tempdir();
    let root = Authority::root();
    let ca = root.write(dir.path());
    let files = [
        ("good.pem", root.leaf(NAME, -1, 397, rsa()).pem()),
        ("ecdsa.pem", root.leaf(NAME, -1, 300, ecdsa()).pem()),
    ];
    let services: Vec<Service> = GRADES.iter().map(|(options, ..)| Service::new(options)).collect();
    let Some(postfix) =
        Postfix::start("a_real_postfix_is_graded_by_what_it_offers", &files, &services)
    else {
        return;
    };
    for (service, (settings, options, code, start)) in GRADES.iter().enumerate() {
        let outcome = check(
            postfix.port(service),
            &[*options, &["--ca-file", ca.to_str().unwrap(), "-v"]].concat(),
        );
        eprintln!("{settings:?} {options:?}");
        outcome.expect(*code, start);
        let connections: u32 = outcome.metric("connections").unwrap().parse().unwrap();
        assert!(connections <= 20, "{settings:?}: {connections} connections");
    }
    assert!(!postfix.log().contains("improper command pipelining"), "{}", postfix.log());
}

/// File, code and start where clients take any certificate, code and start where they ask for proof.
const CERTIFICATES: [(&str, i32, &str, i32, &str); 9] = [
    ("good.pem", 0, "OK - certificate valid for 396d", 0, "OK - certificate valid for 396d"),
    ("expired.pem", 2, "CRITICAL - certificate expired 3d", 2, "CRITICAL - certificate expired 3d"),
    (
        "future.pem",
        2,
        "CRITICAL - certificate is not yet valid: from 2",
        2,
        "CRITICAL - certificate is not yet valid: from",
    ),
    (
        "soon.pem",
        1,
        "WARNING - certificate expires in 9d 23h (warning 20%, at most 28d)",
        1,
        "WARNING - certificate expires",
    ),
    (
        "wrong.pem",
        0,
        "OK - certificate valid",
        2,
        "CRITICAL - certificate is for other.lab.test, not for mail.lab.test",
    ),
    ("self.pem", 0, "OK - certificate valid", 2, "CRITICAL - certificate is self-signed"),
    ("foreign.pem", 0, "OK - certificate valid", 2, "CRITICAL - untrusted: "),
    ("whole.pem", 0, "OK - certificate valid", 0, "OK - certificate valid"),
    (
        "part.pem",
        0,
        "OK - certificate valid",
        2,
        "CRITICAL - untrusted: issuer CN=Lab Intermediate was not sent and is not trusted here (chain incomplete or unknown CA)",
    ),
];

/// Leaves of every kind, as files for postfix, and the file with their root.
fn leaves(dir: &Path) -> (String, Vec<(&'static str, String)>) {
    let (root, other) = (Authority::root(), Authority::root());
    let middle = root.below();
    let ca = root.write(dir);
    let files = vec![
        ("good.pem", root.leaf(NAME, -1, 397, ecdsa()).pem()),
        ("expired.pem", root.leaf(NAME, -400, -3, ecdsa()).pem()),
        ("future.pem", root.leaf(NAME, 30, 397, ecdsa()).pem()),
        ("soon.pem", root.leaf(NAME, -80, 10, ecdsa()).pem()),
        ("wrong.pem", root.leaf("other.lab.test", -1, 397, ecdsa()).pem()),
        ("self.pem", Leaf::self_signed(NAME).pem()),
        ("foreign.pem", other.leaf(NAME, -1, 397, ecdsa()).pem()),
        ("whole.pem", middle.leaf(NAME, -1, 397, ecdsa()).with(&middle).pem()),
        ("part.pem", middle.leaf(NAME, -1, 397, ecdsa()).pem()),
    ];
    (ca.to_str().unwrap().to_owned(), files)
}

#[test]
fn certificates_of_a_real_postfix_are_judged_by_date_name_and_issuer() {
    let dir = open_tempdir();
    let (ca, files) = leaves(dir.path());
    let ca = ca.as_str();
    let services: Vec<Service> = CERTIFICATES
        .iter()
        .map(|(file, ..)| Service::new(&[&format!("smtpd_tls_chain_files = DIR/{file}")]))
        .collect();
    let Some(postfix) =
        Postfix::start("certificates_of_a_real_postfix_are_judged", &files, &services)
    else {
        return;
    };
    for (service, (file, code, start, proof_code, proof_start)) in CERTIFICATES.iter().enumerate() {
        let quick = check(postfix.port(service), &["--quick", "--ca-file", ca]);
        eprintln!("{file}");
        quick.expect(*code, &format!("SMTP TLS {start}"));
        assert!(["1", "2"].contains(&quick.metric("connections").unwrap()), "{}", quick.stdout);
        let proof = check(postfix.port(service), &["--quick", "--ca-file", ca, "--trust", "pkix"]);
        proof.expect(*proof_code, &format!("SMTP TLS {proof_start}"));
        let without = check(postfix.port(service), &["--quick", "--trust", "none"]);
        assert!(!without.stdout.contains("trust"), "{file}: {}", without.stdout);
    }
    let port = postfix.port(3);
    check(port, &["--quick", "-D", "5d", "--ca-file", ca])
        .expect(0, "SMTP TLS OK - certificate valid for 9d 23h");
    check(port, &["--quick", "-D", "50%,20%", "--ca-file", ca])
        .expect(2, "SMTP TLS CRITICAL - certificate expires in 9d 23h (critical 20%)");
    let seen = facts(postfix.port(7), &["--quick", "--ca-file", ca]);
    assert_eq!(seen["trust"], serde_json::json!(["ok"]));
    assert_eq!(seen["certificates"].as_array().unwrap().len(), 2);
    assert_eq!(seen["smtp"]["starttls"], "yes");
}

#[test]
fn limits_of_a_real_postfix_are_told_from_missing_tls() {
    let root = Authority::root();
    let files = [("good.pem", root.leaf(NAME, -1, 397, ecdsa()).pem())];
    let services = [
        Service::new(&["smtpd_tls_security_level = none"]),
        Service::new(&[
            "smtpd_client_connection_rate_limit = 3",
            "smtpd_client_event_limit_exceptions =",
        ]),
        Service::new(&[
            "smtpd_client_new_tls_session_rate_limit = 2",
            "smtpd_client_event_limit_exceptions =",
        ]),
        Service::new(&[
            "postscreen_greet_action = enforce",
            "postscreen_greet_wait = 1s",
            "postscreen_greet_banner = teaser",
            "postscreen_access_list =",
            "postscreen_cache_map =",
        ]),
    ];
    let Some(postfix) =
        Postfix::start("limits_of_a_real_postfix_are_told_from_missing_tls", &files, &services)
    else {
        return;
    };
    check(postfix.port(0), &[]).expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered");

    let limited = check(postfix.port(1), &["-t", "2"]);
    limited.expect(
        3,
        "SMTP TLS UNKNOWN - incomplete: the server limits this host after 5 connections: 421 4.7.0 ",
    );
    assert_eq!(limited.metric("score"), Some("U"));
    let seen = facts(postfix.port(1), &["-t", "2"]);
    assert_eq!(seen["smtp"]["starttls"], "unknown", "a limit is no missing STARTTLS");

    let limited = check(postfix.port(2), &["-t", "2", "-v"]);
    limited.expect(3, "SMTP TLS UNKNOWN - incomplete: the server limits this host after ");
    assert!(
        limited.stdout.contains("454 4.7.0 Error: too many new TLS sessions"),
        "{}",
        limited.stdout
    );
    assert!(
        limited.stdout.contains("\n[UNKNOWN] TLS 1.2  unknown (not asked)\n"),
        "{}",
        limited.stdout
    );

    check(postfix.port(3), &["--quick"]).expect(0, "SMTP TLS OK - certificate valid");
    assert!(!postfix.log().contains("PREGREET"), "{}", postfix.log());
}

#[test]
fn listeners_behind_a_proxy_are_talked_to_and_hints_name_the_option() {
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem())];
    let proxied = "smtpd_upstream_proxy_protocol = haproxy";
    let tls = ["smtpd_tls_wrappermode = yes", "smtpd_tls_exclude_ciphers = aNULL"];
    let services = [
        Service::new(&[proxied]),
        Service::new(&[proxied, tls[0], tls[1]]),
        Service::new(&[]),
        Service::new(&tls),
        Service::new(&[proxied, "smtpd_upstream_proxy_timeout = 1s"]),
    ];
    let test = "listeners_behind_a_proxy_are_talked_to_and_hints_name_the_option";
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    let untrusted = ["-s", "--trust", "none"];
    for version in [&["--proxy-protocol"][..], &["--proxy-protocol", "v2"]] {
        check(postfix.port(0), version).expect(0, "SMTP TLS OK - grade A, ");
        check(postfix.port(1), &[version, &untrusted].concat()).expect(0, "SMTP TLS OK - grade A");
    }
    check(postfix.port(2), &["--proxy-protocol"])
        .expect(3, "SMTP TLS UNKNOWN - the listener expects no PROXY header");
    let clear = check(postfix.port(3), &[&["--proxy-protocol"][..], &untrusted].concat());
    assert!(
        clear.stdout.contains("\nwhere the listener expects no PROXY header"),
        "{}",
        clear.stdout
    );
    let without = check(postfix.port(4), &["-t", "5"]);
    assert_eq!(without.code, 3, "{}", without.stdout);
    assert!(without.stdout.contains("needs --proxy-protocol"), "{}", without.stdout);
}

#[test]
fn a_default_run_is_gentle() {
    let root = Authority::root();
    let files = [("good.pem", root.leaf(NAME, -1, 397, ecdsa()).pem())];
    let Some(postfix) = Postfix::start("a_default_run_is_gentle", &files, &[Service::new(&[])])
    else {
        return;
    };
    let outcome = check(postfix.port(0), &[]);
    outcome.expect(0, "SMTP TLS OK - grade A");
    let connections: usize = outcome.metric("connections").unwrap().parse().unwrap();
    assert!(connections <= 20, "{connections} connections");
    let log = postfix.log_with("]: disconnect from ", connections);
    assert_eq!(log.matches("]: connect from ").count(), connections, "each connection is counted");
}

#[test]
fn of_two_certificates_the_expired_one_is_named() {
    let dir = open_tempdir();
    let root = Authority::root();
    let ca = root.write(dir.path());
    let files = [
        ("rsa.pem", root.leaf(NAME, -1, 397, rsa()).pem()),
        ("ecdsa.pem", root.leaf(NAME, -1, 397, ecdsa()).pem()),
        ("old-rsa.pem", root.leaf(NAME, -400, -3, rsa()).pem()),
        ("old-ecdsa.pem", root.leaf(NAME, -400, -3, ecdsa()).pem()),
    ];
    let cases = [
        ("DIR/rsa.pem, DIR/old-ecdsa.pem", "ECDSA 256", "RSA 2048"),
        ("DIR/old-rsa.pem, DIR/ecdsa.pem", "RSA 2048", "ECDSA 256"),
    ];
    let services =
        cases.map(|(files, ..)| Service::new(&[&format!("smtpd_tls_chain_files = {files}")]));
    let test = "of_two_certificates_the_expired_one_is_named";
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    for (service, (_, expired, valid)) in cases.iter().enumerate() {
        for options in [&[][..], &["--quick"]] {
            let options = [options, &["--ca-file", ca.to_str().unwrap(), "-v"]].concat();
            let outcome = check(postfix.port(service), &options);
            let start = format!("SMTP TLS CRITICAL - certificate ({expired}) expired 3d");
            outcome.expect(2, &start);
            let other = format!("by CN=Lab Root, {valid}, 39");
            assert!(outcome.stdout.contains(&other), "{}", outcome.stdout);
        }
    }
}

#[test]
fn a_real_postfix_whose_key_does_not_fit_has_broken_tls() {
    let test = "a_real_postfix_whose_key_does_not_fit_has_broken_tls";
    let leaf = || Authority::root().leaf(NAME, -1, 397, ecdsa());
    let files = [("good.pem", leaf().pem()), ("other.pem", leaf().pem())];
    let unfit = [
        "smtpd_tls_chain_files =",
        "smtpd_tls_cert_file = DIR/good.pem",
        "smtpd_tls_key_file = DIR/other.pem",
    ];
    let Some(postfix) = Postfix::start(test, &files, &[Service::new(&unfit)]) else {
        return;
    };
    check(postfix.port(0), &[]).expect(
        2,
        "SMTP TLS CRITICAL - TLS is broken on the server: 454 4.7.0 TLS not available due to local problem",
    );
}
