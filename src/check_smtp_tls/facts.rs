//! What was seen of a server's TLS, and what could not be seen.

mod cut_short;
mod fact;
mod look;
mod weakness;
mod why_unknown;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::SocketAddr;

use serde::{Serialize, Serializer};

pub(super) use cut_short::{Ban, CutShort, Loss};
pub(super) use fact::Fact;
pub(super) use look::{Look, Looks};
pub(super) use weakness::Weakness;
pub(super) use why_unknown::{BeforeTls, WhyUnknown};

use crate::connection::{ConnectError, ResolveError};
use crate::program;
use crate::smtp::{Reply, SessionError};
use crate::smtp_client::Unreached;
use crate::tls::Protocol;
pub(super) use crate::tls::anchored::{Anchored, Life, Unchecked};
use crate::tls::certificate::{Certificate, Fit};
use crate::tls::handshake::SignatureFault;
use crate::tls::lack::Choices;
use crate::tls::suite::Suite;

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Start {
    /// In the clear, then STARTTLS (RFC 3207).
    Starttls,
    /// With the first byte (RFC 8314).
    Tls,
}

/// Everything one run saw. Grows while the probe works, so that a run that is cut short still has it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) start: Start,
    /// The name the certificate is checked against.
    pub(super) name: String,
    /// The address all facts are from.
    pub(super) address: Option<String>,
    /// How many addresses the name has.
    pub(super) addresses: usize,
    /// Addresses that did not answer before it.
    #[serde(skip)]
    pub(super) skipped_addresses: Vec<(SocketAddr, ConnectError)>,
    pub(super) connections: u32,
    pub(super) smtp: Smtp,
    #[serde(serialize_with = "by_key")]
    pub(super) protocols: BTreeMap<Protocol, Fact>,
    /// Cipher kinds of SSLv2, when it is spoken.
    pub(super) ssl2_kinds: Vec<String>,
    /// Suites the server chose, with the version it did so in.
    #[serde(serialize_with = "suite_names")]
    pub(super) accepted: BTreeSet<(Protocol, u16)>,
    pub(super) weaknesses: Vec<WeaknessAsked>,
    /// Whether a suite of no weak kind is accepted.
    pub(super) sound_suites: Fact,
    /// Whether SSLv3 is spoken with a block cipher (POODLE, CVE-2014-3566).
    pub(super) ssl3_cbc: Fact,
    pub(super) forward_secrecy: Fact,
    pub(super) aead: Fact,
    /// Whether any suite of 128 bits (and not 256) is accepted, and any of 256.
    pub(super) bits_128: Fact,
    pub(super) bits_256: Fact,
    /// The Diffie-Hellman prime in bits, when suites with one are accepted.
    pub(super) dhe: Fact,
    pub(super) prime_bits: Option<usize>,
    /// Groups of key exchange that were seen.
    pub(super) groups: BTreeSet<u16>,
    /// Whether keys are agreed on with ML-KEM; unknown for silence where hellos larger than a packet get lost.
    pub(super) post_quantum: Fact,
    /// Whether curves below 224 bits are accepted.
    pub(super) weak_curve: Fact,
    pub(super) compression: Fact,
    pub(super) secure_renegotiation: Fact,
    /// The chains, the one of the handshake first.
    pub(super) chains: Vec<Chain>,
    pub(super) certificates: Vec<Certificate>,
    /// The leaf for clients that name nobody, where it is another.
    pub(super) without_name: Option<Box<Unnamed>>,
    /// Whether there is a certificate with the other kind of key.
    pub(super) second_certificate: Fact,
    /// Why the certificate is not known, if it is not.
    #[serde(skip)]
    pub(super) no_certificate: Option<WhyUnknown>,
    pub(super) handshake: Option<Handshake>,
    /// Why the one real handshake failed, if it did.
    #[serde(skip)]
    pub(super) no_handshake: Option<WhyUnknown>,
    pub(super) drown: Vec<DrownListener>,
    /// Whether words before TLS are obeyed inside it (CVE-2011-0411); absent unless asked for.
    pub(super) injection: Option<Fact>,
    /// Why the look was cut short, if it was.
    #[serde(skip)]
    pub(super) cut_short: Option<CutShort>,
    /// Whether only STARTTLS and the certificate were asked for.
    pub(super) quick: bool,
}

