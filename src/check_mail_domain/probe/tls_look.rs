//! What an address takes of TLS that it should not: one connection for each question, and none where an answer before
//! it settles it. A server that takes nothing bad is asked ten times beside the look at its certificates.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

use super::Survey;
use crate::check_mail_domain::facts::{TlsChoice, TlsLook, TlsSubject};
use crate::check_mail_domain::ncsc::{self, NcscClass};
use crate::smtp_client::{NoSession, server_name};
use crate::tls::exchange::{Stop, ask};
use crate::tls::flight::{Flight, FlightEnd, KeyExchange, Parser};
use crate::tls::handshake::HandshakeError;
use crate::tls::hello::{GROUPS, Hello, KeyShare, MOST_SUITES, SIGNATURES};
use crate::tls::ssl2::{self, Ssl2Flight};
use crate::tls::suite::{Exchange, Suite, everything, usable};
use crate::tls::{Protocol, ssl2::Parser as Ssl2Parser};

/// Every curve that is not good, P-224 last.
const CURVES: [u16; 22] = [
    0x0001,
    0x0002,
    0x0003,
    0x0004,
    0x0005,
    0x0006,
    0x0007,
    0x0008,
    0x0009,
    0x000a,
    0x000b,
    0x000c,
    0x000d,
    0x000e,
    0x000f,
    0x0010,
    0x0011,
    0x0012,
    0x0013,
    0x0014,
    0x0016,
    ncsc::P_224,
];
/// Signatures over SHA-1 and MD5, then those over SHA-224.
const WEAK_SIGNATURES: [u16; 6] = [0x0201, 0x0203, 0x0202, 0x0101, 0x0301, 0x0303];

/// One hello.
struct TlsQuestion {
    subject: TlsSubject,
    newest: Protocol,
    suites: Vec<u16>,
    groups: &'static [u16],
    signatures: &'static [u16],
}

impl TlsQuestion {
    fn new(subject: TlsSubject, newest: Protocol, suites: Vec<u16>) -> Self {
        Self { subject, newest, suites, groups: &GROUPS, signatures: &SIGNATURES }
    }
}

/// The address that is looked at.
#[derive(Clone, Copy)]
pub(super) struct TlsPlace<'a> {
    /// The name that is asked for.
    pub(super) name: &'a str,
    pub(super) address: IpAddr,
    /// Addresses that share the time that is left.
    pub(super) left: usize,
}

