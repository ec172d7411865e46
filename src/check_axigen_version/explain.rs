//! The long output: what the server said, and what is known of its releases.

use super::facts::{Awaited, Facts, NoVersion};
use super::holes::{AS_OF, FIRST, HOLES, Hole, Span};
use crate::monitoring::{Meanings, Report};
use crate::stream::StreamError;

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[("time", "time from the start to the answer")];

/// Describes what was seen, for `-v`.
pub(super) fn explain(facts: &Facts, report: &mut Report) {
    if let Some(address) = facts.address {
        let tls = if facts.tls { ", inside TLS" } else { "" };
        report.explain(1, format!("server: {}, {address}{tls}", facts.host));
    }
    let Some(version) = &facts.version else { return };
    report.explain(1, format!("answer: {}", version.text));
    report.explain(1, format!("known holes as of {AS_OF}:"));
    for hole in &HOLES {
        let mark = if hole.is_in(version.release) { ", in this release" } else { "" };
        let Hole { cve, published, what, source, .. } = hole;
        let extent: Vec<String> = hole.spans.iter().map(span).collect();
        let extent = extent.join(", ");
        report.explain(1, format!("{cve} ({published}{mark}): {what}; {extent}; {source}"));
    }
}

fn span(span: &Span) -> String {
    let line = span.from.line();
    match span.fixed {
        Some(fixed) if span.from == FIRST => format!("before {fixed}"),
        Some(fixed) if span.from == line.first() => format!("{line} before {fixed}"),
        Some(fixed) => format!("{} to before {fixed}", span.from),
        None => format!("{} and later of {line}", span.from),
    }
}

/// Why the version is not known.
pub(super) fn no_version(error: &NoVersion) -> String {
    match error {
        NoVersion::Unresolved(error) => format!("cannot resolve: {error}"),
        NoVersion::Unreached(unreached) => unreached.to_string(),
        NoVersion::Handshake(error) => error.to_string(),
        NoVersion::NoWord(awaited, error) => match error {
            StreamError::Silent => format!("no {} in time", name(*awaited)),
            StreamError::Closed => format!("connection closed instead of the {}", name(*awaited)),
            StreamError::Alert(alert) => format!("no {}: refused with {alert}", name(*awaited)),
            StreamError::Broken(error) => format!("no {}: {error}", name(*awaited)),
        },
        NoVersion::NoPrompt(Awaited::Prompt, heard) => format!("no Axigen CLI: '{heard}'"),
        NoVersion::NoPrompt(Awaited::Version, heard) => {
            format!("no whole answer to GET VERSION: '{heard}'")
        }
        NoVersion::TooLong(awaited) => format!("no end of the {}", name(*awaited)),
        NoVersion::Refused(line) => format!("GET VERSION was refused: {line}"),
        NoVersion::NoRelease(line) => format!("no release in the answer '{line}'"),
    }
}

fn name(awaited: Awaited) -> &'static str {
    match awaited {
        Awaited::Prompt => "prompt",
        Awaited::Version => "answer to GET VERSION",
    }
}
