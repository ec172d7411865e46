//! DER becomes what is judged of a certificate (RFC 5280); pure. Reads what verifiers refuse: that is to be reported.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Serialize, Serializer};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::flight::bits;

/// Most names of one certificate that are told.
const MOST_NAMES_TOLD: usize = 100;
/// Most characters of a name that are told; no host has more than 253 (RFC 1035 section 2.3.4).
const MOST_CHARS_TOLD: usize = 300;

/// What is judged of one certificate. Names are foreign text as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The subject's distinguished name.
    #[serde(serialize_with = "short")]
    pub subject: String,
    /// The issuer's distinguished name.
    #[serde(serialize_with = "short")]
    pub issuer: String,
    /// The subject's common name, for people; no name to be checked (RFC 9525 section 2).
    #[serde(serialize_with = "short_if_any")]
    pub common_name: Option<String>,
    /// The host names it is for.
    #[serde(serialize_with = "first_short")]
    pub names: Vec<String>,
    /// The addresses it is for.
    #[serde(serialize_with = "first")]
    pub addresses: Vec<IpAddr>,
    /// First second of its life since the epoch.
    pub not_before: i64,
    /// Last second of its life since the epoch.
    pub not_after: i64,
    /// The public key.
    pub key: Key,
    /// The hash under the issuer's signature.
    pub hash: Hash,
    /// Whether it may issue others.
    pub is_authority: bool,
    /// Whether subject and issuer are the same.
    pub is_self_issued: bool,
    /// SHA-256 of the whole certificate, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the key, in hexadecimal: the same key may stand in several certificates.
    pub key_sha256: String,
}

/// A name as it is told; the whole is what hosts are looked for in.
fn told(name: &str) -> String {
    name.chars().take(MOST_CHARS_TOLD).collect()
}

fn short<S: Serializer>(name: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&told(name))
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn short_if_any<S: Serializer>(name: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    name.as_deref().map(told).serialize(serializer)
}

fn first_short<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().take(MOST_NAMES_TOLD).map(|name| told(name)))
}

fn first<S: Serializer>(addresses: &[IpAddr], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(addresses.iter().take(MOST_NAMES_TOLD))
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its size in bits; unknown algorithms have none.
    pub bits: Option<usize>,
    /// Whether it is an RSA key with exponent 1, which encrypts nothing.
    pub has_exponent_one: bool,
}

/// A key's algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Algorithm {
    Rsa,
    /// For signatures with PSS only (RFC 4055 section 1.2).
    #[serde(rename = "rsa-pss")]
    RsaPss,
    Ecdsa,
    Ed25519,
    Ed448,
    Dsa,
    Other,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.algorithm {
            Algorithm::Rsa => "RSA",
            Algorithm::RsaPss => "RSA-PSS",
            Algorithm::Ecdsa => "ECDSA",
            Algorithm::Ed25519 => return f.write_str("Ed25519"),
            Algorithm::Ed448 => return f.write_str("Ed448"),
            Algorithm::Dsa => "DSA",
            Algorithm::Other => return f.write_str("a key of unknown kind"),
        };
        match self.bits {
            Some(bits) => write!(f, "{name} {bits}"),
            None => f.write_str(name),
        }
    }
}

/// The hash under a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// Broken.
    Md2,
    /// Broken.
    Md5,
    /// Broken; no public authority has used it since 2016.
    Sha1,
    /// SHA-2, SHA-3, or part of the signature algorithm.
    Sound,
}

/// The bytes are no certificate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// They are not even DER, or break off.
    #[error("the certificate cannot be read (not DER)")]
    NotDer,
    /// They are DER, and something in them is not as RFC 5280 wants it.
    #[error("the certificate cannot be read ({0})")]
    NotX509(X509Error),
}

/// Reads one certificate.
///
/// # Errors
/// [`Unreadable`] when the bytes are no X.509 certificate.
pub fn read(der: &[u8]) -> Result<Certificate, Unreadable> {
    let certificate = parse(der)?;
    let (names, addresses) = subject_names(&certificate);
    let common_name = certificate
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok())
        .map(ToOwned::to_owned);
    Ok(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        common_name,
        names,
        addresses,
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        key: key(certificate.public_key()),
        hash: hash(&certificate),
        is_authority: certificate.is_ca(),
        is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        sha256: sha256(der),
        key_sha256: sha256(certificate.public_key().raw),
    })
}

pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Unreadable> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(error) => Err(match X509Error::from(error) {
            X509Error::Der(_) | X509Error::NomError(_) => Unreadable::NotDer,
            error => Unreadable::NotX509(error),
        }),
    }
}

fn subject_names(certificate: &X509Certificate<'_>) -> (Vec<String>, Vec<IpAddr>) {
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return (names, addresses);
    };
    for name in &extension.value.general_names {
        match name {
            GeneralName::DNSName(name) => names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
                addresses.extend(v4.or(v6).ok());
            }
            _ => {}
        }
    }
    (names, addresses)
}

