use std::sync::Arc;

use super::*;
use crate::connection::{ConnectError, ResolveError};
use crate::login::NoLogin;
use crate::smtp::{Cause, Reply, SessionError};
use crate::smtp_client::{Security, Unreached};
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;
use crate::tls::proof::{Fault, Proof};

const POLICY: Policy =
    Policy { time: Thresholds { warning: None, critical: None }, on_timeout: State::Unknown };

fn reply(text: &str) -> Reply {
    let (code, rest) = text.split_once(' ').unwrap();
    Reply { code: code.parse().unwrap(), lines: vec![rest.to_owned()] }
}

fn recipient(address: &str, said: &str) -> Recipient {
    Recipient { address: address.to_owned(), reply: (!said.is_empty()).then(|| reply(said)) }
}

/// A session in which one mailbox got this answer to RCPT.
fn seen(said: &str) -> Facts {
    Facts {
        host: "mail.own.example".to_owned(),
        port: 25,
        security: Security::Clear,
        sender: String::new(),
        logs_in: false,
        recipients: vec![recipient("a@own.example", said)],
        delivered: None,
        greeted_after: Some(0.001),
        seconds: Some(0.25),
        proof: None,
        ended: None,
    }
}

/// A session that ended so before any RCPT was answered.
fn cut(ended: EarlyEnd) -> Facts {
    Facts { seconds: None, ended: Some(ended), ..seen("") }
}

#[track_caller]
fn expect(facts: &Facts, state: State, text: &str) {
    let report = evaluate(facts, &POLICY);
    assert_eq!((report.headline().as_str(), report.state()), (text, state));
}

#[test]
fn a_mailbox_is_judged_by_the_answer_to_rcpt() {
    for (said, state, text) in [
        ("250 2.1.5 Ok", State::Ok, "mail to a@own.example is accepted up to RCPT"),
        ("252 cannot verify", State::Ok, "mail to a@own.example is accepted up to RCPT"),
        ("450 4.2.0 Greylisted", State::Ok, "a@own.example: greylisted: 450 4.2.0 Greylisted"),
        (
            "550 5.1.1 User unknown",
            State::Critical,
            "a@own.example: the mailbox takes no mail: 550 5.1.1 User unknown",
        ),
        (
            "554 5.7.1 Relay access denied",
            State::Critical,
            "a@own.example: relaying is denied: 554 5.7.1 Relay access denied",
        ),
        (
            "451 4.3.0 Temporary lookup failure",
            State::Critical,
            "a@own.example: no mail is taken: 451 4.3.0 Temporary lookup failure",
        ),
        (
            "450 4.7.1 Error: too much mail from 192.0.2.1",
            State::Unknown,
            "a@own.example: this host is limited or blocked: 450 4.7.1 Error: too much mail from 192.0.2.1",
        ),
        (
            "421 closing",
            State::Unknown,
            "a@own.example: this host is limited or blocked: 421 closing",
        ),
        (
            "530 5.7.0 Authentication required",
            State::Unknown,
            "a@own.example: a login is demanded: 530 5.7.0 Authentication required",
        ),
        (
            "530 5.7.0 Must issue a STARTTLS command first",
            State::Unknown,
            "a@own.example: TLS is demanded: 530 5.7.0 Must issue a STARTTLS command first",
        ),
        ("554 5.7.1 no", State::Critical, "a@own.example: refused: 554 5.7.1 no"),
        (
            "450 4.7.1 later",
            State::Unknown,
            "a@own.example: refused, which may be about this host or the sender: 450 4.7.1 later",
        ),
    ] {
        expect(&seen(said), state, text);
    }
    let inside_tls = Facts { security: Security::Tls, ..seen("530 5.7.0 Must issue STARTTLS") };
    assert_eq!(evaluate(&inside_tls, &POLICY).state(), State::Critical);
}

