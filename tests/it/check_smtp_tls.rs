//! `check_smtp_tls` against a real postfix, and against a scripted server for what no real one answers.

use std::io::{BufReader, Write};
use std::path::Path;
use std::process::Command;

use crate::support::pki::{Authority, Leaf, NAME, ecdsa, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::scripted::{Scripted, line, speak_tls, tls_config, until_closed, until_tls};
use crate::support::{Outcome, open_tempdir, program, run};

fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_tls"))
        .args([
            "-H",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "--sni",
            NAME,
            "--helo",
            "monitor.lab.test",
        ])
        .args(options))
}

fn facts(port: u16, options: &[&str]) -> serde_json::Value {
    let outcome = check(port, &[options, &["--output-format", "json"]].concat());
    serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["facts"].clone()
}

#[test]
fn a_real_postfix_is_graded_by_what_it_offers() {
    let dir = open_tempdir();
    let root = Authority::root();
    let ca = root.write(dir.path());
    let files = [
        ("good.pem", root.leaf(NAME, -1, 397, rsa()).pem()),
        ("ecdsa.pem", root.leaf(NAME, -1, 300, ecdsa()).pem()),
    ];
    let cases: [(&[&str], &[&str], i32, &str); 9] = [
        (
            &[],
            &[],
            0,
            "SMTP TLS OK - grade A, certificate valid for 396d",
        ),
        (
            &["smtpd_tls_protocols = TLSv1.2"],
            &[],
            0,
            "SMTP TLS OK - grade A-: TLS 1.3 is not offered, certificate valid",
        ),
        (
            &["smtpd_tls_protocols = TLSv1.3"],
            &[],
            0,
            "SMTP TLS OK - grade A, certificate valid",
        ),
        (
            &["smtpd_tls_protocols = !SSLv2"],
            &[],
            1,
            "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered, certificate valid",
        ),
        (
            &["tls_medium_cipherlist = ALL:eNULL:@SECLEVEL=0"],
            &[],
            2,
            "SMTP TLS CRITICAL - grade F: suites without encryption (NULL) are accepted, ",
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
            &[
                "smtpd_tls_wrappermode = yes",
                "smtpd_tls_security_level = encrypt",
            ],
            &["-s"],
            2,
            "SMTP TLS CRITICAL - grade F: anonymous suites are accepted, ",
        ),
        (
            &[],
            &["--strict"],
            2,
            "SMTP TLS CRITICAL - grade F: anonymous suites are accepted, ",
        ),
        (
            &["smtpd_tls_chain_files = DIR/good.pem, DIR/ecdsa.pem"],
            &[],
            0,
            "SMTP TLS OK - grade A, certificate (ECDSA 256) valid for 299d",
        ),
    ];
    let services: Vec<Service> = cases
        .iter()
        .map(|(options, ..)| Service::new(options))
        .collect();
    let Some(postfix) = Postfix::start(
        "a_real_postfix_is_graded_by_what_it_offers",
        &files,
        &services,
    ) else {
        return;
    };
    for (service, (settings, options, code, start)) in cases.iter().enumerate() {
        let outcome = check(
            postfix.port(service),
            &[*options, &["--ca-file", ca.to_str().unwrap(), "-v"]].concat(),
        );
        eprintln!("{settings:?} {options:?}");
        outcome.expect(*code, start);
        let connections: u32 = outcome.metric("connections").unwrap().parse().unwrap();
        assert!(connections <= 20, "{settings:?}: {connections} connections");
    }
    assert!(
        !postfix.log().contains("improper command pipelining"),
        "{}",
        postfix.log()
    );
}

