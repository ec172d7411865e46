//! What is to be said of a server's certificates: dates and trust; pure.

use std::time::Duration;

use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{Anchored, Chain, Facts};
use crate::check_smtp_tls::lifetime::Left;
use crate::check_smtp_tls::policy::Policy;
use crate::monitoring::{Metric, Range, Report, State, Thresholds, Unit, Value, duration};
use crate::tls::certificate::{Certificate, Hash};
use crate::tls::trust::{NoAnchors, PathFault};

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
    } else if let Some(why) = &facts.no_certificate {
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
    for trouble in troubles(facts) {
        let state = match (counts, &trouble) {
            (None, _) => continue,
            (Some(false), _) => State::Ok,
            (Some(true), Trouble::NoAnchors(_)) => State::Unknown,
            (Some(true), Trouble::Sha1 | Trouble::OutOfOrder) => State::Warning,
            (Some(true), _) => State::Critical,
        };
        report.find(state, trouble.text());
        if state != State::Ok
            && let Some(remedy) = trouble.remedy()
        {
            report.advise(remedy);
        }
    }
}

/// Why a client may refuse the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is for others, in a few words, and not for this name.
    Mismatch {
        name: String,
        whom: String,
    },
    SelfSigned,
    /// The issuer at the end of what was sent, which nobody knows.
    UnknownIssuer(Option<String>),
    IssuerExpired,
    Path(PathFault),
    OutOfOrder,
    Sha1,
    NoAnchors(NoAnchors),
}

impl Trouble {
    /// Its word in the JSON output.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Mismatch { .. } => "mismatch",
            Self::SelfSigned => "self-signed",
            Self::UnknownIssuer(_) | Self::IssuerExpired | Self::Path(_) => "untrusted",
            Self::OutOfOrder => "out-of-order",
            Self::Sha1 => "sha1",
            Self::NoAnchors(_) => "unknown",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Mismatch { name, whom } => format!("certificate is for {whom}, not for {name}"),
            Self::SelfSigned => "certificate is self-signed".to_owned(),
            Self::UnknownIssuer(issuer) => {
                let issuer = issuer.as_deref().unwrap_or("of the certificate");
                format!(
                    "untrusted: issuer {issuer} neither sent nor known (chain incomplete or unknown CA)"
                )
            }
            Self::IssuerExpired => {
                "untrusted: a certificate above it is out of its dates".to_owned()
            }
            Self::Path(fault) => format!("untrusted: {fault}"),
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
            Self::UnknownIssuer(_) | Self::IssuerExpired | Self::Path(_) => {
                "send the authority's own certificate behind the server's; for one of your own, --ca-file"
            }
            Self::OutOfOrder => "send each certificate in front of that of its issuer",
            Self::NoAnchors(_) => return None,
        })
    }
}

/// All troubles of all chains, each once.
fn troubles(facts: &Facts) -> Vec<Trouble> {
    let mut found = Vec::new();
    for trouble in facts.chains.iter().flat_map(|chain| of_chain(facts, chain)) {
        if !found.contains(&trouble) {
            found.push(trouble);
        }
    }
    found
}

fn of_chain(facts: &Facts, chain: &Chain) -> Vec<Trouble> {
    let mut found = Vec::new();
    let sent: Vec<&Certificate> =
        chain.certificates.iter().filter_map(|place| facts.certificates.get(*place)).collect();
    if let (false, Some(leaf)) = (chain.is_for_name, sent.first()) {
        found.push(Trouble::Mismatch { name: facts.name.clone(), whom: leaf.whom() });
    }
    found.extend(match &chain.anchored {
        Anchored::Yes => None,
        Anchored::SelfSigned => Some(Trouble::SelfSigned),
        Anchored::UnknownIssuer => Some(Trouble::UnknownIssuer(chain.missing_issuer.clone())),
        Anchored::IssuerExpired => Some(Trouble::IssuerExpired),
        Anchored::No(fault) => Some(Trouble::Path(*fault)),
        Anchored::Unknown(why) => Some(Trouble::NoAnchors(why.clone())),
    });
    if sent.iter().any(|certificate| certificate.hash == Hash::Sha1 && !certificate.is_self_issued)
    {
        found.push(Trouble::Sha1);
    }
    if !chain.is_in_order {
        found.push(Trouble::OutOfOrder);
    }
    found
}

/// Whether a certificate was seen and every client that asks for proof gets it.
pub(super) fn is_proven(facts: &Facts, now: i64) -> bool {
    let is_in_dates = |leaf: &Certificate| leaf.not_before <= now && now <= leaf.not_after;
    !facts.chains.is_empty() && troubles(facts).is_empty() && facts.leaves().all(is_in_dates)
}

/// The verdict in words for the JSON output.
pub(crate) fn verdict(facts: &Facts, now: i64) -> Vec<&'static str> {
    if facts.chains.is_empty() {
        return vec!["unknown"];
    }
    let mut words: Vec<&'static str> = troubles(facts).iter().map(Trouble::word).collect();
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