/// The facts of one address as they grow.
pub(super) type Progress = program::Progress<Facts>;

/// Why nothing was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProbeError {
    /// The name leads to no address.
    Unresolved { host: String, reason: ResolveError },
    /// No address answers, each with its reason.
    Unreached(Unreached),
    /// The server broke off before TLS could begin.
    Smtp(SessionError),
    /// It takes our PROXY header for a command.
    NoProxyExpected,
}

/// What was seen in plain and in encrypted SMTP.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Smtp {
    pub(super) greeting: Option<String>,
    pub(super) starttls: Fact,
    /// Connections on which EHLO was answered with yes, and those of them that listed STARTTLS.
    pub(super) ehlo_answers: u32,
    pub(super) starttls_offers: u32,
    /// What EHLO was answered with by a server that does not know it.
    #[serde(skip)]
    pub(super) ehlo_refused: Option<Reply>,
    /// What STARTTLS was answered with, when it was not 220.
    #[serde(serialize_with = "as_text")]
    pub(super) starttls_answer: Option<Reply>,
    /// Whether a keyword was overwritten on the way, as some firewalls do (`XXXXXXXA`).
    pub(super) is_masked: bool,
    /// Mechanisms offered before TLS.
    pub(super) auth_before: Vec<String>,
    pub(super) auth_after: Vec<String>,
    /// Whether STARTTLS is offered inside TLS (RFC 3207 section 4.2).
    pub(super) starttls_again: Fact,
}

/// One kind of weak suite, asked for at one version.
#[derive(Clone, Debug, Serialize)]
pub(super) struct WeaknessAsked {
    pub(super) version: Protocol,
    pub(super) weakness: Weakness,
    pub(super) accepted: Fact,
}

/// A chain as it was sent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chain {
    /// Positions in `certificates`, leaf first as sent.
    pub(super) certificates: Vec<usize>,
    /// Certificates that cannot be read.
    pub(super) unreadable: usize,
    /// Whether each certificate is followed by its issuer.
    pub(super) is_in_order: bool,
    /// Whether the name fits the leaf.
    #[serde(rename = "is_for_name", serialize_with = "fits")]
    pub(super) fit: Fit,
    pub(super) anchored: Anchored,
    /// The authority above the leaf whose life ends first.
    pub(super) first_to_end: Option<Life>,
    /// The issuer that is missing at the chain's end, when it is.
    pub(super) missing_issuer: Option<String>,
}

/// The leaf a server shows to clients that name nobody (no SNI, RFC 6066 section 3).
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unnamed {
    pub(super) leaf: Certificate,
    #[serde(rename = "is_for_name", serialize_with = "fits")]
    pub(super) fit: Fit,
}

/// The one real handshake.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Handshake {
    pub(super) version: Protocol,
    #[serde(serialize_with = "suite_name")]
    pub(super) suite: u16,
    pub(super) seconds: f64,
    pub(super) stapled: bool,
    /// What is wrong with the server's signature, if anything is.
    #[serde(rename = "signature_problem", serialize_with = "as_text")]
    pub(super) signature_fault: Option<SignatureFault>,
    /// Why the signature could not be checked, if it could not.
    #[serde(rename = "signature_unchecked")]
    pub(super) unchecked: Option<Unchecked>,
}

/// Another listener that may speak SSLv2 with the same key.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DrownListener {
    pub(super) listener: String,
    pub(super) ssl2: Fact,
    /// The key it showed, by its SHA-256.
    pub(super) key_sha256: Option<String>,
}