/// File, code and start where clients take any certificate, code and start where they ask for proof.
const CERTIFICATES: [(&str, i32, &str, i32, &str); 9] = [
    (
        "good.pem",
        0,
        "OK - certificate valid for 396d",
        0,
        "OK - certificate valid for 396d",
    ),
    (
        "expired.pem",
        2,
        "CRITICAL - certificate expired 3d",
        2,
        "CRITICAL - certificate expired 3d",
    ),
    (
        "future.pem",
        2,
        "CRITICAL - certificate is not valid for another 29d",
        2,
        "CRITICAL - certificate is not valid for",
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
    (
        "self.pem",
        0,
        "OK - certificate valid",
        2,
        "CRITICAL - certificate is self-signed",
    ),
    (
        "foreign.pem",
        0,
        "OK - certificate valid",
        2,
        "CRITICAL - untrusted: ",
    ),
    (
        "whole.pem",
        0,
        "OK - certificate valid",
        0,
        "OK - certificate valid",
    ),
    (
        "part.pem",
        0,
        "OK - certificate valid",
        2,
        "CRITICAL - untrusted: issuer CN=Lab Intermediate neither sent nor known (chain incomplete or unknown CA)",
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
        (
            "wrong.pem",
            root.leaf("other.lab.test", -1, 397, ecdsa()).pem(),
        ),
        ("self.pem", Leaf::self_signed(NAME).pem()),
        ("foreign.pem", other.leaf(NAME, -1, 397, ecdsa()).pem()),
        (
            "whole.pem",
            middle.leaf(NAME, -1, 397, ecdsa()).with(&middle).pem(),
        ),
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
    let Some(postfix) = Postfix::start(
        "certificates_of_a_real_postfix_are_judged",
        &files,
        &services,
    ) else {
        return;
    };
    for (service, (file, code, start, proof_code, proof_start)) in CERTIFICATES.iter().enumerate() {
        let quick = check(postfix.port(service), &["--quick", "--ca-file", ca]);
        eprintln!("{file}");
        quick.expect(*code, &format!("SMTP TLS {start}"));
        assert!(
            ["1", "2"].contains(&quick.metric("connections").unwrap()),
            "{}",
            quick.stdout
        );
        let proof = check(
            postfix.port(service),
            &["--quick", "--ca-file", ca, "--trust", "pkix"],
        );
        proof.expect(*proof_code, &format!("SMTP TLS {proof_start}"));
        let without = check(postfix.port(service), &["--quick", "--trust", "none"]);
        assert!(
            !without.stdout.contains("trust"),
            "{file}: {}",
            without.stdout
        );
    }
    let port = postfix.port(3);
    check(port, &["--quick", "-D", "5d", "--ca-file", ca])
        .expect(0, "SMTP TLS OK - certificate valid for 9d 23h");
    check(port, &["--quick", "-D", "50%,20%", "--ca-file", ca]).expect(
        2,
        "SMTP TLS CRITICAL - certificate expires in 9d 23h (critical 20%)",
    );
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
    let Some(postfix) = Postfix::start(
        "limits_of_a_real_postfix_are_told_from_missing_tls",
        &files,
        &services,
    ) else {
        return;
    };
    check(postfix.port(0), &[]).expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered");

    let limited = check(postfix.port(1), &["-t", "2"]);
    limited.expect(
        3,
        "SMTP TLS UNKNOWN - incomplete: the server limits us after 5 connections: 421 4.7.0 ",
    );
    assert_eq!(limited.metric("score"), Some("U"));
    let seen = facts(postfix.port(1), &["-t", "2"]);
    assert_eq!(
        seen["smtp"]["starttls"], "unknown",
        "a limit is no missing STARTTLS"
    );

    let limited = check(postfix.port(2), &["-t", "2", "-v"]);
    limited.expect(
        3,
        "SMTP TLS UNKNOWN - incomplete: the server limits us after ",
    );
    assert!(
        limited
            .stdout
            .contains("454 4.7.0 Error: too many new TLS sessions"),
        "{}",
        limited.stdout
    );
    assert!(
        limited
            .stdout
            .contains("\nTLS 1.2  unknown (not looked at)\n"),
        "{}",
        limited.stdout
    );

    check(postfix.port(3), &["--quick"]).expect(0, "SMTP TLS OK - certificate valid");
    assert!(!postfix.log().contains("PREGREET"), "{}", postfix.log());
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
    let log = postfix.log();
    assert_eq!(
        log.matches("]: connect from ").count(),
        connections,
        "each connection is counted"
    );
}

#[test]
fn peers_that_do_not_answer_are_critical() {
    for (case, script, start) in [
        ("silent", &b""[..], "no greeting in time"),
        (
            "binary junk",
            &b"\x15\x03\x01\x00\x02\x02\x28"[..],
            "the answer is not SMTP (greeting)",
        ),
        (
            "another protocol",
            b"* OK IMAP4rev1 ready\r\n",
            "the answer is not SMTP (greeting)",
        ),
        (
            "two codes",
            b"220-a\r\n554 b\r\n",
            "the reply changes its code from line to line (greeting)",
        ),
    ] {
        let server = Scripted::start(|mut stream, _| {
            let _ = stream.write_all(script);
            until_closed(stream);
        });
        let outcome = check(server.port(), &["-t", "2"]);
        eprintln!("{case}");
        outcome.expect(2, &format!("SMTP TLS CRITICAL - {start}"));
    }
    let closing = Scripted::start(|stream, _| drop(stream));
    check(closing.port(), &[]).expect(
        2,
        "SMTP TLS CRITICAL - connection closed instead of the greeting",
    );
    let flood = Scripted::start(
        |mut stream, _| while stream.write_all(&b"220-more\r\n".repeat(1000)).is_ok() {},
    );
    check(flood.port(), &[]).expect(2, "SMTP TLS CRITICAL - the reply does not end");
}

#[test]
fn a_server_that_breaks_off_at_starttls_is_critical() {
    for (case, answer, code, start) in [
        (
            "closes",
            &b""[..],
            2,
            "CRITICAL - connection closed instead of the answer to STARTTLS",
        ),
        (
            "refuses",
            b"502 5.5.1 no\r\n",
            2,
            "CRITICAL - STARTTLS is refused: 502 5.5.1 no",
        ),
        (
            "for now",
            b"454 4.3.0 later\r\n",
            1,
            "WARNING - STARTTLS is refused for now: 454 4.3.0 later",
        ),
        (
            "injects",
            b"220 go\r\n250 injected\r\n",
            2,
            "CRITICAL - the server sent more than the answer to STARTTLS",
        ),
    ] {
        let server = Scripted::start(move |stream, _| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut stream = stream;
            let _ = stream.write_all(b"220 mail\r\n");
            loop {
                let line = line(&mut reader);
                let reply = match line.trim() {
                    "" => return,
                    "STARTTLS" if answer.is_empty() => return,
                    "STARTTLS" => answer,
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250-mail\r\n250 STARTTLS\r\n",
                };
                let _ = stream.write_all(reply);
            }
        });
        let outcome = check(server.port(), &["-t", "2"]);
        eprintln!("{case}: {}", outcome.stdout);
        outcome.expect(code, &format!("SMTP TLS {start}"));
    }
}

#[test]
fn starttls_that_a_firewall_writes_over_is_named() {
    let server = Scripted::start(|stream, _| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let _ = stream.write_all(b"220 mail\r\n");
        while !line(&mut reader).is_empty() {
            let _ = stream.write_all(b"250-mail\r\n250-AUTH PLAIN LOGIN\r\n250 XXXXXXXA\r\n");
        }
    });
    let outcome = check(server.port(), &[]);
    outcome.expect(
        2,
        "SMTP TLS CRITICAL - STARTTLS is not offered: a firewall writes over it",
    );
    assert!(
        outcome
            .stdout
            .contains("AUTH PLAIN LOGIN is offered before TLS"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_client_that_is_shut_out_says_so() {
    let refusing = Scripted::start(|mut stream, _| {
        let _ = stream.write_all(b"554 5.7.1 listed\r\n");
        until_closed(stream);
    });
    let outcome = check(refusing.port(), &[]);
    outcome.expect(
        3,
        "SMTP TLS UNKNOWN - incomplete: the server limits us after 1 connections: 554 5.7.1 listed",
    );

    let config = tls_config(&Leaf::self_signed(NAME), 1);
    let banning = Scripted::start_for(3, move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let outcome = check(banning.port(), &[]);
    outcome.expect(
        3,
        "SMTP TLS UNKNOWN - incomplete: probably banned: connection refused after 3 connections",
    );
    assert_eq!(banning.connections(), 3);
}

#[test]
fn sslv2_is_critical_also_without_ciphers() {
    let certificate = Leaf::self_signed(NAME).der;
    for (case, kinds) in [
        ("ciphers", &[0x01, 0x00, 0x80, 0x02, 0x00, 0x80][..]),
        ("none", &[]),
    ] {
        let certificate = certificate.clone();
        let answer = ssl2_hello(&certificate, kinds);
        let config = tls_config(&Leaf::self_signed(NAME), 1);
        let server = Scripted::start(move |stream, _| {
            let Some(mut stream) = until_tls(stream) else {
                return;
            };
            let mut first = [0];
            stream.peek(&mut first).unwrap();
            if first == [0x80] {
                let _ = stream.write_all(&answer);
                until_closed(stream);
            } else {
                speak_tls(stream, &config, false);
            }
        });
        let outcome = check(server.port(), &["--grade-critical", "F", "-v"]);
        eprintln!("{case}");
        outcome.expect(2, "SMTP TLS CRITICAL - grade F: SSLv2 is offered");
        assert!(
            outcome.stdout.contains("\nSSLv2    offered\n"),
            "{}",
            outcome.stdout
        );
        let seen = facts(server.port(), &[]);
        assert_eq!(seen["protocols"]["ssl2"], "yes");
        assert_eq!(seen["protocols"]["tls1.3"], "yes");
        assert_eq!(seen["grade"]["grade"], "F");

        let port = server.port();
        let good = Scripted::start({
            let config = tls_config(&Leaf::self_signed(NAME), 1);
            move |stream, _| {
                if let Some(stream) = until_tls(stream) {
                    speak_tls(stream, &config, false);
                }
            }
        });
        let listener = format!("127.0.0.1:{port}/starttls-smtp");
        let outcome = check(good.port(), &["--drown-host", &listener]);
        outcome.expect(
            2,
            &format!("SMTP TLS CRITICAL - 127.0.0.1:{port} speaks SSLv2, grade A"),
        );
    }
}

fn ssl2_hello(certificate: &[u8], kinds: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
    let body = [
        &[4, 0, 1, 0, 2][..],
        &length(certificate.len()),
        &length(kinds.len()),
        &length(16),
        certificate,
        kinds,
        &[0; 16],
    ]
    .concat();
    [
        &(0x8000 | u16::try_from(body.len()).unwrap()).to_be_bytes()[..],
        &body,
    ]
    .concat()
}

#[test]
fn a_server_that_falls_silent_in_tls_does_not_cost_more_than_its_share() {
    let server = Scripted::start(|stream, _| {
        if let Some(stream) = until_tls(stream) {
            until_closed(stream);
        }
    });
    let outcome = check(server.port(), &["-t", "3"]);
    outcome.expect(2, "SMTP TLS CRITICAL - no answer to the TLS handshake");
    assert!(
        outcome.stdout.contains("timed out after 3s"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn hostile_certificates_harm_neither_the_output_nor_the_check() {
    let name = "evil | x=1;2\n\u{202e}$HOSTNAME$<script>";
    let config = tls_config(&Leaf::self_signed(name), 1);
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let outcome = check(server.port(), &["-v", "--trust", "pkix"]);
    outcome.expect(2, "SMTP TLS CRITICAL - certificate is self-signed");
    assert_eq!(outcome.stdout.matches('|').count(), 1, "{}", outcome.stdout);
    assert!(
        !outcome.stdout.contains(['$', '<', '\u{202e}']),
        "{}",
        outcome.stdout
    );

    let config = tls_config(&Leaf::self_signed(NAME), 1000);
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    check(server.port(), &[]).expect(2, "SMTP TLS CRITICAL - TLS handshake failed: ");
}

#[test]
fn tls_from_the_first_byte_needs_its_option_elsewhere_than_on_465() {
    let config = tls_config(&Leaf::self_signed(NAME), 1);
    let server = Scripted::start(move |stream, _| speak_tls(stream, &config, true));
    check(server.port(), &["-t", "2"]).expect(2, "SMTP TLS CRITICAL - no greeting in time");
    check(server.port(), &["-s", "--trust", "none", "-v"]).expect(0, "SMTP TLS OK - grade A");
}

#[test]
fn another_listener_that_only_closes_is_unknown_and_not_free_of_sslv2() {
    let config = tls_config(&Leaf::self_signed(NAME), 1);
    let good = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let closing = Scripted::start(|stream, _| drop(stream));
    let listener = format!("127.0.0.1:{}/tls", closing.port());
    check(good.port(), &["--drown-host", &listener])
        .expect(3, "SMTP TLS UNKNOWN - SSLv2 on 127.0.0.1:");
    let config = tls_config(&Leaf::self_signed(NAME), 1);
    let modern = Scripted::start(move |stream, _| speak_tls(stream, &config, true));
    let listener = format!("127.0.0.1:{}/tls", modern.port());
    check(good.port(), &["--drown-host", &listener]).expect(0, "SMTP TLS OK - grade A");
}
