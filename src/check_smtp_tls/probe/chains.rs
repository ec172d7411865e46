//! Chains in DER become facts: what is in them, whether they are whole and in order, whether an anchor vouches.

use crate::check_smtp_tls::facts::{Chain, Facts, WhyUnknown};
use crate::tls::certificate::{self, Certificate};
use crate::tls::is_issued_by;
use crate::tls::trust::{Anchors, MOST_CERTIFICATES};

/// Adds a chain, unless one with the same leaf is known already.
pub(super) fn add(anchors: &Anchors, facts: &mut Facts, chain: &[Vec<u8>]) {
    let Some(first) = chain.first() else {
        return;
    };
    let leaf = match certificate::read(first) {
        Ok(leaf) => leaf,
        Err(error) => {
            facts.no_certificate.get_or_insert(WhyUnknown::Unreadable(error));
            return;
        }
    };
    if facts.leaves().any(|known| known.sha256 == leaf.sha256) {
        return;
    }
    let chain = chain.get(..chain.len().min(MOST_CERTIFICATES)).unwrap_or_default();
    let fit = leaf.fit(&facts.name);
    let found = anchors.look(chain, &leaf);
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
        fit,
        anchored: found.anchored,
        first_to_end: found.first_to_end,
        missing_issuer: found.missing_issuer,
    });
}

fn place(known: &mut Vec<Certificate>, read: Certificate) -> usize {
    let found = known.iter().position(|certificate| certificate.sha256 == read.sha256);
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
        .all(|(certificate, issuer)| is_issued_by(certificate, issuer))
}
