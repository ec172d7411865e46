//! `check_smtp_forced_tls` offering mail to a real postfix, and to a scripted server for what no real one answers.

use std::io::{BufReader, Write};
use std::process::Command;

use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::scripted::{Scripted, line, until_closed};
use crate::support::{Outcome, program, run};

/// A run with one domain to test.
fn check(port: u16, options: &[&str]) -> Outcome {
    let domain = ["--domain", "partner.test"];
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--recipient", "probe@lab.test", "--helo", "monitor.test"])
        .args(domain)
        .args(options))
}

fn facts(port: u16, options: &[&str]) -> serde_json::Value {
    let outcome = check(port, &[options, &["--output-format", "json"]].concat());
    serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["facts"].clone()
}

fn files() -> [(&'static str, String); 1] {
    let leaf = Authority::root().leaf(NAME, -1, 397, ecdsa());
    [("good.pem", leaf.pem())]
}

/// postfix's rule for mail from the partner.
const RULE: &str = "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }";

/// Settings, options, exit code and start of the output.
type Case = (&'static [&'static str], &'static [&'static str], i32, &'static str);

const CASES: &[Case] = &[
    (
        &[RULE],
        &[],
        1,
        "WARNING - partner.test softly enforced (450 at RCPT): senders only try again, null sender passes in clear; refuse with 5xx",
    ),
    (
        &[RULE],
        &["--allow-temporary"],
        0,
        "OK - partner.test softly enforced (450 at RCPT), null sender passes in clear |",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &[],
        0,
        "OK - partner.test enforced (550 at RCPT), null sender passes in clear |",
    ),
    (
        &[RULE, "plaintext_reject_code = 530", "smtpd_delay_reject = no"],
        &[],
        0,
        "OK - partner.test enforced (530 at MAIL), null sender passes in clear |",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &[],
        0,
        "OK - partner.test enforced (530 at MAIL), null sender needs TLS as well |",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &["--control-domain", "other.test"],
        1,
        "WARNING - rule too broad: control other.test is refused in clear (530 5.7.0 Must issue",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &["--control-domain", "other.test"],
        0,
        "OK - partner.test enforced (550 at RCPT), control other.test passes, null sender passes in clear |",
    ),
    (&[], &[], 2, "CRITICAL - partner.test open: accepted in clear up to RCPT, "),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access inline:{ {probe@lab.test=451 4.7.1 Temporary rejected by greylisting} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: 451 4.7.1 ",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=550 5.7.23 SPF validation failed} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: refused over STARTTLS too: 550 5.7.23 ",
    ),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access inline:{ {probe@lab.test=550 5.1.1 User unknown} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: refused over STARTTLS too: 550 5.1.1 ",
    ),
    (
        &[RULE, "plaintext_reject_code = 550", "parent_domain_matches_subdomains ="],
        &["--also", "sub.partner.test"],
        2,
        "CRITICAL - sub.partner.test open: accepted in clear up to RCPT, partner.test enforced",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &["--also", "sub.partner.test"],
        0,
        "OK - partner.test enforced (550 at RCPT), sub.partner.test enforced (550 at RCPT), ",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session}, {<>=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        0,
        "OK - partner.test enforced (550 at RCPT), null sender needs TLS as well |",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session}, {<>=550 5.7.1 no bounces} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        1,
        "WARNING - bounces (null sender) are refused even over TLS: 550 5.7.1 ",
    ),
    (
        &["smtpd_tls_security_level = none", RULE],
        &[],
        2,
        "CRITICAL - STARTTLS is not offered: forced TLS would refuse everybody",
    ),
    (
        &["smtpd_client_connection_rate_limit = 1", "smtpd_client_event_limit_exceptions =", RULE],
        &[],
        3,
        "UNKNOWN - port ",
    ),
    (
        &[
            "smtpd_data_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        2,
        "CRITICAL - partner.test open: accepted in clear up to RCPT, null sender passes in clear; look at the rule; if it acts at DATA",
    ),
    (
        &[
            "smtpd_data_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &["--stage", "data"],
        0,
        "OK - partner.test enforced (550 at DATA), null sender passes in clear |",
    ),
    (&[], &["--stage", "data"], 2, "CRITICAL - partner.test open: accepted in clear up to DATA, "),
];

#[test]
fn rules_of_a_real_postfix_are_judged_and_nothing_is_delivered() {
    let services: Vec<Service> =
        CASES.iter().map(|(settings, ..)| Service::new(settings)).collect();
    let test = "rules_of_a_real_postfix_are_judged_and_nothing_is_delivered";
    let Some(postfix) = Postfix::start(test, &files(), &services) else {
        return;
    };
    let mut wrong = Vec::new();
    for (service, (settings, options, code, start)) in CASES.iter().enumerate() {
        let outcome = check(postfix.port(service), options);
        let start = format!("SMTP FORCED TLS {start}");
        if outcome.code != *code || !outcome.first_line().starts_with(&start) {
            wrong.push((settings, options, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let log = postfix.log();
    for trace in ["status=", "qmgr[", "pipelining", "warning: non-SMTP"] {
        assert!(!log.contains(trace), "{trace}: {log}");
    }
}

/// The server that most tests mean: it refuses the partner's mail in the clear.
fn enforcing(way: Way, command: &str) -> Option<&'static str> {
    let is_caught = way == Way::Clear && command.to_lowercase().contains("@partner.test>");
    is_caught.then_some("550 5.7.1 Encryption needed")
}

#[test]
fn every_mail_stops_at_the_recipient_and_the_check_takes_leave() {
    let server = MailServer::start(enforcing);
    check(server.port(), &[]).expect(
        0,
        "SMTP FORCED TLS OK - partner.test enforced (550 at MAIL), null sender passes in clear |",
    );
    assert_eq!(
        server.heard(Way::Clear),
        [
            "EHLO monitor.test",
            "MAIL FROM:<postmaster@partner.test>",
            "RSET",
            "MAIL FROM:<postmaster@PARTNER.TEST>",
            "RSET",
            "MAIL FROM:<>",
            "RCPT TO:<probe@lab.test>",
            "QUIT",
            "EOF",
            "EHLO monitor.test",
            "STARTTLS",
        ]
    );
    assert_eq!(
        server.heard(Way::Starttls),
        [
            "EHLO monitor.test",
            "MAIL FROM:<postmaster@partner.test>",
            "RCPT TO:<probe@lab.test>",
            "RSET",
            "MAIL FROM:<>",
            "RCPT TO:<probe@lab.test>",
            "QUIT",
            "EOF",
        ]
    );
}

#[test]
fn at_stage_data_no_content_follows_and_no_final_dot() {
    let server = MailServer::start(|way, command| {
        (way == Way::Clear && command == "DATA").then_some("550 5.7.1 Encryption needed")
    });
    check(server.port(), &["--stage", "data"]).expect(
        0,
        "SMTP FORCED TLS OK - partner.test enforced (550 at DATA), null sender needs TLS as well |",
    );
    let heard = server.heard(Way::Starttls);
    assert_eq!(heard.iter().filter(|line| *line == "DATA").count(), 2);
    for pair in heard.windows(2) {
        assert!(pair[0] != "DATA" || pair[1] == "EOF", "{heard:?}");
    }
}

#[test]
fn a_sender_of_its_own_and_an_international_domain_go_over_the_wire_as_they_should() {
    let server = MailServer::start(|_, _| None);
    let outcome =
        check(server.port(), &["--domain", "bücher.test", "--sender", "Orders@bücher.test"]);
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - partner.test open: ");
    let heard = server.heard(Way::Clear).join("\n");
    for sender in
        ["<postmaster@partner.test>", "<Orders@xn--bcher-kva.test>", "<Orders@XN--BCHER-KVA.TEST>"]
    {
        assert!(heard.contains(sender), "{sender}: {heard}");
    }
}

#[test]
fn many_domains_share_connections_and_none_gets_more_than_eight_mails() {
    let server = MailServer::start(enforcing);
    let domains: Vec<String> = (0..9).map(|number| format!("d{number}.partner.test")).collect();
    let options: Vec<&str> = domains.iter().flat_map(|domain| ["--domain", domain]).collect();
    let outcome = check(server.port(), &options);
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - d0.partner.test open: ");
    assert_eq!(outcome.metric("domains"), Some("10"));
    assert_eq!(outcome.metric("enforced"), Some("1"));
    assert_eq!(outcome.metric("open"), Some("9"));
    assert_eq!(outcome.metric("undecided"), Some("0"));
    // 10 domains, 10 in upper case and the null sender in the clear; half of that over STARTTLS.
    assert_eq!(server.connections(), 3 + 2);
    let heard = server.heard(Way::Clear);
    for connection in heard.split(|line| line == "EOF") {
        let mails = connection.iter().filter(|line| line.starts_with("MAIL"));
        assert!(mails.count() <= 8, "{heard:?}");
    }
}

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
        "CRITICAL - partner.test open in upper case: the rule minds the case",
    ),
    (
        "another reason in upper case",
        |way, command| match (way, command) {
            (Way::Clear, "MAIL FROM:<postmaster@PARTNER.TEST>") => Some("451 4.7.1 greylisted"),
            _ => enforcing(way, command),
        },
        3,
        "UNKNOWN - partner.test undecided: 550 5.7.1 Encryption needed in clear, but in upper case 451 4.7.1 greylisted",
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
        "OK - partner.test enforced (550 at MAIL), null sender passes in clear |",
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
        "OK - partner.test enforced (550 at MAIL), null sender passes in clear |",
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
        "UNKNOWN - partner.test undecided: 354 what in clear",
    ),
    (
        "greylisting that wears off before STARTTLS",
        |way, command| {
            (way == Way::Clear && command.starts_with("RCPT")).then_some("451 4.7.1 come back")
        },
        3,
        "UNKNOWN - partner.test undecided: 451 4.7.1 come back in clear, null sender undecided: 451",
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
            "OK - partner.test enforced (550 at MAIL), null sender passes in clear |",
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
    check(server.port(), &["--tls-port", "1"])
        .expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:1: connection refused, ");
}

#[test]
fn a_server_that_falls_silent_is_told_from_one_that_is_not_there() {
    check(1, &[]).expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:1: connection refused |");
    let silent = Scripted::start(|stream, _| until_closed(stream));
    let outcome = check(silent.port(), &["-t", "1"]);
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:");
    assert!(outcome.stdout.contains("no greeting in time"), "{}", outcome.stdout);
    assert_eq!(outcome.metric("undecided"), Some("1"));
    let halting = Scripted::start(|mut stream, _| {
        let _ = stream.write_all(b"220 hi\r\n");
        until_closed(stream);
    });
    let outcome = check(halting.port(), &["-t", "1"]);
    outcome.expect(3, "SMTP FORCED TLS UNKNOWN - ");
    assert!(outcome.stdout.contains("clear: no answer to EHLO in time"), "{}", outcome.stdout);
    // A third of the time for each silence, and three of them.
    let (port, silent) = (halting.port(), silent.port().to_string());
    check(port, &["-t", "1:CRITICAL", "--tls-port", &silent])
        .expect(2, "SMTP FORCED TLS CRITICAL - timed out after 1s while ");
    let deaf = Scripted::start(|stream, number| {
        let mut stream = stream;
        let _ = stream.write_all(b"220 hi\r\n250-hi\r\n250 STARTTLS\r\n");
        assert!(number < 3);
        until_closed(stream);
    });
    check(deaf.port(), &["-t", "1"])
        .expect(3, "SMTP FORCED TLS UNKNOWN - clear: the server sent more than the ");
}

#[test]
fn a_server_that_lets_us_in_once_only_keeps_us_out_and_is_not_dead() {
    let banning = Scripted::start_for(1, |stream, _| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let _ = stream.write_all(b"220 hi\r\n");
        loop {
            let answer: &[u8] = match line(&mut reader).get(..4) {
                None => return,
                Some("MAIL") => b"550 5.7.1 Encryption needed\r\n",
                Some(_) => b"250-hi\r\n250 STARTTLS\r\n",
            };
            let _ = stream.write_all(answer);
        }
    });
    let outcome = check(banning.port(), &[]);
    outcome.expect(3, "SMTP FORCED TLS UNKNOWN - port ");
    assert!(
        outcome.stdout.contains("connection refused after 1 connections"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_certificate_is_a_fact_of_its_way_and_decides_nothing() {
    let server = MailServer::start(enforcing);
    let outcome = check(server.port(), &["-v"]);
    outcome.expect(0, "SMTP FORCED TLS OK - ");
    assert!(
        outcome
            .stdout
            .contains("\nSTARTTLS: certificate is for mail.lab.test, certificate is self-signed\n"),
        "{}",
        outcome.stdout
    );
    let seen = facts(server.port(), &[]);
    let legs = &seen["inbound"]["legs"];
    assert_eq!(legs[1]["proof"]["faults"][1], "certificate is self-signed");
    assert_eq!(seen["inbound"]["senders"][0]["answers"]["clear"]["refused"]["code"], 550);
    assert_eq!(seen["inbound"]["senders"][0]["answers"]["starttls"], "accepted");
}

#[test]
fn hostile_words_of_a_server_stay_on_their_line() {
    let server = MailServer::start(|_, command| {
        command.starts_with("MAIL").then_some("550-a | b=1\r\n550 $HOME$ <script>\x1b[31m \u{202e}")
    });
    let outcome = check(server.port(), &["-vv"]);
    outcome.expect(3, "SMTP FORCED TLS UNKNOWN - partner.test undecided: ");
    assert_eq!(outcome.stdout.matches('|').count(), 1, "{}", outcome.stdout);
    assert!(!outcome.stdout.contains(['$', '\x1b', '\u{202e}']), "{}", outcome.stdout);
}

#[test]
fn json_keeps_to_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/report.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (good, open) = (MailServer::start(enforcing), MailServer::start(|_, _| None));
    for (port, code) in [(good.port(), 0), (open.port(), 2), (1, 2)] {
        let outcome = check(port, &["--output-format", "json", "-vv"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        let report = serde_json::from_str(&outcome.stdout).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
