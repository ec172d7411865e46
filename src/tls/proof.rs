//! What a server's certificates prove to a client that asks for proof; pure, and without words.

use std::net::IpAddr;

use super::anchored::{Anchored, Life, NoAnchors, PathFault, Unchecked};
use super::certificate::{self, Certificate, Fit, Hash, Unreadable};
use super::handshake::{Shown, SignatureFault};
use super::trust::{Anchors, MOST_CERTIFICATES};

/// Why a client refuses a certificate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// None was sent.
    Missing,
    /// It was sent and cannot be read.
    Unreadable(Unreadable),
    /// Its life ended so many seconds ago.
    Expired(i64),
    /// Its life begins at this second since the epoch.
    NotYetValid(i64),
    /// The name stands in its common name alone, which not every client reads (RFC 9525 section 2).
    CommonName(String),
    /// It is for others.
    OtherName {
        /// The name that was to be proven.
        name: String,
        /// Whom it is for, in a few words.
        whom: String,
    },
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// The issuer at the end of what was sent, which no anchor vouches for.
    UnknownIssuer(Option<String>),
    /// An authority above it is out of its dates.
    IssuerOutOfDates(Life),
    /// There is a path to an anchor, and it does not count.
    Path(PathFault),
    /// A signature in the chain is over SHA-1.
    Sha1,
    /// A certificate does not stand behind the one it certifies (RFC 8446 section 4.4.2).
    OutOfOrder,
    /// The server's signature over the handshake does not hold.
    Signature(SignatureFault),
}

/// What there is to object to, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Proof {
    /// Reasons to refuse, each once.
    pub(crate) faults: Vec<Fault>,
    /// Why it is not known whether it proves anything.
    pub(crate) unknown: Option<Unproven>,
}

/// Why it is not known what a certificate proves; no fault of the server's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Unproven {
    /// There is nothing to hold it against.
    #[error("{0}")]
    NoAnchors(NoAnchors),
    /// A signature is of a kind that our own side does not check.
    #[error("{0}")]
    Unchecked(Unchecked),
}

impl serde::Serialize for Unproven {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A chain as far as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    /// The certificates, leaf first.
    pub(crate) certificates: &'a [&'a Certificate],
    /// Whether the leaf is for the name.
    pub(crate) fit: Fit,
    /// Whether an anchor vouches for the leaf.
    pub(crate) anchored: &'a Anchored,
    /// The issuer that is missing at the end, when one is.
    pub(crate) missing_issuer: Option<&'a str>,
}

impl Proof {
    /// Whether a client that asks for proof has it.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.unknown.is_none()
    }

    /// Adds a reason to refuse.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Adds what a chain fails to prove for a name, its dates apart.
    pub(crate) fn judge(&mut self, chain: Sent<'_>, name: &str) {
        match (chain.fit, chain.certificates.first()) {
            (Fit::Other, Some(leaf)) => {
                // An address as a host name (RFC 5280 section 4.2.1.6) is none.
                let is_host =
                    name.parse::<IpAddr>().is_ok() && leaf.names.iter().any(|known| known == name);
                let whom = if is_host { format!("a host named {name}") } else { leaf.whom() };
                self.refuse(Fault::OtherName { name: name.to_owned(), whom });
            }
            (Fit::CommonName, _) => self.refuse(Fault::CommonName(name.to_owned())),
            _ => {}
        }
        match chain.anchored {
            Anchored::Yes => {}
            Anchored::SelfSigned => self.refuse(Fault::SelfSigned),
            Anchored::UnknownIssuer => {
                self.refuse(Fault::UnknownIssuer(chain.missing_issuer.map(ToOwned::to_owned)));
            }
            Anchored::IssuerOutOfDates(life) => self.refuse(Fault::IssuerOutOfDates(life.clone())),
            Anchored::No(fault) => self.refuse(Fault::Path(*fault)),
            Anchored::Unchecked(what) => self.unknown = Some(Unproven::Unchecked(what.clone())),
            Anchored::Unknown(why) => self.unknown = Some(Unproven::NoAnchors(why.clone())),
        }
        // What a certificate signs for itself adds nothing, whatever the hash.
        let is_sha1 = |sent: &&Certificate| sent.hash == Hash::Sha1 && !sent.is_self_issued;
        if chain.certificates.iter().any(is_sha1) {
            self.refuse(Fault::Sha1);
        }
    }

    /// Adds what is wrong with the dates of a leaf at a time in seconds since the epoch.
    pub(crate) fn judge_dates(&mut self, leaf: &Certificate, now: i64) {
        if leaf.not_after < now {
            self.refuse(Fault::Expired(now.saturating_sub(leaf.not_after)));
        } else if leaf.not_before > now {
            self.refuse(Fault::NotYetValid(leaf.not_before));
        }
    }
}

/// Holds what was shown against a name and a time in seconds since the epoch.
#[must_use]
pub(crate) fn proof(shown: &Shown, name: &str, anchors: &Anchors, now: i64) -> Proof {
    let mut proof = Proof::default();
    let Some(first) = shown.chain.first() else {
        proof.refuse(Fault::Missing);
        return proof;
    };
    let leaf = match certificate::read(first) {
        Ok(leaf) => leaf,
        Err(error) => {
            proof.refuse(Fault::Unreadable(error));
            return proof;
        }
    };
    proof.judge_dates(&leaf, now);
    let chain = shown.chain.get(..shown.chain.len().min(MOST_CERTIFICATES)).unwrap_or_default();
    let found = anchors.look(chain, &leaf);
    let sent = Sent {
        certificates: &[&leaf],
        fit: leaf.fit(name),
        anchored: &found.anchored,
        missing_issuer: found.missing_issuer.as_deref(),
    };
    proof.judge(sent, name);
    if let Some(fault) = shown.signature_fault {
        proof.refuse(Fault::Signature(fault));
    }
    if let Some(unchecked) = &shown.unchecked {
        proof.unknown.get_or_insert(Unproven::Unchecked(unchecked.clone()));
    }
    proof
}
