//! What is to be said of a server's certificates: dates and trust; pure.

use std::time::Duration;

use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{Chain, Facts, Unnamed};
use crate::check_smtp_tls::lifetime::{Left, left_by_renewal};
use crate::check_smtp_tls::policy::{Policy, Trust};
use crate::clock;
use crate::monitoring::{Metric, Range, Report, State, Thresholds, Unit, Used, Value, duration};
use crate::smtp_client::certificate_words;
use crate::tls::anchored::PathFault;
use crate::tls::certificate::{Certificate, Fit};
use crate::tls::proof::{Fault, Proof, Sent, Unproven};

const RENEW: &str = "renew it for every service that shows it; postfix: smtpd_tls_chain_files";

/// Judges every leaf's dates, and those of the certificates above it.
pub(crate) fn dates(facts: &Facts, policy: &Policy, now: i64, report: &mut Report) {
    let leaves: Vec<&Certificate> = facts.leaves().collect();
    let several = leaves.len() > 1;
    let first_to_end = leaves.iter().copied().min_by_key(|leaf| leaf.not_after);
    for leaf in &leaves {
        let (state, text) = life(leaf, policy, now);
        let which = if several { format!(" ({})", leaf.key) } else { String::new() };
        if state != State::Ok || Some(*leaf) == first_to_end {
            report.find(state, format!("certificate{which} {text}"));
        }
        if state != State::Ok {
            report.advise(RENEW);
        }
    }
    if let (None, Some(why)) = (first_to_end, &facts.no_certificate) {
        if facts.handshake.is_some() {
            // It was sent, and no client can make anything of it.
            report.find(State::Critical, words::unknown(why));
            report.advise("replace the certificate file of the server");
        } else if facts.no_handshake.as_ref() == Some(why) {
            // Said already where it is why the handshake failed.
            report.find(State::Unknown, "certificate unknown");
        } else {
            report.find(State::Unknown, format!("certificate unknown: {}", words::unknown(why)));
        }
    }
    if policy.trust_counts().is_none() {
        return;
    }
    let mut above: Vec<&Certificate> =
        facts.certificates.iter().filter(|certificate| !leaves.contains(certificate)).collect();
    above.retain(|certificate| certificate.not_after < now || certificate.not_before > now);
    for certificate in above {
        report.find(
            State::Warning,
            format!("{} in the chain has expired or is not yet valid", certificate.subject),
        );
        report.advise("renew the chain that the server sends");
    }
}

/// Measures the leaf that ends first.
pub(super) fn measure(seen: &[&Facts], policy: &Policy, now: i64, report: &mut Report) {
    let leaves = seen.iter().flat_map(|facts| facts.leaves());
    if let Some(leaf) = leaves.min_by_key(|leaf| leaf.not_after) {
        let left = Value::Int(leaf.not_after.saturating_sub(now));
        let metric = Metric::new("certificate", left, Unit::Seconds);
        let limits = limits(leaf, policy);
        report.measure(metric.judged_by(&limits).or_negative());
        report.measure(used(leaf, now).metric("certificate_used", Unit::Percent, &limits));
    } else if seen.iter().any(|facts| facts.no_certificate.is_some()) {
        let metric = Metric::new("certificate", Value::Undetermined, Unit::Seconds);
        report.measure(metric.or_negative());
        report.measure(Metric::new("certificate_used", Value::Undetermined, Unit::Percent));
    }
}

/// Judges what clients get that name nobody. Who serves other domains too shows one of theirs, and harms only clients
/// that ask for proof.
pub(super) fn without_name(facts: &Facts, policy: &Policy, now: i64, report: &mut Report) {
    let Some(Unnamed { leaf, fit }) = facts.without_name.as_deref() else {
        return;
    };
    if leaf.not_after < now {
        let human = duration::human(Duration::from_secs(now.abs_diff(leaf.not_after)));
        report.find(
            State::Warning,
            format!(
                "clients that name no server (no SNI) get a certificate that expired {human} ago"
            ),
        );
        report.advise("renew the certificate that the listener shows by default");
    } else if *fit == Fit::Other && policy.trust != Trust::None {
        let state = if policy.trust == Trust::Pkix { State::Warning } else { State::Ok };
        report.find(
            state,
            format!("clients that name no server (no SNI) get a certificate for {}", leaf.whom()),
        );
        if state != State::Ok {
            report.advise("let the listener show this certificate by default");
        }
    }
}

