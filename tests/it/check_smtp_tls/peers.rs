//! `check_smtp_tls` against servers that are silent, rude or in the way; scripted, since no real one answers so.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::daemon::free_ports;
use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, converse, line, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::{check, facts};
use crate::support::{labels, program, run};

#[test]
fn peers_that_do_not_answer_are_critical() {
    for (case, script, start) in [
        ("silent", &b""[..], "no greeting after "),
        ("binary junk", &b"\x15\x03\x01\x00\x02\x02\x28"[..], "the answer is not SMTP (greeting)"),
        ("another protocol", b"* OK IMAP4rev1 ready\r\n", "the answer is not SMTP (greeting)"),
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
    check(closing.port(), &[])
        .expect(2, "SMTP TLS CRITICAL - connection closed instead of the greeting");
    let flood = Scripted::start(
        |mut stream, _| while stream.write_all(&b"220-more\r\n".repeat(1000)).is_ok() {},
    );
    check(flood.port(), &[]).expect(2, "SMTP TLS CRITICAL - the reply does not end");
}

#[test]
fn a_mark_in_the_text_of_a_server_is_not_taken_for_ours() {
    let server = Scripted::start(|mut stream, _| {
        let _ = stream.write_all(b"220 mail [OK] (OK) <OK> [CRITICAL]\r\n");
        let _ = BufReader::new(&stream).lines().next();
        let _ = stream.write_all(b"250 mail\r\n");
        let _ = BufReader::new(&stream).lines().next();
        let _ = stream.write_all(b"502 [OK] it is all well\r\n");
        until_closed(stream);
    });
    let outcome = check(server.port(), &["-vv"]);
    outcome.expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered");
    assert!(outcome.stdout.contains("\ngreeting: "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("mail [ok] (ok) (ok) [critical]"), "{}", outcome.stdout);
}

#[test]
fn a_server_that_breaks_off_at_starttls_is_critical() {
    for (case, answer, code, start) in [
        ("closes", &b""[..], 2, "CRITICAL - connection closed instead of the answer to STARTTLS"),
        ("refuses", b"502 5.5.1 no\r\n", 2, "CRITICAL - STARTTLS is refused: 502 5.5.1 no"),
        (
            "for now",
            b"454 4.3.0 later\r\n",
            2,
            "CRITICAL - TLS is broken on the server: 454 4.3.0 later",
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
fn a_server_that_has_greeted_is_not_taken_for_one_that_begins_with_tls() {
    let server = Scripted::start(|stream, _| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let _ = stream.write_all(b"220 mail\r\n");
        line(&mut reader);
        let _ = stream.write_all(b"250-mail\r\n8BITMIME\r\n250 STARTTLS\r\n");
        until_closed(stream);
    });
    let outcome = check(server.port(), &[]);
    outcome.expect(2, "SMTP TLS CRITICAL - the answer is not SMTP (answer to EHLO)");
    assert!(!outcome.stdout.contains("--tls"), "{}", outcome.stdout);
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
    outcome.expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered: a firewall overwrites it");
    assert!(
        outcome.stdout.contains("AUTH PLAIN LOGIN is offered before TLS"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn one_server_without_starttls_among_several_is_critical() {
    let config = Leaf::self_signed(NAME).server_config();
    let cluster = Scripted::start(move |stream, number| {
        if number % 2 == 1 {
            if let Some(stream) = until_tls(stream) {
                speak_tls(stream, &config, false);
            }
            return;
        }
        let mut stream = BufReader::new(stream);
        let _ = stream.get_mut().write_all(b"220 mail.lab.test\r\n");
        converse(&mut stream);
    });
    check(cluster.port(), &["--quick"])
        .expect(2, "SMTP TLS CRITICAL - STARTTLS is offered on 2 of 4 connections");
    let without = Scripted::start(|stream, _| {
        let mut stream = BufReader::new(stream);
        let _ = stream.get_mut().write_all(b"220 mail.lab.test\r\n");
        converse(&mut stream);
    });
    check(without.port(), &["--quick"]).expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered");
    assert_eq!(without.connections(), 3);
}

#[test]
fn a_client_that_is_shut_out_says_so() {
    let refusing = Scripted::start(|mut stream, _| {
        let _ = stream.write_all(b"554 5.7.1 listed\r\n");
        until_closed(stream);
    });
    let outcome = check(refusing.port(), &[]);
    outcome
        .expect(3, "SMTP TLS UNKNOWN - incomplete: the server limits this host after 1 connection");

    // Plain text where TLS begins at once is what exim says at its limit.
    for (greeting, start) in [
        (
            &b"452 4.3.1 Insufficient system storage\r\n"[..],
            "the server takes no mail from anybody: 452 4.3.1 Insufficient",
        ),
        (
            b"421 Too many concurrent SMTP connections; please try again later.\r\n",
            "the server limits this host after ",
        ),
    ] {
        let full = Scripted::start(move |mut stream, _| {
            let _ = stream.write_all(greeting);
            until_closed(stream);
        });
        for options in [&["-t", "4"][..], &["-t", "4", "--tls"]] {
            check(full.port(), options)
                .expect(3, &format!("SMTP TLS UNKNOWN - incomplete: {start}"));
        }
    }

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
    assert!(outcome.stdout.contains("timed out after 3s"), "{}", outcome.stdout);
}

#[test]
fn tls_from_the_first_byte_needs_its_option_elsewhere_than_on_465() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| speak_tls(stream, &config, true));
    check(server.port(), &["-t", "2"]).expect(2, "SMTP TLS CRITICAL - no greeting after ");
    check(server.port(), &["-s", "--trust", "none", "-v"]).expect(0, "SMTP TLS OK - grade A");
}

#[test]
fn a_server_that_is_not_there_is_critical_and_a_name_that_leads_nowhere_unknown() {
    let port = free_ports(1)[0];
    check(port, &[])
        .expect(2, &format!("SMTP TLS CRITICAL - 127.0.0.1:{port}: connection refused"));
    // Longer than a label may be, so nobody is asked.
    let name = "x".repeat(64) + ".test";
    let outcome = run(Command::new(program("check_smtp_tls")).args(["-H", &name]));
    outcome.expect(3, &format!("SMTP TLS UNKNOWN - cannot look up {name}: "));
}

#[test]
fn silence_is_named_by_the_stage_it_falls_in() {
    for (answered, start) in [
        (0, "no greeting after "),
        (1, "no answer to EHLO in time"),
        (2, "no answer to STARTTLS in time"),
    ] {
        let server = Scripted::start(move |stream, _| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut stream = stream;
            let replies = ["220 mail\r\n", "250-mail\r\n250 STARTTLS\r\n"];
            for reply in replies.iter().take(answered) {
                let _ = stream.write_all(reply.as_bytes());
                line(&mut reader);
            }
            until_closed(stream);
        });
        check(server.port(), &["-t", "2"]).expect(2, &format!("SMTP TLS CRITICAL - {start}"));
    }
}

#[test]
fn silence_inside_tls_costs_neither_the_grade_nor_the_certificate() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            until_closed(rustls::StreamOwned::new(connection, stream));
        }
    });
    let seen = facts(server.port(), &["-t", "8"]);
    assert_eq!(seen["smtp"]["starttls_again"], "unknown", "{seen:#}");
    assert_eq!(seen["grade"]["grade"], "A", "{seen:#}");
    assert_eq!(seen["certificates"].as_array().unwrap().len(), 1);
}

