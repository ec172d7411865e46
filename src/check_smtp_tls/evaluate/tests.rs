mod certificates;

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::check_smtp_tls::facts::{
    Anchored, Ban, CutShort, DrownListener, Fact, Handshake, Life, Loss, Start, Unnamed, WhyUnknown,
};
use crate::check_smtp_tls::grade::Grade;
use crate::check_smtp_tls::lifetime::Left;
use crate::check_smtp_tls::policy::Trust;
use crate::check_smtp_tls::sample::{base, with};
use crate::connection::{ConnectError, ResolveError};
use crate::monitoring::render::{Format, render};
use crate::monitoring::{State, Value};
use crate::program::OutOfTime;
use crate::smtp::{Cause, Stage};
use crate::smtp::{Reply, SessionError};
use crate::smtp_client::{NoSession, Unreached};
use crate::stream::StreamError;
use crate::tls::Alert;
use crate::tls::Protocol;
use crate::tls::anchored::NoAnchors;
use crate::tls::certificate::Fit;
use crate::tls::handshake::HandshakeError;

const DAY: i64 = 86_400;
/// The sample's certificate begins at 0 and lasts 100 days from then.
const NOW: u64 = 10 * 86_400;

fn policy() -> Policy {
    Policy {
        grade_warning: Grade::AMinus,
        grade_critical: Grade::C,
        warning: Left::Warn,
        critical: Left::Alarm,
        trust: Trust::Auto,
        is_opportunistic: true,
        strict: false,
        on_timeout: State::Unknown,
        sends_proxy_header: false,
    }
}

/// Where people's clients connect and ask for proof.
fn submission() -> Policy {
    Policy { is_opportunistic: false, ..policy() }
}

fn good() -> Facts {
    with(base(), |facts| {
        facts.connections = 11;
        facts.smtp.starttls = Fact::Yes;
        facts.smtp.starttls_again = Fact::No;
        facts.certificates[0].not_after = 100 * DAY;
        facts.handshake = Some(Handshake {
            version: Protocol::Tls13,
            suite: 0x1302,
            seconds: 0.002,
            stapled: false,
            signature_fault: None,
            unchecked: None,
        });
    })
}

fn spoilt(change: impl FnOnce(&mut Facts)) -> Facts {
    with(good(), change)
}

fn out_of_time() -> OutOfTime {
    OutOfTime::Limit { limit: Duration::from_secs(10), stage: "shaking hands".to_owned() }
}

fn judge(facts: Facts, policy: &Policy) -> Report {
    first_address(Ok(facts), policy, i64::try_from(NOW).unwrap())
}

#[track_caller]
fn expect(facts: Facts, policy: &Policy, state: State, text: &str) {
    let report = judge(facts, policy);
    assert_eq!(report.state(), state, "{}", report.all_findings());
    assert!(report.all_findings().contains(text), "{text:?} expected: {}", report.all_findings());
}

#[test]
fn a_good_server_is_ok_and_says_so_in_short() {
    let text = render("SMTP TLS", &judge(good(), &policy()), Format::Nagios, 0);
    assert_eq!(
        text,
        "SMTP TLS OK - grade A, certificate valid for 90d | certificate=7776000s;1728000:;604800: certificate_used=10%;80;93;0;100 score=93;;;0 \
         handshake=0.002s;;;0 connections=11;;;0\n"
    );
    expect(good(), &submission(), State::Ok, "grade A+");
}

#[test]
fn each_flaw_has_its_state() {
    let tls10 = |facts: &mut Facts| facts.set_protocol(Protocol::Tls10, Fact::Yes);
    for (facts, state, text) in [
        (spoilt(tls10), State::Warning, "grade B: TLS 1.0 is offered"),
        (
            spoilt(|facts| facts.set_protocol(Protocol::Ssl2, Fact::Yes)),
            State::Critical,
            "grade F: SSLv2 is offered",
        ),
        (
            spoilt(|facts| facts.smtp.starttls = Fact::No),
            State::Critical,
            "STARTTLS is not offered",
        ),
        (
            spoilt(|facts| facts.certificates[0].not_after = 5 * DAY),
            State::Critical,
            "certificate expired 5d ago",
        ),
        (
            spoilt(|facts| facts.certificates[0].not_before = 11 * DAY),
            State::Critical,
            "certificate is not yet valid: from 1970-01-12 00:00 UTC",
        ),
        (
            spoilt(|facts| facts.certificates[0].not_after = 12 * DAY),
            State::Warning,
            "certificate expires in 2d (warning 20%, at most 28d): renewal is overdue",
        ),
        (
            spoilt(|facts| facts.certificates[0].not_after = 10 * DAY + 60),
            State::Critical,
            "certificate expires in 1m (critical",
        ),
        (
            spoilt(|facts| facts.smtp.starttls_again = Fact::Yes),
            State::Warning,
            "STARTTLS is offered again inside TLS",
        ),
        (
            spoilt(|facts| facts.smtp.auth_before = vec!["LOGIN".to_owned()]),
            State::Critical,
            "AUTH LOGIN is offered before TLS",
        ),
        (
            spoilt(|facts| facts.smtp.auth_before = vec!["CRAM-MD5".to_owned()]),
            State::Warning,
            "AUTH CRAM-MD5 is offered before TLS",
        ),
        (spoilt(|facts| facts.injection = Some(Fact::Yes)), State::Critical, "CVE-2011-0411"),
        (spoilt(|facts| facts.injection = Some(Fact::No)), State::Ok, "grade A"),
    ] {
        expect(facts, &policy(), state, text);
    }
}

