//! Where mail goes, and whether DNS says so in a way that holds.

use super::judgement::{Judgements, ResultType};
use super::rank::{has_hosts, host_rule};
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::{Delegation, Destination, Facts, MailHost, TlsaSet};
use crate::check_mail_domain::policy::Policy;
use crate::dns::{NoLookup, Rrsig, Validates, Validation};
use crate::monitoring::State;

pub(super) fn judge(facts: &Facts, policy: &Policy, now: i64, judgements: &mut Judgements) {
    resolver(facts, policy, judgements);
    destination(facts, policy, now, judgements);
    left_out(facts, judgements);
    delegation(facts, judgements);
    addresses(facts, now, judgements);
    signatures(facts, now, judgements);
}

/// Does the resolver say anything of DNSSEC?
fn resolver(facts: &Facts, policy: &Policy, judgements: &mut Judgements) {
    if let Some(Validates::No(why)) = facts.validates {
        let state = if policy.needs_dnssec() { State::Unknown } else { State::Ok };
        let servers: Vec<String> = facts.resolvers.iter().map(|one| one.ip().to_string()).collect();
        let servers = servers.join(", ");
        judgements.find(
            state,
            format!("DNSSEC and DANE unknown: resolver {servers} {}", words::unvalidated(why)),
        );
        judgements.advise(words::unvalidated_advice(why));
    }
}

fn destination(facts: &Facts, policy: &Policy, now: i64, judgements: &mut Judgements) {
    let Some(destination) = &facts.destination else { return };
    match destination {
        Destination::Unknown(NoLookup::Bogus(signatures)) => {
            judgements.find(
                State::Critical,
                format!(
                    "DNSSEC of its MX is bogus{}: senders that validate cannot deliver",
                    words::cause(signatures, now)
                ),
            );
            judgements.advise("sign the zone again, or have the DS record taken out of the zone above; see with delv or dnsviz");
            judgements.result(ResultType::DnssecInvalid, &facts.domain);
        }
        Destination::Unknown(why) => {
            judgements.find(State::Unknown, format!("MX unknown: {why}"));
            judgements.advise(words::unlooked(why));
        }
        Destination::NoDomain => {
            judgements
                .find(State::Critical, "there is no such domain in DNS: mail comes back at once");
            judgements.advise("look at the registration and the delegation of the domain");
        }
        Destination::Null if policy.expects_null_mx => {
            judgements.find(State::Ok, "takes no mail, and says so (null MX)");
        }
        Destination::Null => {
            judgements.find(State::Critical, "a null MX says that it takes no mail");
            judgements.advise("publish the MX records; with --null-mx this is what is expected");
        }
        _ if policy.expects_null_mx => {
            judgements.find(
                State::Critical,
                "no null MX: it takes mail, which --null-mx does not expect",
            );
            judgements.advise("publish one MX record: 0 .");
        }
        Destination::Hosts { has_null: true } => {
            judgements.find(
                State::Critical,
                "a null MX stands beside other MX records, so senders may refuse to deliver",
            );
            judgements.advise("take the MX record 0 . away");
        }
        Destination::Itself if !has_address(facts) && is_resolved(facts) => {
            judgements.find(State::Critical, "neither MX nor address: mail comes back at once");
            judgements.advise("publish MX records");
        }
        Destination::Itself => {
            judgements.find(
                State::Warning,
                "no MX record: mail goes to the address of the domain itself",
            );
            judgements
                .advise("publish an MX record; or a null MX (0 .) if the domain takes no mail");
        }
        Destination::Hosts { has_null: false } => {}
    }
}

/// Were there more hosts, or addresses of one, than are looked at?
fn left_out(facts: &Facts, judgements: &mut Judgements) {
    if facts.left_out > 0 {
        let all = facts.hosts.len() + facts.left_out;
        judgements.find(
            State::Unknown,
            format!("only {} of {all} MX hosts were looked at", facts.hosts.len()),
        );
    }
    for host in facts.hosts.iter().filter(|host| host.left_out > 0) {
        let (name, seen) = (&host.name, host.addresses.len());
        let all = seen + host.left_out;
        judgements.find(
            State::Unknown,
            format!("only {seen} of {all} addresses of {name} were looked at"),
        );
    }
}

fn has_address(facts: &Facts) -> bool {
    facts.hosts.iter().any(|host| !host.addresses.is_empty())
}

/// Whether every host was looked up.
fn is_resolved(facts: &Facts) -> bool {
    facts.cut_short.is_none() && facts.hosts.iter().all(|host| host.unresolved.is_none())
}

/// A domain that is taken for unsigned: is it?
fn delegation(facts: &Facts, judgements: &mut Judgements) {
    let has_tlsa = facts.hosts.iter().any(|host| !host.tlsa.records().is_empty());
    match &facts.delegation {
        Some(found @ Delegation::Ds(_)) if !found.is_to_be_proven() => {
            judgements.find(
                State::Warning,
                "signed with an algorithm that resolvers do not know, so as good as unsigned",
            );
            judgements.advise("sign with algorithm 13 (ECDSAP256SHA256) and replace the DS record");
        }
        Some(Delegation::Ds(_)) if facts.validates == Some(Validates::Yes) => {
            judgements.find(
                State::Unknown,
                "DNSSEC unknown: the domain is signed, and the resolver does not prove it",
            );
            judgements.advise("look at the resolver: it lets through what it could not validate (unbound: val-permissive-mode)");
        }
        Some(Delegation::NoDs { has_keys: true }) if has_tlsa => {
            judgements.find(
                State::Warning,
                "the zone is signed, and no DS record says so: its TLSA records are ignored",
            );
            judgements.advise("have the registrar publish the DS record");
        }
        Some(Delegation::Unknown(why)) => {
            judgements.find(State::Unknown, format!("DNSSEC unknown: {why}"));
        }
        _ => {}
    }
}