#[test]
fn a_gigabyte_of_banner_is_left_where_it_is() {
    for (case, chunk, start) in [
        ("lines", &b"220-more\r\n"[..], "CRITICAL - the reply does not end"),
        ("one line", b"220 more and", "CRITICAL - the reply has a line of more than 2048 bytes"),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let server = Scripted::start({
            let (chunk, sent) = (chunk.repeat(65_536 / chunk.len()), sent.clone());
            move |mut stream, _| {
                while sent.load(Ordering::SeqCst) < 1 << 30 && stream.write_all(&chunk).is_ok() {
                    sent.fetch_add(chunk.len(), Ordering::SeqCst);
                }
            }
        });
        check(server.port(), &[]).expect(2, &format!("SMTP TLS {start}"));
        drop(server);
        // What the kernel holds for both ends, and no more.
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 64 << 20, "{case}: {sent} bytes were taken");
    }
}

/// Keeps what comes behind STARTTLS and answers it inside TLS, as in CVE-2011-0411.
fn obey(stream: TcpStream, config: &Arc<rustls::ServerConfig>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let _ = stream.write_all(b"220 mail\r\n");
    while !line(&mut reader).starts_with("STARTTLS") {
        if stream.write_all(b"250-mail\r\n250 STARTTLS\r\n").is_err() {
            return;
        }
    }
    let kept = reader.buffer().to_vec();
    let _ = stream.write_all(b"220 go\r\n");
    let connection = rustls::ServerConnection::new(config.clone()).unwrap();
    let mut secured = BufReader::new(rustls::StreamOwned::new(connection, stream));
    if !kept.is_empty() && secured.get_mut().write_all(b"250 obeyed\r\n").is_err() {
        return;
    }
    converse(&mut secured);
}