impl Survey<'_> {
    pub(super) fn tls_look(&self, place: TlsPlace<'_>) -> TlsLook {
        let mut look = TlsLook::default();
        if let Err(problem) = self.look_at(place, &mut look) {
            // The others were not asked any more.
            look.unknown.push((TlsSubject::Usual, problem));
        }
        look
    }

    fn look_at(&self, place: TlsPlace<'_>, look: &mut TlsLook) -> Result<(), NoSession> {
        let usual = usable(Protocol::Tls12, Suite::is_sound);
        let usual = TlsQuestion::new(TlsSubject::Usual, Protocol::Tls12, first(usual));
        let has_tls12 = self.put(place, &usual, look)?;
        self.ssl2(place, look)?;
        let old = first(everything(Protocol::Tls11));
        self.put(place, &TlsQuestion::new(TlsSubject::OldVersions, Protocol::Tls11, old), look)?;
        let bad13 = usable(Protocol::Tls13, |suite| is(suite, NcscClass::Insufficient));
        self.put(place, &TlsQuestion::new(TlsSubject::Suites, Protocol::Tls13, bad13), look)?;
        let bad = everything(Protocol::Tls12)
            .into_iter()
            .filter(|number| ncsc::of_suite(*number) == NcscClass::Insufficient)
            .collect::<Vec<_>>();
        for some in bad.chunks(MOST_SUITES) {
            let question = TlsQuestion::new(TlsSubject::Suites, Protocol::Tls12, some.to_vec());
            if self.put(place, &question, look)? {
                break;
            }
        }
        if has_tls12 { self.look_at_tls12(place, look) } else { Ok(()) }
    }

    /// What only a server of TLS 1.2 can be asked.
    fn look_at_tls12(&self, place: TlsPlace<'_>, look: &mut TlsLook) -> Result<(), NoSession> {
        let tls12 = |subject, wanted: fn(&Suite) -> bool| {
            TlsQuestion::new(subject, Protocol::Tls12, first(usable(Protocol::Tls12, wanted)))
        };
        let mut old = tls12(TlsSubject::OldSuites, |suite| {
            is(suite, NcscClass::PhaseOut) && suite.exchange == Exchange::Ecdhe
        });
        old.suites.extend(ncsc::ARIA);
        self.put(place, &old, look)?;
        let primes = tls12(TlsSubject::Primes, |suite| {
            is(suite, NcscClass::PhaseOut) && suite.exchange == Exchange::Dhe
        });
        self.put(place, &primes, look)?;
        let is_elliptic =
            |suite: &Suite| suite.exchange == Exchange::Ecdhe && !suite.is_anonymous();
        let mut curves = tls12(TlsSubject::Curves, is_elliptic);
        let mut signatures =
            tls12(TlsSubject::Signatures, |suite| suite.is_forward_secret() && suite.is_sound());
        // Where the server prefers the better of the bad, the worse are asked for alone.
        curves.groups = &CURVES;
        if self.put(place, &curves, look)?
            && look.choices.last().is_some_and(|choice| choice.group == Some(ncsc::P_224))
            && let Some((_, worse)) = CURVES.split_last()
        {
            curves.groups = worse;
            self.put(place, &curves, look)?;
        }
        signatures.signatures = &WEAK_SIGNATURES;
        let is_sha224 = |choice: &TlsChoice| choice.signature.is_some_and(|one| one >> 8 == 3);
        if self.put(place, &signatures, look)? && look.choices.last().is_some_and(is_sha224) {
            signatures.signatures = WEAK_SIGNATURES.get(..4).unwrap_or_default();
            self.put(place, &signatures, look)?;
        }
        Ok(())
    }

    /// Whether the server chose something. Fails when no session comes about any more.
    fn put(
        &self,
        place: TlsPlace<'_>,
        question: &TlsQuestion,
        look: &mut TlsLook,
    ) -> Result<bool, NoSession> {
        let server_name = server_name(place.name);
        let name = match &server_name {
            ServerName::DnsName(name) => Some(name.as_ref()),
            _ => None,
        };
        let mut random = [0; 96];
        // Zeros would do as well: nothing is ever encrypted with them.
        let _ = aws_lc_rs::rand::fill(&mut random);
        let hello = Hello {
            oldest: question.newest,
            newest: question.newest,
            suites: &question.suites,
            server_name: name,
            groups: question.groups,
            signatures: question.signatures,
            compression: true,
            key_share: KeyShare::Empty,
            random,
        };
        let mut parser = Parser::default();
        let stop = self.exchange(place, &hello.to_bytes(), |bytes| parser.push(bytes))?;
        let flight = parser.finish();
        if let Some(choice) = choice(&flight) {
            look.choices.push(choice);
            return Ok(true);
        }
        if let Some(why) = unclear(flight.end, &stop) {
            look.unknown.push((question.subject, why));
        }
        Ok(false)
    }

    fn ssl2(&self, place: TlsPlace<'_>, look: &mut TlsLook) -> Result<(), NoSession> {
        let mut challenge = [0; 16];
        let _ = aws_lc_rs::rand::fill(&mut challenge);
        let mut parser = Ssl2Parser::default();
        let hello = ssl2::hello(challenge);
        let stop = self.exchange(place, &hello, |bytes| parser.push(bytes))?;
        let why = match parser.finish() {
            Some(Ssl2Flight::Hello { .. } | Ssl2Flight::Error(_)) => {
                look.speaks_ssl2 = true;
                None
            }
            Some(Ssl2Flight::Alert(_)) => None,
            Some(Ssl2Flight::Text(text)) => Some(HandshakeError::Text(text)),
            Some(Ssl2Flight::Malformed(_)) => Some(HandshakeError::NotTls),
            None => broken(&stop),
        };
        look.unknown.extend(why.map(|why| (TlsSubject::Ssl2, why.into())));
        Ok(())
    }

    fn exchange(
        &self,
        place: TlsPlace<'_>,
        hello: &[u8],
        take: impl FnMut(&[u8]) -> bool,
    ) -> Result<Stop, NoSession> {
        let (mut stream, _) = self.start(place.name, place.address, place.left)?;
        self.run
            .deadline
            .enter(format!("waiting for the answer of {} to a TLS hello", place.address));
        Ok(ask(&mut stream, hello, take))
    }
}

fn is(suite: &Suite, class: NcscClass) -> bool {
    ncsc::of_suite(suite.id) == class
}

/// As many as one hello carries.
fn first(mut suites: Vec<u16>) -> Vec<u16> {
    suites.truncate(MOST_SUITES);
    suites
}

fn choice(flight: &Flight) -> Option<TlsChoice> {
    let hello = flight.hello.as_ref()?;
    let (curve, prime) = match flight.key_exchange {
        Some(KeyExchange::Curve(curve)) => (Some(curve), None),
        Some(KeyExchange::Prime(bits)) => (None, Some((bits, flight.prime_group))),
        _ => (None, None),
    };
    Some(TlsChoice {
        version: hello.version,
        suite: hello.suite,
        group: hello.group.or(curve),
        prime,
        signature: flight.signature,
        compression: hello.compression,
        secure_renegotiation: hello.secure_renegotiation,
        extended_master_secret: hello.extended_master_secret,
    })
}

/// Why it is not known whether the server takes it; nothing where it refuses.
fn unclear(end: Option<FlightEnd>, stop: &Stop) -> Option<NoSession> {
    let why = match end {
        Some(FlightEnd::Alert(alert)) if alert.refuses_hello() => None,
        Some(FlightEnd::Alert(alert)) => Some(HandshakeError::Refused(alert)),
        Some(FlightEnd::Text(text)) => Some(HandshakeError::Text(text)),
        Some(FlightEnd::Malformed(_)) => Some(HandshakeError::NotTls),
        Some(FlightEnd::Complete) | None => broken(stop),
    };
    why.map(NoSession::Handshake)
}

/// A close without a word behind STARTTLS is a refusal.
fn broken(stop: &Stop) -> Option<HandshakeError> {
    match stop {
        Stop::Finished | Stop::Closed => None,
        Stop::Silent => Some(HandshakeError::Silent),
        Stop::Broken(error) => Some(HandshakeError::Broken(*error)),
    }
}
