//! What an address takes of TLS, asked for one class of choices at a time.

use serde::Serialize;

use crate::smtp_client::NoSession;

/// What was seen with hellos that offer nothing good.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::check_mail_domain) struct TlsLook {
    /// Whether it speaks SSLv2.
    pub(in crate::check_mail_domain) speaks_ssl2: bool,
    /// What it chose, each time it chose something.
    pub(in crate::check_mail_domain) choices: Vec<TlsChoice>,
    /// What is not known, and why.
    pub(in crate::check_mail_domain) unknown: Vec<(TlsSubject, NoSession)>,
}

/// What one hello is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::check_mail_domain) enum TlsSubject {
    /// TLS 1.2 as clients of today offer it.
    Usual,
    /// SSLv2.
    Ssl2,
    /// SSLv3 to TLS 1.1.
    OldVersions,
    /// Suites of the lowest class.
    Suites,
    /// Suites of the class above it.
    OldSuites,
    /// Ephemeral Diffie-Hellman over a prime.
    Primes,
    /// Curves.
    Curves,
    /// Signatures over weak hashes.
    Signatures,
}

/// What a server chose from one hello; numbers as on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::check_mail_domain) struct TlsChoice {
    pub(in crate::check_mail_domain) version: u16,
    pub(in crate::check_mail_domain) suite: u16,
    /// The curve, or the group of TLS 1.3.
    pub(in crate::check_mail_domain) group: Option<u16>,
    /// Bits of the prime, and the group of RFC 7919 it is of.
    pub(in crate::check_mail_domain) prime: Option<(usize, Option<u16>)>,
    /// The scheme of the signature over the key exchange, up to TLS 1.2.
    pub(in crate::check_mail_domain) signature: Option<u16>,
    pub(in crate::check_mail_domain) compression: bool,
    pub(in crate::check_mail_domain) secure_renegotiation: bool,
    pub(in crate::check_mail_domain) extended_master_secret: bool,
}
