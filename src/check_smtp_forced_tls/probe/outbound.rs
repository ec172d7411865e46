//! The ways to partners: one handshake with each host that mail to them would go to, and no mail.

use std::path::Path;

use super::mx;
use super::standards::Publications;
use crate::check_smtp_forced_tls::facts::{Contact, Host, MOST_HOSTS, Mx, Partner, Progress};
use crate::check_smtp_forced_tls::target::OutboundTarget;
use crate::deadline::Deadline;
use crate::dns::{Resolver, ResolverSettings};
use crate::smtp::address::Domain;
use crate::smtp_client::{Caller, Dialer, Patience, Security};
use crate::tls::handshake::HandshakeError;
use crate::tls::proof::proof;
use crate::tls::trust::Anchors;

/// Looks at the ways to all partners.
pub(super) struct Routes<'a> {
    pub(super) target: &'a OutboundTarget,
    pub(super) caller: &'a Caller,
    pub(super) ca_file: Option<&'a Path>,
    pub(super) anchors: &'a Anchors,
    /// Seconds since the epoch.
    pub(super) now: i64,
    pub(super) deadline: &'a Deadline,
    pub(super) progress: &'a Progress,
}

impl Routes<'_> {
    pub(super) fn look(&self) {
        let resolver = Resolver::new(ResolverSettings::of(&[]), self.deadline);
        for (place, domain) in self.target.partners.iter().enumerate() {
            if self.deadline.has_passed() {
                return;
            }
            self.partner(place, domain, &resolver);
        }
        self.standards();
    }

    /// What partners publish, within half of the time that is left, so that it never costs the verdict.
    fn standards(&self) {
        let deadline = Deadline::after(self.deadline.remaining() / 2);
        let resolver = Resolver::new(ResolverSettings::of(&[]), &deadline);
        let looked =
            Publications { caller: self.caller, ca_file: self.ca_file, deadline: &deadline };
        let known = self.progress.read(|facts| facts.partners.clone());
        for (place, known) in known.iter().enumerate() {
            let Some(mx) = known.mx.as_ref().filter(|_| !deadline.has_passed()) else { return };
            let standards = looked.look(&known.domain, mx, &resolver);
            self.note(place, |partner| partner.standards = standards);
        }
    }

    fn partner(&self, place: usize, domain: &Domain, resolver: &Resolver<'_>) {
        self.deadline.enter(format!("looking up the MX of {domain}"));
        let mx = mx::look_up(domain, resolver);
        let names = match (&self.target.relay_host, &mx) {
            (Some(host), _) => vec![host.clone()],
            (None, Mx::Hosts(hosts)) => hosts.clone(),
            (None, Mx::Implicit) => vec![domain.to_string()],
            (None, Mx::Null | Mx::NoDomain | Mx::Unknown(_)) => Vec::new(),
        };
        self.note(place, |partner| {
            partner.mx = Some(mx);
            partner.not_looked_at = names.len();
        });
        let hosts = names.len().min(MOST_HOSTS);
        for (done, name) in names.into_iter().take(MOST_HOSTS).enumerate() {
            // Each partner after this one has a host at least.
            let left = hosts - done + self.target.partners.len() - place - 1;
            let Some(contact) = self.host(&name, u32::try_from(left).unwrap_or(u32::MAX)) else {
                return;
            };
            self.note(place, |partner| {
                partner.hosts.push(Host { name, contact });
                partner.not_looked_at -= 1;
            });
        }
    }

    /// One handshake, a greeting and EHLO; nothing when the time is over.
    fn host(&self, name: &str, left: u32) -> Option<Contact> {
        if self.deadline.has_passed() {
            return None;
        }
        if self.target.relay_host.is_none() && name.parse::<std::net::IpAddr>().is_ok() {
            return Some(Contact::IsAddress);
        }
        let mut dialer = Dialer::new(name, self.target.port, self.caller, self.deadline);
        let (limit, remaining) = (self.deadline.limit(), self.deadline.remaining());
        dialer.patience = Patience::for_leg(limit, remaining, left, None);
        // Neither does postfix name the server, and a certificate may depend on it.
        dialer.names_server = self.target.way == Security::Tls;
        let contact = match dialer.open(self.target.way) {
            Ok(client) => {
                let shake = client.tls.clone();
                client.quit();
                match shake {
                    Some(shake) => Contact::Tls {
                        version: shake.agreed.version,
                        proof: proof(&shake.shown, name, self.anchors, self.now),
                    },
                    None => Contact::NoSession(HandshakeError::NotTls.into()),
                }
            }
            Err(error) => {
                if self.deadline.has_passed() {
                    return None;
                }
                Contact::NoSession(error)
            }
        };
        Some(contact)
    }

    fn note(&self, place: usize, note: impl FnOnce(&mut Partner)) {
        self.progress.note(|facts| {
            if let Some(partner) = facts.partners.get_mut(place) {
                note(partner);
            }
        });
    }
}