/// Whether mail cannot reach a host, as far as DNS tells.
fn has_none(host: &MailHost) -> bool {
    host.addresses.is_empty()
}

fn addresses(facts: &Facts, now: i64, judgements: &mut Judgements) {
    if !has_hosts(facts) || facts.destination == Some(Destination::Itself) {
        return;
    }
    for host in &facts.hosts {
        resolved(facts, host, now, judgements);
        named(facts, host, judgements);
    }
    let all = || facts.hosts.iter().flat_map(|host| &host.addresses);
    if !facts.one_family && all().next().is_some() && !facts.hosts.iter().any(MailHost::has_ipv4) {
        judgements.find(
            State::Warning,
            "its mail servers have IPv6 addresses only: many senders cannot reach them",
        );
    }
}

/// Has a host addresses?
fn resolved(facts: &Facts, host: &MailHost, now: i64, judgements: &mut Judgements) {
    let name = &host.name;
    match &host.unresolved {
        _ if host.is_address => {
            judgements
                .find(State::Critical, format!("MX {name} is an address, where a name must stand"));
            judgements.advise("publish a name for it, and name that in the MX record");
        }
        Some(NoLookup::Bogus(signatures)) => bogus(facts, host, signatures, now, judgements),
        Some(why) => {
            let some = if host.addresses.is_empty() { "" } else { "some " };
            judgements.find(State::Unknown, format!("{some}addresses of {name} unknown: {why}"));
        }
        None if host.addresses.is_empty()
            && host.tlsa == TlsaSet::NotAsked
            && facts.cut_short.is_some() => {}
        None if host.addresses.is_empty() && facts.one_family => {
            judgements
                .find(State::Unknown, format!("{name} has no address of the family asked for"));
        }
        None if host.addresses.is_empty() => {
            let all = facts.hosts.iter().all(has_none);
            let state = if all { State::Critical } else { State::Warning };
            judgements.find(state, format!("MX {name} has no address"));
            judgements.advise("publish an address for it, or take it out of the MX records");
        }
        None => {}
    }
}

/// Do its name and its records hold?
fn named(facts: &Facts, host: &MailHost, judgements: &mut Judgements) {
    let name = &host.name;
    let is_silent = facts.delegation.as_ref().is_some_and(Delegation::is_to_be_proven);
    if host.validation == Validation::Unknown
        && facts.validates == Some(Validates::Yes)
        && !host.addresses.is_empty()
        && !is_silent
    {
        judgements.find(
            State::Unknown,
            format!("DNSSEC of {name} unknown: it is signed, and the resolver does not prove it"),
        );
        judgements.advise("look at the resolver: it lets through what it could not validate");
    }
    if host.is_alias {
        judgements.find(State::Warning, format!("MX {name} is a CNAME, which some servers refuse"));
        judgements.advise("name the host that it leads to in the MX record");
    }
}

/// Addresses that validating senders do not use; where there are others, mail goes to those.
fn bogus(
    facts: &Facts,
    host: &MailHost,
    signatures: &[Rrsig],
    now: i64,
    judgements: &mut Judgements,
) {
    let (name, cause) = (&host.name, words::cause(signatures, now));
    if host.addresses.is_empty() {
        judgements.find(
            host_rule(facts, host, has_none),
            format!("DNSSEC of {name} is bogus{cause}: senders that validate cannot deliver"),
        );
    } else {
        judgements.find(
            State::Warning,
            format!("DNSSEC of some addresses of {name} is bogus{cause}: senders that validate use the others"),
        );
    }
    judgements.advise("sign its zone again");
    judgements.result(ResultType::DnssecInvalid, name);
}

/// Do signatures end soon? Signers renew them long before; fixed days would not fit those that sign for a day or two.
fn signatures(facts: &Facts, now: i64, judgements: &mut Judgements) {
    let is_old = |signature: &Rrsig| {
        let life = signature.expiration.saturating_sub(signature.inception);
        signature.expiration.saturating_sub(now).saturating_mul(5) < life
    };
    let old = facts.signatures.iter().filter(|(_, signature)| is_old(signature));
    let first = old.min_by_key(|(_, signature)| signature.expiration);
    if let Some((what, signature)) = first {
        let end = words::time_left(signature.expiration, now);
        judgements.find(
            State::Warning,
            format!("the signature over {what} ends {end} and was not renewed"),
        );
        judgements.advise("look at the signer: senders with DANE cannot deliver once it has ended");
    }
}

/// Whether DNSSEC proves where mail goes.
pub(super) fn is_secure(facts: &Facts) -> bool {
    facts.validation == Validation::Secure
}
