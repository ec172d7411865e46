//! What is to be said of one address; pure.

use super::certificates;
use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{CutShort, Fact, Facts, ProbeError, Smtp, Start, WhyUnknown};
use crate::check_smtp_tls::grade::{self, Grading, Rules};
use crate::check_smtp_tls::policy::Policy;
use crate::monitoring::{Metric, Report, State, Unit, Value};
use crate::smtp::{Cause, Stage};
use crate::smtp_client::{BEHIND_PROXY, NoSession};
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;
use crate::tls::lack::Lack;
use crate::tls::{Alert, Protocol};

const NO_HEADER: &str = "leave --proxy-protocol out";
const SWITCH_ON: &str = "switch STARTTLS on; Axigen: Security and Filtering, Acceptance and Routing, Allow StartTLS; postfix: smtpd_tls_security_level = may; exim: tls_advertise_hosts = *";

/// What was seen of one address, and the grade it comes to.
pub(super) struct Graded {
    pub(super) facts: Facts,
    pub(super) grading: Option<Grading>,
    /// Whether there is TLS to be judged.
    has_tls: bool,
}

/// What is to be said of one address.
pub(super) struct Judged {
    /// The findings.
    pub(super) report: Report,
    pub(super) seen: Option<Graded>,
}

/// All findings of one address.
pub(super) fn judge(seen: Result<Facts, ProbeError>, policy: &Policy, now: i64) -> Judged {
    let facts = match seen {
        Ok(facts) => facts,
        Err(error) => return Judged { report: nothing_seen(&error), seen: None },
    };
    let mut report = Report::new();
    let has_tls = starttls(&facts, &mut report);
    cut_short(&facts, policy, &mut report);
    let grading = (has_tls && !facts.quick).then(|| graded(&facts, policy, now));
    if let Some(grading) = &grading {
        grade_finding(&facts, grading, policy, &mut report);
    }
    if has_tls {
        handshake(&facts, policy, &mut report);
        large_hello(&facts, &mut report);
        certificates::dates(&facts, policy, now, &mut report);
        certificates::trust(&facts, policy, now, &mut report);
        certificates::without_name(&facts, policy, now, &mut report);
    }
    authentication(&facts, &mut report);
    inside_tls(&facts, &mut report);
    other_listeners(&facts, &mut report);
    Judged { report, seen: Some(Graded { facts, grading, has_tls }) }
}

pub(super) fn nothing_seen(error: &ProbeError) -> Report {
    let mut report = Report::new();
    match error {
        ProbeError::Unresolved { host, reason } => {
            report.find(State::Unknown, format!("cannot look up {host}: {reason}"));
        }
        ProbeError::Unreached(failures) => {
            let state = if failures.is_ours() { State::Unknown } else { State::Critical };
            report.find(state, failures.to_string());
        }
        ProbeError::NoProxyExpected => {
            report.find(State::Unknown, NoSession::NoProxyExpected.to_string());
            report.advise(NO_HEADER);
        }
        ProbeError::Smtp(error) => {
            report.find(State::Critical, error.to_string());
            if error.stage == Stage::Greeting && error.cause == Cause::Stream(StreamError::Closed) {
                report.advise(BEHIND_PROXY);
            }
            // No mail server, or one that waits for us to begin with TLS.
            let is_other = matches!(
                &error.cause,
                Cause::NotSmtp(_) | Cause::Stream(StreamError::Silent) | Cause::SilentFor(_)
            );
            if is_other && error.stage == Stage::Greeting {
                report.advise("a port where TLS begins at once needs --tls, a listener behind a proxy --proxy-protocol");
            }
        }
    }
    report
}

