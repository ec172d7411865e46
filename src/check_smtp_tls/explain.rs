//! The long output: what a person wants to read of a server's TLS.

pub(super) mod words;

use std::time::Duration;

use super::facts::{Fact, Facts, Start, Weakness};
use super::grade::{self, Grading};
use crate::monitoring::{Meanings, Report, duration};
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

/// Describes what was seen, for `-v` and `-vv`.
pub(super) fn explain(facts: &Facts, grading: Option<&Grading>, now: i64, report: &mut Report) {
    server(facts, report);
    if let Some(grading) = grading {
        versions(facts, report);
        suites(facts, report);
        path(facts, grading, report);
    }
    certificates(facts, now, report);
    dialogue(facts, report);
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

fn versions(facts: &Facts, report: &mut Report) {
    for version in Protocol::ALL {
        let said = said(&facts.protocol(version), "offered", "not offered");
        report.explain(1, format!("{:<8} {said}", version.to_string()));
    }
    if !facts.ssl2_kinds.is_empty() {
        report.explain(1, format!("SSLv2 ciphers: {}", facts.ssl2_kinds.join(" ")));
    }
}

fn suites(facts: &Facts, report: &mut Report) {
    for weakness in Weakness::ALL {
        let fact = facts.weakness(weakness, |_| true);
        report.explain(1, format!("{weakness}: {}", said(&fact, "accepted", "refused")));
    }
    for (what, fact) in [
        ("forward secrecy", &facts.forward_secrecy),
        ("AEAD", &facts.aead),
        ("AES 256 or ChaCha20", &facts.bits_256),
        ("128-bit ciphers", &facts.bits_128),
        ("post-quantum key exchange", &facts.post_quantum),
    ] {
        report.explain(1, format!("{what}: {}", said(fact, "accepted", "refused")));
    }
    if let Some(bits) = facts.prime_bits {
        report.explain(1, format!("Diffie-Hellman prime: {bits} bits"));
    }
    for (what, fact) in [
        ("TLS compression", &facts.compression),
        ("secure renegotiation", &facts.secure_renegotiation),
    ] {
        report.explain(2, format!("{what}: {}", said(fact, "yes", "no")));
    }
    for (version, id) in &facts.accepted {
        report.explain(2, format!("chosen: {version} {}", suite_name(*id)));
    }
}

fn path(facts: &Facts, grading: &Grading, report: &mut Report) {
    let at_most = if grade::is_score_known(facts) { "" } else { "at most " };
    report.explain(1, format!("score: {at_most}{} of 100", grading.score));
    if let Some((next, caps)) = grading.next() {
        for cap in caps {
            report.explain(1, format!("for {next}: {}: {}", cap.reason, cap.remedy));
        }
    }
    for cap in grading.caps.iter().filter(|cap| cap.at_most != grading.grade) {
        report.explain(1, format!("later: at most {}: {}", cap.at_most, cap.reason));
    }
    for doubt in &grading.unknown {
        report.explain(1, format!("unknown whether {}: {}", doubt.subject, doubt.reason));
    }
    for note in &grading.notes {
        report.explain(1, format!("note: {note}"));
    }
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
            report.explain(
                1,
                format!(
                    "{} by {}, {}, {dates}",
                    certificate.subject, certificate.issuer, certificate.key
                ),
            );
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
