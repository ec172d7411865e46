//! What a server's certificate proves to a client that asks for proof; pure.

use std::time::Duration;

use serde::Serialize;

use super::certificate::{self, Certificate};
use super::handshake::Shown;
use super::trust::{Anchored, Anchors, MOST_CERTIFICATES};
use crate::monitoring::duration;

/// What there is to object to, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Reasons to refuse it.
    pub faults: Vec<String>,
    /// Why it is not known whether an authority vouches for it.
    pub unknown: Option<String>,
}

/// Holds what was shown against a name and a time in seconds since the epoch.
#[must_use]
pub fn proof(shown: &Shown, name: &str, anchors: &Anchors, now: i64) -> Proof {
    let mut proof = Proof::default();
    let Some(first) = shown.chain.first() else {
        proof.faults.push("no certificate".to_owned());
        return proof;
    };
    let leaf = match certificate::read(first) {
        Ok(leaf) => leaf,
        Err(error) => {
            proof.faults.push(error.to_string());
            return proof;
        }
    };
    proof.faults.extend(out_of_dates(&leaf, now));
    if !leaf.is_for(name) {
        proof.faults.push(format!("certificate is for {}", leaf.whom()));
    }
    let chain = shown.chain.get(..shown.chain.len().min(MOST_CERTIFICATES)).unwrap_or_default();
    let fault = match anchors.anchored(chain, &leaf) {
        (Anchored::Yes, _) => None,
        (Anchored::SelfSigned, _) => Some("certificate is self-signed".to_owned()),
        (Anchored::UnknownIssuer, issuer) => Some(format!(
            "issuer {} neither sent nor known",
            issuer.as_deref().unwrap_or("of the certificate")
        )),
        (Anchored::IssuerExpired, _) => {
            Some("a certificate above it is out of its dates".to_owned())
        }
        (Anchored::No(why), _) => Some(why.to_string()),
        (Anchored::Unknown(why), _) => {
            proof.unknown = Some(why.to_string());
            None
        }
    };
    proof.faults.extend(fault);
    if let Some(problem) = &shown.signature_fault {
        proof.faults.push(format!("signature does not fit the certificate: {problem}"));
    }
    proof
}

fn out_of_dates(leaf: &Certificate, now: i64) -> Option<String> {
    let human = |seconds: i64| duration::human(Duration::from_secs(seconds.unsigned_abs()));
    if leaf.not_after < now {
        let ago = human(now.saturating_sub(leaf.not_after));
        return Some(format!("certificate expired {ago} ago"));
    }
    (leaf.not_before > now).then(|| {
        let wait = human(leaf.not_before.saturating_sub(now));
        format!("certificate is not valid for another {wait}")
    })
}
