//! `check_smtp_tls` and bytes of TLS and certificates that are made to harm.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use crate::support::Outcome;
use crate::support::pki::{Leaf, NAME};
use crate::support::relay::Relay;
use crate::support::scripted::{Scripted, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::{check, facts};

fn serve(leaf: &Leaf) -> Scripted {
    let config = leaf.server_config();
    Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    })
}

/// What holds whatever a server sends: one line for a phone, no second `|`, nothing a terminal or a shell acts on.
#[track_caller]
fn assert_clean(outcome: &Outcome) {
    let text = &outcome.stdout;
    assert!((0..=3).contains(&outcome.code), "{text}");
    assert_eq!(text.matches('|').count(), 1, "{text}");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    assert!(!text.contains(['$', '<', '\u{202e}']), "{text}");
}

#[test]
fn hostile_names_harm_neither_the_output_nor_the_check() {
    let hostile = "evil | x=1;2\n\u{202e}$HOSTNAME$<script>`id`\x1b[2J\0\r\u{7f}";
    let ascii = "evil | x=1;2\n[OK] fine\n$HOSTNAME$<b>`id`\x1b[2J\0\r\x7f";
    let long = "a".repeat(20_000);
    for (case, names, common_name) in [
        ("the subject", vec![NAME], hostile),
        ("a name", vec![ascii], "mail"),
        ("names without end", vec![ascii; 500], hostile),
        ("a long name", vec![&*long], &*long),
        ("an empty name", vec![""], ""),
    ] {
        let server = serve(&Leaf::self_signed_for(&names, common_name));
        let outcome = check(server.port(), &["-v", "--trust", "pkix"]);
        eprintln!("{case}");
        outcome.expect(2, "SMTP TLS CRITICAL - certificate is ");
        assert_clean(&outcome);
        assert!(outcome.first_line().len() < 500, "{}", outcome.first_line());
        assert!(!outcome.stdout.contains("[OK] fine"), "{}", outcome.stdout);
        let seen = facts(server.port(), &["--quick"]);
        assert!(seen["certificates"].as_array().is_some_and(|all| !all.is_empty()));
    }
}

#[test]
fn a_chain_without_end_is_named_and_a_long_one_read() {
    let server = serve(&Leaf::self_signed(NAME).times(1000));
    for options in [&["-v"][..], &["--quick"]] {
        let outcome = check(server.port(), options);
        outcome.expect(2, "SMTP TLS CRITICAL - TLS handshake failed: ");
        assert_clean(&outcome);
    }
    let server = serve(&Leaf::self_signed(NAME).times(100));
    let outcome = check(server.port(), &["-v"]);
    outcome.expect(0, "SMTP TLS OK - grade A, certificate valid");
    assert!(outcome.stdout.contains("\nchain 1: 100 certificates sent"), "{}", outcome.stdout);
}