fn life(leaf: &Certificate, policy: &Policy, now: i64) -> (State, String) {
    let human = |seconds: i64| duration::human(Duration::from_secs(seconds.unsigned_abs()));
    let left = leaf.not_after.saturating_sub(now);
    if left < 0 {
        return (State::Critical, format!("expired {} ago", human(left)));
    }
    if leaf.not_before > now {
        return (
            State::Critical,
            format!("is not yet valid: from {}", clock::utc(leaf.not_before)),
        );
    }
    let life = leaf.not_after.saturating_sub(leaf.not_before);
    let state = limits(leaf, policy).judge(Value::Int(left));
    let text = match state {
        State::Critical => {
            format!("expires in {} (critical {})", human(left), policy.critical.of_life(life))
        }
        State::Warning => {
            format!("expires in {} (warning {})", human(left), policy.warning.of_life(life))
        }
        State::Ok | State::Unknown => return (state, format!("valid for {}", human(left))),
    };
    let is_overdue = left_by_renewal(life).is_some_and(|leaves| left < leaves);
    (state, if is_overdue { format!("{text}: renewal is overdue") } else { text })
}

/// How much of its life is over.
#[expect(clippy::cast_precision_loss, reason = "seconds of a life, exact below 285 million years")]
fn used(leaf: &Certificate, now: i64) -> Used {
    let life = leaf.not_after.saturating_sub(leaf.not_before);
    let left = leaf.not_after.saturating_sub(now);
    Used { left: left as f64, whole: life as f64, shown_as: 100 }
}

/// In seconds of the life that is left.
fn limits(leaf: &Certificate, policy: &Policy) -> Thresholds {
    let life = leaf.not_after.saturating_sub(leaf.not_before);
    let limit = |left: Left| Some(Range::at_least(left.seconds(life)));
    Thresholds { warning: limit(policy.warning), critical: limit(policy.critical) }
}

/// Judges whether clients that ask for proof get it.
pub(super) fn trust(facts: &Facts, policy: &Policy, now: i64, report: &mut Report) {
    let Some(counts) = policy.trust_counts() else {
        return;
    };
    let proof = proof(facts);
    for fault in &proof.faults {
        let state = match (counts, fault) {
            (false, _) => State::Ok,
            (true, Fault::Sha1 | Fault::OutOfOrder | Fault::CommonName(_)) => State::Warning,
            (true, _) => State::Critical,
        };
        report.find(state, certificate_words::fault(fault));
        if state != State::Ok {
            report.advise(remedy(fault));
        }
    }
    for chain in &facts.chains {
        ending(facts, chain, policy, counts, now, report);
    }
    if let Some(why) = &proof.unknown {
        let state = if counts { State::Unknown } else { State::Ok };
        report.find(state, format!("trust unknown: {why}"));
    }
}

/// An authority whose life ends before that of the certificate takes it along.
fn ending(
    facts: &Facts,
    chain: &Chain,
    policy: &Policy,
    counts: bool,
    now: i64,
    report: &mut Report,
) {
    let leaf = chain.certificates.first().and_then(|place| facts.certificates.get(*place));
    let (Some(leaf), Some(authority)) = (leaf, &chain.first_to_end) else {
        return;
    };
    let left = authority.not_after.saturating_sub(now);
    if !counts || left < 0 || authority.not_after >= leaf.not_after {
        return;
    }
    let state = limits(leaf, policy).judge(Value::Int(left));
    if state != State::Ok {
        let human = duration::human(Duration::from_secs(left.unsigned_abs()));
        report.find(state, format!("its authority {} ends in {human}", authority.subject));
        report.advise("have it certified by an authority that lasts longer");
    }
}

