//! Chains in DER become facts: what is in them, whether they are whole and in order, whether an anchor vouches.

use std::path::Path;

use rustls::RootCertStore;

use super::facts::{Anchored, Chain, Facts};
use crate::tls::certificate::{self, Certificate};
use crate::tls::trust;

/// Certificates looked at in one chain; honest ones have two to four.
const MOST_CERTIFICATES: usize = 100;

/// What chains are held against.
pub(super) struct Anchors {
    store: Result<RootCertStore, String>,
    /// Seconds since the epoch.
    now: i64,
}

impl Anchors {
    pub(super) fn load(ca_file: Option<&Path>, now: i64) -> Self {
        Self {
            store: trust::anchors(ca_file),
            now,
        }
    }

    /// Adds a chain, unless one with the same leaf is known already.
    pub(super) fn add(&self, facts: &mut Facts, chain: &[Vec<u8>]) {
        let Some(first) = chain.first() else {
            return;
        };
        let leaf = match certificate::read(first) {
            Ok(leaf) => leaf,
            Err(error) => {
                facts.no_certificate.get_or_insert(error.to_string());
                return;
            }
        };
        if facts.leaves().any(|known| known.sha256 == leaf.sha256) {
            return;
        }
        let chain = chain
            .get(..chain.len().min(MOST_CERTIFICATES))
            .unwrap_or_default();
        let is_for_name = leaf.is_for(&facts.name);
        let (anchored, missing_issuer) = self.anchored(chain, &leaf);
        let mut places = Vec::new();
        let mut unreadable = 0;
        for der in chain {
            match certificate::read(der) {
                Ok(read) => places.push(place(&mut facts.certificates, read)),
                Err(_) => unreadable += 1,
            }
        }
        facts.chains.push(Chain {
            certificates: places,
            unreadable,
            is_in_order: is_in_order(chain),
            is_for_name,
            anchored,
            missing_issuer,
        });
    }

    fn anchored(&self, chain: &[Vec<u8>], leaf: &Certificate) -> (Anchored, Option<String>) {
        let store = match &self.store {
            Ok(store) => store,
            Err(reason) => return (Anchored::Unknown(reason.clone()), None),
        };
        let time = self.now.min(leaf.not_after).max(leaf.not_before);
        match trust::anchored(chain, store, u64::try_from(time).unwrap_or(0)) {
            trust::Anchored::Yes => (Anchored::Yes, None),
            trust::Anchored::IssuerExpired => (Anchored::IssuerExpired, None),
            trust::Anchored::No(_) | trust::Anchored::UnknownIssuer if leaf.is_self_issued => {
                (Anchored::SelfSigned, None)
            }
            trust::Anchored::No(reason) => (Anchored::No(reason), None),
            trust::Anchored::UnknownIssuer => (Anchored::UnknownIssuer, missing_issuer(chain)),
        }
    }
}

fn place(known: &mut Vec<Certificate>, read: Certificate) -> usize {
    let found = known
        .iter()
        .position(|certificate| certificate.sha256 == read.sha256);
    found.unwrap_or_else(|| {
        known.push(read);
        known.len() - 1
    })
}

/// RFC 8446 section 4.4.2: each certificate should certify the one before it.
fn is_in_order(chain: &[Vec<u8>]) -> bool {
    chain
        .iter()
        .zip(chain.iter().skip(1))
        .all(|(certificate, issuer)| certificate::is_issued_by(certificate, issuer))
}

/// The issuer at the end of what was sent; of a self-issued end it is that itself.
fn missing_issuer(chain: &[Vec<u8>]) -> Option<String> {
    let mut present = chain.first()?;
    // Not more steps than certificates, or two that name each other would go round for ever.
    for _ in chain {
        let issuer = chain
            .iter()
            .find(|issuer| *issuer != present && certificate::is_issued_by(present, issuer));
        match issuer {
            Some(issuer) => present = issuer,
            None => break,
        }
    }
    Some(certificate::read(present).ok()?.issuer)
}
