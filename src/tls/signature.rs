//! Signatures of certificates and of handshakes, checked as far as our own cryptography goes; pure.

use aws_lc_rs::signature::{
    self as lc, RsaPssSaltLength, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::oid_registry as oid;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::certificate::{self, Algorithm};

/// A hash under a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA with the padding of PKCS #1 1.5.
    Pkcs1(Digest),
    /// RSA with PSS, and the length of its salt.
    Pss(Digest, u32),
    /// ECDSA, on the curve of the key.
    Ecdsa(Digest),
    /// Ed25519.
    Ed25519,
    /// What we cannot check.
    Other,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotVerified {
    /// It was made with another key, or of other words.
    Wrong,
    /// We cannot tell.
    Unchecked,
}

impl Scheme {
    /// Of a certificate (RFC 4055, RFC 5758, RFC 8410).
    pub(super) fn of_certificate(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let known = [
            (oid::OID_PKCS1_SHA1WITHRSA, Self::Pkcs1(Digest::Sha1)),
            (oid::OID_PKCS1_SHA256WITHRSA, Self::Pkcs1(Digest::Sha256)),
            (oid::OID_PKCS1_SHA384WITHRSA, Self::Pkcs1(Digest::Sha384)),
            (oid::OID_PKCS1_SHA512WITHRSA, Self::Pkcs1(Digest::Sha512)),
            (oid::OID_SIG_ECDSA_WITH_SHA256, Self::Ecdsa(Digest::Sha256)),
            (oid::OID_SIG_ECDSA_WITH_SHA384, Self::Ecdsa(Digest::Sha384)),
            (oid::OID_SIG_ECDSA_WITH_SHA512, Self::Ecdsa(Digest::Sha512)),
            (oid::OID_SIG_ED25519, Self::Ed25519),
        ];
        if algorithm.algorithm == oid::OID_PKCS1_RSASSAPSS {
            return pss(algorithm).unwrap_or(Self::Other);
        }
        let found = known.into_iter().find(|(known, _)| *known == algorithm.algorithm);
        found.map_or(Self::Other, |(_, scheme)| scheme)
    }

    /// Of a handshake (RFC 8446 section 4.2.3).
    pub(super) fn of_handshake(number: u16) -> Self {
        match number {
            0x0201 => Self::Pkcs1(Digest::Sha1),
            0x0401 => Self::Pkcs1(Digest::Sha256),
            0x0501 => Self::Pkcs1(Digest::Sha384),
            0x0601 => Self::Pkcs1(Digest::Sha512),
            0x0804 | 0x0809 => Self::Pss(Digest::Sha256, 32),
            0x0805 | 0x080a => Self::Pss(Digest::Sha384, 48),
            0x0806 | 0x080b => Self::Pss(Digest::Sha512, 64),
            0x0203 => Self::Ecdsa(Digest::Sha1),
            0x0403 => Self::Ecdsa(Digest::Sha256),
            0x0503 => Self::Ecdsa(Digest::Sha384),
            0x0603 => Self::Ecdsa(Digest::Sha512),
            0x0807 => Self::Ed25519,
            _ => Self::Other,
        }
    }

    /// Whether a key of this kind may sign so; a scheme we do not know may be any key's.
    pub(super) fn fits(self, key: Algorithm) -> bool {
        match self {
            Self::Pkcs1(_) => key == Algorithm::Rsa,
            Self::Pss(..) => matches!(key, Algorithm::Rsa | Algorithm::RsaPss),
            Self::Ecdsa(_) => key == Algorithm::Ecdsa,
            Self::Ed25519 => key == Algorithm::Ed25519,
            Self::Other => true,
        }
    }
}

/// The parameters of PSS, where both hashes are one.
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<Scheme> {
    let parameters = RsaSsaPssParams::try_from(algorithm.parameters.as_ref()?).ok()?;
    let (_, digest) = [
        (oid::OID_NIST_HASH_SHA256, Digest::Sha256),
        (oid::OID_NIST_HASH_SHA384, Digest::Sha384),
        (oid::OID_NIST_HASH_SHA512, Digest::Sha512),
    ]
    .into_iter()
    .find(|(known, _)| known == parameters.hash_algorithm_oid())?;
    let mask = parameters.mask_gen_algorithm().ok()?;
    let is_one_hash = mask.hash == *parameters.hash_algorithm_oid();
    is_one_hash.then(|| Scheme::Pss(digest, parameters.salt_length()))
}

/// Checks a signature over a message.
pub(super) fn check(
    key: &SubjectPublicKeyInfo<'_>,
    scheme: Scheme,
    message: &[u8],
    signature: &[u8],
) -> Result<(), NotVerified> {
    let algorithm = algorithm(key, scheme).ok_or(NotVerified::Unchecked)?;
    UnparsedPublicKey::new(algorithm, &key.subject_public_key.data)
        .verify(message, signature)
        .map_err(|_| NotVerified::Wrong)
}

fn algorithm(
    key: &SubjectPublicKeyInfo<'_>,
    scheme: Scheme,
) -> Option<&'static dyn VerificationAlgorithm> {
    let bits = certificate::key(key).bits?;
    if !scheme.fits(certificate::key(key).algorithm) {
        return None;
    }
    Some(match scheme {
        Scheme::Pkcs1(digest) => match (digest, bits) {
            (_, ..1024 | 8193..) | (Digest::Sha384, ..2048) => return None,
            (Digest::Sha1, _) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Digest::Sha256, _) => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Digest::Sha384, _) => &lc::RSA_PKCS1_2048_8192_SHA384,
            (Digest::Sha512, _) => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        },
        Scheme::Pss(digest, salt) => pss_algorithm(digest, salt, bits)?,
        Scheme::Ecdsa(digest) => ecdsa(key, digest)?,
        Scheme::Ed25519 => &lc::ED25519,
        Scheme::Other => return None,
    })
}

