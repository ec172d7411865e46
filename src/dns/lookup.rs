//! What came of one question.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Serialize, Serializer};

use super::record::{Data, Rrsig, Tlsa};
use crate::system_error::SystemError;

/// What DNSSEC says of an answer (RFC 4033 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Validation {
    /// Proven by signatures up to the root.
    Secure,
    /// Proven to be unsigned.
    Insecure,
    /// The resolver does not say, or is not believed.
    Unknown,
}

/// What a question was answered with, CNAMEs followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    /// The name that the records belong to: the one asked for, or where its CNAMEs lead.
    pub(crate) name: String,
    /// Whether CNAMEs were followed.
    pub(crate) is_alias: bool,
    /// Whether the name is there at all; without it there is no record either.
    pub(crate) exists: bool,
    /// The records of the type that was asked for.
    pub(crate) data: Vec<Data>,
    /// What DNSSEC says of all of it.
    pub(crate) validation: Validation,
    /// Seconds for which the records may be kept, from when they leave their name server.
    pub(crate) ttl: u32,
    /// The signatures that came along.
    pub(crate) signatures: Vec<Rrsig>,
    /// The zone that signed the records.
    pub(crate) signer: Option<String>,
    /// The zone that denies, where there is no record.
    pub(crate) zone: Option<String>,
}

impl Lookup {
    /// Of a name that DNS has no room for (RFC 1035 section 2.3.4), so that nothing can be there.
    pub(super) fn impossible(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_alias: false,
            exists: false,
            data: Vec::new(),
            validation: Validation::Unknown,
            ttl: 0,
            signatures: Vec::new(),
            signer: None,
            zone: None,
        }
    }

    /// The addresses among the records.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.data.iter().filter_map(|data| match data {
            Data::Address(address) => Some(*address),
            _ => None,
        })
    }

    /// The texts among the records.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.data.iter().filter_map(|data| match data {
            Data::Text(text) => Some(text.as_slice()),
            _ => None,
        })
    }

    /// The TLSA records.
    pub(crate) fn tlsa(&self) -> impl Iterator<Item = &Tlsa> {
        self.data.iter().filter_map(|data| match data {
            Data::Tlsa(tlsa) => Some(tlsa),
            _ => None,
        })
    }
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoLookup {
    /// A validating resolver refuses what is there: a signature does not hold. The signatures it refuses.
    Bogus(Vec<Rrsig>),
    /// The same behind a resolver that is not known to validate, or whose own look at the root fails.
    Doubtful,
    /// The resolver says that it cannot find out (SERVFAIL).
    ServFail,
    /// CNAMEs that lead nowhere.
    AliasLoop,
    /// No resolver gave a usable answer.
    Unanswered(Vec<(SocketAddr, ServerFault)>),
}

/// What is wrong with one resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerFault {
    /// No answer in time.
    Silent,
    /// Nobody listens there.
    Closed,
    /// A code that is an answer to nothing, as REFUSED.
    Code(u16),
    /// What came is no DNS message.
    Malformed,
    /// It looks nothing up for others (no recursion).
    NotAResolver,
    /// Our own machine cannot ask.
    Ours(SystemError),
}

impl fmt::Display for ServerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("no answer"),
            Self::Closed => f.write_str("nobody answers there"),
            Self::Code(1) => f.write_str("answered with FORMERR"),
            Self::Code(4) => f.write_str("answered with NOTIMP"),
            Self::Code(5) => f.write_str("answered with REFUSED"),
            Self::Code(code) => write!(f, "answered with code {code}"),
            Self::Malformed => f.write_str("the answer cannot be read"),
            Self::NotAResolver => {
                f.write_str("it is not a resolver: it answers only for its own zones")
            }
            Self::Ours(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for NoLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bogus(_) => f.write_str("bogus: its DNSSEC signatures do not hold"),
            Self::Doubtful => {
                f.write_str("refused by a validating resolver that cannot be relied on")
            }
            Self::ServFail => f.write_str("its name servers do not answer our resolver (SERVFAIL)"),
            Self::AliasLoop => f.write_str("its CNAMEs lead round in a circle"),
            Self::Unanswered(faults) => {
                for (place, (server, fault)) in faults.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}name server {server}: {fault}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for NoLookup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
