//! Ways in that do not serve, controls, and the line as a whole.

use std::io::ErrorKind;

use super::*;
use crate::connection::{ConnectError, ResolveError};
use crate::smtp::{Cause, Reply, SessionError, Stage};
use crate::smtp_client::{NoSession, Unreached};
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;

fn reply(code: u16, text: &str) -> Reply {
    Reply { code, lines: vec![text.to_owned()] }
}

fn limits() -> Problem {
    let text = "4.7.0 too many".to_owned();
    Problem::PutOut(Refusal { at: Command::Rcpt, code: 421, text })
}

fn unreached(error: ConnectError) -> NoSession {
    NoSession::Unreached(Unreached(vec![("192.0.2.1:25".parse().unwrap(), error)]))
}

fn unanswered(stage: Stage, cause: StreamError) -> SessionError {
    SessionError { stage, cause: Cause::Stream(cause) }
}

#[test]
fn each_way_in_that_does_not_serve_has_its_state() {
    let no_name = ResolveError::NoName("no such name".to_owned());
    let greeting = || unanswered(Stage::Greeting, StreamError::Silent);
    let starttls = Stage::Command(Command::Starttls);
    let login = Refusal { at: Command::Mail, code: 530, text: String::new() };
    for (case, problem, state, start) in [
        (
            "no name",
            Problem::NoSession(NoSession::Unresolved(no_name)),
            State::Unknown,
            "cannot look up mail: no such name",
        ),
        (
            "nobody there",
            Problem::NoSession(unreached(ConnectError::Refused)),
            State::Critical,
            "192.0.2.1:25: connection refused",
        ),
        (
            "our own fault",
            Problem::NoSession(unreached(ConnectError::Ours(ErrorKind::AddrNotAvailable.into()))),
            State::Unknown,
            "192.0.2.1:25: address not available",
        ),
        (
            "silent",
            Problem::NoSession(greeting().into()),
            State::Critical,
            "mail:25: no greeting in time",
        ),
        ("limits", limits(), State::Unknown, "port 25 blocks this host: 421 4.7.0 too many"),
        (
            "limits from the start",
            Problem::NoSession(NoSession::Refused(Stage::Greeting, reply(554, "no"))),
            State::Unknown,
            "port 25 blocks this host: 554 no",
        ),
        (
            "let in before",
            Problem::LetInNoMore { before: 2, error: greeting().into() },
            State::Unknown,
            "port 25 blocks this host: no greeting in time after 2 connections",
        ),
        (
            "no STARTTLS",
            Problem::NoSession(NoSession::NoStarttls),
            State::Critical,
            "STARTTLS is not offered",
        ),
        (
            "STARTTLS refused",
            Problem::NoSession(NoSession::Refused(starttls, reply(502, ""))),
            State::Critical,
            "STARTTLS is refused: 502",
        ),
        (
            "STARTTLS deferred",
            Problem::NoSession(NoSession::Refused(starttls, reply(454, "later"))),
            State::Critical,
            "TLS is broken on the server: 454 later",
        ),
        (
            "no TLS",
            Problem::NoSession(HandshakeError::Closed.into()),
            State::Unknown,
            "clear: connection closed in the TLS handshake",
        ),
        ("login", Problem::DemandsAuth(login), State::Unknown, "port 25 demands a login: 530"),
        (
            "broken",
            Problem::Broken(unanswered(Stage::Command(Command::Mail), StreamError::Closed)),
            State::Unknown,
            "clear: connection closed instead of the answer to MAIL",
        ),
        (
            "nothing offered",
            Problem::NothingOffered,
            State::Unknown,
            "clear: no mail could be offered",
        ),
    ] {
        let senders = vec![sender("x.example", Role::Domain, [None, None, None])];
        let facts = inbound(senders, vec![leg(Security::Clear, Some(problem))]);
        expect(case, &facts, &POLICY, state, start);
        let report = evaluate(&facts, &POLICY);
        assert_eq!(report.findings().len(), 1, "{case}: told once");
        assert_eq!(report.metrics()[3].value, Value::Uint(1), "{case}: undecided");
    }
    // What the clear way showed outranks that another one did not serve.
    let mut facts = one([ACCEPTED, None, None]);
    facts.inbound.as_mut().unwrap().legs[1].problem = Some(limits());
    expect("open and limited", &facts, &POLICY, State::Critical, "x.example open");
    let mut facts = one([refused(550, "no"), None, None]);
    facts.inbound.as_mut().unwrap().legs[1].problem =
        Some(Problem::NoSession(NoSession::NoStarttls));
    expect("refuses everybody", &facts, &POLICY, State::Critical, "STARTTLS is not offered");
}

