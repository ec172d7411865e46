//! Answers of a scripted server that no real one gives.

use super::{check, enforcing};
use crate::support::labels;
use crate::support::mail_server::{MailServer, Way};

type Answers = fn(Way, &str) -> Option<&'static str>;

/// What a scripted server answers to a command, code and start of the output.
type Fault = (&'static str, Answers, i32, &'static str);

const FAULTS: &[Fault] = &[
    (
        "minds the case",
        |way, command| {
            let is_caught = way == Way::Clear && command.contains("@partner.test>");
            is_caught.then_some("550 5.7.1 Encryption needed")
        },
        2,
        "CRITICAL - partner.test open in upper case: the rule is case-sensitive",
    ),
    (
        "another reason in upper case",
        |way, command| match (way, command) {
            (Way::Clear, "MAIL FROM:<postmaster@PARTNER.TEST>") => Some("451 4.7.1 greylisted"),
            _ => enforcing(way, command),
        },
        3,
        "UNKNOWN - partner.test undecided: 550 5.7.1 Encryption needed in the clear, but in upper case 451 4.7.1 greylisted",
    ),
    (
        "greeting 421",
        |_, command| (command == "greeting").then_some("421 4.7.0 too many connections"),
        3,
        "UNKNOWN - port ",
    ),
    (
        "greeting 554",
        |_, command| (command == "greeting").then_some("554 5.7.1 listed"),
        3,
        "UNKNOWN - port ",
    ),
    (
        "hangs up over the demand, as Google does",
        |way, command| match way {
            Way::Clear if command.starts_with("MAIL FROM:<p") => {
                Some("421 4.7.0 TLS required for RCPT domain, closing connection.")
            }
            _ => None,
        },
        1,
        "WARNING - partner.test softly enforced (421 at MAIL): senders only try again |",
    ),
    (
        "a full disk",
        |_, command| (command == "greeting").then_some("452 4.3.1 Insufficient system storage"),
        3,
        "UNKNOWN - port ",
    ),
    (
        "TLS that does not work",
        |way, command| match command {
            "STARTTLS" => Some("454 4.7.0 TLS not available due to local problem"),
            _ => enforcing(way, command),
        },
        2,
        "CRITICAL - TLS is broken on the server: 454 4.7.0 TLS not available due to local problem",
    ),
    (
        "a port for people's clients",
        |way, command| match way {
            Way::Starttls if command.starts_with("MAIL") => {
                Some("530 5.7.0 Authentication required")
            }
            _ => enforcing(way, command),
        },
        3,
        "UNKNOWN - port ",
    ),
    (
        "a firewall that knows no EHLO",
        |_, command| command.starts_with("EHLO").then_some("502 5.5.1 Command not implemented"),
        2,
        "CRITICAL - EHLO is refused: 502 5.5.1 Command not implemented, so there is no STARTTLS",
    ),
    ("no greeting", |_, command| (command == "greeting").then_some(""), 2, "CRITICAL - 127.0.0.1:"),
    (
        "another protocol",
        |_, command| (command == "greeting").then_some("* OK IMAP"),
        2,
        "CRITICAL - 127.0.0.1:",
    ),
    (
        "EHLO refused",
        |_, command| command.starts_with("EHLO").then_some("550 who are you"),
        3,
        "UNKNOWN - port ",
    ),
    (
        "421 in the conversation",
        |_, command| command.starts_with("RCPT").then_some("421 4.3.2 shutting down"),
        3,
        "UNKNOWN - port ",
    ),
    (
        "421 between two mails",
        |_, command| command.starts_with("RSET").then_some("421 4.7.0 too many errors"),
        2,
        "CRITICAL - partner.test open: ",
    ),
    (
        "hangs up at MAIL",
        |_, command| command.starts_with("MAIL").then_some(""),
        3,
        "UNKNOWN - clear: connection closed instead of the answer to MAIL, STARTTLS: connection closed",
    ),
    (
        "no reply at MAIL",
        |_, command| command.starts_with("MAIL").then_some("junk"),
        3,
        "UNKNOWN - clear: ",
    ),
    (
        "takes no RSET before STARTTLS",
        |way, command| match (way, command) {
            (Way::Clear, "RSET") => Some("530 5.7.0 Must issue a STARTTLS command first"),
            _ => enforcing(way, command),
        },
        0,
        "OK - partner.test enforced (550 at MAIL), null sender passes in the clear |",
    ),
    (
        "takes no RSET after a recipient",
        |_, command| (command == "RSET").then_some("500 what"),
        2,
        "CRITICAL - partner.test open: ",
    ),
    (
        "hangs up after each refusal",
        |way, command| match command {
            "RSET" => Some(""),
            _ => enforcing(way, command),
        },
        0,
        "OK - partner.test enforced (550 at MAIL), null sender passes in the clear |",
    ),
    (
        "no STARTTLS",
        |way, command| match (way, command.split(' ').next()) {
            (Way::Clear, Some("EHLO")) => Some("250 mail"),
            _ => enforcing(way, command),
        },
        2,
        "CRITICAL - STARTTLS is not offered: forced TLS would refuse everybody",
    ),
    (
        "STARTTLS refused for good",
        |way, command| match command {
            "STARTTLS" => Some("502 no"),
            _ => enforcing(way, command),
        },
        2,
        "CRITICAL - STARTTLS is refused: 502 no: forced TLS would refuse everybody",
    ),
    (
        "STARTTLS refused for now",
        |way, command| match command {
            "STARTTLS" => Some("454 4.7.0 too many new TLS sessions"),
            _ => enforcing(way, command),
        },
        3,
        "UNKNOWN - port ",
    ),
    (
        "an open server that limits",
        |_, command| (command == "STARTTLS").then_some("454 4.7.0 too many new TLS sessions"),
        2,
        "CRITICAL - partner.test open: ",
    ),
    (
        "words behind the answer to STARTTLS",
        |way, command| match command {
            "STARTTLS" => Some("220 go\r\n250 injected"),
            _ => enforcing(way, command),
        },
        3,
        "UNKNOWN - STARTTLS: ",
    ),
    (
        "a code that is none",
        |_, command| command.starts_with("MAIL").then_some("354 what"),
        3,
        "UNKNOWN - partner.test undecided: 354 what in the clear",
    ),
    (
        "greylisting that wears off before STARTTLS",
        |way, command| {
            (way == Way::Clear && command.starts_with("RCPT")).then_some("451 4.7.1 come back")
        },
        3,
        "UNKNOWN - partner.test undecided: 451 4.7.1 come back in the clear, null sender undecided: 451",
    ),
];