/// Whether there is TLS to be judged; says so when not.
fn starttls(facts: &Facts, report: &mut Report) -> bool {
    let smtp = &facts.smtp;
    match (facts.start, &smtp.starttls) {
        (Start::Tls, _) => facts.connections > 0,
        (Start::Starttls, Fact::Yes) => {
            let (offers, all) = (smtp.starttls_offers, smtp.ehlo_answers);
            if offers < all {
                let text = format!("STARTTLS is offered on {offers} of {all} connections");
                report.find(State::Critical, text);
                report
                    .advise("check each server behind this address; one has STARTTLS switched off");
            }
            facts.handshake.is_some() || facts.no_handshake.is_some() || !facts.accepted.is_empty()
        }
        (Start::Starttls, Fact::No) => {
            let (text, advice) = no_starttls(&facts.smtp);
            report.find(State::Critical, text);
            report.advise(advice);
            false
        }
        (Start::Starttls, Fact::Unknown(why)) => {
            if facts.cut_short.is_none() {
                report.find(State::Unknown, format!("STARTTLS unknown: {}", words::unknown(why)));
            }
            false
        }
    }
}

/// What stands in the way of STARTTLS, and what to do about it.
fn no_starttls(smtp: &Smtp) -> (String, &'static str) {
    const INSPECTION: &str =
        "switch off the inspection of SMTP in the firewall between this host and the server";
    match (&smtp.starttls_answer, &smtp.ehlo_refused) {
        (Some(answer), _) if answer.is_temporary() => (
            format!("TLS is broken on the server: {answer}"),
            "see the server's log for the reason; certificate and key must match",
        ),
        (Some(answer), _) => (format!("STARTTLS is refused: {answer}"), SWITCH_ON),
        (None, Some(answer)) => {
            (format!("EHLO is refused: {answer}, so there is no STARTTLS"), INSPECTION)
        }
        (None, None) if smtp.is_masked => {
            ("STARTTLS is not offered: a firewall overwrites it (XXXXXXXA)".to_owned(), INSPECTION)
        }
        (None, None) => ("STARTTLS is not offered".to_owned(), SWITCH_ON),
    }
}

fn graded(facts: &Facts, policy: &Policy, now: i64) -> Grading {
    let is_proven = certificates::is_proven(facts, now);
    let rules = Rules {
        is_opportunistic: policy.is_opportunistic && !policy.strict,
        is_downgrade_protected: !policy.is_opportunistic
            && is_proven
            && facts.smtp.auth_before.is_empty(),
    };
    grade::grade(facts, rules)
}

fn grade_finding(facts: &Facts, grading: &Grading, policy: &Policy, report: &mut Report) {
    if Protocol::ALL.iter().all(|version| facts.protocol(*version).is_no()) {
        report.find(State::Critical, "no version of TLS is answered");
        return;
    }
    let grade = grading.grade;
    let by_limit = policy.state_of(grade);
    // DROWN harms whoever shares the key, whatever grade is thought good enough here.
    let ssl2 = facts.protocol(Protocol::Ssl2).is_yes();
    let (state, limit) = match (by_limit, grading.unknown.len()) {
        _ if ssl2 => (State::Critical, ""),
        (State::Ok, 1..) => (State::Unknown, " at most"),
        (state, 1..) => (state, " at most"),
        (state, _) => (state, ""),
    };
    let mut text = format!("grade {grade}{limit}");
    let reasons = grading.reasons();
    if !reasons.is_empty() {
        text = format!("{text}: {}", reasons.join(", "));
    }
    match grading.unknown.as_slice() {
        [] => {}
        [doubt] => text = format!("{text} (incomplete: unknown whether {})", doubt.subject),
        doubts => text = format!("{text} (incomplete: {} facts unknown)", doubts.len()),
    }
    report.find(state, text);
    if state != State::Ok
        && let Some((_, caps)) = grading.next()
        && let Some(cap) = caps.first()
    {
        report.advise(cap.remedy);
    }
}

