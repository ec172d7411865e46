//! `check_smtp_tls` against servers that are silent, rude or in the way; scripted, since no real one answers so.

use std::io::{BufReader, Write};

use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, line, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::check;

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

    let config = Leaf::self_signed(NAME).server_config();
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
fn tls_from_the_first_byte_needs_its_option_elsewhere_than_on_465() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| speak_tls(stream, &config, true));
    check(server.port(), &["-t", "2"]).expect(2, "SMTP TLS CRITICAL - no greeting in time");
    check(server.port(), &["-s", "--trust", "none", "-v"]).expect(0, "SMTP TLS OK - grade A");
}
