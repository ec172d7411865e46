//! STARTTLS at each address of each mail server: at most two connections, since a server may have two certificates.

use std::net::{IpAddr, SocketAddr};

use super::Survey;
use super::tls_look::TlsPlace;
use crate::check_mail_domain::facts::{Call, MailHost, Presented, TlsaSet};
use crate::clock;
use crate::connection::Connection;
use crate::smtp::{Command, Session, Stage};
use crate::smtp_client::{Dialer, Greeted, NoSession, Patience, Patient, leave, server_name};
use crate::tls::certificate;
use crate::tls::certificate::Algorithm;
use crate::tls::dane::{self, Dane};
use crate::tls::handshake::{HandshakeError, Shown, Wanted, handshake};
use crate::tls::proof::{Fault, proof};
use crate::tls::trust::{Anchors, MOST_CERTIFICATES};

/// Where mail is handed over (RFC 5321 section 4.5.4.2).
const PORT: u16 = 25;

impl Survey<'_> {
    /// Calls all of them.
    pub(super) fn calls(&self) {
        let hosts = self.progress.read(|facts| facts.hosts.clone());
        let anchors = Anchors::load(self.target.ca_file.as_deref(), clock::seconds(self.run.now));
        let mut left = hosts.iter().map(|host| host.addresses.len()).sum::<usize>();
        for (place, host) in hosts.iter().enumerate() {
            for address in &host.addresses {
                if self.run.deadline.has_passed() {
                    return;
                }
                let call = self.call(host, *address, &anchors, left);
                left = left.saturating_sub(1);
                if self.run.deadline.has_passed() && call.chains.is_empty() {
                    return;
                }
                self.note(|facts| {
                    if let Some(host) = facts.hosts.get_mut(place) {
                        host.calls.push(call);
                    }
                });
            }
        }
    }

    fn call(&self, host: &MailHost, address: IpAddr, anchors: &Anchors, left: usize) -> Call {
        let mut call = Call { address, chains: Vec::new(), problem: None, tls: None };
        // Senders that use TLSA records name their base domain, the others the host (RFC 7672 section 8.1).
        let name = if matches!(host.tlsa, TlsaSet::Secure(_)) { &host.base } else { &host.name };
        self.certificates(host, name, &mut call, anchors, left);
        let has_tls = !call.chains.is_empty()
            || matches!(call.problem, Some(NoSession::Handshake(_) | NoSession::Lacks(_)));
        if self.target.looks_at_tls && has_tls {
            call.tls = Some(self.tls_look(TlsPlace { name, address, left }));
        }
        call
    }

    /// The certificate that the server prefers, and the one of the other kind if it has one.
    fn certificates(
        &self,
        host: &MailHost,
        name: &str,
        call: &mut Call,
        anchors: &Anchors,
        left: usize,
    ) {
        let address = call.address;
        let first = match self.shake(name, address, Wanted::Any, left) {
            Ok(shown) => shown,
            Err(problem) => {
                call.problem = Some(problem);
                return;
            }
        };
        let leaf = first.chain.first().and_then(|der| certificate::read(der).ok());
        let other = leaf.and_then(|leaf| match leaf.key.algorithm {
            Algorithm::Rsa => Some(Wanted::Ecdsa),
            Algorithm::Ecdsa => Some(Wanted::Rsa),
            _ => None,
        });
        let presented = |shown: &Shown| self.presented(host, shown, anchors);
        call.chains.push(presented(&first));
        if let Some(wanted) = other {
            match self.shake(name, address, wanted, left) {
                // A server with one certificate ignores what it is asked for, or refuses.
                Ok(second) if second.chain.first() == first.chain.first() => {}
                Ok(second) => call.chains.push(presented(&second)),
                Err(NoSession::Handshake(
                    HandshakeError::Refused(_)
                    | HandshakeError::Closed
                    | HandshakeError::NothingInCommon
                    | HandshakeError::BreaksRules,
                )) => {}
                Err(problem) => call.problem = Some(problem),
            }
        }
    }

    fn presented(&self, host: &MailHost, shown: &Shown, anchors: &Anchors) -> Presented {
        let now = clock::seconds(self.run.now);
        let records = host.tlsa.records();
        // The domain proves an authority's certificate as well, and where it leads as an alias, if the way to the host is
        // proven (RFC 7672 section 3.2.2).
        let (is_proven, alias_of) = self.progress.read(|facts| {
            (facts.validation == crate::dns::Validation::Secure, facts.alias_of.clone())
        });
        let mut names = vec![host.base.as_str()];
        if host.base != host.name {
            names.push(&host.name);
        }
        if is_proven {
            names.push(&self.target.domain);
            names.extend(alias_of.as_deref());
        }
        let fits = dane::fits(records, &shown.chain, &names, now);
        let proof = proof(shown, &host.name, anchors, now);
        // The authorities of one's own are as many as one has.
        let is_public = !proof.faults.iter().any(|fault| {
            matches!(fault, Fault::SelfSigned | Fault::UnknownIssuer(_) | Fault::Path(_))
        }) && proof.unknown.is_none();
        let lone = dane::lone_issuer(records, &shown.chain).filter(|_| is_public);
        let above = shown.chain.iter().take(MOST_CERTIFICATES).skip(1);
        let above = above.filter_map(|der| certificate::read(der).ok());
        Presented {
            leaf: shown.chain.first().and_then(|der| certificate::read(der).ok()),
            dane: (!records.is_empty()).then(|| Dane::of(&fits)),
            above: above.filter(|read| !read.is_self_issued).collect(),
            fits,
            lone_issuer: lone.map(|issuer| issuer.common_name.unwrap_or(issuer.subject)),
            proof,
        }
    }

    /// One handshake.
    fn shake(
        &self,
        name: &str,
        address: IpAddr,
        wanted: Wanted,
        left: usize,
    ) -> Result<Shown, NoSession> {
        let (stream, patience) = self.start(name, address, left)?;
        self.run.deadline.enter(format!("waiting for the TLS handshake of {address}"));
        let (shown, result) = handshake(stream, server_name(name), wanted);
        let (_, mut secured) = result?;
        secured.allow(patience.smtp);
        leave(&mut Session::over(secured));
        Ok(shown)
    }

    /// One session up to where TLS begins. What is left of the time is shared among the addresses to come.
    pub(super) fn start<'s>(
        &'s self,
        name: &'s str,
        address: IpAddr,
        left: usize,
    ) -> Result<(Connection<'s>, Patience), NoSession> {
        let deadline = &self.run.deadline;
        let mut dialer = Dialer::new(name, PORT, &self.target.caller, deadline);
        let share = deadline.remaining() / u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        let patience = &mut dialer.patience;
        for step in
            [&mut patience.connect, &mut patience.greeting, &mut patience.smtp, &mut patience.tls]
        {
            *step = (*step).min(share);
        }
        let connected = dialer.connect(&[SocketAddr::new(address, PORT)])?;
        let local = connected.connection.local_address();
        let Greeted { mut session, .. } = dialer.greet(connected.connection)?;
        let ehlo = dialer.ehlo(&mut session, local)?;
        if !ehlo.is_positive() {
            leave(&mut session);
            return Err(NoSession::Refused(Stage::Command(Command::Ehlo), ehlo));
        }
        if !ehlo.has_keyword("STARTTLS") {
            leave(&mut session);
            let masked = ehlo.has_masked_keyword();
            return Err(if masked { NoSession::StarttlsMasked } else { NoSession::NoStarttls });
        }
        Ok((dialer.start_tls(session)?, dialer.patience))
    }
}