/// A handshake that must work and does not.
fn handshake(facts: &Facts, policy: &Policy, report: &mut Report) {
    // Nothing fits a certificate that cannot be read, which is named as that.
    let is_readable = facts.leaves().next().is_some();
    if let Some(fault) = facts
        .handshake
        .as_ref()
        .filter(|_| is_readable)
        .and_then(|handshake| handshake.signature_fault)
    {
        report.find(
            State::Critical,
            format!("the server's signature does not fit its certificate: {fault}"),
        );
        report.advise("certificate and key do not belong together: choose them again");
    }
    let Some(why) = &facts.no_handshake else {
        return;
    };
    if let WhyUnknown::Handshake(error) = why
        && let Some(lack) = Lack::of_ours(error, &facts.choices())
    {
        let text = format!("handshake unknown: our side does not speak {lack}");
        // The certificate was sent in the clear, and is judged all the same.
        let is_judged = !facts.chains.is_empty() && lack.is_usual_elsewhere();
        report.find(if is_judged { State::Ok } else { State::Unknown }, text);
        return;
    }
    report.find(State::Critical, words::unknown(why));
    if let Some(advice) = no_handshake_advice(facts, why, policy) {
        report.advise(advice);
    }
}

fn no_handshake_advice(facts: &Facts, why: &WhyUnknown, policy: &Policy) -> Option<String> {
    if let WhyUnknown::Handshake(HandshakeError::Refused(alert)) = why {
        // Who answers with an alert speaks TLS.
        return (*alert == Alert::UNRECOGNIZED_NAME).then(|| {
            format!(
                "the server does not serve {}: name it as the server does, with --sni",
                facts.name
            )
        });
    }
    if facts.start == Start::Starttls || !facts.accepted.is_empty() {
        return None;
    }
    let advice = if policy.sends_proxy_header {
        "where the listener expects no PROXY header, leave --proxy-protocol out"
    } else {
        "a port that begins in the clear needs --starttls"
    };
    Some(advice.to_owned())
}

/// Hellos with keys for ML-KEM are larger than a packet, and some firewalls wait for an end that they do not see.
fn large_hello(facts: &Facts, report: &mut Report) {
    if matches!(facts.post_quantum, Fact::Unknown(WhyUnknown::Silent)) {
        report.find(State::Warning, "senders with post-quantum key exchange hang here");
        report.advise("let hellos of more than one packet through: update the server, or the firewall in between");
    }
}

/// Passwords in the clear.
fn authentication(facts: &Facts, report: &mut Report) {
    if facts.start == Start::Tls || facts.smtp.auth_before.is_empty() {
        return;
    }
    let gives_away = |mechanism: &String| {
        matches!(mechanism.as_str(), "PLAIN" | "LOGIN" | "XOAUTH2" | "OAUTHBEARER")
    };
    let state = if facts.smtp.auth_before.iter().any(gives_away) {
        State::Critical
    } else {
        State::Warning
    };
    report.find(state, format!("AUTH {} is offered before TLS", facts.smtp.auth_before.join(" ")));
    report.advise("offer AUTH inside TLS only; Axigen: no authentication on plain text connections; postfix: smtpd_tls_auth_only = yes; exim: auth_advertise_hosts = ${if def:tls_in_cipher {*}}");
}

fn inside_tls(facts: &Facts, report: &mut Report) {
    match &facts.smtp.starttls_again {
        Fact::Yes => report.find(State::Warning, "STARTTLS is offered again inside TLS"),
        Fact::Unknown(why) if facts.handshake.is_some() && facts.cut_short.is_none() => {
            report
                .find(State::Unknown, format!("SMTP inside TLS unknown: {}", words::unknown(why)));
        }
        _ => {}
    }
    if let Fact::Unknown(why) = &facts.second_certificate
        && facts.handshake.is_some()
        && facts.cut_short.is_none()
    {
        report.find(State::Unknown, format!("second certificate unknown: {}", words::unknown(why)));
    }
    match &facts.injection {
        Some(Fact::Yes) => {
            report
                .find(State::Critical, "commands before TLS are obeyed inside it (CVE-2011-0411)");
            report.advise("update the server");
        }
        Some(Fact::Unknown(why)) => {
            report.find(
                State::Unknown,
                format!("command injection unknown: {}", words::unknown(why)),
            );
        }
        Some(Fact::No) | None => {}
    }
}

