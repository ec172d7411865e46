//! `check_smtp_tls` and SSLv2: on the server itself and on the other listeners of its site.

use std::io::{BufReader, Write};

use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, line, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::{check, facts};

#[test]
fn sslv2_is_critical_also_without_ciphers() {
    let certificate = Leaf::self_signed(NAME).der().to_vec();
    for (case, kinds) in [("ciphers", &[0x01, 0x00, 0x80, 0x02, 0x00, 0x80][..]), ("none", &[])] {
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
        assert!(outcome.stdout.contains("\n[CRITICAL] SSLv2    offered\n"), "{}", outcome.stdout);
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
        outcome.expect(2, &format!("SMTP TLS CRITICAL - 127.0.0.1:{port} speaks SSLv2 | "));
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
    [&(0x8000 | u16::try_from(body.len()).unwrap()).to_be_bytes()[..], &body].concat()
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

/// How a listener opens: its greeting, the command it waits for, and its answers to that.
struct Opening {
    preamble: &'static str,
    greeting: &'static [u8],
    command: &'static str,
    yes: &'static [u8],
    no: &'static [u8],
}

const OPENINGS: [Opening; 2] = [
    Opening {
        preamble: "imap",
        greeting: b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
        command: "a STARTTLS",
        yes: b"* 1 EXISTS\r\na OK begin\r\n",
        no: b"a BAD what?\r\n",
    },
    Opening {
        preamble: "pop3",
        greeting: b"+OK ready\r\n",
        command: "STLS",
        yes: b"+OK begin\r\n",
        no: b"-ERR what?\r\n",
    },
];

impl Opening {
    /// A listener that, after this opening, gives `answer` to an SSLv2 hello; without one it refuses TLS.
    fn listen(&'static self, answer: Option<Vec<u8>>) -> Scripted {
        Scripted::start(move |mut stream, _| {
            let mut reader = BufReader::with_capacity(1, stream.try_clone().unwrap());
            let _ = stream.write_all(self.greeting);
            assert_eq!(line(&mut reader).trim_end(), self.command);
            let _ = stream.write_all(if answer.is_some() { self.yes } else { self.no });
            let mut first = [0];
            if let (Some(answer), Ok(1)) = (&answer, stream.peek(&mut first)) {
                assert_eq!(first, [0x80], "an SSLv2 hello");
                let _ = stream.write_all(answer);
            }
            until_closed(stream);
        })
    }
}

#[test]
fn listeners_of_imap_and_pop3_are_asked_in_their_own_words() {
    let leaf = Leaf::self_signed(NAME);
    let config = leaf.server_config();
    let good = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let kinds = [0x01, 0x00, 0x80];
    let other = Leaf::self_signed(NAME);
    for opening in &OPENINGS {
        for (case, answer, code, start) in [
            (
                "the same key",
                Some(ssl2_hello(leaf.der(), &kinds)),
                2,
                "CRITICAL - grade F: LISTENER speaks SSLv2 with the same key",
            ),
            (
                "another key",
                Some(ssl2_hello(other.der(), &kinds)),
                2,
                "CRITICAL - LISTENER speaks SSLv2 | ",
            ),
            (
                "a broken certificate",
                Some(ssl2_hello(b"junk", &kinds)),
                2,
                "CRITICAL - LISTENER speaks SSLv2 | ",
            ),
            ("an alert", Some(b"\x15\x03\x00\x00\x02\x02\x46".to_vec()), 0, "OK - grade A"),
            ("junk", Some(vec![0xff; 9]), 3, "UNKNOWN - SSLv2 on LISTENER unknown: "),
            ("no TLS", None, 3, "UNKNOWN - SSLv2 on LISTENER unknown: "),
        ] {
            let listener = opening.listen(answer);
            let name = format!("127.0.0.1:{}", listener.port());
            let option = format!("{name}/{}", opening.preamble);
            let outcome = check(good.port(), &["--drown-host", &option]);
            eprintln!("{} {case}", opening.preamble);
            outcome.expect(code, &format!("SMTP TLS {}", start.replace("LISTENER", &name)));
        }
    }
}
