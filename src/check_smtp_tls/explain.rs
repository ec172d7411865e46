//! The long output: what a person wants to read of a server's TLS.

pub(super) mod words;

use std::time::Duration;

use super::facts::{Fact, Facts, Start, Weakness};
use super::grade::{self, About, Grading, Part};
use super::policy::Policy;
use crate::monitoring::{Meanings, Report, State, duration};
use crate::tls::Protocol;
use crate::tls::suite::Suite;

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[
    ("certificate", "what is left of the certificate's life"),
    ("certificate_used", "share of that certificate's life that is over, rounded up"),
    ("score", "score of the grade, 0 to 100"),
    ("handshake", "time of the one whole handshake"),
    ("connections", "connections that were opened"),
];

/// Lines of certificates; a chain may be long.
const CERTIFICATES: usize = 12;

/// Describes what was seen, for `-v` and `-vv`; with a mark where it is good or bad.
pub(super) fn explain(
    facts: &Facts,
    grading: Option<&Grading>,
    policy: &Policy,
    now: i64,
    report: &mut Report,
) {
    server(facts, report);
    if let Some(grading) = grading {
        let marks = Marks { grading, policy };
        versions(facts, &marks, report);
        suites(facts, &marks, report);
        path(facts, grading, policy, report);
    }
    certificates(facts, now, report);
    dialogue(facts, report);
}

/// What a line of long output is worth.
struct Marks<'a> {
    grading: &'a Grading,
    policy: &'a Policy,
}

impl Marks<'_> {
    /// What is known is as bad as what it does to the grade.
    fn of(&self, fact: &Fact, about: impl Fn(About) -> bool) -> State {
        match fact {
            Fact::Unknown(_) => State::Unknown,
            Fact::Yes | Fact::No => self.policy.state_of(self.grading.at_most(about)),
        }
    }
}

fn server(facts: &Facts, report: &mut Report) {
    let address = facts.address.as_deref().unwrap_or("no address");
    let start = match facts.start {
        Start::Starttls => "STARTTLS",
        Start::Tls => "TLS from the first byte",
    };
    report.explain(
        1,
        format!(
            "server: {} port {} ({address}), {start}, name checked: {}",
            facts.host, facts.port, facts.name
        ),
    );
    if let Some(unnamed) = &facts.without_name {
        report.explain(
            1,
            format!("without SNI: {} by {}", unnamed.leaf.subject, unnamed.leaf.issuer),
        );
    }
    for skipped in words::unconnected(&facts.skipped_addresses) {
        report.explain(1, format!("skipped: {skipped}"));
    }
    if let Some(handshake) = &facts.handshake {
        let suite = suite_name(handshake.suite);
        report.explain(
            1,
            format!(
                "handshake: {} {suite} in {:.1} ms",
                handshake.version,
                handshake.seconds * 1000.0
            ),
        );
    }
}

fn versions(facts: &Facts, marks: &Marks<'_>, report: &mut Report) {
    for version in Protocol::ALL {
        let fact = facts.protocol(version);
        let is_it = |about| matches!(about, About::Versions(all) if all.contains(&version));
        // DROWN is CRITICAL whatever grade is thought good enough here.
        let is_drown = version == Protocol::Ssl2 && fact.is_yes();
        let state = if is_drown { State::Critical } else { marks.of(&fact, is_it) };
        let said = said(&fact, "offered", "not offered");
        report.explain_as(1, state, format!("{:<8} {said}", version.to_string()));
    }
    if !facts.ssl2_kinds.is_empty() {
        report.explain(1, format!("SSLv2 ciphers: {}", facts.ssl2_kinds.join(" ")));
    }
}

fn suites(facts: &Facts, marks: &Marks<'_>, report: &mut Report) {
    for weakness in Weakness::ALL {
        let fact = facts.weakness(weakness, |_| true);
        let state = marks.of(&fact, |about| about == About::Suites(weakness));
        report.explain_as(1, state, format!("{weakness}: {}", said(&fact, "accepted", "refused")));
    }
    for (what, fact, about) in [
        ("forward secrecy", &facts.forward_secrecy, Some(About::ForwardSecrecy)),
        ("AEAD", &facts.aead, Some(About::Aead)),
        ("AES 256 or ChaCha20", &facts.bits_256, None),
        ("128-bit ciphers", &facts.bits_128, None),
        ("post-quantum key exchange", &facts.post_quantum, None),
        ("curves below 224 bits", &facts.weak_curve, Some(About::Curves)),
    ] {
        let state = marks.of(fact, |known| Some(known) == about);
        report.explain_as(1, state, format!("{what}: {}", said(fact, "accepted", "refused")));
    }
    if let Some(bits) = facts.prime_bits {
        let state = marks.of(&Fact::Yes, |about| about == About::Prime);
        report.explain_as(1, state, format!("Diffie-Hellman prime: {bits} bits"));
    }
    for (what, fact, about) in [
        ("TLS compression", &facts.compression, About::Compression),
        ("secure renegotiation", &facts.secure_renegotiation, About::Renegotiation),
    ] {
        let state = marks.of(fact, |known| known == about);
        report.explain_as(2, state, format!("{what}: {}", said(fact, "yes", "no")));
    }
    for (version, id) in &facts.accepted {
        report.explain(2, format!("chosen: {version} {}", suite_name(*id)));
    }
}