#[test]
fn a_delivered_mail_is_judged_by_the_answer_to_its_end() {
    let accepted = Facts { delivered: Some(reply("250 2.0.0 queued as 1")), ..seen("250 ok") };
    expect(&accepted, State::Ok, "mail to a@own.example is accepted: 250 2.0.0 queued as 1");
    for (said, state, text) in [
        (
            "451 4.7.1 Service unavailable - try again later",
            State::Critical,
            "no mail is taken: 451 4.7.1 Service unavailable - try again later, to the final dot",
        ),
        (
            "451 4.7.1 Try again later",
            State::Critical,
            "refused after the content: 451 4.7.1 Try again later, to the final dot",
        ),
        (
            "451 4.7.1 Greylisted",
            State::Critical,
            "greylisted after the content: 451 4.7.1 Greylisted, to the final dot",
        ),
        (
            "550 5.7.1 Spam",
            State::Critical,
            "refused after the content: 550 5.7.1 Spam, to the final dot",
        ),
        (
            "450 4.7.1 too many messages",
            State::Unknown,
            "this host is limited or blocked: 450 4.7.1 too many messages, to the final dot",
        ),
    ] {
        let ended = Some(EarlyEnd::Refused(Command::FinalDot, reply(said)));
        expect(&Facts { ended, ..seen("250 ok") }, state, text);
    }
}

#[test]
fn a_session_that_ends_early_has_its_state() {
    let silent =
        |stage| SessionError { stage, cause: Cause::SilentFor(std::time::Duration::from_secs(8)) };
    let closed = SessionError {
        stage: Stage::Command(Command::Mail),
        cause: Cause::Stream(StreamError::Closed),
    };
    let unreached =
        |error| NoSession::Unreached(Unreached(vec![("192.0.2.1:25".parse().unwrap(), error)]));
    let ours = ConnectError::Ours(std::io::ErrorKind::AddrNotAvailable.into());
    for (ended, state, text) in [
        (
            EarlyEnd::NoSession(NoSession::Unresolved(ResolveError::Unanswered)),
            State::Unknown,
            "cannot look up mail.own.example: Temporary failure in name resolution",
        ),
        (
            EarlyEnd::NoSession(unreached(ConnectError::Refused)),
            State::Critical,
            "192.0.2.1:25: connection refused",
        ),
        (
            EarlyEnd::NoSession(unreached(ours)),
            State::Unknown,
            "192.0.2.1:25: address not available",
        ),
        (
            EarlyEnd::NoSession(silent(Stage::Greeting).into()),
            State::Critical,
            "mail.own.example:25: no greeting after 8 s",
        ),
        (
            EarlyEnd::NoSession(HandshakeError::Closed.into()),
            State::Critical,
            "mail.own.example:25: connection closed in the TLS handshake",
        ),
        (
            EarlyEnd::NoSession(HandshakeError::Ours.into()),
            State::Unknown,
            "mail.own.example:25: TLS handshake failed: this program's own TLS does not work",
        ),
        (
            EarlyEnd::NoSession(NoSession::NoStarttls),
            State::Critical,
            "mail.own.example:25: STARTTLS is not offered",
        ),
        (
            EarlyEnd::NoSession(NoSession::Refused(
                Stage::Command(Command::Starttls),
                reply("454 4.7.0 TLS not available due to local problem"),
            )),
            State::Critical,
            "mail.own.example:25: TLS is broken on the server: answer to STARTTLS was 454 4.7.0 TLS not available due to local problem",
        ),
        (
            EarlyEnd::NoSession(NoSession::Refused(Stage::Greeting, reply("554 no"))),
            State::Unknown,
            "mail.own.example:25: refused, which may be about this host or the sender: greeting was 554 no",
        ),
        (
            EarlyEnd::Refused(Command::Mail, reply("452 4.3.1 Insufficient system storage")),
            State::Critical,
            "no mail is taken: 452 4.3.1 Insufficient system storage, to MAIL",
        ),
        (
            EarlyEnd::NoSession(NoSession::Refused(
                Stage::Greeting,
                reply("521 mail.own.example does not accept mail"),
            )),
            State::Critical,
            "mail.own.example:25: no mail is taken: greeting was 521 mail.own.example does not accept mail",
        ),
        (
            EarlyEnd::Lost(closed),
            State::Critical,
            "mail.own.example:25: connection closed instead of the answer to MAIL",
        ),
    ] {
        expect(&cut(ended), state, text);
    }
}

