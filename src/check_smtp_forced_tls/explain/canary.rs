//! The story of canary mails.

use std::time::Duration;

use crate::canary::{Circumstances, Followed, Observed, Sight};
use crate::check_smtp_forced_tls::facts::{CanaryFacts, HandOver, SinkSeen};
use crate::clock;
use crate::monitoring::{Report, duration};
use crate::smtp_client::{NoSession, certificate_words};
use crate::tls::Protocol;
use crate::tls::suite::Suite;

/// Mails whose story is told.
const TOLD: usize = 5;

/// Tells the story, newest mail first.
pub(super) fn explain(facts: &CanaryFacts, report: &mut Report) {
    report.explain(
        1,
        format!("canary mails for {} by {} port {}", facts.domain, facts.host, facts.port),
    );
    if let Some(HandOver::Accepted(reply)) = &facts.handed_over {
        report.explain(1, format!("handed over now: {}", reply.in_full()));
    }
    for mail in facts.mails.iter().flatten().take(TOLD) {
        for line in story(mail) {
            report.explain(1, line);
        }
    }
    if let Some(sink) = &facts.sink {
        report.explain(2, format!("smtp_canary: {}", of(sink)));
    }
}

fn story(mail: &Followed) -> Vec<String> {
    let mut told = Vec::new();
    let short: String = mail.token.as_str().chars().skip(10).take(6).collect();
    let handed_over = match &mail.canary {
        Ok(canary) => match &canary.accepted {
            Some(reply) => format!("handed over: {reply}"),
            None => "not known to be handed over".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    told.push(format!("{short} {}: {handed_over}", when(mail.token.made())));
    let mut seen: Vec<&Observed> = mail.seen.iter().collect();
    seen.sort_by_key(|seen| seen.how.as_ref().map_or(u64::MAX, |how| how.at));
    for seen in seen {
        let what = match seen.sighting.sight {
            Sight::Waited => "was offered no TLS and kept the mail",
            Sight::InTheClear => "handed it over in the clear",
            Sight::WrongRefused => "refused the wrong certificate and kept the mail",
            Sight::WrongTaken => "handed it over under the wrong certificate",
            Sight::RightRefused => "saw the right certificate and kept the mail",
            Sight::Encrypted => "handed it over encrypted",
        };
        told.push(match &seen.how {
            Ok(how) => format!("{short} {}: {} {what}{}", when(how.at), who(how), by(how)),
            Err(error) => format!("{short} {what}; {error}"),
        });
    }
    told
}

fn who(how: &Circumstances) -> String {
    match &how.helo {
        Some(helo) => format!("{} ({helo})", how.from),
        None => how.from.clone(),
    }
}

fn by(how: &Circumstances) -> String {
    tls(how).map_or_else(String::new, |(version, suite)| format!(" by {version}, {suite}"))
}

/// Version and suite as people write them.
pub(in crate::check_smtp_forced_tls) fn tls(how: &Circumstances) -> Option<(String, String)> {
    let used = how.tls?;
    let version = Protocol::from_wire(used.version)
        .map_or_else(|| format!("0x{:04x}", used.version), |version| version.to_string());
    let suite = Suite::by_id(used.suite)
        .map_or_else(|| format!("suite 0x{:04x}", used.suite), |suite| suite.name.to_owned());
    Some((version, suite))
}

/// A second since 1970.
pub(in crate::check_smtp_forced_tls) fn when(seconds: u64) -> String {
    clock::utc(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Who listens.
pub(in crate::check_smtp_forced_tls) fn of(sink: &SinkSeen) -> String {
    match sink {
        SinkSeen::Listens => "listens".to_owned(),
        SinkSeen::OutOfOrder(reply) => format!("cannot work: {}", reply.in_full()),
        SinkSeen::Other(reply) => format!("another server answers: {}", reply.in_full()),
        SinkSeen::NoAnswer(error) => error.to_string(),
        SinkSeen::Unresolved(error) => error.to_string(),
        SinkSeen::Nobody(unreached) => unreached.to_string(),
    }
}

/// Why the next mail was not handed over; nothing if it was.
pub(in crate::check_smtp_forced_tls) fn not_handed_over(handed_over: &HandOver) -> Option<String> {
    Some(match handed_over {
        HandOver::Accepted(_) | HandOver::NoSession(NoSession::OutOfTime) => return None,
        HandOver::Refused(at, reply) => format!("{} (at {at})", reply.in_full()),
        HandOver::NoSession(error) => error.to_string(),
        HandOver::Lost(error) => error.to_string(),
        HandOver::NoLogin(error) => error.to_string(),
        HandOver::NotProven(proof) => match (proof.faults.first(), &proof.unknown) {
            (Some(fault), _) => format!("no password sent: {}", certificate_words::fault(fault)),
            (None, Some(why)) => format!("no password sent: trust unknown: {why}"),
            (None, None) => "no password sent".to_owned(),
        },
        HandOver::NoMechanism(offered) if offered.is_empty() => "AUTH is not offered".to_owned(),
        HandOver::NoMechanism(offered) => {
            format!("neither AUTH PLAIN nor AUTH LOGIN is offered, but {offered}")
        }
        HandOver::NotNoted(error) => error.to_string(),
        HandOver::NoToken => "the system has no random bytes".to_owned(),
        HandOver::OtherRun => "another run of this check is doing it".to_owned(),
    })
}

/// As in "2h 5m".
pub(in crate::check_smtp_forced_tls) fn long(seconds: u64) -> String {
    duration::human(Duration::from_secs(seconds))
}
