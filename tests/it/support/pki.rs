//! Authorities and certificates made at run time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

const DAY: Duration = Duration::from_secs(86_400);

/// The name every leaf is for, unless it says otherwise.
pub(crate) const NAME: &str = "mail.lab.test";

/// An authority that issues leaves.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn root() -> Self {
        let params = authority("Lab Root");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn below(&self) -> Self {
        let params = authority("Lab Intermediate");
        Self(CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn write(&self, dir: &Path) -> PathBuf {
        let path = dir.join("ca.pem");
        fs::write(&path, self.pem()).unwrap();
        path
    }

    /// A leaf valid for this name, or address, and these days from now.
    pub(crate) fn leaf(&self, name: &str, from_days: i64, to_days: i64, key: KeyPair) -> Leaf {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = days_from_now(from_days).into();
        params.not_after = days_from_now(to_days).into();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Leaf::new(&params.signed_by(&key, &self.0).unwrap(), key)
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = days_from_now(-10).into();
    params.not_after = days_from_now(1000).into();
    params
}

fn days_from_now(days: i64) -> SystemTime {
    let span = DAY * u32::try_from(days.unsigned_abs()).unwrap();
    if days < 0 { SystemTime::now() - span } else { SystemTime::now() + span }
}

pub(crate) fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

pub(crate) fn ecdsa() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// A certificate with its key and what is sent behind it.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// The certificate itself first.
    chain: Vec<CertificateDer<'static>>,
    /// Key and chain in one file, as postfix wants them.
    pem: String,
    key: KeyPair,
}

impl Leaf {
    fn new(certificate: &rcgen::Certificate, key: KeyPair) -> Self {
        Self {
            chain: vec![certificate.der().clone()],
            pem: key.serialize_pem() + &certificate.pem(),
            key,
        }
    }

    /// One that nobody vouches for, with any subject.
    pub(crate) fn self_signed(common_name: &str) -> Self {
        Self::self_signed_for(&[NAME], common_name)
    }

    /// The same for these names, whatever stands in them.
    pub(crate) fn self_signed_for(names: &[&str], common_name: &str) -> Self {
        let key = ecdsa();
        let mut params = CertificateParams::default();
        params.subject_alt_names =
            names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.not_before = days_from_now(-1).into();
        params.not_after = days_from_now(397).into();
        Self::new(&params.self_signed(&key).unwrap(), key)
    }

    /// The same with an issuer's certificate sent behind it.
    pub(crate) fn with(mut self, issuer: &Authority) -> Self {
        self.chain.push(issuer.0.der().clone());
        self.pem += &issuer.pem();
        self
    }

    /// The same sent so many times over.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.chain = vec![self.chain; times].concat();
        self
    }

    /// These bytes sent instead, with the same key.
    pub(crate) fn replaced_by(mut self, der: Vec<u8>) -> Self {
        self.chain = vec![der.into()];
        self
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.chain[0]
    }

    /// Key and chain in one file, as postfix wants them.
    pub(crate) fn pem(&self) -> String {
        self.pem.clone()
    }

    /// The set-up of a TLS server that sends this, whatever it is.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let key = provider.key_provider.load_private_key(key).unwrap();
        let sent = Arc::new(CertifiedKey::new(self.chain.clone(), key));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(sent)));
        Arc::new(config)
    }
}

/// Sends the same to everybody.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
