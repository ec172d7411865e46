//! What is to be said of a server's certificates: dates and trust; pure.

use std::time::Duration;

use crate::check_smtp_tls::facts::{Anchored, Chain, Facts};
use crate::check_smtp_tls::lifetime::Left;
use crate::check_smtp_tls::policy::Policy;
use crate::monitoring::{Metric, Range, Report, State, Thresholds, Unit, Value, duration};
use crate::tls::certificate::{Certificate, Hash};

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
            report
                .advise("renew it for every service that shows it; postfix: smtpd_tls_chain_files");
        }
    }
    if let Some(leaf) = first_to_end {
        let left = Value::Int(leaf.not_after.saturating_sub(now));
        let metric = Metric::new("certificate", left, Unit::Seconds);
        report.measure(metric.judged_by(&limits(leaf, policy)).or_negative());
    } else if let Some(reason) = &facts.no_certificate {
        if facts.handshake.is_some() {
            // It was sent, and no client can make anything of it.
            report.find(State::Critical, reason.as_str());
            report.advise("replace the certificate file of the server");
        } else if facts.handshake_problem.as_ref() == Some(reason) {
            // Said already where it is why the handshake failed.
            report.find(State::Unknown, "certificate unknown");
        } else {
            report.find(State::Unknown, format!("certificate unknown: {reason}"));
        }
        let metric = Metric::new("certificate", Value::Undetermined, Unit::Seconds);
        report.measure(metric.or_negative());
    }
    let mut above: Vec<&Certificate> =
        facts.certificates.iter().filter(|certificate| !leaves.contains(certificate)).collect();
    above.retain(|certificate| certificate.not_after < now || certificate.not_before > now);
    for certificate in above {
        report.find(
            State::Warning,
            format!("{} in the chain is out of its dates", certificate.subject),
        );
        report.advise("renew the chain that the server sends");
    }
}

fn life(leaf: &Certificate, policy: &Policy, now: i64) -> (State, String) {
    let human = |seconds: i64| duration::human(Duration::from_secs(seconds.unsigned_abs()));
    let left = leaf.not_after.saturating_sub(now);
    if left < 0 {
        return (State::Critical, format!("expired {} ago", human(left)));
    }
    if leaf.not_before > now {
        let wait = leaf.not_before.saturating_sub(now);
        return (State::Critical, format!("is not valid for another {}", human(wait)));
    }
    let state = limits(leaf, policy).judge(Value::Int(left));
    let text = match state {
        State::Critical => format!("expires in {} (critical {})", human(left), policy.critical),
        State::Warning => format!("expires in {} (warning {})", human(left), policy.warning),
        State::Ok | State::Unknown => format!("valid for {}", human(left)),
    };
    (state, text)
}

/// In seconds of the life that is left.
fn limits(leaf: &Certificate, policy: &Policy) -> Thresholds {
    let life = leaf.not_after.saturating_sub(leaf.not_before);
    let limit = |left: Left| Some(Range::at_least(left.seconds(life)));
    Thresholds { warning: limit(policy.warning), critical: limit(policy.critical) }
}

/// Judges whether clients that ask for proof get it.
pub(crate) fn trust(facts: &Facts, policy: &Policy, report: &mut Report) {
    let counts = policy.trust_counts();
    for problem in problems(facts) {
        let state = match (counts, &problem) {
            (None, _) => continue,
            (Some(false), _) => State::Ok,
            (Some(true), Problem::NoAnchors(_)) => State::Unknown,
            (Some(true), Problem::Sha1 | Problem::OutOfOrder) => State::Warning,
            (Some(true), _) => State::Critical,
        };
        report.find(state, problem.text());
        if state != State::Ok
            && let Some(remedy) = problem.remedy()
        {
            report.advise(remedy);
        }
    }
}

/// Why a client may refuse the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Mismatch { name: String, names: String },
    SelfSigned,
    Untrusted(String),
    OutOfOrder,
    Sha1,
    NoAnchors(String),
}

impl Problem {
    /// Its word in the JSON output.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Mismatch { .. } => "mismatch",
            Self::SelfSigned => "self-signed",
            Self::Untrusted(_) => "untrusted",
            Self::OutOfOrder => "out-of-order",
            Self::Sha1 => "sha1",
            Self::NoAnchors(_) => "unknown",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Mismatch { name, names } => format!("certificate is for {names}, not for {name}"),
            Self::SelfSigned => "certificate is self-signed".to_owned(),
            Self::Untrusted(why) => format!("untrusted: {why}"),
            Self::OutOfOrder => "the chain is not in order".to_owned(),
            Self::Sha1 => "certificate signed over SHA-1".to_owned(),
            Self::NoAnchors(why) => format!("trust unknown: {why}"),
        }
    }

    /// What to do about it, where the text does not say so.
    fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Mismatch { .. } => {
                "have one made for this name, or name the server as it does, with --sni"
            }
            Self::SelfSigned | Self::Sha1 => "have it certified by an authority that clients know",
            Self::Untrusted(_) => {
                "send the authority's own certificate behind the server's; for one of your own, --ca-file"
            }
            Self::OutOfOrder => "send each certificate in front of that of its issuer",
            Self::NoAnchors(_) => return None,
        })
    }
}

/// All problems of all chains, each once.
pub(crate) fn problems(facts: &Facts) -> Vec<Problem> {
    let mut found = Vec::new();
    for chain in &facts.chains {
        for problem in of_chain(facts, chain) {
            if !found.contains(&problem) {
                found.push(problem);
            }
        }
    }
    found
}

fn of_chain(facts: &Facts, chain: &Chain) -> Vec<Problem> {
    let mut found = Vec::new();
    let sent: Vec<&Certificate> =
        chain.certificates.iter().filter_map(|place| facts.certificates.get(*place)).collect();
    if let (false, Some(leaf)) = (chain.is_for_name, sent.first()) {
        found.push(Problem::Mismatch { name: facts.name.clone(), names: leaf.whom() });
    }
    match &chain.anchored {
        Anchored::Yes => {}
        Anchored::SelfSigned => found.push(Problem::SelfSigned),
        Anchored::UnknownIssuer => {
            let issuer = chain.missing_issuer.as_deref().unwrap_or("of the certificate");
            found.push(Problem::Untrusted(format!(
                "issuer {issuer} neither sent nor known (chain incomplete or unknown CA)"
            )));
        }
        Anchored::IssuerExpired => {
            found.push(Problem::Untrusted("a certificate above it is out of its dates".to_owned()));
        }
        Anchored::No(why) => found.push(Problem::Untrusted(why.clone())),
        Anchored::Unknown(why) => found.push(Problem::NoAnchors(why.clone())),
    }
    if sent.iter().any(|certificate| certificate.hash == Hash::Sha1 && !certificate.is_self_issued)
    {
        found.push(Problem::Sha1);
    }
    if !chain.is_in_order {
        found.push(Problem::OutOfOrder);
    }
    found
}

/// The verdict in words for the JSON output.
pub(crate) fn verdict(facts: &Facts, now: i64) -> Vec<&'static str> {
    if facts.chains.is_empty() {
        return vec!["unknown"];
    }
    let mut words: Vec<&'static str> = problems(facts).iter().map(Problem::word).collect();
    if facts.leaves().any(|leaf| leaf.not_after < now) {
        words.push("expired");
    }
    if facts.leaves().any(|leaf| leaf.not_before > now) {
        words.push("not-yet-valid");
    }
    if words.is_empty() {
        words.push("ok");
    }
    words
}