fn other_listeners(facts: &Facts, report: &mut Report) {
    for other in &facts.drown {
        match &other.ssl2 {
            Fact::Yes => {
                report.find(State::Critical, format!("{} speaks SSLv2", other.listener));
                report.advise("switch SSLv2 off there; whoever breaks its key reads every server with that key");
            }
            Fact::No => {}
            Fact::Unknown(why) => {
                report.find(
                    State::Unknown,
                    format!("SSLv2 on {} unknown: {}", other.listener, words::unknown(why)),
                );
            }
        }
    }
}

/// What was not looked at.
pub(super) fn other_addresses(facts: &Facts, report: &mut Report) {
    if let (Some(address), count @ 2..) = (&facts.address, facts.addresses) {
        report.find(State::Ok, format!("asked {address} only, one of {count} addresses"));
    }
}

/// What a look that was cut short leaves open.
fn cut_short(facts: &Facts, policy: &Policy, report: &mut Report) {
    let connections = facts.connections;
    let Some(why) = &facts.cut_short else {
        return;
    };
    let text = words::cut_short(why);
    match why {
        CutShort::OutOfTime(_) => report.find(policy.on_timeout, text),
        CutShort::Limited(_) => {
            report.find(
                State::Unknown,
                format!("incomplete: the server limits this host after {connections} connections: {text}"),
            );
            report.advise(
                "exempt this host from the server's limits, or use --delay with a longer --timeout",
            );
        }
        CutShort::Sick(_) => {
            let text = format!("incomplete: the server takes no mail from anybody: {text}");
            report.find(State::Unknown, text);
            let log = "see the server's log for the reason, and check its disk";
            report.advise(if facts.smtp.greeting.is_none() { BEHIND_PROXY } else { log });
        }
        CutShort::Banned(_) => {
            report.find(State::Unknown, format!("incomplete: probably banned: {text}"));
            report.advise("exempt this host: fail2ban ignoreip, the server's limits");
        }
        CutShort::Lost(_) => report.find(State::Unknown, format!("incomplete: {text}")),
    }
}

/// Of one address what was seen, of several the worst of what was seen, and the connections together.
pub(super) fn measure(seen: &[&Graded], policy: &Policy, now: i64, report: &mut Report) {
    let with_tls: Vec<&Facts> =
        seen.iter().filter(|seen| seen.has_tls).map(|seen| &seen.facts).collect();
    certificates::measure(&with_tls, policy, now, report);
    if seen.iter().any(|seen| !seen.facts.quick) {
        let score = seen.iter().filter_map(|seen| score(seen)).min();
        let score = score.map_or(Value::Undetermined, |score| Value::Uint(score.into()));
        report.measure(Metric::new("score", score, Unit::None));
    }
    let handshakes = seen.iter().filter_map(|seen| seen.facts.handshake.as_ref());
    let seconds = handshakes.map(|handshake| handshake.seconds).reduce(f64::max);
    let seconds = seconds.map_or(Value::Undetermined, Value::Float);
    report.measure(Metric::new("handshake", seconds, Unit::Seconds));
    let connections = seen.iter().map(|seen| u64::from(seen.facts.connections)).sum();
    report.measure(Metric::new("connections", Value::Uint(connections), Unit::None));
}

/// The score, where all that it is made of is known.
fn score(seen: &Graded) -> Option<u32> {
    let is_known = grade::is_score_known(&seen.facts) && !seen.facts.accepted.is_empty();
    seen.grading.as_ref().filter(|_| is_known).map(|grading| grading.score)
}