#[test]
fn a_login_that_cannot_be_has_its_state() {
    for (ended, state, text) in [
        (
            EarlyEnd::Refused(Command::Auth, reply("535 5.7.8 authentication failed")),
            State::Critical,
            "the login is refused: 535 5.7.8 authentication failed, to AUTH",
        ),
        (
            EarlyEnd::Refused(
                Command::Auth,
                reply("454 4.7.0 Temporary authentication failure: Connection lost"),
            ),
            State::Critical,
            "nobody can log in: 454 4.7.0 Temporary authentication failure: Connection lost, to AUTH",
        ),
        (EarlyEnd::NoMechanism(String::new()), State::Critical, "AUTH is not offered"),
        (
            EarlyEnd::NoMechanism("GSSAPI".to_owned()),
            State::Critical,
            "neither AUTH PLAIN nor AUTH LOGIN is offered, but GSSAPI",
        ),
        (
            EarlyEnd::NoLogin(Arc::new(NoLogin::NotALogin("/etc/login".into()))),
            State::Unknown,
            "/etc/login must hold user:password in one line",
        ),
    ] {
        expect(&cut(ended), state, text);
    }
}

#[test]
fn a_certificate_that_must_be_valid_is_critical_when_it_is_not() {
    let proof = Proof { faults: vec![Fault::SelfSigned], unknown: None };
    let facts = Facts { proof: Some(proof), ..cut(EarlyEnd::NotProven) };
    expect(&facts, State::Critical, "certificate is self-signed");
}

#[test]
fn several_mailboxes_are_counted_and_each_refusal_is_told() {
    let mut facts = seen("250 ok");
    facts.recipients.push(recipient("b@own.example", "550 5.1.1 no such user"));
    facts.recipients.push(recipient("c@own.example", "250 ok"));
    expect(
        &facts,
        State::Critical,
        "b@own.example: the mailbox takes no mail: 550 5.1.1 no such user",
    );
    let value = |facts: &Facts, label: &str| {
        let report = evaluate(facts, &POLICY);
        let metric = report.metrics().iter().find(|metric| metric.label.as_str() == label);
        metric.unwrap().value
    };
    assert_eq!(value(&facts, "recipients"), Value::Uint(3));
    assert_eq!(value(&facts, "refused"), Value::Uint(1));
    assert_eq!(value(&seen("451 4.7.1 Greylisted"), "refused"), Value::Uint(0));
    assert_eq!(value(&seen("421 too many connections"), "refused"), Value::Undetermined);
    facts.recipients[2].reply = None;
    assert_eq!(value(&facts, "refused"), Value::Undetermined);
}

#[test]
fn a_slow_session_is_judged_by_its_limits() {
    let limits = |warning: &str, critical: &str| Policy {
        time: Thresholds { warning: warning.parse().ok(), critical: critical.parse().ok() },
        ..POLICY
    };
    for (policy, state, text) in [
        (limits("1", "2"), State::Ok, "mail to a@own.example is accepted up to RCPT"),
        (limits("0.2", "2"), State::Warning, "took 0.25 s (warning 0.2)"),
        (limits("0.1", "0.2"), State::Critical, "took 0.25 s (critical 0.2)"),
    ] {
        let report = evaluate(&seen("250 ok"), &policy);
        assert_eq!(report.state(), state);
        assert!(report.headline().starts_with(text), "{}", report.headline());
    }
    // What did not come to its end says so itself.
    let lost = cut(EarlyEnd::NoSession(NoSession::NoStarttls));
    assert_eq!(evaluate(&lost, &limits("1", "2")).findings().len(), 1);
}
