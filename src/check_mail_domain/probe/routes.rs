//! Where mail goes: MX, addresses, and the TLSA records of each host (RFC 7672 section 2.2).

use std::net::IpAddr;

use super::Survey;
use crate::check_mail_domain::facts::{Delegation, Destination, MailHost, TlsaSet};
use crate::dns::{Data, Lookup, NoLookup, RecordKind, Tlsa, Validation};

/// Hosts that are looked at; honest domains have fewer than ten.
const MOST_HOSTS: usize = 20;
/// Addresses of one host that are looked at.
const MOST_ADDRESSES: usize = 16;

impl Survey<'_> {
    /// Where mail goes; whether there is anything more to look at.
    pub(super) fn destination(&self) -> bool {
        let domain = &self.target.domain;
        let (destination, found) = match self.ask(domain, RecordKind::Mx) {
            Err(why) => (Destination::Unknown(why), None),
            Ok(lookup) if !lookup.exists => (Destination::NoDomain, Some(lookup)),
            Ok(lookup) => (destination(&lookup), Some(lookup)),
        };
        // What is bogus or silent at the domain itself is so below it.
        let goes_on = !matches!(destination, Destination::NoDomain | Destination::Unknown(_));
        let validation = found.as_ref().map_or(Validation::Unknown, |lookup| lookup.validation);
        let alias_of = found.as_ref().filter(|lookup| lookup.is_alias);
        let alias_of = alias_of.map(|lookup| lookup.name.clone());
        let mut hosts = Vec::new();
        match &destination {
            Destination::Hosts { .. } => hosts = named(found.iter().flat_map(|mx| &mx.data)),
            Destination::Itself => hosts.push(MailHost::new(domain, 0)),
            _ => {}
        }
        self.note(|facts| {
            facts.left_out = hosts.len().saturating_sub(MOST_HOSTS);
            hosts.truncate(MOST_HOSTS);
            facts.destination = Some(destination);
            facts.alias_of = alias_of;
            facts.validation = validation;
            facts.hosts = hosts;
        });
        if let (Validation::Insecure, Some(lookup)) = (validation, found) {
            let delegation = self.delegation(&lookup);
            self.note(|facts| facts.delegation = Some(delegation));
        }
        goes_on
    }

    /// Whether a domain that is taken for unsigned ought to be signed.
    fn delegation(&self, mx: &Lookup) -> Delegation {
        let apex = match self.ask(&mx.name, RecordKind::Soa) {
            Ok(soa) if !soa.data.is_empty() => soa.name,
            Ok(soa) => soa.zone.unwrap_or_else(|| mx.name.clone()),
            Err(why) => return Delegation::Unknown(why),
        };
        match self.ask(&apex, RecordKind::Ds) {
            Err(why) => Delegation::Unknown(why),
            // An unsigned DS leaves the zone unsigned: so is the one above.
            Ok(ds) if ds.data.is_empty() || ds.validation != Validation::Secure => {
                let keys = self.ask(&apex, RecordKind::Dnskey);
                Delegation::NoDs { has_keys: keys.is_ok_and(|keys| !keys.data.is_empty()) }
            }
            Ok(ds) => Delegation::Ds(
                ds.data
                    .iter()
                    .filter_map(|data| match data {
                        Data::Ds(algorithm) => Some(*algorithm),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    }

    /// Addresses and TLSA records of each host.
    pub(super) fn hosts(&self) {
        let hosts = self.progress.read(|facts| facts.hosts.clone());
        for (place, mut host) in hosts.into_iter().enumerate() {
            if self.run.deadline.has_passed() {
                return;
            }
            if !host.is_address {
                self.host(&mut host);
            }
            self.note(|facts| {
                if let Some(kept) = facts.hosts.get_mut(place) {
                    *kept = host;
                }
            });
        }
    }

    fn host(&self, host: &mut MailHost) {
        let found = self.addresses(host);
        let Some(first) = found.first() else { return };
        host.validation = first.validation;
        if let Some(insecure) =
            found.iter().find(|lookup| lookup.validation == Validation::Insecure)
        {
            // A resolver that lets unproven records through says nothing of them.
            let is_unproven = self.delegation(insecure).is_to_be_proven();
            host.validation = if is_unproven { Validation::Unknown } else { Validation::Insecure };
        }
        self.tlsa(host, &first.name);
    }

    /// Notes the addresses of a host; what was found where there are some. A denial beside them takes nothing from them,
    /// proven or not: senders look at the records that are there (RFC 7672 section 2.2.1; postfix at each address).
    fn addresses(&self, host: &mut MailHost) -> Vec<Lookup> {
        let mut found = Vec::new();
        for kind in RecordKind::of_family(self.target.caller.family) {
            match self.ask(&host.name, *kind) {
                Ok(lookup) => {
                    host.addresses.extend(lookup.addresses());
                    host.is_alias |= lookup.is_alias;
                    if !lookup.data.is_empty() {
                        found.push(lookup);
                    }
                }
                Err(why) => host.unresolved = Some(why),
            }
        }
        host.left_out = host.addresses.len().saturating_sub(MOST_ADDRESSES);
        host.addresses.truncate(MOST_ADDRESSES);
        found
    }

    /// The records of the first name that has some: where CNAMEs lead, else the host's own (RFC 7672 section 2.2.2).
    fn tlsa(&self, host: &mut MailHost, expanded: &str) {
        let own = host.name.clone();
        let is_own_secure = host.validation == Validation::Insecure
            && host.is_alias
            && self
                .ask(&own, RecordKind::Cname)
                .is_ok_and(|alias| alias.validation == Validation::Secure);
        let is_asked_by_senders = is_own_secure || host.validation != Validation::Insecure;
        let mut bases = vec![expanded];
        if host.is_alias {
            if host.validation == Validation::Insecure {
                bases.clear();
            }
            bases.push(&own);
        }
        for base in bases {
            let found = self.ask(&format!("_25._tcp.{base}"), RecordKind::Tlsa);
            host.tlsa = match found {
                // Senders do not even ask, so that broken servers harm nobody.
                Err(_) if !is_asked_by_senders => TlsaSet::None,
                Err(why) => TlsaSet::Failed(why),
                Ok(lookup) => {
                    host.ttl = lookup.ttl;
                    let records: Vec<Tlsa> = lookup.tlsa().cloned().collect();
                    match (records.is_empty(), lookup.validation) {
                        (true, _) => TlsaSet::None,
                        (false, Validation::Secure) if is_asked_by_senders => {
                            TlsaSet::Secure(records)
                        }
                        (false, Validation::Unknown) => TlsaSet::Unproven(records),
                        (false, _) if host.validation == Validation::Unknown => {
                            TlsaSet::Unproven(records)
                        }
                        (false, _) => TlsaSet::Ignored(records),
                    }
                }
            };
            base.clone_into(&mut host.base);
            if host.tlsa != TlsaSet::None {
                return;
            }
        }
    }

    /// Whether anybody takes mail for a domain; nothing where that could not be found out.
    pub(super) fn takes_mail(&self, domain: &str) -> Option<bool> {
        let mx = self.ask(domain, RecordKind::Mx).ok()?;
        if !mx.exists {
            return Some(false);
        }
        match destination(&mx) {
            Destination::Null => Some(false),
            Destination::Itself => {
                let any = |kind| self.ask(domain, kind).map(|found| !found.data.is_empty());
                Some(any(RecordKind::A).ok()? || any(RecordKind::Aaaa).ok()?)
            }
            _ => Some(true),
        }
    }
}

fn destination(mx: &Lookup) -> Destination {
    let hosts = mx.data.iter().filter_map(|data| match data {
        Data::Mx { host, .. } => Some(host.is_empty()),
        _ => None,
    });
    let (null, named): (Vec<bool>, Vec<bool>) = hosts.partition(|is_null| *is_null);
    match (null.is_empty(), named.is_empty()) {
        (true, true) => Destination::Itself,
        (false, true) => Destination::Null,
        (_, false) => Destination::Hosts { has_null: !null.is_empty() },
    }
}

/// The hosts by preference, each once.
fn named<'a>(data: impl Iterator<Item = &'a Data>) -> Vec<MailHost> {
    let mut found: Vec<(u16, &str)> = data
        .filter_map(|data| match data {
            Data::Mx { preference, host } if !host.is_empty() => Some((*preference, host.as_str())),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    let mut hosts: Vec<MailHost> = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for (preference, name) in found {
        if names.insert(name) {
            hosts.push(MailHost::new(name, preference));
        }
    }
    hosts
}

impl MailHost {
    fn new(name: &str, preference: u16) -> Self {
        Self {
            name: name.to_owned(),
            preference,
            is_address: name.parse::<IpAddr>().is_ok(),
            is_alias: false,
            addresses: Vec::new(),
            left_out: 0,
            unresolved: None::<NoLookup>,
            validation: Validation::Unknown,
            base: name.to_owned(),
            tlsa: TlsaSet::NotAsked,
            ttl: 0,
            calls: Vec::new(),
        }
    }
}
