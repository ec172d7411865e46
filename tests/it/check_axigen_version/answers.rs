//! What the CLI service says, and what it does not say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, keeps_waiting, until_closed};
use crate::support::{Outcome, labels, program, run};

const GREETING: &str = "Welcome to AXIGEN's Command Line Interface\r\n<login> ";
const FIXED: &str = "10.7.3|Linux|x86_64\r\n+OK: command successful\r\n<login> ";
const OPEN: &str = "10.6.30|Linux|x86_64\r\n+OK: command successful\r\n<login> ";

fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_axigen_version"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(options))
}

/// A CLI service that greets, waits for a line and answers it; what it heard until the client left.
fn service(greeting: &'static str, answer: &'static str) -> (Scripted, Arc<Mutex<String>>) {
    let heard = Arc::new(Mutex::new(String::new()));
    let server = Scripted::start({
        let heard = heard.clone();
        move |stream, _| {
            let all = converse(stream, greeting, answer);
            heard.lock().unwrap().push_str(&all);
        }
    });
    (server, heard)
}

fn converse(stream: impl Read + Write, greeting: &str, answer: &str) -> String {
    let mut stream = BufReader::new(stream);
    let mut heard = String::new();
    let _ = stream.get_mut().write_all(greeting.as_bytes());
    let _ = stream.read_line(&mut heard);
    let _ = stream.get_mut().write_all(answer.as_bytes());
    let _ = stream.get_mut().flush();
    let _ = stream.read_to_string(&mut heard);
    heard
}

