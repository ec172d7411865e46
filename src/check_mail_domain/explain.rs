//! What was seen in words, for long output.

pub(super) mod words;

use super::facts::{Destination, Facts, MailHost, Published};
use crate::monitoring::{Meanings, Report};
use crate::published::policy_file::Fetched;

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[
    ("mx", "MX hosts"),
    ("dane", "MX hosts that DANE proves at every address"),
    ("certificate", "time left of the certificate that ends first"),
    ("signature", "time left of the DNSSEC signature that ends first"),
    ("mta_sts_max_age", "time for which senders keep the MTA-STS policy"),
    ("spf_lookups", "DNS look-ups that SPF takes; 10 are allowed"),
    ("time", "time the check took"),
];

/// Describes what was seen: for `-v` the measures and a line for each host and mechanism.
pub(super) fn explain(facts: &Facts, measures: &[String], report: &mut Report) {
    for line in measures {
        report.explain(1, line.as_str());
    }
    let way = match &facts.destination {
        None => "not looked up",
        Some(Destination::Hosts { .. }) => "to its MX hosts",
        Some(Destination::Itself) => "to the domain itself, without MX",
        Some(Destination::Null) => "nowhere (null MX)",
        Some(Destination::NoDomain) => "nowhere (no such domain)",
        Some(Destination::Unknown(_)) => "unknown",
    };
    report.explain(2, format!("mail goes {way}"));
    let fetched = facts.sts.as_ref().and_then(|sts| sts.policy.as_ref());
    for host in &facts.hosts {
        of_host(host, report);
        if let Some(Fetched::Policy(policy, _)) = fetched {
            let not = if policy.allows(&host.name) { "" } else { "not " };
            report.explain(1, format!("{}: {not}named in the MTA-STS policy", host.name));
        }
    }
    if let Some(sts) = &facts.sts {
        if let Published::Record(id) = &sts.record {
            report.explain(2, format!("MTA-STS id {id}"));
        }
        if let Some(Fetched::Policy(policy, _)) = &sts.policy {
            let hosts = policy.mx.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(" ");
            report.explain(
                2,
                format!("MTA-STS policy: {}, {} s, mx {hosts}", policy.mode, policy.max_age),
            );
        }
    }
    if let Some(Published::Record(sum)) = &facts.spf {
        report.explain(
            2,
            format!("SPF: {} look-ups, {} of them find nothing", sum.lookups, sum.voids),
        );
    }
    let servers: Vec<String> = facts.resolvers.iter().map(ToString::to_string).collect();
    report.explain(2, format!("resolver: {}", servers.join(", ")));
    report.explain(2, "not tested: policies that senders keep, and whether this domain's own server checks others");
}

fn of_host(host: &MailHost, report: &mut Report) {
    let dnssec = words::validation(host.validation);
    report.explain(1, format!("{} (preference {}): {dnssec}", host.name, host.preference));
    for line in words::tlsa(host) {
        report.explain(1, line);
    }
    for call in &host.calls {
        let place = words::call(host, call);
        for chain in &call.chains {
            let proof = match (chain.proof.faults.first(), &chain.proof.unknown) {
                (Some(fault), _) => words::fault(fault),
                (None, Some(why)) => format!("trust unknown: {why}"),
                (None, None) => "certificate valid and trusted".to_owned(),
            };
            let key = chain.leaf.as_ref().map(|leaf| format!(", {}", leaf.key)).unwrap_or_default();
            report.explain(1, format!("{place}: STARTTLS, {proof}{key}"));
        }
        if let Some(problem) = &call.problem {
            report.explain(1, format!("{place}: {}", words::no_session(problem)));
        }
    }
}
