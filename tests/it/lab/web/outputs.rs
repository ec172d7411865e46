//! What each shipped service says in each state, from the programs themselves.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::mail_server::{MailServer, Way};
use crate::support::mails;
use crate::support::pki::{Leaf, NAME};
use crate::support::pushover::Host;
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::{Outcome, program, run};

/// A program, with `--quick` where it says so, and what it printed. Every program is there in every state.
pub(super) type Said = Vec<(&'static str, Outcome)>;

pub(super) fn said() -> Said {
    let mut said = Said::new();
    queue(&mut said);
    version(&mut said);
    smtp_tls(&mut said);
    smtp_forced_tls(&mut said);
    smtp_malware(&mut said);
    smtp_accept(&mut said);
    pushover(&mut said);
    said
}

fn check(name: &str, options: &[&str]) -> Outcome {
    run(Command::new(program(name)).args(options).arg("-v"))
}

#[track_caller]
fn add(said: &mut Said, name: &'static str, code: i32, outcome: Outcome) {
    assert_eq!(outcome.code, code, "{name}: {}", outcome.stdout);
    said.push((name, outcome));
}

fn queue(said: &mut Said) {
    let queue = QueueTree::new();
    queue.messages(9);
    let path = queue.path().to_str().unwrap();
    for (code, options) in [
        (0, &["--queue-dir", path, "--warning-free=~:", "--critical-free=~:"][..]),
        (1, &["--queue-dir", path, "-w", "5", "--critical-free=0:"]),
        (2, &["--queue-dir", path, "--critical-free=100:", "-w", "5"]),
        // A missing queue once broke every page that showed it.
        (3, &["--queue-dir", "/nonexistent"]),
    ] {
        add(said, "check_axigen_queue", code, check("check_axigen_queue", options));
    }
}

fn version(said: &mut Said) {
    for (code, answer, more) in [
        (0, "10.7.3|Linux|x86_64\r\n", &[][..]),
        (1, "10.6.30|Linux|x86_64\r\n", &[]),
        (2, "10.6.30|Linux|x86_64\r\n", &["--vulnerable-state", "CRITICAL"]),
        (3, "220 mail.example ESMTP <b>[OK]</b>\r\n", &["--tls"]),
    ] {
        let server = Scripted::start(move |stream, _| answer_one_line(&stream, answer));
        let port = server.port().to_string();
        let options = [&["-H", "127.0.0.1", "-p", &port], more].concat();
        add(said, "check_axigen_version", code, check("check_axigen_version", &options));
    }
}

fn answer_one_line(stream: &TcpStream, answer: &str) {
    let mut out = stream;
    let _ = out.write_all(b"Welcome to AXIGEN's Command Line Interface\r\n<login> ");
    let _ = BufReader::new(stream).read_line(&mut String::new());
    let _ = out.write_all(answer.as_bytes());
    let _ = out.write_all(b"+OK: command successful\r\n<login> ");
}

fn smtp_tls(said: &mut Said) {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let port = server.port().to_string();
    let at = ["-H", "127.0.0.1", "-p", &port, "--sni", NAME];
    for (name, more) in [("check_smtp_tls", &[][..]), ("check_smtp_tls--quick", &["--quick"])] {
        let look = |options: &[&str]| check("check_smtp_tls", &[more, options].concat());
        add(said, name, 0, look(&at));
        let short = ["--warning-certificate", "100%", "--critical-certificate", "1d"];
        add(said, name, 1, look(&[&at[..], &short].concat()));
        add(said, name, 2, look(&[&at[..], &["--trust", "pkix"]].concat()));
        add(said, name, 3, look(&["-H", "no-such-host.invalid"]));
    }
}

fn smtp_forced_tls(said: &mut Said) {
    for (code, answer) in [
        (0, Some("550 5.7.1 Encryption needed")),
        (1, Some("450 4.7.1 Encryption needed")),
        (2, None),
        (3, Some("451 4.7.1 Greylisted")),
    ] {
        let server = MailServer::start(move |way, command| {
            let is_caught = way == Way::Clear && command.to_lowercase().contains("@partner.test>");
            answer.filter(|_| is_caught)
        });
        let port = server.port().to_string();
        let options = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--domain",
            "partner.test",
            "--recipient",
            "a@lab.test",
        ];
        add(said, "check_smtp_forced_tls", code, check("check_smtp_forced_tls", &options));
    }
}

fn smtp_malware(said: &mut Said) {
    for (code, answer) in [
        (0, Some("550 5.7.1 Infected\r\n")),
        (1, Some("451 4.7.1 scanner down\r\n")),
        (2, None),
        (3, Some("354 [OK] go on\r\n")),
    ] {
        let server = mails::MailServer::start(move |command, mail| {
            answer.filter(|_| command == mails::DOT && !mails::is_clean(mail))
        });
        let port = server.port().to_string();
        let options = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--recipient",
            "a@own.test",
            "--allow-recipient-domain",
            "own.test",
        ];
        add(said, "check_smtp_malware", code, check("check_smtp_malware", &options));
    }
}

fn smtp_accept(said: &mut Said) {
    for (code, more, start, answer) in [
        (0, &[][..], "RCPT", None),
        (1, &["-w", "0"], "RCPT", None),
        (2, &[], "RCPT", Some("550 5.7.1 relaying denied")),
        (3, &[], "greeting", Some("421 4.7.0 too many connections")),
    ] {
        let server =
            MailServer::start(move |_, command| answer.filter(|_| command.starts_with(start)));
        let port = server.port().to_string();
        let at = ["-H", "127.0.0.1", "-p", &port, "--recipient", "postmaster@own.test"];
        let outcome = check("check_smtp_accept", &[&at, more].concat());
        add(said, "check_smtp_accept", code, outcome);
    }
}

fn pushover(said: &mut Said) {
    let limits = r#"{"limit":10000,"remaining":150,"reset":1393653600,"status":1,"request":"r"}"#;
    let server = HttpServer::start(move |_, request| match request.path.as_str() {
        "/1/apps/limits.json" => Reply::json(200, limits),
        _ => Reply::accepted(),
    });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for (code, options) in [
        (0, &[][..]),
        (1, &["--quota", "--critical-quota=0:"]),
        (2, &["--quota"]),
        (3, &["--spool-dir", "/nonexistent"]),
    ] {
        add(said, "check_pushover", code, host.check(options));
    }
}