/// What all chains prove together, their dates apart.
fn proof(facts: &Facts) -> Proof {
    let mut proof = Proof::default();
    for chain in &facts.chains {
        let sent: Vec<&Certificate> =
            chain.certificates.iter().filter_map(|place| facts.certificates.get(*place)).collect();
        let sent = Sent {
            certificates: &sent,
            fit: chain.fit,
            anchored: &chain.anchored,
            missing_issuer: chain.missing_issuer.as_deref(),
        };
        proof.judge(sent, &facts.name);
        if !chain.is_in_order {
            proof.refuse(Fault::OutOfOrder);
        }
    }
    if let Some(unchecked) = facts.handshake.as_ref().and_then(|shaken| shaken.unchecked.as_ref()) {
        proof.unknown.get_or_insert(Unproven::Unchecked(unchecked.clone()));
    }
    proof
}

/// The same, with the dates of the leaves.
fn proof_at(facts: &Facts, now: i64) -> Proof {
    let mut proof = proof(facts);
    for leaf in facts.leaves() {
        proof.judge_dates(leaf, now);
    }
    proof
}

/// Whether a certificate was seen and every client that asks for proof gets it.
pub(super) fn is_proven(facts: &Facts, now: i64) -> bool {
    !facts.chains.is_empty() && proof_at(facts, now).is_whole()
}

/// What to do about a fault.
fn remedy(fault: &Fault) -> &'static str {
    match fault {
        Fault::OtherName { .. } => {
            "get a certificate for this name, or give --sni the name in the certificate"
        }
        Fault::SelfSigned | Fault::Sha1 => "have it certified by an authority that clients know",
        Fault::CommonName(_) => "have the name certified as a subject alternative name",
        Fault::IssuerOutOfDates(_) => "have it certified by an authority that is valid",
        Fault::Path(PathFault::Purpose) => {
            "have it certified for servers (extended key usage serverAuth, key usage digitalSignature)"
        }
        Fault::Path(
            PathFault::Key | PathFault::Algorithm | PathFault::Extension | PathFault::Length,
        ) => "get a new one from a public authority",
        Fault::Path(PathFault::Names | PathFault::Authority) => {
            "have it certified by an authority that may do so"
        }
        Fault::UnknownIssuer(_) | Fault::Path(_) => {
            "send the authority's own certificate behind the server's; for one of your own, --ca-file"
        }
        Fault::OutOfOrder => "send each certificate in front of that of its issuer",
        Fault::Missing | Fault::Unreadable(_) | Fault::Signature(_) => {
            "replace the certificate file of the server"
        }
        Fault::Expired(_) | Fault::NotYetValid(_) => RENEW,
    }
}

/// What the certificates prove, in a word each, for the JSON output.
pub(super) fn verdict(facts: &Facts, now: i64) -> Vec<&'static str> {
    if facts.chains.is_empty() {
        return vec!["unknown"];
    }
    let proof = proof_at(facts, now);
    let mut words: Vec<&'static str> = Vec::new();
    let unknown = proof.unknown.as_ref().map(|_| "unknown");
    for word in proof.faults.iter().map(word).chain(unknown) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        words.push("ok");
    }
    words
}

fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::OtherName { .. } => "mismatch",
        Fault::CommonName(_) => "common-name",
        Fault::SelfSigned => "self-signed",
        Fault::UnknownIssuer(_) | Fault::IssuerOutOfDates(_) | Fault::Path(_) => "untrusted",
        Fault::OutOfOrder => "out-of-order",
        Fault::Sha1 => "sha1",
        Fault::Expired(_) => "expired",
        Fault::NotYetValid(_) => "not-yet-valid",
        Fault::Missing | Fault::Unreadable(_) | Fault::Signature(_) => "unknown",
    }
}