#[test]
fn a_server_that_hangs_on_large_hellos_is_warned_of() {
    let hangs = spoilt(|facts| facts.post_quantum = Fact::Unknown(WhyUnknown::Silent));
    expect(hangs, &policy(), State::Warning, "senders with post-quantum key exchange hang here");
    expect(spoilt(|facts| facts.post_quantum = Fact::No), &policy(), State::Ok, "grade A");
}

#[test]
fn limits_of_the_grade_are_those_asked_for_but_sslv2_is_critical_all_the_same() {
    let tolerant = Policy { grade_warning: Grade::F, grade_critical: Grade::F, ..policy() };
    let tls10 = spoilt(|facts| facts.set_protocol(Protocol::Tls10, Fact::Yes));
    expect(tls10.clone(), &tolerant, State::Ok, "grade B");
    expect(tls10, &Policy { grade_critical: Grade::A, ..policy() }, State::Critical, "grade B");
    expect(
        spoilt(|facts| facts.set_protocol(Protocol::Ssl2, Fact::Yes)),
        &tolerant,
        State::Critical,
        "grade F",
    );
}

#[test]
fn the_unknown_is_unknown_unless_the_known_already_breaches() {
    let silent = |facts: &mut Facts| {
        facts.protocols.insert(Protocol::Ssl2, Fact::Unknown(WhyUnknown::Silent));
    };
    expect(
        spoilt(silent),
        &policy(),
        State::Unknown,
        "grade A at most (incomplete: unknown whether SSLv2 is offered)",
    );
    let worse = spoilt(|facts| {
        silent(facts);
        facts.set_protocol(Protocol::Tls10, Fact::Yes);
    });
    expect(worse, &policy(), State::Warning, "grade B at most: TLS 1.0 is offered (incomplete");
    for (why, text) in [
        (
            CutShort::Limited(Reply { code: 421, lines: vec!["slow down".to_owned()] }),
            "incomplete: the server limits this host after 11 connections: 421 slow down",
        ),
        (
            CutShort::Banned(Ban::Unconnected { error: ConnectError::Refused, after: 1 }),
            "incomplete: probably banned: connection refused after 1 connection",
        ),
        (CutShort::Lost(Loss::Starttls), "incomplete: STARTTLS is no longer offered"),
        (CutShort::OutOfTime(out_of_time()), "timed out after 10s while shaking hands"),
    ] {
        expect(spoilt(|facts| facts.cut_short = Some(why)), &policy(), State::Unknown, text);
    }
}

#[test]
fn what_was_asked_and_not_answered_is_never_a_pass() {
    let silent = || Fact::Unknown(WhyUnknown::Silent);
    for (facts, text) in [
        (
            spoilt(|facts| facts.smtp.starttls_again = silent()),
            "SMTP inside TLS unknown: no answer to the hello",
        ),
        (
            spoilt(|facts| facts.second_certificate = silent()),
            "second certificate unknown: no answer to the hello",
        ),
        (
            spoilt(|facts| facts.dhe = Fact::Yes),
            "unknown whether the Diffie-Hellman prime is short",
        ),
    ] {
        expect(facts, &policy(), State::Unknown, text);
    }
    let score = |facts: Facts| {
        let report = judge(facts, &policy());
        let mut metrics = report.metrics().iter();
        let score = metrics.find(|metric| metric.label.as_str() == "score");
        score.unwrap().value
    };
    assert_eq!(score(good()), Value::Uint(93));
    // An F cannot get worse, its score can.
    let hopeless = |facts: &mut Facts| {
        facts.set_protocol(Protocol::Ssl2, Fact::Yes);
        facts.bits_128 = silent();
    };
    assert_eq!(score(spoilt(hopeless)), Value::Undetermined);
}

