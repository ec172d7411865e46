//! Canary mails from the check to the check: handed to a stand-in for our own server, and on to the real `smtp_canary`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::canary::{DOMAIN, Sink, state_dir};
use crate::support::mails::{self, MailServer};
use crate::support::{Outcome, chmod, program, run};

const OWN: &str = "mail.own.test";
const SENDER: &str = "monitor@own.test";

fn check(server: u16, sink: u16, state: &Path, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &server.to_string(), "--sender", SENDER])
        .args(["--canary", DOMAIN, "--canary-port", &sink.to_string(), "--canary-state"])
        .arg(state)
        .args(options))
}

fn tokens(state: &Path) -> usize {
    let names = fs::read_dir(state.join("tokens")).unwrap();
    names
        .filter(|entry| !entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with('.'))
        .count()
}

/// Whom the only mail is for.
fn recipient(server: &MailServer, number: usize) -> String {
    let mail = server.mails().remove(number);
    assert_eq!(mails::header(&mail, "From"), Some("<monitor@own.test>"));
    assert_eq!(mails::header(&mail, "Auto-Submitted"), Some("auto-generated"));
    mails::header(&mail, "To").unwrap().trim_matches(['<', '>']).to_owned()
}

#[test]
fn a_mail_that_waits_and_comes_encrypted_is_the_proof() {
    let (server, state) = (MailServer::start(|_, _| None), state_dir());
    let sink = Sink::start(state.path(), &[]);
    let run = |options: &[&str]| check(server.port(), sink.port(), state.path(), options);
    run(&[]).expect(
        3,
        "SMTP FORCED TLS UNKNOWN - no proof yet: the first canary mail is on its way | waited=U",
    );
    let to = recipient(&server, 0);
    run(&[]).expect(3, "SMTP FORCED TLS UNKNOWN - no proof yet: the canary mail is on its way");
    let mut first = sink.connect();
    first.hello(OWN);
    first.expect("QUIT", "221 ");
    sink.ended();
    run(&[])
        .expect(3, "SMTP FORCED TLS UNKNOWN - no proof yet: the canary mail waits, as it should");
    assert_eq!(server.mails().len(), 1, "one is open at most");
    let mut second = sink.connect();
    second.hello(OWN);
    let mut tls = second.starttls().unwrap();
    tls.expect("EHLO mail.own.test", "250-");
    assert!(tls.hand_over(&to).starts_with("250 "));
    drop(tls);
    sink.ended();
    let outcome = run(&["-v"]);
    outcome.expect(0, "SMTP FORCED TLS OK - waited without TLS, came with TLS 1.3 after ");
    assert_eq!(outcome.metric("attempts"), Some("2"));
    for told in [
        "127.0.0.1 (mail.own.test) was offered no TLS and kept the mail",
        "127.0.0.1 (mail.own.test) handed it over encrypted by TLS 1.3, ",
    ] {
        assert!(outcome.stdout.contains(told), "{told}: {}", outcome.stdout);
    }
    assert_eq!(server.mails().len(), 2, "the next one");
}

#[test]
fn a_mail_that_comes_in_the_clear_is_told() {
    let (server, state) = (MailServer::start(|_, _| None), state_dir());
    let sink = Sink::start(state.path(), &[]);
    let run = || check(server.port(), sink.port(), state.path(), &[]);
    run();
    let to = recipient(&server, 0);
    let mut clear = sink.connect();
    clear.hello(OWN);
    assert!(clear.hand_over(&to).starts_with("250 "));
    drop(clear);
    sink.ended();
    let outcome = run();
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - handed over in the clear at ");
    assert_eq!(
        outcome.next_step(),
        Some("restore the rule that forces TLS for this domain and its partners")
    );
}