#[test]
fn a_sick_server_and_a_firewall_on_the_way_are_named_as_such() {
    for (case, problem, state, start) in [
        (
            "sick",
            Problem::NoSession(NoSession::Refused(
                Stage::Greeting,
                reply(452, "4.3.1 Insufficient system resources"),
            )),
            State::Unknown,
            "port 25 takes no mail from anybody: 452 4.3.1 Insufficient system resources",
        ),
        (
            "a firewall that knows no EHLO",
            Problem::NoSession(NoSession::Refused(
                Stage::Command(Command::Ehlo),
                reply(502, "5.5.1 what"),
            )),
            State::Critical,
            "EHLO is refused: 502 5.5.1 what",
        ),
        (
            "a firewall that writes over STARTTLS",
            Problem::NoSession(NoSession::StarttlsMasked),
            State::Critical,
            "STARTTLS is not offered: a firewall overwrites it (XXXXXXXA): forced",
        ),
    ] {
        let senders = vec![sender("x.example", Role::Domain, [None, None, None])];
        let facts = inbound(senders, vec![leg(Security::Clear, Some(problem))]);
        expect(case, &facts, &POLICY, state, start);
        let report = evaluate(&facts, &POLICY);
        assert!(!report.headline().contains("exempt this host"), "{case}");
    }
}

#[test]
fn controls_show_whether_the_rule_is_too_broad() {
    let no = || refused(550, "5.7.1 no");
    let tls = || refused(450, "4.7.1 encryption is required");
    for (case, answers, state, text) in [
        ("passes", [ACCEPTED, ACCEPTED, None], State::Ok, "control c.example passes"),
        (
            "caught",
            [no(), ACCEPTED, None],
            State::Warning,
            "rule too broad: control c.example is refused in the clear",
        ),
        ("caught softly", [tls(), ACCEPTED, None], State::Warning, "rule too broad"),
        ("caught, TLS not seen", [no(), None, None], State::Warning, "rule too broad"),
        (
            "another reason",
            [no(), no(), None],
            State::Unknown,
            "control c.example is refused over TLS too: 550",
        ),
        (
            "greylisted",
            [refused(451, "later"), ACCEPTED, None],
            State::Unknown,
            "control c.example undecided: 451 later",
        ),
    ] {
        let mut facts = one([no(), ACCEPTED, None]);
        let senders = &mut facts.inbound.as_mut().unwrap().senders;
        senders.push(sender("c.example", Role::Control, answers));
        expect(case, &facts, &POLICY, state, text);
    }
    for (case, answers, state, text) in [
        ("passes", [ACCEPTED, ACCEPTED, None], State::Ok, "null sender passes in the clear"),
        ("needs TLS", [no(), ACCEPTED, None], State::Ok, "null sender needs TLS as well"),
        (
            "lost",
            [no(), no(), None],
            State::Warning,
            "bounces (null sender) are refused even over TLS: 550",
        ),
        (
            "greylisted",
            [refused(451, "later"), ACCEPTED, None],
            State::Unknown,
            "null sender undecided: 451 later",
        ),
    ] {
        let mut facts = one([no(), ACCEPTED, None]);
        let senders = &mut facts.inbound.as_mut().unwrap().senders;
        senders.push(sender("", Role::NullSender, answers));
        expect(case, &facts, &POLICY, state, text);
    }
    // Where nobody's mail is taken, the null sender is no finding of its own.
    let mut facts = one([no(), no(), None]);
    let senders = &mut facts.inbound.as_mut().unwrap().senders;
    senders.push(sender("", Role::NullSender, [no(), no(), None]));
    expect("all refused", &facts, &POLICY, State::Unknown, "x.example undecided");
}

#[test]
fn the_first_line_is_short_and_counts_what_was_tested() {
    let mut facts = one([refused(550, "no"), ACCEPTED, None]);
    let senders = &mut facts.inbound.as_mut().unwrap().senders;
    senders.push(sender("sub.x.example", Role::Also, [ACCEPTED, None, None]));
    let text = render("SMTP FORCED TLS", &evaluate(&facts, &POLICY), Format::Nagios, 0);
    assert_eq!(
        text,
        "SMTP FORCED TLS CRITICAL - sub.x.example open: accepted in the clear up to RCPT | \
         domains=2;;;0 enforced=1;;;0 open=1;0;0;0;2 undecided=0;;;0 time=0.5s;;;0\n\
         check the rule; if it acts at DATA only, test with --stage data\n"
    );
}
