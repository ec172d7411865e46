//! What is to be said of the way to a partner; pure. It is the way that is judged, and never whether mail takes it.

use crate::check_smtp_forced_tls::explain::{IS_ADDRESS, no_mx, no_session};
use crate::check_smtp_forced_tls::facts::{
    Contact, Host, MOST_HOSTS, Mx, Partner, is_undetermined,
};
use crate::check_smtp_forced_tls::policy::Policy;
use crate::monitoring::{Report, State};
use crate::smtp_client::{NoSession, Security, certificate_words};

/// Judges one partner, in one finding.
pub(super) fn judge(partner: &Partner, policy: &Policy, is_cut_short: bool, report: &mut Report) {
    let mut found = Vec::new();
    destination(partner, &mut found);
    reach(partner, is_cut_short, &mut found);
    proofs(partner, policy, &mut found);
    let domain = &partner.domain;
    if partner.mx.is_none() {
        // The time ran out, which is told as such.
        return;
    }
    found.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
    let Some((worst, _)) = found.first() else {
        let hosts = match (&partner.relay_host, partner.hosts.len()) {
            (Some(host), _) => host.clone(),
            (None, 1) => "its mail exchanger".to_owned(),
            (None, count) => format!("all {count} mail exchangers"),
        };
        let (port, way) = (partner.port, way(partner));
        let standards = partner.standards.names().join(", ");
        let forced = if standards.is_empty() {
            String::new()
        } else {
            format!("; forced by standard ({standards})")
        };
        report.find(State::Ok, format!("{domain} reachable: {hosts} with {way} on {port}{forced}"));
        return;
    };
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    report.find(*worst, format!("{domain}: {}", texts.join("; ")));
    let is_unreached = |host: &Host| matches!(host.contact, Contact::NoSession(NoSession::Unreached(ref error)) if !error.is_ours());
    if partner.way == Security::Tls && partner.hosts.iter().any(is_unreached) {
        report.advise(
            "ask the partner; where your rule uses STARTTLS, as postfix does, use --partner-starttls",
        );
    }
}

fn way(partner: &Partner) -> &'static str {
    if partner.way == Security::Starttls { "STARTTLS" } else { "TLS" }
}

type Found = Vec<(State, String)>;

/// Does DNS lead anywhere, and to the host of the rule?
fn destination(partner: &Partner, found: &mut Found) {
    let Some(mx) = &partner.mx else {
        return;
    };
    let hosts = match mx {
        Mx::Unknown(why) => {
            found.push((State::Unknown, format!("MX unknown: {}", no_mx(*why))));
            return;
        }
        Mx::NoDomain => {
            let text = "no such domain (NXDOMAIN)".to_owned();
            found.push((State::Unknown, text));
            return;
        }
        Mx::Null => {
            let text = "takes no mail at all (null MX)".to_owned();
            found.push((State::Critical, text));
            return;
        }
        Mx::Hosts(hosts) => hosts.as_slice(),
        Mx::Implicit => std::slice::from_ref(&partner.domain),
    };
    if let Some(host) = &partner.relay_host {
        let host = host.trim_end_matches('.');
        if !hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            let now = hosts.first().map_or("", String::as_str);
            let text = format!("{host} is no longer an MX; current MX: {now}");
            found.push((State::Warning, text));
        }
    }
}

/// Do the hosts take TLS?
fn reach(partner: &Partner, is_cut_short: bool, found: &mut Found) {
    let all = partner.hosts.len() + partner.not_looked_at;
    let failed: Vec<(&Host, String)> = partner
        .hosts
        .iter()
        .filter_map(|host| match &host.contact {
            Contact::NoSession(error) if is_undetermined(error) => None,
            Contact::NoSession(error) => Some((host, no_session(error))),
            Contact::IsAddress => Some((host, IS_ADDRESS.to_owned())),
            Contact::Tls { .. } => None,
        })
        .collect();
    let unknown = partner.hosts.iter().find_map(|host| match &host.contact {
        Contact::NoSession(error) if is_undetermined(error) => {
            Some(format!("{}: {}", host.name, no_session(error)))
        }
        _ => None,
    });
    if let Some((host, why)) = failed.first() {
        let count = failed.len();
        let first = format!("{}: {why}", host.name);
        if count == all {
            let others = if all > 1 { format!(" (and {} more)", all - 1) } else { String::new() };
            let text = format!("mail would queue: {first}{others}");
            found.push((State::Critical, text));
        } else {
            let text = format!("mail may queue: {first} ({count} of {all} MX)");
            found.push((State::Warning, text));
        }
    }
    if let Some(text) = unknown {
        found.push((State::Unknown, text));
    }
    if partner.not_looked_at > 0 && !is_cut_short {
        let text = format!("only {MOST_HOSTS} of {all} MX were tested");
        found.push((State::Unknown, text));
    }
}

/// Do their certificates prove anything?
fn proofs(partner: &Partner, policy: &Policy, found: &mut Found) {
    let proofs = partner.hosts.iter().filter_map(|host| match &host.contact {
        Contact::Tls { proof, .. } => Some((host, proof)),
        _ => None,
    });
    let (mut fault, mut unknown) = (None, None);
    let (mut faulty, mut all) = (0, 0);
    for (host, proof) in proofs {
        all += 1;
        if let Some(first) = proof.faults.first() {
            faulty += 1;
            fault.get_or_insert_with(|| {
                format!("{}: {}", host.name, certificate_words::fault(first))
            });
        }
        if let Some(why) = &proof.unknown {
            unknown.get_or_insert_with(|| format!("trust unknown: {why}"));
        }
    }
    if let Some(text) = fault {
        let state = if policy.require_valid { State::Critical } else { State::Warning };
        let text = if all > 1 { format!("{text} ({faulty} of {all} hosts)") } else { text };
        found.push((state, text));
    }
    if let Some(text) = unknown {
        found.push((State::Unknown, text));
    }
}

#[cfg(test)]
mod tests;
