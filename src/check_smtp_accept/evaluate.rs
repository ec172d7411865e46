//! Answers and policy become a report. No I/O, no clock.

mod meaning;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::explain::{explain, why_ended};
use super::facts::{EarlyEnd, Facts, Recipient};
use super::policy::Policy;
use crate::monitoring::{Metric, Range, Report, State, Thresholds, Unit, Value};
use crate::smtp::{Command, Stage};
use crate::smtp_client::{BEGINS_CLEAR, BEGINS_OTHERWISE, BEHIND_PROXY, NoSession, Security};
use crate::tls::handshake::HandshakeError;
use meaning::{Meaning, meaning};

/// What the JSON output carries.
#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    ended: Option<String>,
}

/// Judges what was seen.
pub(super) fn evaluate(facts: &Facts, policy: &Policy) -> Report {
    let mut report = Report::new();
    if let Some(end) = &facts.ended {
        ended(facts, end, policy, &mut report);
    }
    refused(facts, &mut report);
    taken(facts, &mut report);
    time(facts, policy, &mut report);
    measure(facts, policy, &mut report);
    explain(facts, &mut report);
    report.attach(&Attached {
        facts,
        ended: facts.ended.as_ref().map(|ended| why_ended(facts, ended)),
    });
    report
}

/// Why did the session end before all was asked?
fn ended(facts: &Facts, ended: &EarlyEnd, policy: &Policy, report: &mut Report) {
    let why = why_ended(facts, ended);
    match ended {
        EarlyEnd::NoLogin(_) => {
            report.find(State::Unknown, why);
        }
        EarlyEnd::NoSession(error) => no_session(facts, error, report),
        EarlyEnd::NotProven
            if facts.proof.as_ref().is_some_and(|proof| proof.faults.is_empty()) =>
        {
            report.find(State::Unknown, why);
        }
        EarlyEnd::NotProven => {
            report.find(State::Critical, why);
            report.advise("get a certificate for this name, or name its authority with --ca-file");
        }
        EarlyEnd::NoMechanism(_) => {
            report.find(State::Critical, why);
            report.advise(
                "offer AUTH PLAIN or AUTH LOGIN inside TLS (postfix: smtpd_sasl_auth_enable = yes)",
            );
        }
        // Told of the recipient already.
        EarlyEnd::Refused(Command::Rcpt, _) => {}
        EarlyEnd::Refused(at, reply) => {
            let meaning = meaning(reply, Stage::Command(*at), facts);
            find(&meaning, format!("{}: {why}", meaning.what), report);
        }
        EarlyEnd::Lost(error) => {
            let place = format!("{}:{}", facts.host, facts.port);
            report.find(State::Critical, format!("{place}: {error}"));
        }
        EarlyEnd::OutOfTime(_) => {
            report.find(policy.on_timeout, why);
            report.advise("raise --timeout if the server needs longer");
        }
    }
}

fn no_session(facts: &Facts, error: &NoSession, report: &mut Report) {
    let (host, port) = (&facts.host, facts.port);
    match error {
        NoSession::Unresolved(error) => {
            report.find(State::Unknown, format!("cannot look up {host}: {error}"));
        }
        NoSession::Unreached(unreached) => {
            let state = if unreached.is_ours() { State::Unknown } else { State::Critical };
            report.find(state, unreached.to_string());
        }
        NoSession::Refused(at, reply) => {
            let mut meaning = meaning(reply, *at, facts);
            if error.may_lack_proxy_header() {
                meaning.advice = Some(BEHIND_PROXY);
            }
            find(&meaning, format!("{host}:{port}: {}: {error}", meaning.what), report);
        }
        NoSession::NoProxyExpected => {
            report.find(State::Unknown, format!("{host}:{port}: {error}"));
            report.advise("leave --proxy-protocol out");
        }
        NoSession::Lacks(_) => {
            report.find(State::Unknown, format!("{host}:{port}: TLS unknown: {error}"));
        }
        NoSession::Handshake(failed) if failed.is_ours() => {
            report.find(State::Unknown, format!("{host}:{port}: {error}"));
        }
        NoSession::Handshake(HandshakeError::NotTls | HandshakeError::Text(_)) => {
            report.find(State::Critical, format!("{host}:{port}: {error}"));
            report.advise(BEGINS_CLEAR);
        }
        NoSession::NoAnswer(silent)
            if facts.security != Security::Tls && silent.stage == Stage::Greeting =>
        {
            report.find(State::Critical, format!("{host}:{port}: {error}"));
            report.advise(BEGINS_OTHERWISE);
        }
        NoSession::NoAnswer(_)
        | NoSession::Handshake(_)
        | NoSession::NoStarttls
        | NoSession::StarttlsMasked => {
            report.find(State::Critical, format!("{host}:{port}: {error}"));
        }
        NoSession::OutOfTime => report.find(State::Unknown, error.to_string()),
    }
}