pub(super) fn key(info: &SubjectPublicKeyInfo<'_>) -> Key {
    let algorithm = &info.algorithm.algorithm;
    let mut has_exponent_one = false;
    let (algorithm, bits) = match info.parsed() {
        Ok(PublicKey::RSA(key)) => {
            has_exponent_one = bits(key.exponent) == 1;
            (Algorithm::Rsa, Some(bits(key.modulus)))
        }
        Ok(PublicKey::EC(point)) => (Algorithm::Ecdsa, curve_bits(info).or(Some(point.key_size()))),
        Ok(PublicKey::DSA(key)) => (Algorithm::Dsa, Some(key.len() * 8)),
        _ if *algorithm == oid::OID_PKCS1_RSASSAPSS => {
            let key = RSAPublicKey::from_der(&info.subject_public_key.data);
            (Algorithm::RsaPss, key.ok().map(|(_, key)| bits(key.modulus)))
        }
        _ if *algorithm == oid::OID_SIG_ED25519 => (Algorithm::Ed25519, Some(256)),
        _ if *algorithm == oid::OID_SIG_ED448 => (Algorithm::Ed448, Some(456)),
        _ => (Algorithm::Other, None),
    };
    Key { algorithm, bits, has_exponent_one }
}

/// The size of a named curve, since a point is rounded up to whole bytes (521 bits).
fn curve_bits(info: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
    [(oid::OID_EC_P256, 256), (oid::OID_NIST_EC_P384, 384), (oid::OID_NIST_EC_P521, 521)]
        .into_iter()
        .find(|(known, _)| *known == curve)
        .map(|(_, bits)| bits)
}

/// Signature algorithms over SHA-1: RSA by its two names, ECDSA and DSA.
const SHA1: [oid::Oid<'static>; 4] = [
    oid::OID_PKCS1_SHA1WITHRSA,
    oid::OID_SHA1_WITH_RSA,
    oid::Oid::new(std::borrow::Cow::Borrowed(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1])),
    oid::Oid::new(std::borrow::Cow::Borrowed(&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3])),
];

pub(super) fn hash(certificate: &X509Certificate<'_>) -> Hash {
    let algorithm = &certificate.signature_algorithm.algorithm;
    let is = |known: &[oid::Oid<'_>]| known.contains(algorithm);
    if is(&[oid::OID_PKCS1_MD2WITHRSAENC]) {
        Hash::Md2
    } else if is(&[oid::OID_PKCS1_MD5WITHRSAENC]) {
        Hash::Md5
    } else if is(&SHA1) {
        Hash::Sha1
    } else {
        Hash::Sound
    }
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How a certificate fits a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// One of its names is the host's.
    Name,
    /// Its common name is, and it has no host names: mail servers read that, other clients do not (RFC 9525 section 2).
    CommonName,
    /// It is for others.
    Other,
}

impl Certificate {
    /// Whether the certificate is for this host (RFC 9525 section 6): names by label, with one wildcard as the whole
    /// leftmost label; addresses exactly.
    #[must_use]
    pub fn fit(&self, host: &str) -> Fit {
        if let Ok(address) = host.parse::<IpAddr>() {
            return if self.addresses.contains(&address) { Fit::Name } else { Fit::Other };
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        let common = self.common_name.iter().filter(|_| self.names.is_empty());
        if self.names.iter().any(|name| matches(name, host)) {
            Fit::Name
        } else if common.into_iter().any(|name| matches(name, host)) {
            Fit::CommonName
        } else {
            Fit::Other
        }
    }

    /// Whom it is for, in a few words.
    #[must_use]
    pub fn whom(&self) -> String {
        let addresses = self.addresses.iter().map(ToString::to_string);
        let all: Vec<String> = self.names.iter().cloned().chain(addresses).collect();
        match (all.as_slice(), &self.common_name) {
            ([], Some(name)) => format!("no host (only a common name, {name})"),
            ([], None) => "no host".to_owned(),
            ([one], _) => one.clone(),
            ([one, rest @ ..], _) => format!("{one} and {} more", rest.len()),
        }
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => {
            let below = host.split_once('.').map(|(_, domain)| domain);
            // A wildcard directly below a top-level domain names nobody.
            domain.contains('.')
                && below.is_some_and(|below| below.eq_ignore_ascii_case(domain))
                && is_label(host)
        }
        None => !pattern.is_empty() && pattern.eq_ignore_ascii_case(host),
    }
}

/// Whether the first label of a host is one of a host name (RFC 1123 section 2.1): a wildcard stands for no other.
fn is_label(host: &str) -> bool {
    let label = host.split('.').next().unwrap_or_default();
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