#[test]
fn a_handshake_that_must_work_and_does_not_is_critical() {
    let broken = |facts: &mut Facts| {
        facts.handshake = None;
        facts.no_handshake = Some(WhyUnknown::Handshake(HandshakeError::NotTls));
    };
    expect(spoilt(broken), &policy(), State::Critical, "TLS handshake failed");
    let clear = spoilt(|facts| {
        broken(facts);
        facts.start = Start::Tls;
        facts.accepted.clear();
    });
    let text = render("T", &judge(clear, &policy()), Format::Nagios, 0);
    assert!(text.contains("needs --starttls"), "{text}");
    for (alert, advice) in [(112, "\nthe server does not serve mail.example: "), (40, "")] {
        let refused = spoilt(|facts| {
            facts.handshake = None;
            let error = HandshakeError::Refused(Alert(alert));
            facts.no_handshake = Some(WhyUnknown::Handshake(error));
            facts.start = Start::Tls;
            facts.accepted.clear();
        });
        let text = render("T", &judge(refused, &policy()), Format::Nagios, 0);
        assert!(text.contains(advice), "{text}");
        assert!(!text.contains("--starttls"), "it speaks TLS: {text}");
    }
}

#[test]
fn of_several_addresses_the_one_that_was_asked_is_told() {
    let several = spoilt(|facts| {
        facts.address = Some("192.0.2.1".to_owned());
        facts.addresses = 2;
    });
    expect(several, &policy(), State::Ok, "asked 192.0.2.1 only, one of 2 addresses");
}

#[test]
fn other_listeners_with_sslv2_are_critical_whatever_their_key() {
    let drown = |ssl2: Fact| {
        spoilt(|facts| {
            facts.drown.push(DrownListener {
                listener: "mail:993".to_owned(),
                ssl2,
                key_sha256: Some("other".to_owned()),
            });
        })
    };
    expect(drown(Fact::Yes), &policy(), State::Critical, "mail:993 speaks SSLv2");
    expect(drown(Fact::No), &policy(), State::Ok, "grade A");
    expect(
        drown({
            let address = "127.0.0.1:993".parse().unwrap();
            let unreached = Unreached(vec![(address, ConnectError::Refused)]);
            Fact::Unknown(WhyUnknown::NoSession(NoSession::Unreached(unreached)))
        }),
        &policy(),
        State::Unknown,
        "SSLv2 on mail:993 unknown: connection refused",
    );
}

#[test]
fn a_quick_look_gives_no_grade() {
    let report = judge(spoilt(|facts| facts.quick = true), &policy());
    assert_eq!(report.all_findings(), "certificate valid for 90d");
    assert!(report.metrics().iter().all(|metric| metric.label.as_str() != "score"));
}

#[test]
fn nothing_seen_is_told_by_whose_fault_it_is() {
    let address = "127.0.0.1:25".parse().unwrap();
    let unreached = |error| ProbeError::Unreached(Unreached(vec![(address, error)]));
    for (error, state) in [
        (
            ProbeError::Unresolved { host: "x".to_owned(), reason: ResolveError::Unanswered },
            State::Unknown,
        ),
        (unreached(ConnectError::Refused), State::Critical),
        (unreached(ConnectError::Silent), State::Critical),
        (
            unreached(ConnectError::Ours(std::io::ErrorKind::NetworkUnreachable.into())),
            State::Unknown,
        ),
        (
            ProbeError::Smtp(SessionError {
                stage: Stage::Greeting,
                cause: Cause::Stream(StreamError::Silent),
            }),
            State::Critical,
        ),
    ] {
        assert_eq!(
            evaluate(&Err(error.clone()), &policy(), UNIX_EPOCH).state(),
            state,
            "{error:?}"
        );
    }
}

#[test]
fn long_output_marks_good_and_bad_and_says_what_costs_points() {
    let facts = spoilt(|facts| {
        facts.set_protocol(Protocol::Tls10, Fact::Yes);
        facts.bits_128 = Fact::Yes;
        facts.aead = Fact::Unknown(WhyUnknown::Silent);
    });
    let text = render("SMTP TLS", &judge(facts, &policy()), Format::Nagios, 1);
    for line in [
        "[WARNING] TLS 1.0  offered",
        "[OK] TLS 1.1  not offered",
        "[OK] TLS 1.3  offered",
        "[OK] forward secrecy: accepted",
        "[UNKNOWN] AEAD: unknown (no answer to the hello)",
        "score: 91 of 100: versions 28 of 30 (TLS 1.0 is offered); keys 27 of 30 (the weakest is RSA 2048); ciphers 36 of 40 (ciphers of 128 bits are accepted)",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    assert!(text.contains("\n[WARNING] for A: TLS 1.0 is offered\n"), "{text}");
    assert_eq!(text.matches("switch the old versions off").count(), 1, "once is enough: {text}");
    let strict = Policy { grade_critical: Grade::AMinus, ..policy() };
    let facts = spoilt(|facts| facts.set_protocol(Protocol::Tls10, Fact::Yes));
    let text = render("SMTP TLS", &judge(facts, &strict), Format::Nagios, 1);
    assert!(text.contains("\n[CRITICAL] TLS 1.0  offered\n"), "by the limits of the run: {text}");
}
