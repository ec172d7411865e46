//! Whether a chain is the one that TLSA records name (RFC 7672 section 3, RFC 7671); pure.

use aws_lc_rs::digest::{SHA256, SHA512, digest};

use super::anchored::Anchored;
use super::certificate::{self, Certificate, Fit};
use super::path::{self, Anchor, is_issued_by};
use super::proof::{Fault, Proof};
use super::trust::MOST_CERTIFICATES;
use crate::dns::Tlsa;

/// How one record stands to a chain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TlsaFit {
    /// The chain is the one it names.
    Fits,
    /// It names another.
    Differs,
    /// It names an authority that the server sent, which does not prove the server.
    Unproven(Fault),
    /// No sender can use it.
    Unusable(Unusable),
    /// A record of the same kind with a stronger hash is there, so this one is not looked at (RFC 7671 section 9).
    Weaker,
}

/// Why no sender can use a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// 0 and 1 are for no mail server (RFC 7672 section 3.1.3); above 3 is nothing.
    #[error("certificate usage {0} is not for mail")]
    Usage(u8),
    /// Above 1 is nothing.
    #[error("selector {0} is unknown")]
    Selector(u8),
    /// Above 2 is nothing.
    #[error("matching type {0} is unknown")]
    Matching(u8),
    /// The hash has another length.
    #[error("its hash has {0} bytes, which is not the length of its kind")]
    Length(usize),
}

/// What all records together say of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dane {
    /// One fits.
    Proven,
    /// Senders can use some, and none fits.
    Mismatch,
    /// Senders can use none: they ask for TLS and for no proof.
    Unusable,
}

impl Dane {
    /// The sum of the records.
    pub(crate) fn of(fits: &[TlsaFit]) -> Self {
        if fits.contains(&TlsaFit::Fits) {
            Self::Proven
        } else if fits.iter().all(|fit| matches!(fit, TlsaFit::Unusable(_))) {
            Self::Unusable
        } else {
            Self::Mismatch
        }
    }
}

/// Whether a sender can use a record at all.
pub(crate) fn unusable(record: &Tlsa) -> Option<Unusable> {
    let length = record.data.len();
    match (record.usage, record.selector, record.matching) {
        (2 | 3, 0 | 1, 0) if length > 0 => None,
        (2 | 3, 0 | 1, 1) if length == 32 => None,
        (2 | 3, 0 | 1, 2) if length == 64 => None,
        (2 | 3, 0 | 1, 0..=2) => Some(Unusable::Length(length)),
        (2 | 3, 0 | 1, matching) => Some(Unusable::Matching(matching)),
        (2 | 3, selector, _) => Some(Unusable::Selector(selector)),
        (usage, _, _) => Some(Unusable::Usage(usage)),
    }
}

/// Holds a chain, the leaf first, against each record; `names` are those that prove a server whose authority is named,
/// `now` in seconds since 1970.
pub(crate) fn fits(records: &[Tlsa], chain: &[Vec<u8>], names: &[&str], now: i64) -> Vec<TlsaFit> {
    let chain = chain.get(..chain.len().min(MOST_CERTIFICATES)).unwrap_or_default();
    records
        .iter()
        .map(|record| {
            if let Some(why) = unusable(record) {
                TlsaFit::Unusable(why)
            } else if records.iter().any(|other| outdoes(other, record)) {
                TlsaFit::Weaker
            } else if record.usage == 3 {
                let leaf = chain.first().is_some_and(|leaf| is_named(record, leaf));
                if leaf { TlsaFit::Fits } else { TlsaFit::Differs }
            } else {
                authority(record, chain, names, now)
            }
        })
        .collect()
}

/// The authority that issued the leaf, where it is all that the records name and no root: whoever has several such
/// authorities may issue the next certificate by another.
pub(crate) fn lone_issuer(records: &[Tlsa], chain: &[Vec<u8>]) -> Option<Certificate> {
    let [leaf, issuer, ..] = chain else { return None };
    let mut usable = records.iter().filter(|record| unusable(record).is_none()).peekable();
    usable.peek()?;
    if !usable.all(|record| record.usage == 2 && is_named(record, issuer)) {
        return None;
    }
    let issuer_read = certificate::read(issuer).ok()?;
    (!issuer_read.is_self_issued && is_issued_by(leaf, issuer)).then_some(issuer_read)
}

/// Whether a record makes senders overlook another: the same kind with a stronger hash.
fn outdoes(other: &Tlsa, record: &Tlsa) -> bool {
    unusable(other).is_none()
        && (other.usage, other.selector) == (record.usage, record.selector)
        && record.matching == 1
        && other.matching == 2
}

/// Whether a record names this certificate, or its key.
fn is_named(record: &Tlsa, der: &[u8]) -> bool {
    let parsed;
    let thing = if record.selector == 0 {
        der
    } else {
        match certificate::parse(der) {
            Ok(certificate) => {
                parsed = certificate;
                parsed.public_key().raw
            }
            Err(_) => return false,
        }
    };
    match record.matching {
        1 => digest(&SHA256, thing).as_ref() == record.data,
        2 => digest(&SHA512, thing).as_ref() == record.data,
        _ => thing == record.data,
    }
}

/// Usage 2: an authority above the leaf, which the server sent or the record holds whole (RFC 7671 section 5.2.2).
fn authority(record: &Tlsa, chain: &[Vec<u8>], names: &[&str], now: i64) -> TlsaFit {
    let Some((first, above)) = chain.split_first() else {
        return TlsaFit::Differs;
    };
    let is_whole = record.selector == 0 && record.matching == 0;
    let held = is_whole.then_some(&record.data);
    let sent = above.iter().filter(|der| *der != first && is_named(record, der));
    let mut best = TlsaFit::Differs;
    for der in held.into_iter().chain(sent) {
        let Some(anchor) = Anchor::read(der) else { continue };
        let Ok(leaf) = certificate::read(first) else { continue };
        let time = now.min(leaf.not_after).max(leaf.not_before);
        let mut proof = Proof::default();
        proof.judge_dates(&leaf, now);
        match path::find_below(chain, &anchor, time) {
            Anchored::Yes | Anchored::Unchecked(_) | Anchored::Unknown(_) => {}
            Anchored::UnknownIssuer | Anchored::SelfSigned => continue,
            Anchored::IssuerOutOfDates(life) => proof.refuse(Fault::IssuerOutOfDates(life)),
            Anchored::No(fault) => proof.refuse(Fault::Path(fault)),
        }
        if names.iter().all(|name| leaf.fit(name) == Fit::Other) {
            let name = names.first().copied().unwrap_or_default().to_owned();
            proof.refuse(Fault::OtherName { name, whom: leaf.whom() });
        }
        match proof.faults.into_iter().next() {
            None => return TlsaFit::Fits,
            Some(fault) => best = TlsaFit::Unproven(fault),
        }
    }
    best
}

#[cfg(test)]
#[path = "dane_tests.rs"]
mod tests;