#[test]
fn a_proof_whose_first_half_is_lost_is_none() {
    let (server, state) = (MailServer::start(|_, _| None), state_dir());
    let sink = Sink::start(state.path(), &[]);
    let run = || check(server.port(), sink.port(), state.path(), &[]);
    run();
    let to = recipient(&server, 0);
    for _ in 0..2 {
        let mut client = sink.connect();
        if client.hello(OWN).contains("STARTTLS") {
            let mut tls = client.starttls().unwrap();
            tls.expect("EHLO mail.own.test", "250-");
            assert!(tls.hand_over(&to).starts_with("250 "));
        } else {
            client.expect("QUIT", "221 ");
        }
        sink.ended();
    }
    for entry in fs::read_dir(state.path().join("seen")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains(".waited.") {
            fs::remove_file(path).unwrap();
        }
    }
    run()
        .expect(1, "SMTP FORCED TLS WARNING - not proven: came encrypted without having been kept");
}

#[test]
fn a_server_that_refuses_the_mail_is_unknown_and_the_mail_is_forgotten() {
    let server =
        MailServer::start(|command, _| (command == "RCPT").then_some("554 5.7.1 Relay denied\r\n"));
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    check(server.port(), sink.port(), state.path(), &[]).expect(
        3,
        &format!(
            "SMTP FORCED TLS UNKNOWN - no canary mail handed over to 127.0.0.1:{}: 554 5.7.1 Relay denied (at RCPT)",
            server.port()
        ),
    );
    assert_eq!(tokens(state.path()), 0);
}

#[test]
fn without_a_sink_no_mail_is_handed_over() {
    let (server, state) = (MailServer::start(|_, _| None), state_dir());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(server.port(), closed, state.path(), &[]).expect(
        3,
        &format!("SMTP FORCED TLS UNKNOWN - smtp_canary does not listen: 127.0.0.1:{closed}: connection refused"),
    );
    let other = MailServer::start(|_, _| None);
    check(server.port(), other.port(), state.path(), &[])
        .expect(3, "SMTP FORCED TLS UNKNOWN - no smtp_canary there: another server answers: 220 ");
    assert_eq!(server.mails().len(), 0);
    // With one that cannot work either.
    let broken = state_dir();
    fs::remove_dir(broken.path().join("seen")).unwrap();
    let sink = Sink::start(broken.path(), &[]);
    check(server.port(), sink.port(), state.path(), &[]).expect(
        3,
        "SMTP FORCED TLS UNKNOWN - smtp_canary cannot work: 421 canary.test 4.3.0 out of",
    );
    assert_eq!(server.mails().len(), 0);
}

#[test]
fn a_state_directory_of_no_use_is_named() {
    let server = MailServer::start(|_, _| None);
    let unknown = |state: &Path, why: &str| {
        let sink = Sink::start(state, &[]);
        let start = format!("SMTP FORCED TLS UNKNOWN - {}{why}", state.display());
        check(server.port(), sink.port(), state, &[]).expect(3, &start);
        assert_eq!(server.mails().len(), 0);
    };
    let state = state_dir();
    fs::remove_dir(state.path().join("seen")).unwrap();
    unknown(state.path(), "/seen: No such file or directory");
    let state = state_dir();
    chmod(&state.path().join("tokens"), 0o777);
    unknown(state.path(), "/tokens: open to all users (mode 0777); chmod o-w it");
    let state = state_dir();
    chmod(state.path(), 0o757);
    unknown(state.path(), ": open to all users (mode 0757)");
    unknown(Path::new("/no/such/state"), ": No such file or directory");
}

#[test]
fn a_password_is_not_sent_to_a_server_that_does_not_prove_its_name() {
    use crate::support::mail_server;
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let server = mail_server::MailServer::start(|_, _| None);
    let login = state.path().join("login");
    fs::write(&login, "monitor:hunter2\n").unwrap();
    chmod(&login, 0o600);
    let outcome = check(
        server.port(),
        sink.port(),
        state.path(),
        &["-S", "--auth-file", login.to_str().unwrap()],
    );
    outcome.expect(3, "SMTP FORCED TLS UNKNOWN - no canary mail handed over to ");
    assert!(
        outcome.first_line().contains("no password sent: certificate is for "),
        "{}",
        outcome.stdout
    );
    assert!(!server.heard(mail_server::Way::Starttls).iter().any(|line| line.starts_with("AUTH")));
    assert_eq!(tokens(state.path()), 0);
}
