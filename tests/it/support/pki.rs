//! Authorities and certificates made at run time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};

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

    /// A leaf valid for this name and these days from now.
    pub(crate) fn leaf(&self, name: &str, from_days: i64, to_days: i64, key: KeyPair) -> Leaf {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = days_from_now(from_days).into();
        params.not_after = days_from_now(to_days).into();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf {
            chain: vec![certificate.pem()],
            der: certificate.der().to_vec(),
            key,
        }
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
    if days < 0 {
        SystemTime::now() - span
    } else {
        SystemTime::now() + span
    }
}

pub(crate) fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

pub(crate) fn ecdsa() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// A certificate with its key and what is sent behind it.
pub(crate) struct Leaf {
    chain: Vec<String>,
    pub(crate) der: Vec<u8>,
    pub(crate) key: KeyPair,
}

impl Leaf {
    /// One that nobody vouches for, with any subject.
    pub(crate) fn self_signed(common_name: &str) -> Self {
        let key = ecdsa();
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.not_before = days_from_now(-1).into();
        params.not_after = days_from_now(397).into();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            chain: vec![certificate.pem()],
            der: certificate.der().to_vec(),
            key,
        }
    }

    /// The same with an issuer's certificate sent behind it.
    pub(crate) fn with(mut self, issuer: &Authority) -> Self {
        self.chain.push(issuer.pem());
        self
    }

    /// Key and chain in one file, as postfix wants them.
    pub(crate) fn pem(&self) -> String {
        format!("{}{}", self.key.serialize_pem(), self.chain.concat())
    }
}
