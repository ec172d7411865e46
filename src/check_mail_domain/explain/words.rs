//! The words of findings and long output.

use std::time::Duration;

use crate::check_mail_domain::facts::{Call, MailHost, Presented, TlsaSet};
use crate::clock;
use crate::dns::{NoLookup, Rrsig, Validation, WhyUnvalidated};
use crate::monitoring::duration;
use crate::smtp_client::{NoSession, certificate_words};
use crate::tls::dane::{TlsaFit, unusable};
use crate::tls::proof::Fault;

/// A server and one of its addresses: "mx1.example.org", with the address where it has several.
pub(in crate::check_mail_domain) fn call(host: &MailHost, call: &Call) -> String {
    if host.addresses.len() > 1 {
        format!("{} ({})", host.name, call.address)
    } else {
        host.name.clone()
    }
}

/// Before "certificate", where a server has two: "RSA 2048 ".
pub(in crate::check_mail_domain) fn kind(call: &Call, chain: &Presented) -> String {
    match &chain.leaf {
        Some(leaf) if call.chains.len() > 1 => format!("{} ", leaf.key),
        _ => String::new(),
    }
}

/// Behind "and mx does not offer it".
pub(in crate::check_mail_domain) fn why_no_tls(call: &Call) -> String {
    match &call.problem {
        None | Some(NoSession::NoStarttls) => " (STARTTLS is not offered)".to_owned(),
        Some(problem) => format!(" ({problem})"),
    }
}

/// Why there is no session; the address stands elsewhere.
pub(in crate::check_mail_domain) fn no_session(problem: &NoSession) -> String {
    match problem {
        NoSession::Unreached(unreached) => match unreached.0.first() {
            Some((_, error)) => error.to_string(),
            None => unreached.to_string(),
        },
        other => other.to_string(),
    }
}

/// In a few words, what makes a certificate the wrong one.
pub(in crate::check_mail_domain) fn fault(fault: &Fault) -> String {
    certificate_words::fault(fault)
}

/// What is wrong with a certificate below the authority that a record names; nothing where the records name another.
pub(in crate::check_mail_domain) fn mismatch(chain: &Presented) -> Option<String> {
    chain.fits.iter().find_map(|fit| match fit {
        TlsaFit::Unproven(why) => Some(fault(why)),
        _ => None,
    })
}

/// The TLSA records of a host, a line each, with how they stand to what it shows.
pub(in crate::check_mail_domain) fn tlsa(host: &MailHost) -> Vec<String> {
    let worth = match &host.tlsa {
        TlsaSet::NotAsked => return Vec::new(),
        TlsaSet::None => return vec![format!("{}: no TLSA record", host.name)],
        TlsaSet::Failed(why) => return vec![format!("{}: TLSA unknown: {why}", host.name)],
        TlsaSet::Secure(_) => "",
        TlsaSet::Ignored(_) => " (ignored: not signed)",
        TlsaSet::Unproven(_) => " (unknown whether signed)",
    };
    let chains: Vec<&Presented> = host.calls.iter().flat_map(|call| &call.chains).collect();
    let records = host.tlsa.records().iter().enumerate();
    records
        .map(|(place, record)| {
            let fits = chains.iter().filter_map(|chain| chain.fits.get(place));
            let how = match (unusable(record), fits.clone().count()) {
                (Some(why), _) => why.to_string(),
                (None, 0) => "not compared".to_owned(),
                (None, all) => match fits.filter(|fit| **fit == TlsaFit::Fits).count() {
                    0 => "fits nothing".to_owned(),
                    some if some == all => "fits".to_owned(),
                    some => format!("fits {some} of {all} certificates"),
                },
            };
            format!("{}: TLSA {record}: {how}{worth}", host.name)
        })
        .collect()
}

/// What DNSSEC says.
pub(in crate::check_mail_domain) fn validation(validation: Validation) -> &'static str {
    match validation {
        Validation::Secure => "DNSSEC proves its addresses",
        Validation::Insecure => "its addresses are not signed",
        Validation::Unknown => "unknown whether its addresses are signed",
    }
}

/// Behind "resolver 192.0.2.1".
pub(in crate::check_mail_domain) fn unvalidated(why: WhyUnvalidated) -> &'static str {
    match why {
        WhyUnvalidated::NotBelieved => "is not on this machine, and not said to be trusted",
        WhyUnvalidated::RootUnproven => "does not validate",
        WhyUnvalidated::RootRefused => {
            "cannot prove the root: its trust anchor or its clock is wrong"
        }
        WhyUnvalidated::RootEmpty => "knows no name server of the root",
        WhyUnvalidated::RootUnanswered => "does not answer for the root",
    }
}

/// What to do about it.
pub(in crate::check_mail_domain) fn unvalidated_advice(why: WhyUnvalidated) -> &'static str {
    match why {
        WhyUnvalidated::NotBelieved => {
            "run a validating resolver here (unbound), or name one with --dns-server, or write \"options trust-ad\" into /etc/resolv.conf if the way to it is safe"
        }
        WhyUnvalidated::RootUnproven => {
            "switch validation on (unbound: auto-trust-anchor-file; systemd-resolved: DNSSEC=yes), or name another resolver with --dns-server"
        }
        WhyUnvalidated::RootRefused => {
            "look at the clock of the resolver and at its trust anchor (unbound-anchor)"
        }
        WhyUnvalidated::RootEmpty | WhyUnvalidated::RootUnanswered => {
            "look at the resolver and at its way to the net"
        }
    }
}

/// What to do where a question has no answer.
pub(in crate::check_mail_domain) fn unlooked(why: &NoLookup) -> &'static str {
    match why {
        NoLookup::Unanswered(_) => "check the resolver, or give another with --dns-server",
        NoLookup::Doubtful => "look at the trust anchor and the clock of the resolvers",
        _ => "look at the name servers of the domain, and at the way there: dig +trace",
    }
}

/// Why signatures do not hold, as far as their dates tell.
pub(in crate::check_mail_domain) fn cause(signatures: &[Rrsig], now: i64) -> String {
    if signatures.is_empty() {
        return " (signatures are missing)".to_owned();
    }
    let ended =
        signatures.iter().filter(|one| one.expiration < now).min_by_key(|one| one.expiration);
    if let Some(ended) = ended {
        return format!(" (a signature ended {})", clock::utc(ended.expiration));
    }
    match signatures.iter().find(|one| one.inception > now) {
        Some(early) => format!(" (a signature begins {})", clock::utc(early.inception)),
        None => " (keys, DS record and signatures do not fit)".to_owned(),
    }
}

/// "in 3d", or "now".
pub(in crate::check_mail_domain) fn time_left(end: i64, now: i64) -> String {
    match u64::try_from(end.saturating_sub(now)) {
        Ok(left) if left > 0 => format!("in {}", duration::human(Duration::from_secs(left))),
        _ => "now".to_owned(),
    }
}
