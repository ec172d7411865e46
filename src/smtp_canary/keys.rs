//! Which certificate is shown.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::canary::{HalfError, SinkState};
use crate::secret::{self, SecretError};
use crate::smtp::address::Domain;

/// The systemd credential with key and certificate.
const CREDENTIAL: &str = "smtp-canary.pem";
/// A chain of RSA certificates of 4096 bits has about 10 kB.
const PEM_BYTES: u64 = 64 << 10;
/// The name of the wrong certificate, which nobody can have (RFC 6761 section 6.4).
const WRONG: &str = "wrong-certificate.invalid";

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoKey {
    #[error(transparent)]
    File(#[from] SecretError),
    #[error("{0}")]
    State(#[from] HalfError),
    #[error("no key and certificate in {0}")]
    NotPem(String),
    #[error("cannot make a certificate")]
    NotMade,
}

/// The right certificate: the one given, that of systemd, or the one made at the first start.
///
/// # Errors
/// [`NoKey`].
pub(super) fn right(
    given: Option<&Path>,
    state: &SinkState,
    domain: &Domain,
) -> Result<Arc<ServerConfig>, NoKey> {
    let path = given.map(Path::to_owned).or_else(|| secret::credential(CREDENTIAL));
    let Some(path) = path else {
        let made = state.own_key(|| self_signed(domain.as_str()).as_ref().map(pem))?;
        return config(&made).ok_or_else(|| NoKey::NotPem("key/".to_owned()));
    };
    secret::guard();
    let text = secret::read_private(&path, PEM_BYTES)?;
    config(text.as_bytes()).ok_or_else(|| NoKey::NotPem(path.display().to_string()))
}

/// A certificate that no careful server takes: of another name, by nobody.
///
/// # Errors
/// [`NoKey`].
pub(super) fn wrong() -> Result<Arc<ServerConfig>, NoKey> {
    let made = self_signed(WRONG).ok_or(NoKey::NotMade)?;
    config(pem(&made).as_bytes()).ok_or(NoKey::NotMade)
}

fn self_signed(name: &str) -> Option<CertifiedKey<KeyPair>> {
    let signing_key = KeyPair::generate().ok()?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).ok()?;
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let cert = params.self_signed(&signing_key).ok()?;
    Some(CertifiedKey { cert, signing_key })
}

fn pem(made: &CertifiedKey<KeyPair>) -> String {
    made.signing_key.serialize_pem() + &made.cert.pem()
}

fn config(pem: &[u8]) -> Option<Arc<ServerConfig>> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(pem).collect();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain.ok()?, key)
        .ok()?;
    // Unread tickets turn the end of a connection into a reset, and nobody resumes a session here.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Some(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_serves_and_half_a_file_does_not() {
        let made = pem(&self_signed("canary.example").unwrap());
        assert!(config(made.as_bytes()).is_some());
        let (key, certificate) = made.split_at(made.find("-----BEGIN CERT").unwrap());
        for half in [key, certificate, ""] {
            assert!(config(half.as_bytes()).is_none(), "{half}");
        }
        assert!(wrong().is_ok());
    }
}
