//! Whether a chain leads to an anchor this machine trusts. Dates and names are judged apart from it.

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

/// Whether an anchor vouches for a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchored {
    /// It does.
    Yes,
    /// No issuer is known, neither from the chain nor from the anchors.
    UnknownIssuer,
    /// Another certificate of the path is out of its dates.
    IssuerExpired,
    /// A reason of its own, as a signature nobody accepts any more.
    No(String),
}

/// The anchors of `--ca-file`, or else those of the system.
///
/// # Errors
/// Why there is none: the file cannot be read, or holds no certificate.
pub fn anchors(ca_file: Option<&std::path::Path>) -> Result<RootCertStore, String> {
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
/// the leaf itself is valid, so that an expired leaf of a known authority is expired and nothing else.
#[must_use]
pub fn anchored(chain: &[Vec<u8>], anchors: &RootCertStore, time: u64) -> Anchored {
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
            aws_lc_rs::default_provider()
                .signature_verification_algorithms
                .all,
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
