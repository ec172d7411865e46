//! Answers of a scripted server: the conversation, logins, and what no real server gives on demand.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::{DELIVER, RECIPIENT, check};
use crate::support::labels;
use crate::support::mail_server::{MailServer, Way};
use crate::support::mails;
use crate::support::scripted::{Scripted, keeps_waiting, until_closed};

#[test]
fn a_session_goes_as_far_as_the_recipients_and_sends_no_mail() {
    let server = MailServer::start(|_, _| None);
    let other = ["--recipient", "other@own.test", "--recipient", RECIPIENT, "-v"];
    let outcome = check(server.port(), &other);
    outcome.expect(0, "SMTP ACCEPT OK - mail to 2 recipients is accepted up to RCPT | time=0.");
    labels::prints_all("check_smtp_accept", &outcome, &[]);
    assert_eq!(outcome.metric("recipients"), Some("2"));
    assert_eq!(outcome.metric("refused"), Some("0"));
    assert_eq!(server.connections(), 1);
    assert_eq!(
        server.heard(Way::Clear),
        [
            "EHLO monitor.test",
            "MAIL FROM:<>",
            "RCPT TO:<probe@own.test>",
            "RCPT TO:<other@own.test>",
            "RSET",
            "QUIT",
            "EOF"
        ]
    );
    let server = MailServer::start(|_, _| None);
    check(server.port(), &["-S", "--sender", "me@own.test"]).expect(0, "SMTP ACCEPT OK - ");
    assert_eq!(server.heard(Way::Starttls)[1], "MAIL FROM:<me@own.test>");
}

#[test]
fn a_mail_is_delivered_where_that_is_asked_for_and_says_what_it_is() {
    let server = mails::MailServer::start(|_, _| None);
    check(server.port(), &DELIVER)
        .expect(0, "SMTP ACCEPT OK - mail to probe@own.test is accepted: 250 ok");
    let mail = server.mails().remove(0);
    assert_eq!(mails::header(&mail, "To"), Some("<probe@own.test>"));
    assert_eq!(mails::header(&mail, "Auto-Submitted"), Some("auto-generated"));
    // A mailbox that is refused gets none.
    let server =
        mails::MailServer::start(|command, _| (command == "RCPT").then_some("550 5.1.1 no\r\n"));
    check(server.port(), &DELIVER).expect(2, "SMTP ACCEPT CRITICAL - probe@own.test: the mailbox");
    assert!(server.mails().is_empty());
}

#[test]
fn what_ends_a_session_is_judged_for_what_it_means() {
    type Answers = fn(Way, &str) -> Option<&'static str>;
    let cases: [(&str, Answers, i32, &str); 9] = [
        (
            "a limit",
            |_, command| (command == "greeting").then_some("421 4.7.0 too many connections"),
            3,
            "UNKNOWN - 127.0.0.1:",
        ),
        (
            "421 without a cause",
            |_, command| command.starts_with("RCPT").then_some("421 closing"),
            3,
            "UNKNOWN - probe@own.test: this host is limited or blocked: 421 closing |",
        ),
        (
            "a full disk",
            |_, command| command.starts_with("MAIL").then_some("452 4.3.1 Insufficient storage"),
            2,
            "CRITICAL - no mail is taken: 452 4.3.1 Insufficient storage, to MAIL |",
        ),
        (
            "greylisting",
            |_, command| command.starts_with("RCPT").then_some("451 4.7.1 Greylisted"),
            0,
            "OK - probe@own.test: greylisted: 451 4.7.1 Greylisted |",
        ),
        (
            "TLS demanded",
            |way, command| {
                (way == Way::Clear && command.starts_with("MAIL"))
                    .then_some("530 5.7.0 Must issue a STARTTLS command first")
            },
            3,
            "UNKNOWN - TLS is demanded: 530 5.7.0 Must issue a STARTTLS command first, to MAIL |",
        ),
        (
            "hangs up at RCPT",
            |_, command| command.starts_with("RCPT").then_some(""),
            2,
            "CRITICAL - 127.0.0.1:",
        ),
        ("no greeting", |_, command| (command == "greeting").then_some(""), 2, "CRITICAL - 127."),
        (
            "junk",
            |_, command| command.starts_with("MAIL").then_some("what?"),
            2,
            "CRITICAL - 127.0.0.1:",
        ),
        (
            "a RSET that is refused",
            |_, command| (command == "RSET").then_some("500 what"),
            0,
            "OK - mail to probe@own.test is accepted up to RCPT |",
        ),
    ];
    for (case, answers, code, start) in cases {
        let server = MailServer::start(answers);
        let outcome = check(server.port(), &[]);
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        assert!(
            outcome.stdout.starts_with(&format!("SMTP ACCEPT {start}")),
            "{case}: {}",
            outcome.stdout
        );
    }
}

