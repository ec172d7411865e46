//! What an anchor says of a leaf, and why it does not.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::certificate::Key;
use crate::system_error::SystemError;

/// Whether an anchor vouches for a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Anchored {
    /// It does.
    Yes,
    /// No issuer is known, neither from the chain nor from the anchors.
    UnknownIssuer,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// Another certificate of the path, the anchor's among them, is out of its dates.
    IssuerOutOfDates(Life),
    /// There is a path, and it does not count.
    No(PathFault),
    /// There is a path, and a signature in it is of a kind that we cannot check.
    Unchecked(Unchecked),
    /// There are no anchors to look for.
    Unknown(NoAnchors),
}

/// How long the certificate of an authority lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Life {
    /// Whose it is.
    pub(crate) subject: String,
    /// First second since the epoch.
    pub(crate) not_before: i64,
    /// Last second since the epoch.
    pub(crate) not_after: i64,
}

impl Life {
    /// Whether it lasts at a time in seconds since the epoch.
    pub(crate) fn is_at(&self, time: i64) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }
}

/// A signature that our own side cannot check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("our side cannot check a signature by {key} (algorithm {algorithm})")]
pub(crate) struct Unchecked {
    /// The key it is made with.
    pub(crate) key: Key,
    /// Its algorithm, by number.
    pub(crate) algorithm: String,
}

impl Serialize for Unchecked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a path to an anchor does not count (RFC 5280 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathFault {
    /// Nothing was sent to begin with.
    #[error("no certificate was sent")]
    NoCertificate,
    /// What the path needs cannot be read.
    #[error("a certificate of the chain cannot be read")]
    Unreadable,
    /// A signature is not that of the issuer's key.
    #[error("a signature in the chain is not that of the issuer")]
    Signature,
    /// An algorithm nobody accepts any more, as SHA-1.
    #[error("a signature in the chain is of an algorithm that is accepted no more")]
    Algorithm,
    /// A key that is too short, or of a curve without a name.
    #[error("a key in the chain is accepted no more")]
    Key,
    /// The usage of the key names something else.
    #[error("a certificate of the chain is not made for servers")]
    Purpose,
    /// The issuer is none.
    #[error("a certificate in the chain is issued by one that is not an authority")]
    Authority,
    /// A critical extension that nobody knows.
    #[error("a certificate of the chain has a critical extension that clients do not know")]
    Extension,
    /// More authorities than one of them allows.
    #[error("the chain is longer than an authority in it allows")]
    Length,
    /// Names an authority may not certify.
    #[error("an authority of the chain may not certify these names")]
    Names,
}

impl Serialize for PathFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why there are no anchors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnchors {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: SystemError,
    },
    /// The file is no whole PEM.
    #[error("cannot read {}: it is not PEM", .0.display())]
    NotPem(PathBuf),
    /// The file holds no certificate.
    #[error("no certificate in {}", .0.display())]
    Empty(PathBuf),
    /// The system has none.
    #[error("this system has no trusted certificates; install ca-certificates")]
    System,
}

impl Serialize for NoAnchors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