#[test]
fn a_server_that_obeys_what_was_sent_before_tls_is_critical_when_asked_for() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| obey(stream, &config));
    check(server.port(), &["--injection"]).expect(
        2,
        "SMTP TLS CRITICAL - commands before TLS are obeyed inside it (CVE-2011-0411) | ",
    );
    let outcome = check(server.port(), &[]);
    outcome.expect(0, "SMTP TLS OK - grade A");
    labels::prints_all("check_smtp_tls", &outcome, &[]);
    assert_eq!(facts(server.port(), &["--injection"])["injection"], "yes");
}

#[test]
fn a_server_that_does_not_obey_what_was_sent_before_tls_is_ok_and_one_that_limits_us_unknown() {
    for (case, answer, fact, code) in [
        ("forgets", &b"220 go\r\n"[..], "no", 0),
        ("refuses", b"501 5.5.4 no\r\n", "no", 0),
        ("answers in the clear", b"220 go\r\n250 ok\r\n", "no", 0),
        ("limits", b"454 4.7.0 later\r\n", "unknown", 3),
    ] {
        let config = Leaf::self_signed(NAME).server_config();
        let server = Scripted::start(move |stream, _| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut stream = stream;
            let _ = stream.write_all(b"220 mail\r\n");
            while !line(&mut reader).starts_with("STARTTLS") {
                if stream.write_all(b"250-mail\r\n250 STARTTLS\r\n").is_err() {
                    return;
                }
            }
            if reader.buffer().is_empty() {
                let _ = stream.write_all(b"220 go\r\n");
                speak_tls(stream, &config, false);
            } else {
                let _ = stream.write_all(answer);
                if answer.starts_with(b"220") {
                    speak_tls(stream, &config, false);
                }
            }
        });
        let outcome = check(server.port(), &["--injection"]);
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        let seen = facts(server.port(), &["--injection"]);
        assert_eq!(seen["injection"], fact, "{case}");
    }
}

#[test]
fn connections_keep_their_distance_with_delay() {
    let config = Leaf::self_signed(NAME).server_config();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let server = Scripted::start({
        let begun = begun.clone();
        move |stream, _| {
            begun.lock().unwrap().push(Instant::now());
            if let Some(stream) = until_tls(stream) {
                speak_tls(stream, &config, false);
            }
        }
    });
    check(server.port(), &["--quick", "--delay", "1s"]).expect(0, "SMTP TLS OK - certificate");
    let begun = begun.lock().unwrap();
    assert_eq!(begun.len(), 2);
    assert!(begun[1] - begun[0] >= Duration::from_secs(1));
}
