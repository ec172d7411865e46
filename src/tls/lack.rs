//! What keeps our own side, and no other, from a handshake; pure.

use std::fmt;

use super::certificate::{Algorithm, Key};
use super::groups;
use super::handshake::{self, HandshakeError};
use super::protocol::Protocol;
use super::suite::{Cipher, Exchange, Suite};

/// What a server wants and our own TLS library does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// A version.
    Version(Protocol),
    /// A suite.
    Suite(&'static Suite),
    /// A group of key exchange.
    Group(u16),
    /// A kind of key before TLS 1.3.
    Key(Key),
}

/// What a server chose from hellos that were written by us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    /// Suites, each with its version.
    pub(crate) suites: Vec<(Protocol, &'static Suite)>,
    /// Groups of key exchange.
    pub(crate) groups: Vec<u16>,
    /// The key of its certificate, where that was sent in the clear.
    pub(crate) key: Option<Key>,
}

impl Lack {
    /// What we lack, where the server chose from hellos what a handshake that failed so could not offer or not use.
    #[must_use]
    pub(crate) fn of_ours(error: &HandshakeError, choices: &Choices) -> Option<Self> {
        if !Self::may_explain(error) {
            return None;
        }
        // They sign with schemes that our library takes in TLS 1.3 only.
        let rare =
            choices.key.filter(|key| matches!(key.algorithm, Algorithm::RsaPss | Algorithm::Ed448));
        if let (HandshakeError::BreaksRules, Some(key)) = (error, rare) {
            return Some(Self::Key(key));
        }
        let best =
            choices.suites.iter().copied().max_by_key(|(version, suite)| {
                (*version, speaks(*version, suite), is_usual(suite))
            });
        let (version, suite) = best?;
        if version < Protocol::Tls12 {
            return Some(Self::Version(version));
        }
        if !choices.suites.iter().any(|(version, suite)| speaks(*version, suite)) {
            return Some(Self::Suite(suite));
        }
        let groups = &choices.groups;
        if !groups.is_empty() && !groups.iter().any(|group| handshake::speaks(*group)) {
            return groups.first().copied().map(Self::Group);
        }
        rare.filter(|_| version == Protocol::Tls12).map(Self::Key)
    }

    /// Whether a handshake may have failed so for what our own side lacks, so that a second hello is worth its connection.
    #[must_use]
    pub(crate) fn may_explain(error: &HandshakeError) -> bool {
        matches!(
            error,
            HandshakeError::Refused(_)
                | HandshakeError::Closed
                | HandshakeError::NothingInCommon
                | HandshakeError::BreaksRules
        )
    }

    /// Whether mail servers of today have what we lack, so that the certificate is all there is to doubt.
    #[must_use]
    pub(crate) fn is_usual_elsewhere(&self) -> bool {
        match self {
            Self::Version(version) => *version >= Protocol::Tls12,
            Self::Suite(suite) => is_usual(suite) && !suite.is_anonymous(),
            Self::Group(group) => matches!(group, 0x001e | 0x0100..=0x0104),
            Self::Key(_) => true,
        }
    }
}

/// As in "our side does not speak X448".
impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Suite(suite) => write!(f, "TLS_{}", suite.name),
            Self::Group(group) => f.write_str(&groups::name(*group)),
            Self::Key(key) => write!(f, "{key} before TLS 1.3"),
        }
    }
}

/// Whether our own handshake has the suite.
fn speaks(version: Protocol, suite: &Suite) -> bool {
    version >= Protocol::Tls12
        && suite.is_aead()
        && matches!(suite.exchange, Exchange::Ecdhe | Exchange::Tls13)
        && is_usual(suite)
        && !suite.is_anonymous()
}

/// Whether mail servers of today offer it without being told to: neither CCM nor ciphers of few.
fn is_usual(suite: &Suite) -> bool {
    matches!(suite.cipher, Cipher::Aes | Cipher::ChaCha20) && !suite.name.contains("_CCM")
}
