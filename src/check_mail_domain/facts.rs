//! What a domain publishes, and what its mail servers show.

mod tls_look;

pub(super) use tls_look::{TlsChoice, TlsLook, TlsSubject};

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::target::Target;
use crate::connection::Family;
use crate::dns::{NoLookup, Rrsig, Tlsa, Validates, Validation};
use crate::program::{self, Gathered, OutOfTime};
use crate::published::NoRecord;
use crate::published::dkim::DkimKey;
use crate::published::dmarc::Dmarc;
use crate::published::policy_file::Fetched;
use crate::published::spf::Qualifier;
use crate::published::tls_rpt::ReportsTo;
use crate::smtp_client::{NoSession, certificate_words};
use crate::tls::certificate::Certificate;
use crate::tls::dane::{Dane, TlsaFit};
use crate::tls::proof::Proof;

/// Everything one run saw.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    pub(super) domain: String,
    /// The resolvers, in the order they are asked.
    pub(super) resolvers: Vec<SocketAddr>,
    /// Whether they validate; absent before the first answer.
    pub(super) validates: Option<Validates>,
    /// Where mail goes; absent before the answer.
    pub(super) destination: Option<Destination>,
    /// The domain that this one is an alias of.
    pub(super) alias_of: Option<String>,
    /// What DNSSEC says of that.
    pub(super) validation: Validation,
    /// Whether the zone above vouches for keys; asked where DNSSEC says that nothing is signed.
    pub(super) delegation: Option<Delegation>,
    /// The mail servers by preference.
    pub(super) hosts: Vec<MailHost>,
    /// How many more there are.
    pub(super) left_out: usize,
    /// Whether addresses of one family only were asked for.
    pub(super) one_family: bool,
    /// Whether mail servers are called.
    pub(super) connects: bool,
    /// MTA-STS; absent before the answer, as the following.
    pub(super) sts: Option<Sts>,
    pub(super) tls_rpt: Option<Reports>,
    pub(super) spf: Option<Published<SpfSum>>,
    pub(super) dmarc: Option<DmarcAt>,
    /// By selector; those that were asked for.
    pub(super) dkim: Vec<(String, Option<Published<DkimKey>>)>,
    /// The signatures of what was asked, with what they are over.
    pub(super) signatures: Vec<(String, Rrsig)>,
    /// How long it took; absent when it was cut short, or where mail goes is not known.
    pub(super) seconds: Option<f64>,
    pub(super) cut_short: Option<OutOfTime>,
}

/// Where mail to a domain goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Destination {
    /// To its MX hosts.
    Hosts {
        /// Whether a null MX stands beside them, which is forbidden (RFC 7505 section 3).
        has_null: bool,
    },
    /// There is no MX: to the domain itself (RFC 5321 section 5.1).
    Itself,
    /// Nowhere: it takes no mail (RFC 7505).
    Null,
    /// There is no such domain.
    NoDomain,
    /// That could not be found out.
    Unknown(NoLookup),
}

/// What the zone above says of a zone that is taken for unsigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delegation {
    /// There is no DS record, so it is unsigned; keys of it may be there all the same.
    NoDs {
        /// Whether it has keys.
        has_keys: bool,
    },
    /// There are, with these algorithms, so it should be proven.
    Ds(Vec<u8>),
    /// That could not be found out.
    Unknown(NoLookup),
}

/// Algorithms that resolvers of today check (RFC 8624 section 3.1).
const ALGORITHMS: [u8; 8] = [5, 7, 8, 10, 13, 14, 15, 16];

impl Delegation {
    /// Whether the zone ought to be proven, so that a resolver that does not offer it lets unproven records through.
    pub(super) fn is_to_be_proven(&self) -> bool {
        matches!(self, Self::Ds(algorithms) if algorithms.iter().any(|one| ALGORITHMS.contains(one)))
    }
}

/// One mail server of the domain.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MailHost {
    pub(super) name: String,
    /// Lower is better.
    pub(super) preference: u16,
    /// Whether the MX names an address (forbidden, RFC 5321 section 5.1).
    pub(super) is_address: bool,
    /// Whether its name is a CNAME (forbidden, RFC 2181 section 10.3).
    pub(super) is_alias: bool,
    pub(super) addresses: Vec<IpAddr>,
    /// How many more it has.
    pub(super) left_out: usize,
    /// Why they are not known, if so.
    pub(super) unresolved: Option<NoLookup>,
    /// What DNSSEC says of them.
    pub(super) validation: Validation,
    /// The name below which its TLSA records stand (RFC 7672 section 2.2.2).
    pub(super) base: String,
    pub(super) tlsa: TlsaSet,
    /// Seconds for which resolvers keep them.
    pub(super) ttl: u32,
    /// What was seen at each address.
    pub(super) calls: Vec<Call>,
}

