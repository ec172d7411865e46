//! Whether a handshake failed for what our own side lacks, and not for what the server does; pure.

use crate::check_smtp_tls::facts::{Facts, Lack, WhyUnknown};
use crate::tls::Protocol;
use crate::tls::certificate::Algorithm;
use crate::tls::handshake::{self, HandshakeError};
use crate::tls::suite::{Cipher, Exchange, Suite};

/// What we lack, where the server chose from hellos what the handshake could not offer or not use.
pub(super) fn of_ours(facts: &Facts, why: &WhyUnknown) -> Option<Lack> {
    let WhyUnknown::Handshake(error) = why else {
        return None;
    };
    if !matches!(
        error,
        HandshakeError::Refused(_)
            | HandshakeError::Closed
            | HandshakeError::NothingInCommon
            | HandshakeError::BreaksRules
    ) {
        return None;
    }
    // They sign with schemes that our library takes in TLS 1.3 only.
    let key = facts.leaves().next().map(|leaf| leaf.key);
    let rare = key.filter(|key| matches!(key.algorithm, Algorithm::RsaPss | Algorithm::Ed448));
    if let (HandshakeError::BreaksRules, Some(key)) = (error, rare) {
        return Some(Lack::Key(key));
    }
    let best = facts
        .accepted_suites()
        .max_by_key(|(version, suite)| (*version, speaks(*version, suite), is_usual(suite)));
    let (version, suite) = best?;
    if version < Protocol::Tls12 {
        return Some(Lack::Version(version));
    }
    if !facts.accepted_suites().any(|(version, suite)| speaks(version, suite)) {
        return Some(Lack::Suite(suite));
    }
    if !facts.groups.is_empty() && !facts.groups.iter().any(|group| handshake::speaks(*group)) {
        return facts.groups.first().copied().map(Lack::Group);
    }
    rare.filter(|_| version == Protocol::Tls12).map(Lack::Key)
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

/// Whether mail servers of today have what we lack, so that the certificate is all there is to doubt.
pub(super) fn is_usual_elsewhere(lack: &Lack) -> bool {
    match lack {
        Lack::Version(version) => *version >= Protocol::Tls12,
        Lack::Suite(suite) => is_usual(suite) && !suite.is_anonymous(),
        Lack::Group(group) => matches!(group, 0x001e | 0x0100..=0x0104),
        Lack::Key(_) => true,
    }
}