#[test]
fn the_release_is_judged_and_no_login_is_ever_sent() {
    let (server, heard) = service(GREETING, FIXED);
    let outcome = check(server.port(), &["-v"]);
    outcome.expect(0, "AXIGEN VERSION OK - Axigen 10.7.3, holes: none known as of 2026-");
    assert!(outcome.stdout.contains("answer: 10.7.3/Linux/x86_64"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("CVE-2026-127218 (2026-11-16): one "), "{}", outcome.stdout);
    labels::prints_all("check_axigen_version", &outcome, &[]);
    assert!(outcome.metric("time").is_some_and(|time| time.parse::<f64>().unwrap() < 5.0));
    drop(server);
    assert_eq!(*heard.lock().unwrap(), "GET VERSION\r\n");

    let (server, _) = service(GREETING, OPEN);
    check(server.port(), &[]).expect(
        1,
        "AXIGEN VERSION WARNING - Axigen 10.6.30 has 1 known hole: CVE-2026-127218; fixed in 10.6.41 | ",
    );
    check(server.port(), &["--vulnerable-state", "CRITICAL"])
        .expect(2, "AXIGEN VERSION CRITICAL - Axigen 10.6.30 has 1 known hole");
    check(server.port(), &["--minimum", "10.6.20,10.7.3"]).expect(
        0,
        "AXIGEN VERSION OK - Axigen 10.6.30, accepted by --minimum 10.6.20 with CVE-2026-127218",
    );
    check(server.port(), &["--minimum", "10.6.41,10.7.3"])
        .expect(1, "AXIGEN VERSION WARNING - Axigen 10.6.30 is older than 10.6.41");
    check(server.port(), &["--minimum", "10.7.3"])
        .expect(1, "AXIGEN VERSION WARNING - Axigen 10.6.30: no fixed release named for 10.6");
}

#[test]
fn json_names_release_and_holes() {
    let (server, _) = service(GREETING, OPEN);
    let outcome = check(server.port(), &["--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["facts"]["version"]["release"], "10.6.30");
    assert_eq!(report["facts"]["holes"], serde_json::json!(["CVE-2026-127218"]));
    assert_eq!(report["facts"]["holes_as_of"], "2026-11-26");
}

#[test]
fn tls_is_spoken_from_the_first_byte_on() {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        converse(rustls::StreamOwned::new(connection, stream), GREETING, FIXED);
    });
    check(server.port(), &["--tls"]).expect(0, "AXIGEN VERSION OK - Axigen 10.7.3, ");
    // Such a listener waits for us to begin.
    let outcome = check(server.port(), &["-t", "3"]);
    outcome.expect(2, "AXIGEN VERSION CRITICAL - 127.0.0.1 port ");
    assert!(outcome.stdout.contains("no prompt in time"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("needs --tls"), "{}", outcome.stdout);

    let (server, _) = service(GREETING, FIXED);
    let outcome = check(server.port(), &["--tls"]);
    outcome.expect(3, "AXIGEN VERSION UNKNOWN - 127.0.0.1 port ");
    assert!(outcome.stdout.contains("answered with text: Welcome"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("\nleave out --tls"), "{}", outcome.stdout);
}

#[test]
fn refusal_and_silence_are_critical() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(closed, &[])
        .expect(2, &format!("AXIGEN VERSION CRITICAL - 127.0.0.1:{closed}: connection refused"));
    let silent = Scripted::start(|stream, _| until_closed(stream));
    let outcome = check(silent.port(), &["-t", "3"]);
    outcome.expect(2, "AXIGEN VERSION CRITICAL - ");
    assert!(outcome.stdout.contains("no prompt in time"), "{}", outcome.stdout);
    let leaving = Scripted::start(|stream, _| drop(stream));
    let outcome = check(leaving.port(), &[]);
    outcome.expect(2, "AXIGEN VERSION CRITICAL - ");
    assert!(outcome.stdout.contains("connection closed instead of the prompt"));
    let (mute, _) = service(GREETING, "");
    let outcome = check(mute.port(), &["-t", "3"]);
    outcome.expect(2, "AXIGEN VERSION CRITICAL - ");
    assert!(outcome.stdout.contains("no answer to GET VERSION in time"), "{}", outcome.stdout);
}

#[test]
fn an_answer_that_is_none_is_unknown() {
    for (greeting, answer, said) in [
        ("220 mail.own.example ESMTP\r\n", "", "no Axigen CLI: '220 mail.own.example ESMTP'"),
        (GREETING, "-ERR: unknown command\r\n<login> ", "was refused: -ERR: unknown command"),
        (GREETING, "+OK: done\r\n<login> ", "no release in the answer '+OK: done'"),
        (GREETING, "a|b=1\r\n+OK: done\r\n<login> ", "no release in the answer 'a/b=1'"),
        (GREETING, "10.7.3|Linux|x86_64\r\n<login> ", "no whole answer to GET VERSION"),
        (GREETING, "10.7.3\r\n", "no whole answer to GET VERSION: '10.7.3'"),
    ] {
        let (server, _) = service(greeting, answer);
        let outcome = check(server.port(), &["-t", "3"]);
        outcome.expect(3, "AXIGEN VERSION UNKNOWN - 127.0.0.1 port ");
        assert!(outcome.stdout.contains(said), "{said}: {}", outcome.stdout);
    }
    check(1, &["-4", "-H", "x.invalid"]).expect(3, "AXIGEN VERSION UNKNOWN - ");
}

#[test]
fn a_flood_and_a_drip_end() {
    let flood = Scripted::start(|mut stream, _| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let outcome = check(flood.port(), &[]);
    outcome.expect(3, "AXIGEN VERSION UNKNOWN - ");
    assert!(outcome.stdout.contains("no end of the prompt"), "{}", outcome.stdout);
    let drip = Scripted::start(|mut stream: TcpStream, _| {
        while stream.write_all(b"x").is_ok() && keeps_waiting(&stream, Duration::from_millis(50)) {}
    });
    let outcome = check(drip.port(), &["-t", "2"]);
    outcome.expect(3, "AXIGEN VERSION UNKNOWN - ");
    assert!(outcome.stdout.contains("no Axigen CLI: 'xxx"), "{}", outcome.stdout);
}