fn find(meaning: &Meaning, text: String, report: &mut Report) {
    report.find(meaning.state, text);
    if let Some(advice) = meaning.advice {
        report.advise(advice);
    }
}

/// Which mailboxes take no mail?
fn refused(facts: &Facts, report: &mut Report) {
    for recipient in &facts.recipients {
        let Some(reply) = recipient.refusal() else {
            continue;
        };
        let meaning = meaning(reply, Stage::Command(Command::Rcpt), facts);
        let text = format!("{}: {}: {}", recipient.address, meaning.what, reply.in_full());
        find(&meaning, text, report);
    }
}

/// Which do?
fn taken(facts: &Facts, report: &mut Report) {
    let taken: Vec<&str> = facts
        .recipients
        .iter()
        .filter(|recipient| recipient.is_taken())
        .map(|recipient| recipient.address.as_str())
        .collect();
    let whom = match taken.as_slice() {
        [] => return,
        [one] => (*one).to_owned(),
        several => format!("{} recipients", several.len()),
    };
    match &facts.delivered {
        Some(reply) => {
            report.find(State::Ok, format!("mail to {whom} is accepted: {}", reply.in_full()));
        }
        // A mail that went further and was refused is none that was accepted.
        None if facts.ended.is_some() => {}
        None => report.find(State::Ok, format!("mail to {whom} is accepted up to RCPT")),
    }
}

/// What the answer to one recipient means; unknown without one.
fn state(recipient: &Recipient, facts: &Facts) -> State {
    match (&recipient.reply, recipient.refusal()) {
        (None, _) => State::Unknown,
        (Some(_), None) => State::Ok,
        (Some(_), Some(reply)) => meaning(reply, Stage::Command(Command::Rcpt), facts).state,
    }
}

fn time(facts: &Facts, policy: &Policy, report: &mut Report) {
    let Some(seconds) = facts.seconds else {
        return;
    };
    let state = policy.time.judge(Value::Float(seconds));
    if let Some(range) = policy.time.behind(state) {
        let name = if state == State::Critical { "critical" } else { "warning" };
        report.find(state, format!("took {seconds:.2} s ({name} {range})"));
        report
            .advise("check the server's load, and what it depends on: DNS, block lists, a scanner");
    }
}

fn measure(facts: &Facts, policy: &Policy, report: &mut Report) {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let time = facts.seconds.map_or(Value::Undetermined, Value::Float);
    report.measure(Metric::new("time", time, Unit::Seconds).judged_by(&policy.time));
    let all = count(facts.recipients.len());
    report.measure(Metric::new("recipients", Value::Uint(all), Unit::None));
    let states: Vec<State> =
        facts.recipients.iter().map(|recipient| state(recipient, facts)).collect();
    let of = |wanted: State| states.iter().filter(|state| **state == wanted).count();
    let is_known = of(State::Unknown) == 0;
    let refused =
        if is_known { Value::Uint(count(of(State::Critical))) } else { Value::Undetermined };
    // Both limits, since Icinga 2 before 2.14.5 drops one behind an empty one.
    let none = Some(Range::up_to(0));
    let limits = Thresholds { warning: none, critical: none };
    report.measure(Metric::new("refused", refused, Unit::None).judged_by(&limits).at_most(all));
}