#[test]
fn a_certificate_that_cannot_be_read_is_never_ok() {
    let good = Leaf::self_signed(NAME);
    let der = good.der();
    for (case, der) in [
        ("empty", vec![]),
        ("junk", b"junk".to_vec()),
        ("cut", der[..der.len() / 2].to_vec()),
        ("a length beyond the end", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
        ("nested without end", [0x30, 0x80].repeat(10_000)),
    ] {
        let server = serve(&Leaf::self_signed(NAME).replaced_by(der));
        for options in [&["-v"][..], &["--quick"]] {
            let outcome = check(server.port(), options);
            eprintln!("{case}");
            outcome.expect(2, "SMTP TLS CRITICAL - the certificate cannot be read (");
            assert_clean(&outcome);
        }
    }
    // That of another.
    let server = serve(&Leaf::self_signed(NAME).replaced_by(der.to_vec()));
    let outcome = check(server.port(), &["-v"]);
    outcome.expect(2, "SMTP TLS CRITICAL - the server's signature does not fit its certificate: ");
    assert_clean(&outcome);
}

/// Waits for the first byte of TLS: what is sent before is an answer to STARTTLS.
fn until_hello(stream: TcpStream) -> Option<TcpStream> {
    until_tls(stream).filter(|stream| matches!(stream.peek(&mut [0]), Ok(1)))
}

/// What a server says behind STARTTLS to the first hello of a check.
fn flight() -> Vec<u8> {
    let server = serve(&Leaf::self_signed(NAME));
    let relay = Relay::to(server.port());
    check(relay.port(), &["--quick"]).expect(0, "SMTP TLS OK - certificate valid");
    let talks = relay.talks();
    talks[0].tls().unwrap().1.to_vec()
}

#[test]
fn tls_that_ends_at_any_byte_is_one_clear_line_and_never_ok() {
    let flight = Arc::new(flight());
    // Header and hello byte by byte, the rest, which is encrypted, in steps.
    let ends = (0..130).chain((130..flight.len()).step_by(211));
    for end in ends {
        let flight = flight.clone();
        let server = Scripted::start(move |stream, _| {
            if let Some(mut stream) = until_hello(stream) {
                let _ = stream.write_all(&flight[..end]);
            }
        });
        let outcome = check(server.port(), &["--quick"]);
        assert_eq!(outcome.code, 2, "{end}: {}", outcome.stdout);
        assert_clean(&outcome);
    }
}

#[test]
fn tls_that_comes_byte_by_byte_is_read_like_any_other() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let dripping = Scripted::start({
        let port = server.port();
        move |client, _| drip(&client, port)
    });
    let whole = check(server.port(), &["-v"]);
    let dripped = check(dripping.port(), &["-v"]);
    dripped.expect(0, "SMTP TLS OK - grade A");
    let versions = |outcome: &Outcome| crate::support::smtp_tls::offered(outcome);
    assert_eq!(versions(&whole), versions(&dripped));
}

/// Carries what the server on `port` says in segments of one byte.
fn drip(client: &TcpStream, port: u16) {
    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_nodelay(true).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &*client, &mut &server);
            let _ = server.shutdown(std::net::Shutdown::Write);
        });
        let mut bytes = std::io::Read::bytes(&server);
        while let Some(Ok(byte)) = bytes.next() {
            if (&*client).write_all(&[byte]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(std::net::Shutdown::Both);
    });
}

#[test]
fn junk_behind_starttls_is_one_clear_line_and_never_ok() {
    for (case, bytes) in [
        ("text", b"250 still here\r\n".to_vec()),
        ("an unknown record", vec![0x42; 64]),
        ("a record above the limit", vec![0x16, 3, 3, 0xff, 0xff, 2]),
        ("an empty record", vec![0x16, 3, 3, 0, 0]),
        ("encrypted at once", vec![0x17, 3, 3, 0, 1, 0]),
        ("another message", vec![0x16, 3, 3, 0, 4, 14, 0, 0, 0]),
        ("a message above the limit", vec![0x16, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff]),
        ("an alert of one byte", vec![0x15, 3, 3, 0, 1, 2]),
        ("an unknown alert", vec![0x15, 3, 3, 0, 2, 2, 0xee]),
        ("a flight without end", [0x16, 3, 3, 0, 4, 0, 0, 0, 0].repeat(100_000)),
    ] {
        let server = Scripted::start(move |stream, _| {
            if let Some(mut stream) = until_hello(stream) {
                let _ = stream.write_all(&bytes);
                until_closed(stream);
            }
        });
        let outcome = check(server.port(), &["-t", "2"]);
        eprintln!("{case}: {}", outcome.first_line());
        assert_eq!(outcome.code, 2, "{case}: {}", outcome.stdout);
        assert!(!outcome.stdout.contains("SSLv2 is offered"), "{case}: {}", outcome.stdout);
        assert_clean(&outcome);
    }
}