/// Why the grade is what it is, and what leads to the next.
fn path(facts: &Facts, grading: &Grading, policy: &Policy, report: &mut Report) {
    let at_most = if grade::is_score_known(facts) { "" } else { "at most " };
    let parts: Vec<String> = grading.parts.iter().map(part).collect();
    report.explain(1, format!("score: {at_most}{} of 100: {}", grading.score, parts.join("; ")));
    if let Some((next, caps)) = grading.next() {
        let mut advised = advice(report);
        for cap in caps {
            let state = policy.state_of(cap.at_most);
            let text = if advised.iter().any(|known| known == cap.remedy) {
                format!("for {next}: {}", cap.reason)
            } else {
                format!("for {next}: {}: {}", cap.reason, cap.remedy)
            };
            report.explain_as(1, state, text);
            advised.push(cap.remedy.to_owned());
        }
    }
    for cap in grading.caps.iter().filter(|cap| cap.at_most != grading.grade) {
        let state = policy.state_of(cap.at_most);
        report.explain_as(1, state, format!("later: at most {}: {}", cap.at_most, cap.reason));
    }
    for doubt in &grading.unknown {
        let text = format!("unknown whether {}: {}", doubt.subject, doubt.reason);
        report.explain_as(1, State::Unknown, text);
    }
    for note in &grading.notes {
        report.explain_as(1, State::Ok, format!("note: {note}"));
    }
}

/// What is advised before the long output.
fn advice(report: &Report) -> Vec<String> {
    let findings = report.findings();
    let problems = findings.iter().filter(|finding| finding.state != State::Ok);
    problems.filter_map(|finding| finding.next_step.clone()).collect()
}

/// As in "keys 27 of 30 (the weakest is RSA 2048)".
fn part(part: &Part) -> String {
    let because = part.because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
    format!("{} {} of {}{because}", part.what, part.points, part.of)
}

fn certificates(facts: &Facts, now: i64, report: &mut Report) {
    for (number, chain) in (1..).zip(&facts.chains) {
        let length = chain.certificates.len() + chain.unreadable;
        let several = if length == 1 { "" } else { "s" };
        report.explain(1, format!("chain {number}: {length} certificate{several} sent"));
        for certificate in chain
            .certificates
            .iter()
            .take(CERTIFICATES)
            .filter_map(|place| facts.certificates.get(*place))
        {
            let left = certificate.not_after.saturating_sub(now);
            let human = duration::human(Duration::from_secs(left.unsigned_abs()));
            let dates =
                if left < 0 { format!("expired {human} ago") } else { format!("{human} left") };
            let text = format!(
                "{} by {}, {}, {dates}",
                certificate.subject, certificate.issuer, certificate.key
            );
            if left < 0 || certificate.not_before > now {
                report.explain_as(1, State::Warning, text);
            } else {
                report.explain(1, text);
            }
        }
    }
}

fn dialogue(facts: &Facts, report: &mut Report) {
    if let Some(greeting) = &facts.smtp.greeting {
        report.explain(2, format!("greeting: {greeting}"));
    }
    if !facts.smtp.auth_after.is_empty() {
        report.explain(2, format!("AUTH inside TLS: {}", facts.smtp.auth_after.join(" ")));
    }
    if let Fact::Unknown(why) = &facts.smtp.starttls_again {
        report.explain(2, format!("SMTP inside TLS: {}", words::unknown(why)));
    }
    if let Some(why) = &facts.no_handshake {
        report.explain(2, format!("handshake: {}", words::unknown(why)));
    }
    report.explain(2, format!("connections: {}", facts.connections));
}

fn said(fact: &Fact, yes: &str, no: &str) -> String {
    match fact {
        Fact::Yes => yes.to_owned(),
        Fact::No => no.to_owned(),
        Fact::Unknown(why) => format!("unknown ({})", words::unknown(why)),
    }
}

fn suite_name(id: u16) -> String {
    Suite::by_id(id)
        .map_or_else(|| format!("suite 0x{id:04x}"), |suite| format!("TLS_{}", suite.name))
}
