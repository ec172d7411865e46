//! What goes over the wire, servers that fall silent, and what is said of it.

use std::io::{BufReader, Write};

use super::{check, enforcing};
use crate::support::mail_server::{MailServer, Way};
use crate::support::scripted::{Scripted, line, until_closed};

fn facts(port: u16, options: &[&str]) -> serde_json::Value {
    let outcome = check(port, &[options, &["--output-format", "json"]].concat());
    serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["facts"].clone()
}

#[test]
fn every_mail_stops_at_the_recipient_and_the_check_takes_leave() {
    let server = MailServer::start(enforcing);
    check(server.port(), &[]).expect(
        0,
        "SMTP FORCED TLS OK - partner.test enforced (550 at MAIL), null sender passes in the clear |",
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

#[test]
fn a_server_that_falls_silent_is_told_from_one_that_is_not_there() {
    check(1, &[]).expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:1: connection refused |");
    let silent = Scripted::start(|stream, _| until_closed(stream));
    let outcome = check(silent.port(), &["-t", "1"]);
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - 127.0.0.1:");
    assert!(outcome.stdout.contains("no greeting after "), "{}", outcome.stdout);
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
            .contains("\nSTARTTLS: certificate is for mail.lab.test, not for the address 127.0.0.1, certificate is self-signed\n"),
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
