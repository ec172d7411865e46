//! Whether a chain leads to an anchor this machine trusts. Dates and names are judged apart from it.

use std::path::{Path, PathBuf};

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use serde::{Serialize, Serializer};

use super::certificate::{self, Certificate};
use crate::system_error::SystemError;

/// Certificates looked at in one chain; honest ones have two to four.
pub(crate) const MOST_CERTIFICATES: usize = 100;

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
    /// Another certificate of the path is out of its dates.
    IssuerExpired,
    /// There is a path, and it does not count.
    No(PathFault),
    /// There are no anchors to look for.
    Unknown(NoAnchors),
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
    /// An authority took it back.
    #[error("a certificate of the chain is revoked")]
    Revoked,
    /// The extended key usage names something else.
    #[error("the certificate is not made for servers")]
    Purpose,
    /// The leaf is that of an authority.
    #[error("the certificate is that of an authority, not of a server")]
    Authority,
    /// Version, extensions, name constraints or the length of the path.
    #[error("the chain breaks the rules for certificates (RFC 5280)")]
    Rules,
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

/// What chains are held against.
#[derive(Debug)]
pub(crate) struct Anchors {
    store: Result<RootCertStore, NoAnchors>,
    /// Seconds since the epoch.
    now: i64,
}

impl Anchors {
    /// The anchors of `ca_file`, or else those of the system, at a time in seconds since the epoch.
    #[must_use]
    pub(crate) fn load(ca_file: Option<&Path>, now: i64) -> Self {
        Self { store: anchors(ca_file), now }
    }

    /// Whether an anchor vouches for the leaf at the start of a chain, and the issuer that is missing, if one is. An
    /// expired leaf of a known authority is expired and nothing else.
    #[must_use]
    pub(crate) fn anchored(
        &self,
        chain: &[Vec<u8>],
        leaf: &Certificate,
    ) -> (Anchored, Option<String>) {
        let store = match &self.store {
            Ok(store) => store,
            Err(reason) => return (Anchored::Unknown(reason.clone()), None),
        };
        let time = self.now.min(leaf.not_after).max(leaf.not_before);
        match path(chain, store, u64::try_from(time).unwrap_or(0)) {
            Anchored::No(_) | Anchored::UnknownIssuer if leaf.is_self_issued => {
                (Anchored::SelfSigned, None)
            }
            Anchored::No(PathFault::Rules) if leaf.is_authority => {
                (Anchored::No(PathFault::Authority), None)
            }
            Anchored::UnknownIssuer => (Anchored::UnknownIssuer, missing_issuer(chain)),
            other => (other, None),
        }
    }
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

/// The anchors of `--ca-file`, or else those of the system. An error says why there is none.
fn anchors(ca_file: Option<&Path>) -> Result<RootCertStore, NoAnchors> {
    let mut anchors = RootCertStore::empty();
    let certificates =
        match ca_file {
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(
                |error| match error {
                    pem::Error::Io(error) => {
                        NoAnchors::Unreadable { path: path.to_owned(), cause: (&error).into() }
                    }
                    _ => NoAnchors::NotPem(path.to_owned()),
                },
            )?,
        };
    anchors.add_parsable_certificates(certificates);
    match (anchors.is_empty(), ca_file) {
        (false, _) => Ok(anchors),
        (true, Some(path)) => Err(NoAnchors::Empty(path.to_owned())),
        (true, None) => Err(NoAnchors::System),
    }
}

/// Looks for a path from the first certificate to an anchor, at `time` in seconds since the epoch: take one at which
/// the leaf itself is valid.
fn path(chain: &[Vec<u8>], anchors: &RootCertStore, time: u64) -> Anchored {
    let mut certificates = chain.iter().map(|der| CertificateDer::from(der.as_slice()));
    let Some(leaf) = certificates.next() else {
        return Anchored::No(PathFault::NoCertificate);
    };
    let issuers: Vec<_> = certificates.collect();
    let verified = ParsedCertificate::try_from(&leaf).and_then(|leaf| {
        verify_server_cert_signed_by_trust_anchor(
            &leaf,
            anchors,
            &issuers,
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(time)),
            aws_lc_rs::default_provider().signature_verification_algorithms.all,
        )
    });
    match verified {
        Ok(()) => Anchored::Yes,
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Anchored::UnknownIssuer,
        Err(Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        )) => Anchored::IssuerExpired,
        Err(Error::InvalidCertificate(error)) => Anchored::No(fault(&error)),
        Err(_) => Anchored::No(PathFault::Rules),
    }
}

fn fault(error: &CertificateError) -> PathFault {
    match error {
        CertificateError::BadEncoding => PathFault::Unreadable,
        CertificateError::BadSignature => PathFault::Signature,
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            PathFault::Algorithm
        }
        CertificateError::Revoked => PathFault::Revoked,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            PathFault::Purpose
        }
        _ => PathFault::Rules,
    }
}