const LONGEST: RsaPssSaltLength = RsaPssSaltLength::Max;

/// The salt is as long as the hash, or as the key allows (RFC 8017 section 9.1.1).
fn pss_algorithm(
    digest: Digest,
    salt: u32,
    bits: usize,
) -> Option<&'static dyn VerificationAlgorithm> {
    let length = match digest {
        Digest::Sha1 => return None,
        Digest::Sha256 => 32,
        Digest::Sha384 => 48,
        Digest::Sha512 => 64,
    };
    let salt = usize::try_from(salt).ok()?;
    let is_longest = salt == (bits.checked_sub(1)?.div_ceil(8)).checked_sub(length + 2)?;
    if !(2048..=8192).contains(&bits) || (salt != length && !is_longest) {
        return None;
    }
    Some(match (digest, is_longest) {
        (Digest::Sha1, _) => return None,
        (Digest::Sha256, false) => &lc::RSA_PSS_2048_8192_SHA256,
        (Digest::Sha384, false) => &lc::RSA_PSS_2048_8192_SHA384,
        (Digest::Sha512, false) => &lc::RSA_PSS_2048_8192_SHA512,
        (Digest::Sha256, true) => {
            &const { lc::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(LONGEST) }
        }
        (Digest::Sha384, true) => {
            &const { lc::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(LONGEST) }
        }
        (Digest::Sha512, true) => {
            &const { lc::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(LONGEST) }
        }
    })
}

fn ecdsa(
    key: &SubjectPublicKeyInfo<'_>,
    digest: Digest,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
    let is = |known: &oid::Oid<'_>| *known == curve;
    Some(match digest {
        Digest::Sha1 if is(&oid::OID_EC_P256) => &lc::ECDSA_P256_SHA1_ASN1,
        Digest::Sha256 if is(&oid::OID_EC_P256) => &lc::ECDSA_P256_SHA256_ASN1,
        Digest::Sha384 if is(&oid::OID_EC_P256) => &lc::ECDSA_P256_SHA384_ASN1,
        Digest::Sha512 if is(&oid::OID_EC_P256) => &lc::ECDSA_P256_SHA512_ASN1,
        Digest::Sha256 if is(&oid::OID_NIST_EC_P384) => &lc::ECDSA_P384_SHA256_ASN1,
        Digest::Sha384 if is(&oid::OID_NIST_EC_P384) => &lc::ECDSA_P384_SHA384_ASN1,
        Digest::Sha512 if is(&oid::OID_NIST_EC_P384) => &lc::ECDSA_P384_SHA512_ASN1,
        Digest::Sha1 if is(&oid::OID_NIST_EC_P521) => &lc::ECDSA_P521_SHA1_ASN1,
        Digest::Sha256 if is(&oid::OID_NIST_EC_P521) => &lc::ECDSA_P521_SHA256_ASN1,
        Digest::Sha384 if is(&oid::OID_NIST_EC_P521) => &lc::ECDSA_P521_SHA384_ASN1,
        Digest::Sha512 if is(&oid::OID_NIST_EC_P521) => &lc::ECDSA_P521_SHA512_ASN1,
        Digest::Sha256 if is(&SECP256K1) => &lc::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

/// Of SEC 2, which the registry of the parser does not have: 1.3.132.0.10.
const SECP256K1: oid::Oid<'static> =
    oid::Oid::new(std::borrow::Cow::Borrowed(&[0x2b, 0x81, 0x04, 0x00, 0x0a]));