impl Facts {
    pub(super) fn new(host: &str, port: u16, start: Start, name: &str, quick: bool) -> Self {
        Self {
            host: host.to_owned(),
            port,
            start,
            name: name.to_owned(),
            address: None,
            addresses: 0,
            skipped_addresses: Vec::new(),
            connections: 0,
            smtp: Smtp {
                greeting: None,
                starttls: Fact::not_asked(),
                ehlo_answers: 0,
                starttls_offers: 0,
                ehlo_refused: None,
                starttls_answer: None,
                is_masked: false,
                auth_before: Vec::new(),
                auth_after: Vec::new(),
                starttls_again: Fact::not_asked(),
            },
            protocols: Protocol::ALL.map(|version| (version, Fact::not_asked())).into(),
            ssl2_kinds: Vec::new(),
            accepted: BTreeSet::new(),
            weaknesses: Vec::new(),
            sound_suites: Fact::not_asked(),
            ssl3_cbc: Fact::not_asked(),
            forward_secrecy: Fact::not_asked(),
            aead: Fact::not_asked(),
            bits_128: Fact::not_asked(),
            bits_256: Fact::not_asked(),
            dhe: Fact::not_asked(),
            prime_bits: None,
            groups: BTreeSet::new(),
            post_quantum: Fact::not_asked(),
            weak_curve: Fact::not_asked(),
            compression: Fact::not_asked(),
            secure_renegotiation: Fact::not_asked(),
            chains: Vec::new(),
            certificates: Vec::new(),
            without_name: None,
            second_certificate: Fact::not_asked(),
            no_certificate: None,
            handshake: None,
            no_handshake: None,
            drown: Vec::new(),
            injection: None,
            cut_short: None,
            quick,
        }
    }

    pub(super) fn protocol(&self, version: Protocol) -> Fact {
        self.protocols.get(&version).cloned().unwrap_or_else(Fact::not_asked)
    }

    /// Notes what is known of a version; a proof is never taken back.
    pub(super) fn set_protocol(&mut self, version: Protocol, fact: Fact) {
        let known = self.protocols.entry(version).or_insert_with(Fact::not_asked);
        if !known.is_yes() {
            *known = fact;
        }
    }

    /// Versions between SSLv3 and TLS 1.2 that are offered, oldest first.
    pub(super) fn classic_versions(&self) -> Vec<Protocol> {
        [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12]
            .into_iter()
            .filter(|version| self.protocol(*version).is_yes())
            .collect()
    }

    /// Suites the server chose that are of a kind we know.
    pub(super) fn accepted_suites(&self) -> impl Iterator<Item = (Protocol, &'static Suite)> {
        self.accepted.iter().filter_map(|(version, id)| Some((*version, Suite::by_id(*id)?)))
    }

    /// What the server chose, as far as that tells what our own side lacks.
    pub(super) fn choices(&self) -> Choices {
        Choices {
            suites: self.accepted_suites().collect(),
            groups: self.groups.iter().copied().collect(),
            key: self.leaves().next().map(|leaf| leaf.key),
        }
    }

    /// Whether suites of this kind are accepted at one of the versions that `at` likes.
    pub(super) fn weakness(&self, weakness: Weakness, at: impl Fn(Protocol) -> bool) -> Fact {
        let seen =
            self.accepted_suites().any(|(version, suite)| at(version) && weakness.has(suite));
        if seen {
            return Fact::Yes;
        }
        let asked: Vec<&Fact> = self
            .weaknesses
            .iter()
            .filter(|asked| asked.weakness == weakness && at(asked.version))
            .map(|asked| &asked.accepted)
            .collect();
        match (asked.is_empty(), self.classic_versions().into_iter().any(&at), self.is_settled()) {
            (false, _, _) => Fact::any(asked),
            // TLS 1.3 has none of them (RFC 8446 appendix B.4).
            (true, false, true) => Fact::No,
            _ => Fact::not_asked(),
        }
    }

    /// Whether it is known of every version up to TLS 1.2 whether it is offered.
    fn is_settled(&self) -> bool {
        let classic = [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12];
        classic.iter().all(|version| !self.protocol(*version).is_unknown())
    }

    /// The leaf of each chain.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Certificate> {
        self.chains.iter().filter_map(|chain| self.certificates.get(*chain.certificates.first()?))
    }
}

fn by_key<S: Serializer>(
    facts: &BTreeMap<Protocol, Fact>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|(version, fact)| (version.key(), fact)))
}

fn suite_names<S: Serializer>(
    accepted: &BTreeSet<(Protocol, u16)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(accepted.iter().map(|(version, id)| (version.key(), name(*id))))
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_text<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn fits<S: Serializer>(fit: &Fit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*fit != Fit::Other)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn suite_name<S: Serializer>(id: &u16, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&name(*id))
}

fn name(id: u16) -> String {
    Suite::by_id(id).map_or_else(|| format!("0x{id:04x}"), |suite| format!("TLS_{}", suite.name))
}