#[test]
fn a_server_that_is_silent_is_critical_with_the_seconds_waited() {
    let silent = Scripted::start(|stream, _| until_closed(stream));
    let outcome = check(silent.port(), &["-t", "4"]);
    outcome.expect(2, "SMTP ACCEPT CRITICAL - 127.0.0.1:");
    assert!(outcome.stdout.contains(": no greeting after 2 s | "), "{}", outcome.stdout);
    let dead_scanner =
        mails::MailServer::start(|command, _| (command == mails::DOT).then_some(mails::SILENCE));
    let outcome = check(dead_scanner.port(), &[&DELIVER[..], &["-t", "4"]].concat());
    assert_eq!(outcome.code, 2, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("no answer to the final dot after "), "{}", outcome.stdout);
}

#[test]
fn a_slow_greeting_is_waited_for_and_judged_by_the_limits() {
    let slow = Scripted::start(|mut stream, _| {
        keeps_waiting(&stream, Duration::from_millis(1200));
        let _ = stream.write_all(b"220 hi\r\n");
        let mut reader = std::io::BufReader::new(stream);
        crate::support::scripted::converse(&mut reader);
    });
    // It takes no mail, which is another matter.
    let outcome = check(slow.port(), &["-t", "10", "-vv"]);
    assert!(outcome.stdout.contains("\ngreeting after 1."), "{}", outcome.stdout);
}

/// A file that holds a login, and that others may read or not.
fn login(text: &str, mode: u32) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("login");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (dir, path)
}

fn offers(mechanisms: &'static str) -> impl Fn(Way, &str) -> Option<&'static str> {
    move |way, command| match (way, command) {
        (Way::Tls, command) if command.starts_with("EHLO") => Some(mechanisms),
        (_, "AUTH PLAIN AHByb2JlAHNlY3JldA==" | "c2VjcmV0") => Some("235 2.7.0 ok"),
        (_, "AUTH LOGIN") => Some("334 VXNlcm5hbWU6"),
        (_, "cHJvYmU=") => Some("334 UGFzc3dvcmQ6"),
        (_, command) if command.starts_with("AUTH") => Some("535 5.7.8 no"),
        _ => None,
    }
}

#[test]
fn a_login_goes_inside_tls_by_either_mechanism_and_is_never_shown() {
    let (_keep, file) = login("probe:secret\n", 0o600);
    let auth = ["-s", "--auth-file", file.to_str().unwrap(), "-vv"];
    for mechanisms in ["250-mail\r\n250 AUTH PLAIN LOGIN", "250-mail\r\n250 AUTH LOGIN"] {
        let server = MailServer::start_tls(offers(mechanisms));
        let outcome = check(server.port(), &auth);
        outcome.expect(0, "SMTP ACCEPT OK - mail to probe@own.test is accepted up to RCPT");
        assert!(!outcome.stdout.contains("secret"), "{}", outcome.stdout);
        let heard = server.heard(Way::Tls);
        let mail = heard.iter().position(|line| line.starts_with("MAIL")).unwrap();
        assert!(heard[..mail].iter().any(|line| line.starts_with("AUTH")), "{heard:?}");
    }
}

#[test]
fn a_login_that_cannot_be_is_one_clear_line_and_nothing_is_sent() {
    let (_keep, wrong) = login("probe:wrong", 0o600);
    let (_keep_open, open) = login("probe:secret", 0o644);
    let (_keep_bad, bad) = login("secret", 0o600);
    for (file, mechanisms, code, start) in [
        (
            &wrong,
            "250-mail\r\n250 AUTH PLAIN",
            2,
            "CRITICAL - the login is refused: 535 5.7.8 no, to AUTH | ",
        ),
        (&wrong, "250 mail", 2, "CRITICAL - AUTH is not offered | "),
        (
            &wrong,
            "250-mail\r\n250 AUTH GSSAPI",
            2,
            "CRITICAL - neither AUTH PLAIN nor AUTH LOGIN is offered, but GSSAPI | ",
        ),
        (&open, "250 mail", 3, "UNKNOWN - /"),
        (&bad, "250 mail", 3, "UNKNOWN - /"),
    ] {
        let server = MailServer::start_tls(offers(mechanisms));
        let outcome = check(server.port(), &["-s", "--auth-file", file.to_str().unwrap()]);
        outcome.expect(code, &format!("SMTP ACCEPT {start}"));
        assert!(!outcome.stdout.contains("secret"), "{}", outcome.stdout);
        let heard = server.heard(Way::Tls);
        assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
        assert_eq!(server.connections(), usize::from(code == 2), "{start}");
    }
}

#[test]
fn a_password_is_not_sent_where_the_certificate_must_be_valid_and_is_not() {
    let (_keep, file) = login("probe:secret", 0o600);
    let server = MailServer::start_tls(offers("250-mail\r\n250 AUTH PLAIN"));
    let options = ["-s", "--require-valid", "--auth-file", file.to_str().unwrap()];
    check(server.port(), &options).expect(2, "SMTP ACCEPT CRITICAL - certificate is ");
    assert!(!server.heard(Way::Tls).iter().any(|line| line.starts_with("AUTH")));
}
