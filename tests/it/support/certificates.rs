//! Certificates made per test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;

/// A server certificate and the CA that signed it.
pub(crate) struct Certificate {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: Vec<u8>,
    ca_pem: String,
}

impl Certificate {
    /// Good for 127.0.0.1.
    pub(crate) fn good() -> Self {
        Self::make("127.0.0.1", false)
    }

    /// Good for 127.0.0.1, in the past.
    pub(crate) fn expired() -> Self {
        Self::make("127.0.0.1", true)
    }

    /// Good for another address.
    pub(crate) fn of_another_host() -> Self {
        Self::make("192.0.2.1", false)
    }

    fn make(address: &str, expired: bool) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.distinguished_name.push(DnType::CommonName, "Test CA");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let mut leaf = CertificateParams::new(Vec::new()).unwrap();
        leaf.subject_alt_names = vec![SanType::IpAddress(address.parse().unwrap())];
        if expired {
            leaf.not_before = date_time_ymd(2020, 1, 1);
            leaf.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let signed = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        Self {
            chain: vec![signed.der().clone()],
            key: key.serialize_der(),
            ca_pem,
        }
    }

    pub(crate) fn server_config(&self) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        Arc::new(config)
    }

    /// Writes the CA where a program can read it.
    pub(crate) fn ca_file(&self, directory: &Path) -> PathBuf {
        let path = directory.join("ca.pem");
        std::fs::write(&path, &self.ca_pem).unwrap();
        path
    }
}
