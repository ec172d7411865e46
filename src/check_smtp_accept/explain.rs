//! Answers in words, for the long output and for findings.

use super::facts::{EarlyEnd, Facts};
use crate::monitoring::{Meanings, Report};
use crate::smtp::Reply;
use crate::smtp_client::{Security, certificate_words};

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[
    ("time", "time from the connection to the last answer"),
    ("recipients", "recipients asked for"),
    ("refused", "recipients whose refusal is CRITICAL, so none that is greylisted"),
];

/// Describes what was seen, for `-v`.
pub(super) fn explain(facts: &Facts, report: &mut Report) {
    let way = match facts.security {
        Security::Clear => "in the clear",
        Security::Starttls => "STARTTLS",
        Security::Tls => "TLS from the first byte",
    };
    report.explain(1, format!("server: {} port {}, {way}", facts.host, facts.port));
    for recipient in &facts.recipients {
        let said =
            recipient.reply.as_ref().map_or_else(|| "not answered".to_owned(), Reply::in_full);
        report.explain(1, format!("{}: {said}", recipient.address));
    }
    if let Some(reply) = &facts.delivered {
        report.explain(1, format!("mail: {}", reply.in_full()));
    }
    if let Some(seconds) = facts.greeted_after {
        report.explain(2, format!("greeting after {seconds:.3} s"));
    }
    let sender = if facts.sender.is_empty() { "the null sender" } else { &facts.sender };
    report.explain(2, format!("offered from {sender}"));
}

/// Why a session ended, where the server's answer says it all.
pub(super) fn why_ended(facts: &Facts, ended: &EarlyEnd) -> String {
    match ended {
        EarlyEnd::NoLogin(error) => error.to_string(),
        EarlyEnd::NoSession(error) => error.to_string(),
        EarlyEnd::NotProven => not_proven(facts),
        EarlyEnd::NoMechanism(offered) if offered.is_empty() => "AUTH is not offered".to_owned(),
        EarlyEnd::NoMechanism(offered) => {
            format!("neither AUTH PLAIN nor AUTH LOGIN is offered, but {offered}")
        }
        EarlyEnd::Refused(at, reply) => format!("{}, to {at}", reply.in_full()),
        EarlyEnd::Lost(error) => error.to_string(),
        EarlyEnd::OutOfTime(out_of_time) => out_of_time.to_string(),
    }
}

fn not_proven(facts: &Facts) -> String {
    let Some(proof) = &facts.proof else {
        return String::new();
    };
    match (proof.faults.first(), &proof.unknown) {
        (Some(fault), _) => certificate_words::fault(fault),
        (None, Some(why)) => format!("trust unknown: {why}"),
        (None, None) => String::new(),
    }
}
