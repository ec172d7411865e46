//! `check_smtp_tls` and SSLv2: on the server itself and on the other listeners of its site.

use std::io::Write;

use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::{check, facts};

#[test]
fn sslv2_is_critical_also_without_ciphers() {
    let certificate = Leaf::self_signed(NAME).der().to_vec();
    for (case, kinds) in [
        ("ciphers", &[0x01, 0x00, 0x80, 0x02, 0x00, 0x80][..]),
        ("none", &[]),
    ] {
        let certificate = certificate.clone();
        let answer = ssl2_hello(&certificate, kinds);
        let config = Leaf::self_signed(NAME).server_config();
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
            let config = Leaf::self_signed(NAME).server_config();
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
fn another_listener_that_only_closes_is_unknown_and_not_free_of_sslv2() {
    let config = Leaf::self_signed(NAME).server_config();
    let good = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let closing = Scripted::start(|stream, _| drop(stream));
    let listener = format!("127.0.0.1:{}/tls", closing.port());
    check(good.port(), &["--drown-host", &listener])
        .expect(3, "SMTP TLS UNKNOWN - SSLv2 on 127.0.0.1:");
    let config = Leaf::self_signed(NAME).server_config();
    let modern = Scripted::start(move |stream, _| speak_tls(stream, &config, true));
    let listener = format!("127.0.0.1:{}/tls", modern.port());
    check(good.port(), &["--drown-host", &listener]).expect(0, "SMTP TLS OK - grade A");
}
