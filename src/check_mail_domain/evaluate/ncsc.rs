//! What each address takes of TLS against the guidelines of NCSC-NL; pure.

use super::dane::lacks_tls;
use super::judgement::Judgements;
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::{Call, Facts, TlsChoice, TlsLook};
use crate::check_mail_domain::ncsc::{self, NcscClass};
use crate::check_mail_domain::policy::Policy;
use crate::monitoring::State;
use crate::tls::suite::Suite;
use crate::tls::{Protocol, groups};

/// Things of one class that are told of one address.
const MOST_TOLD: usize = 6;

/// What is not good, with its class; each once.
type Rated = Vec<(NcscClass, String)>;

pub(super) fn judge(facts: &Facts, policy: &Policy, judgements: &mut Judgements) {
    if !policy.rates_tls {
        return;
    }
    for host in &facts.hosts {
        for call in &host.calls {
            let place = words::call(host, call);
            let rated = rated(call);
            for (class, state, next_step) in [
                (
                    NcscClass::Insufficient,
                    State::Critical,
                    "allow TLS 1.3 and TLS 1.2 with ECDHE and AEAD suites only; see the docs page",
                ),
                (
                    NcscClass::PhaseOut,
                    State::Warning,
                    "plan its end: ECDHE with AEAD suites, keys of RSA 3072 or P-256",
                ),
            ] {
                let found: Vec<&str> = rated
                    .iter()
                    .filter(|(of, _)| *of == class)
                    .map(|(_, what)| what.as_str())
                    .collect();
                if !found.is_empty() {
                    judgements.find(
                        state,
                        format!("TLS of {place} is {class} by NCSC-NL: {}", list(&found)),
                    );
                    judgements.advise(next_step);
                }
            }
            unknown(&place, call, judgements);
        }
    }
}

fn list(found: &[&str]) -> String {
    let told: Vec<&str> = found.iter().copied().take(MOST_TOLD).collect();
    let more = found.len().saturating_sub(MOST_TOLD);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", told.join(", "))
}

fn unknown(place: &str, call: &Call, judgements: &mut Judgements) {
    let Some((_, why)) = call.tls.as_ref().and_then(|look| look.unknown.first()) else { return };
    judgements.find(
        State::Unknown,
        format!("TLS of {place} is not known whole: {}", words::no_session(why)),
    );
    judgements.advise("exempt this host from the server's limits, or raise --timeout");
}

/// A line for each address that was looked at whole.
pub(super) fn lines(facts: &Facts) -> Vec<String> {
    let calls = facts.hosts.iter().flat_map(|host| host.calls.iter().map(move |call| (host, call)));
    calls
        .filter_map(|(host, call)| {
            Some(format!("{}: TLS is {} by NCSC-NL", words::call(host, call), class(call)?))
        })
        .collect()
}

/// The class of all that was seen at an address; nothing where that is not known.
fn class(call: &Call) -> Option<NcscClass> {
    let look = call.tls.as_ref().filter(|look| look.unknown.is_empty())?;
    let is_good =
        look.choices.iter().all(|choice| ncsc::of_version(choice.version) == NcscClass::Good);
    let best = if is_good { NcscClass::Good } else { NcscClass::Sufficient };
    Some(rated(call).into_iter().map(|(class, _)| class).fold(best, NcscClass::max))
}

fn rated(call: &Call) -> Rated {
    let mut rated = Rated::new();
    if lacks_tls(call) {
        rated.push((NcscClass::Insufficient, "no STARTTLS".to_owned()));
    }
    for chain in &call.chains {
        for certificate in chain.leaf.iter().chain(&chain.above) {
            let what = format!("a certificate with {}", certificate.key);
            add(&mut rated, ncsc::of_key(&certificate.key), what);
            let what = "a certificate signed over a weak hash".to_owned();
            add(&mut rated, ncsc::of_hash(certificate.hash), what);
        }
    }
    if let Some(look) = &call.tls {
        seen(look, &mut rated);
    }
    rated
}

fn seen(look: &TlsLook, rated: &mut Rated) {
    if look.speaks_ssl2 {
        add(rated, NcscClass::Insufficient, "SSLv2".to_owned());
    }
    for choice in &look.choices {
        let version = ncsc::of_version(choice.version);
        let name = Protocol::from_wire(choice.version)
            .map_or_else(|| format!("version 0x{:04x}", choice.version), |known| known.to_string());
        add(rated, version, name);
        // What an old version takes beside it is as old.
        if version != NcscClass::Insufficient {
            chosen(choice, rated);
        }
    }
}

fn chosen(choice: &TlsChoice, rated: &mut Rated) {
    let suite = Suite::by_id(choice.suite).map_or_else(
        || format!("suite 0x{:04x}", choice.suite),
        |suite| format!("TLS_{}", suite.name),
    );
    add(rated, ncsc::of_suite(choice.suite), suite);
    if let Some(group) = choice.group {
        add(rated, ncsc::of_group(group), groups::name(group));
    }
    if let Some((bits, group)) = choice.prime {
        let name = group.map_or_else(|| format!("a prime of its own of {bits} bits"), groups::name);
        add(rated, ncsc::of_prime(group), name);
    }
    if let Some(scheme) = choice.signature {
        let hash = if scheme >> 8 == 3 { "SHA-224" } else { "SHA-1 or MD5" };
        add(rated, ncsc::of_signature(scheme), format!("a key exchange signed over {hash}"));
    }
    if choice.compression {
        add(rated, NcscClass::Insufficient, "compression".to_owned());
    }
    if Protocol::from_wire(choice.version) == Some(Protocol::Tls12) {
        if !choice.secure_renegotiation {
            add(rated, NcscClass::Insufficient, "no secure renegotiation".to_owned());
        }
        if !choice.extended_master_secret {
            add(rated, NcscClass::Insufficient, "no extended master secret".to_owned());
        }
    }
}

/// Adds what is not good enough, once.
fn add(rated: &mut Rated, class: NcscClass, what: String) {
    let one = (class, what);
    if class >= NcscClass::PhaseOut && !rated.contains(&one) {
        rated.push(one);
    }
}