impl MailHost {
    /// Whether it is known that no mail goes there, so that nothing about it needs proof.
    pub(super) fn is_void(&self) -> bool {
        self.addresses.is_empty() && self.unresolved.is_none() && !self.is_address
    }

    /// Whether each of its addresses was called.
    pub(super) fn is_called(&self) -> bool {
        self.left_out == 0 && self.calls.len() == self.addresses.len()
    }

    /// Whether senders without IPv6 can reach it.
    pub(super) fn has_ipv4(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_ipv4)
    }
}

/// The TLSA records of a host, by what they are worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TlsaSet {
    /// Not asked for yet.
    NotAsked,
    /// There is none.
    None,
    /// They are proven.
    Secure(Vec<Tlsa>),
    /// They are in a zone that is not signed, so senders do not look at them.
    Ignored(Vec<Tlsa>),
    /// Nobody knows whether they are proven.
    Unproven(Vec<Tlsa>),
    /// That could not be found out.
    Failed(NoLookup),
}

impl TlsaSet {
    /// The records, whatever they are worth.
    pub(super) fn records(&self) -> &[Tlsa] {
        match self {
            Self::Secure(records) | Self::Ignored(records) | Self::Unproven(records) => records,
            Self::NotAsked | Self::None | Self::Failed(_) => &[],
        }
    }
}

/// One address of a mail server.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    pub(super) address: IpAddr,
    /// The chains it shows: of the kind it prefers, and of the other kind if it has one.
    pub(super) chains: Vec<Presented>,
    /// Why there is none, or why the other is not known.
    pub(super) problem: Option<NoSession>,
    /// What it takes of TLS, where that is asked for.
    pub(super) tls: Option<TlsLook>,
}

/// One chain that a server shows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Presented {
    /// Absent when it cannot be read.
    pub(super) leaf: Option<Certificate>,
    /// Those that stand above it, roots left out.
    #[serde(skip)]
    pub(super) above: Vec<Certificate>,
    /// How each TLSA record stands to it.
    #[serde(skip)]
    pub(super) fits: Vec<TlsaFit>,
    /// What all of them say; absent where there is none.
    pub(super) dane: Option<Dane>,
    /// The intermediate authority that is all its records name, where senders that ask the authorities trust it.
    pub(super) lone_issuer: Option<String>,
    /// What it proves to those who ask the authorities, for the name of the MX host.
    #[serde(serialize_with = "certificate_words::serialize")]
    pub(super) proof: Proof,
}

/// What stands where a record is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Published<T> {
    /// A record.
    Record(T),
    /// None that counts.
    None(NoRecord),
    /// That could not be found out.
    Unknown(NoLookup),
}

/// MTA-STS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sts {
    /// The id of the record.
    pub(super) record: Published<String>,
    /// The policy; absent where the record says that there is none.
    pub(super) policy: Option<Fetched>,
}

/// Where senders report, and whether anybody is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reports {
    pub(super) record: Published<ReportsTo>,
    /// The domains among them that take no mail.
    pub(super) dead: Vec<String>,
}

/// SPF with all the records it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct SpfSum {
    /// What is said of everybody else.
    pub(super) all: Option<Qualifier>,
    /// Look-ups that a reader makes, as far as they were counted.
    pub(super) lookups: usize,
    /// Those among them that find nothing.
    pub(super) voids: usize,
    /// Whether it asks for the names of addresses.
    pub(super) has_ptr: bool,
    /// The domain whose record has a mechanism that readers overlook, as `include=`.
    pub(super) slip: Option<String>,
    /// The domain whose record allows everybody, if one does.
    pub(super) open: Option<String>,
    /// The domain whose record makes the whole void, and why.
    pub(super) fault: Option<(String, NoRecord)>,
    /// The domain that could not be looked up, and why.
    pub(super) unknown: Option<(String, NoLookup)>,
}

/// DMARC, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DmarcAt {
    /// The domain itself, or one above it.
    pub(super) domain: String,
    pub(super) record: Published<Dmarc>,
    /// The domains that reports are to go to and that do not want them (RFC 7489 section 7.1).
    pub(super) unwilling: Vec<String>,
}

/// The facts as they grow.
pub(super) type Progress = program::Progress<Facts>;

impl Facts {
    /// Before the first question.
    pub(super) fn new(target: &Target) -> Self {
        Self {
            domain: target.domain.clone(),
            resolvers: Vec::new(),
            validates: None,
            destination: None,
            alias_of: None,
            validation: Validation::Unknown,
            delegation: None,
            hosts: Vec::new(),
            left_out: 0,
            one_family: target.caller.family != Family::Any,
            connects: target.connects,
            sts: None,
            tls_rpt: None,
            spf: None,
            dmarc: None,
            dkim: target.selectors.iter().map(|selector| (selector.clone(), None)).collect(),
            signatures: Vec::new(),
            seconds: None,
            cut_short: None,
        }
    }
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short = Some(by);
    }
}
