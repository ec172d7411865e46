//! Whether a chain leads to an anchor this machine trusts. Dates and names are judged apart from it.

use std::path::Path;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use serde::Serialize;

use super::certificate::{self, Certificate};

/// Certificates looked at in one chain; honest ones have two to four.
pub const MOST_CERTIFICATES: usize = 100;

/// Whether an anchor vouches for a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchored {
    /// It does.
    Yes,
    /// No issuer is known, neither from the chain nor from the anchors.
    UnknownIssuer,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// Another certificate of the path is out of its dates.
    IssuerExpired,
    /// A reason of its own, as a signature nobody accepts any more.
    No(String),
    /// There are no anchors to look for.
    Unknown(String),
}

/// What chains are held against.
#[derive(Debug)]
pub struct Anchors {
    store: Result<RootCertStore, String>,
    /// Seconds since the epoch.
    now: i64,
}

impl Anchors {
    /// The anchors of `ca_file`, or else those of the system, at a time in seconds since the epoch.
    #[must_use]
    pub fn load(ca_file: Option<&Path>, now: i64) -> Self {
        Self { store: anchors(ca_file), now }
    }

    /// Whether an anchor vouches for the leaf at the start of a chain, and the issuer that is missing, if one is. An
    /// expired leaf of a known authority is expired and nothing else.
    #[must_use]
    pub fn anchored(&self, chain: &[Vec<u8>], leaf: &Certificate) -> (Anchored, Option<String>) {
        let store = match &self.store {
            Ok(store) => store,
            Err(reason) => return (Anchored::Unknown(reason.clone()), None),
        };
        let time = self.now.min(leaf.not_after).max(leaf.not_before);
        match path(chain, store, u64::try_from(time).unwrap_or(0)) {
            Anchored::No(_) | Anchored::UnknownIssuer if leaf.is_self_issued => {
                (Anchored::SelfSigned, None)
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
fn anchors(ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut anchors = RootCertStore::empty();
    let certificates = match ca_file {
        None => rustls_native_certs::load_native_certs().certs,
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
    };
    anchors.add_parsable_certificates(certificates);
    match (anchors.is_empty(), ca_file) {
        (false, _) => Ok(anchors),
        (true, Some(path)) => Err(format!("no certificate in {}", path.display())),
        (true, None) => {
            Err("this system has no trusted certificates; install ca-certificates".to_owned())
        }
    }
}

/// Looks for a path from the first certificate to an anchor, at `time` in seconds since the epoch: take one at which
/// the leaf itself is valid.
fn path(chain: &[Vec<u8>], anchors: &RootCertStore, time: u64) -> Anchored {
    let mut certificates = chain.iter().map(|der| CertificateDer::from(der.as_slice()));
    let Some(leaf) = certificates.next() else {
        return Anchored::No("no certificate was sent".to_owned());
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
        Err(Error::InvalidCertificate(error)) => Anchored::No(error.to_string()),
        Err(error) => Anchored::No(error.to_string()),
    }
}
