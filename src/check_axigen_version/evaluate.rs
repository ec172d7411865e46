//! The release and policy become a report. No I/O, no clock.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::explain::{explain, no_version};
use super::facts::{Facts, NoVersion, ServerVersion};
use super::holes::{AS_OF, Hole, first_without, holes_of};
use super::policy::Policy;
use super::release::Release;
use crate::monitoring::{Metric, Report, State, Unit, Value};
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;

/// What the JSON output carries.
#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    no_version: Option<String>,
    holes: Vec<&'static str>,
    holes_as_of: &'static str,
}

/// Judges what was seen.
pub(super) fn evaluate(facts: &Facts, policy: &Policy) -> Report {
    let mut report = Report::new();
    if let Some(version) = &facts.version {
        judge(version.release, policy, &mut report);
    } else if let Some(error) = &facts.no_version {
        unanswered(facts, error, &mut report);
    } else if let Some(out_of_time) = &facts.cut_short {
        report.find(policy.on_timeout, out_of_time.to_string());
    }
    if let Some(seconds) = facts.seconds {
        report.measure(Metric::new("time", Value::Float(seconds), Unit::Seconds));
    }
    explain(facts, &mut report);
    let holes_in = |version: &ServerVersion| holes_of(version.release);
    report.attach(&Attached {
        facts,
        no_version: facts.no_version.as_ref().map(no_version),
        holes: names(&facts.version.as_ref().map(holes_in).unwrap_or_default()),
        holes_as_of: AS_OF,
    });
    report
}

/// What a minimum says of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// It is that, or newer in the line.
    Accepted(Release),
    /// It is older than the minimum of its line.
    TooOld(Release),
    /// Newer lines have a minimum, and its own has none.
    Unnamed,
    /// No minimum speaks of it.
    Nothing,
}

fn against(release: Release, minimum: &[Release]) -> Against {
    match minimum.iter().find(|least| least.line() == release.line()) {
        Some(least) if release >= *least => Against::Accepted(*least),
        Some(least) => Against::TooOld(*least),
        None if minimum.iter().any(|least| *least > release) => Against::Unnamed,
        None => Against::Nothing,
    }
}

/// Is the release one to run? A minimum of its line decides; without one its known holes do.
fn judge(release: Release, policy: &Policy, report: &mut Report) {
    let holes = names(&holes_of(release)).join(", ");
    let none = format!("holes: none known as of {AS_OF}");
    let also = if holes.is_empty() { String::new() } else { format!(" ({holes})") };
    match against(release, &policy.minimum) {
        Against::Accepted(_) | Against::Nothing if holes.is_empty() => {
            report.find(State::Ok, format!("Axigen {release}, {none}"));
        }
        Against::Accepted(least) => {
            let text = format!("Axigen {release}, accepted by --minimum {least} with {holes}");
            report.find(State::Ok, text);
        }
        Against::TooOld(least) => {
            let text = format!("Axigen {release} is older than {least}{also}");
            report.find(policy.vulnerable, text);
            report.advise(format!("update to {least} or later"));
        }
        Against::Unnamed => {
            let line = release.line();
            let text = format!("Axigen {release}: no fixed release named for {line}{also}");
            report.find(policy.vulnerable, text);
            report.advise(way_out(release));
        }
        Against::Nothing => {
            report.find(policy.vulnerable, vulnerable(release));
            report.advise(way_out(release));
        }
    }
}

/// "Axigen 10.6.30 has 1 known hole: CVE-2026-127218; fixed in 10.6.41".
fn vulnerable(release: Release) -> String {
    let holes = holes_of(release);
    let noun = if holes.len() == 1 { "hole" } else { "holes" };
    let fixed = match first_without(release).filter(|fixed| fixed.line() == release.line()) {
        Some(fixed) => format!("fixed in {fixed}"),
        None => format!("no fixed release named for {}", release.line()),
    };
    let names = names(&holes).join(", ");
    format!("Axigen {release} has {} known {noun}: {names}; {fixed}", holes.len())
}

fn way_out(release: Release) -> String {
    let line = release.line();
    match first_without(release) {
        Some(fixed) if fixed.line() == line => format!("update to {fixed} or later"),
        Some(fixed) => format!(
            "update to {fixed} or later, or accept releases of {line} from this one on with --minimum {release}"
        ),
        None => format!("update to a newer line, or accept {line} with --minimum {release}"),
    }
}

fn names(holes: &[&Hole]) -> Vec<&'static str> {
    holes.iter().map(|hole| hole.cve).collect()
}

/// A server that is silent or refuses is down; of one that says something else nothing is known.
fn unanswered(facts: &Facts, error: &NoVersion, report: &mut Report) {
    let (host, port) = (&facts.host, facts.port);
    let state = state(error);
    let text = no_version(error);
    report.find(
        state,
        // The addresses of a name that is not reached stand in the reason.
        match error {
            NoVersion::Unreached(_) => text,
            _ => format!("{host} port {port}: {text}"),
        },
    );
    match error {
        NoVersion::NoWord(_, StreamError::Silent | StreamError::Closed) if !facts.tls => {
            report.advise(
                "check that Axigen and its CLI service run and admit this host; a CLI listener with SSL needs --tls",
            );
        }
        NoVersion::Unreached(unreached) if !unreached.is_ours() => {
            report.advise("check that Axigen runs and that its CLI service listens here");
        }
        NoVersion::Handshake(HandshakeError::NotTls | HandshakeError::Text(_)) => {
            report.advise("leave out --tls, or set the port of a CLI listener with SSL");
        }
        NoVersion::NoPrompt(..) => {
            report.advise("set the port of Axigen's CLI service with --port");
        }
        _ => {}
    }
}

fn state(error: &NoVersion) -> State {
    match error {
        NoVersion::Unreached(unreached) if !unreached.is_ours() => State::Critical,
        NoVersion::Handshake(HandshakeError::Silent | HandshakeError::Closed)
        | NoVersion::NoWord(_, StreamError::Silent | StreamError::Closed) => State::Critical,
        _ => State::Unknown,
    }
}
