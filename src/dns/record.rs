//! One record as it is judged.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::BinDecodable;
use serde::{Serialize, Serializer};

use crate::connection::Family;

/// The type of the records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    A,
    Aaaa,
    Cname,
    Dnskey,
    Ds,
    Mx,
    Ns,
    Soa,
    /// Type 99, in which SPF stood before 2014 (RFC 7208 section 3.1).
    Spf,
    Tlsa,
    Txt,
}

impl RecordKind {
    /// Where addresses of a family stand.
    pub(crate) fn of_family(family: Family) -> &'static [Self] {
        match family {
            Family::Any => &[Self::A, Self::Aaaa],
            Family::V4 => &[Self::A],
            Family::V6 => &[Self::Aaaa],
        }
    }
}

impl From<RecordKind> for RecordType {
    fn from(kind: RecordKind) -> Self {
        match kind {
            RecordKind::A => Self::A,
            RecordKind::Aaaa => Self::AAAA,
            RecordKind::Cname => Self::CNAME,
            RecordKind::Dnskey => Self::DNSKEY,
            RecordKind::Ds => Self::DS,
            RecordKind::Mx => Self::MX,
            RecordKind::Ns => Self::NS,
            RecordKind::Soa => Self::SOA,
            RecordKind::Spf => Self::Unknown(99),
            RecordKind::Tlsa => Self::TLSA,
            RecordKind::Txt => Self::TXT,
        }
    }
}

impl std::fmt::Display for RecordKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        RecordType::from(*self).fmt(f)
    }
}

/// What one record says. Names are in lower case, without the dot at the end, and escaped as in zone files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME.
    Alias(String),
    /// MX (RFC 5321 section 5.1).
    Mx {
        /// Lower is better.
        preference: u16,
        /// Empty is the null MX (RFC 7505).
        host: String,
    },
    /// TLSA.
    Tlsa(Tlsa),
    /// TXT, its strings joined.
    Text(Vec<u8>),
    /// DS: the number of its algorithm (RFC 4034 section 5.1.2).
    Ds(u8),
    /// Anything else; that it is there is all there is to know.
    Other,
}

/// A TLSA record (RFC 6698 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tlsa {
    /// Who is named: 2 an authority, 3 the server itself.
    pub(crate) usage: u8,
    /// What is named: 0 the certificate, 1 its key.
    pub(crate) selector: u8,
    /// By what: 0 itself, 1 its SHA-256, 2 its SHA-512.
    pub(crate) matching: u8,
    /// The thing itself or its hash.
    pub(crate) data: Vec<u8>,
}

impl std::fmt::Display for Tlsa {
    /// As in a zone file, cut after 64 bytes of data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} ", self.usage, self.selector, self.matching)?;
        for byte in self.data.iter().take(64) {
            write!(f, "{byte:02x}")?;
        }
        if self.data.len() > 64 { f.write_str("...") } else { Ok(()) }
    }
}

impl Serialize for Tlsa {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// When a signature over records is valid (RFC 4034 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rrsig {
    /// First second since 1970.
    pub(crate) inception: i64,
    /// Last second since 1970.
    pub(crate) expiration: i64,
}

impl Rrsig {
    /// Of the bytes of a record; absent when they are too few.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let second = |from: usize| -> Option<i64> {
            let bytes = bytes.get(from..from.checked_add(4)?)?;
            Some(i64::from(u32::from_be_bytes(bytes.try_into().ok()?)))
        };
        Some(Self { expiration: second(8)?, inception: second(12)? })
    }
}

/// A name as this program keeps it.
pub(super) fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_lowercase()
}

pub(super) fn read(record: &Record) -> Data {
    match &record.data {
        RData::A(address) => Data::Address(address.0.into()),
        RData::AAAA(address) => Data::Address(address.0.into()),
        RData::CNAME(name) => Data::Alias(plain(&name.0)),
        RData::MX(mx) => Data::Mx { preference: mx.preference, host: plain(&mx.exchange) },
        RData::TLSA(tlsa) => Data::Tlsa(Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
        RData::TXT(text) => Data::Text(text.txt_data.concat()),
        RData::Unknown { code: RecordType::DS, rdata } => {
            rdata.anything.get(2).map_or(Data::Other, |algorithm| Data::Ds(*algorithm))
        }
        _ => Data::Other,
    }
}

/// How long records of a type may be kept, if the record is a signature over them (RFC 4034 section 3.1.4).
pub(super) fn signed_ttl(record: &Record, kind: RecordKind) -> Option<u32> {
    let RData::Unknown { code: RecordType::RRSIG, rdata } = &record.data else { return None };
    if rdata.anything.get(..2)? != u16::from(RecordType::from(kind)).to_be_bytes() {
        return None;
    }
    rdata.anything.get(4..8)?.try_into().ok().map(u32::from_be_bytes)
}

/// The zone whose key made a signature, if the record is one (RFC 4034 section 3.1.7).
pub(super) fn signer(record: &Record) -> Option<String> {
    match &record.data {
        RData::Unknown { code: RecordType::RRSIG, rdata } => {
            Name::from_bytes(rdata.anything.get(18..)?).ok().map(|name| plain(&name))
        }
        _ => None,
    }
}

/// The signature that a record is, if it is one.
pub(super) fn signature(record: &Record) -> Option<Rrsig> {
    match &record.data {
        RData::Unknown { code: RecordType::RRSIG, rdata } => Rrsig::read(&rdata.anything),
        _ => None,
    }
}