#[test]
fn answers_that_no_good_server_gives_are_judged_for_what_they_prove() {
    let mut wrong = Vec::new();
    for (case, answers, code, start) in FAULTS {
        let server = MailServer::start(answers);
        let outcome = check(server.port(), &[]);
        let start = format!("SMTP FORCED TLS {start}");
        if outcome.code != *code || !outcome.first_line().starts_with(&start) {
            wrong.push((case, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_port_where_tls_begins_at_once_is_told_apart() {
    let (tls_only, demands) = (
        |way, command: &str| {
            (way != Way::Tls && command.starts_with("MAIL"))
                .then_some("550 5.7.1 Encryption needed")
        },
        |_, command: &str| {
            command.starts_with("MAIL").then_some("530 5.7.0 Authentication required")
        },
    );
    let cases: [(&str, Answers, Answers, i32, &str); 5] = [
        (
            "accepts",
            enforcing,
            |_, _| None,
            0,
            "OK - partner.test enforced (550 at MAIL), null sender passes in the clear |",
        ),
        (
            "STARTTLS does not count",
            tls_only,
            |_, _| None,
            2,
            "CRITICAL - partner.test shut out: STARTTLS is not counted as encrypted (550 5.7.1 Encryption needed)",
        ),
        ("demands a login", enforcing, demands, 0, "OK - port "),
        (
            "refuses",
            enforcing,
            |_, command| command.starts_with("RCPT").then_some("554 5.7.1 Relay access denied"),
            3,
            "UNKNOWN - partner.test undecided: refused over TLS too: 554 5.7.1 Relay",
        ),
        (
            "refuses another way than STARTTLS does",
            |way, command| match way {
                Way::Starttls if command.starts_with("RCPT") => Some("553 5.1.8 no"),
                _ => enforcing(way, command),
            },
            |_, _| None,
            3,
            "UNKNOWN - partner.test undecided: refused over STARTTLS too: 553 5.1.8 no",
        ),
    ];
    let mut wrong = Vec::new();
    for (case, answers, tls_answers, code, start) in cases {
        let (server, tls) = (MailServer::start(answers), MailServer::start_tls(tls_answers));
        let outcome = check(server.port(), &["--tls-port", &tls.port().to_string()]);
        let start = format!("SMTP FORCED TLS {start}");
        if outcome.code != code || !outcome.first_line().starts_with(&start) {
            wrong.push((case, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let server = MailServer::start(enforcing);
    let outcome = check(server.port(), &["--tls-port", "1"]);
    labels::prints_all("check_smtp_forced_tls", &outcome, &["waited", "attempts", "age"]);
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:1: connection refused | ");
}
