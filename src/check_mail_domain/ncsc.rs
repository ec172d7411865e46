//! The classes of NCSC-NL's guidelines for TLS (2025-05), as Internet.nl 1.11 applies them to mail servers; pure.

use serde::Serialize;

use crate::tls::Protocol;
use crate::tls::certificate::{Algorithm, Hash, Key};
use crate::tls::suite::{Authentication, Cipher, Exchange, Mode, Suite};

/// A class, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NcscClass {
    Good,
    Sufficient,
    PhaseOut,
    Insufficient,
}

impl std::fmt::Display for NcscClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Good => "good",
            Self::Sufficient => "sufficient",
            Self::PhaseOut => "to be phased out",
            Self::Insufficient => "insufficient",
        })
    }
}

/// Suites with ARIA and ephemeral keys (RFC 6209), which stand in no other list here.
pub(super) const ARIA: [u16; 12] = [
    0xc044, 0xc045, 0xc048, 0xc049, 0xc04c, 0xc04d, 0xc052, 0xc053, 0xc05c, 0xc05d, 0xc060, 0xc061,
];

pub(super) fn of_version(version: u16) -> NcscClass {
    match Protocol::from_wire(version) {
        Some(Protocol::Tls13) => NcscClass::Good,
        Some(Protocol::Tls12) => NcscClass::Sufficient,
        _ => NcscClass::Insufficient,
    }
}

pub(super) fn of_suite(number: u16) -> NcscClass {
    if ARIA.contains(&number) {
        return NcscClass::PhaseOut;
    }
    let Some(suite) = Suite::by_id(number) else { return NcscClass::Insufficient };
    let is_proven = matches!(suite.authentication, Authentication::Rsa | Authentication::Ecdsa);
    match suite.exchange {
        _ if suite.name.contains("CCM_8") => NcscClass::Insufficient,
        Exchange::Tls13 if matches!(number, 0x1302 | 0x1303) => NcscClass::Good,
        Exchange::Tls13 if matches!(number, 0x1301 | 0x1304) => NcscClass::Sufficient,
        Exchange::Ecdhe if is_proven => of_ecdhe(suite),
        Exchange::Dhe if suite.authentication == Authentication::Rsa => {
            if suite.is_aead() || suite.name.ends_with("_CBC_SHA256") {
                NcscClass::PhaseOut
            } else {
                NcscClass::Insufficient
            }
        }
        _ => NcscClass::Insufficient,
    }
}

fn of_ecdhe(suite: &Suite) -> NcscClass {
    let is_sha2 = suite.name.ends_with("_SHA256") || suite.name.ends_with("_SHA384");
    match (suite.cipher, suite.mode) {
        (Cipher::Aes | Cipher::ChaCha20, Mode::Aead) => NcscClass::Sufficient,
        (Cipher::Camellia, Mode::Aead) => NcscClass::PhaseOut,
        (Cipher::Aes | Cipher::Camellia, Mode::Cbc) if is_sha2 => NcscClass::PhaseOut,
        _ => NcscClass::Insufficient,
    }
}

/// P-256, P-384, P-521, X25519, X448, the curves of Brainpool by both kinds of numbers (RFC 7027, RFC 8734); the hybrids
/// with ML-KEM, which the guidelines do not name, are X25519 or such a curve and more.
pub(super) fn of_group(group: u16) -> NcscClass {
    match group {
        0x0017..=0x0021 | 0x11eb..=0x11ed => NcscClass::Good,
        P_224 => NcscClass::PhaseOut,
        _ => NcscClass::Insufficient,
    }
}

/// secp224r1.
pub(super) const P_224: u16 = 0x0015;

/// Of the group of RFC 7919 that a prime is of.
pub(super) fn of_prime(group: Option<u16>) -> NcscClass {
    match group {
        Some(0x0101..=0x0104) => NcscClass::PhaseOut,
        _ => NcscClass::Insufficient,
    }
}

/// Of a scheme of TLS 1.2: its first byte is the hash (RFC 5246 section 7.4.1.4.1).
pub(super) fn of_signature(scheme: u16) -> NcscClass {
    match scheme >> 8 {
        0x04..=0x08 => NcscClass::Good,
        0x03 => NcscClass::PhaseOut,
        _ => NcscClass::Insufficient,
    }
}

pub(super) fn of_key(key: &Key) -> NcscClass {
    let bits = key.bits.unwrap_or_default();
    match key.algorithm {
        Algorithm::Ed25519 | Algorithm::Ed448 => NcscClass::Good,
        Algorithm::Rsa | Algorithm::RsaPss if bits >= 3072 => NcscClass::Good,
        Algorithm::Rsa | Algorithm::RsaPss if bits >= 2048 => NcscClass::PhaseOut,
        Algorithm::Ecdsa if bits >= 256 => NcscClass::Good,
        Algorithm::Ecdsa if bits >= 224 => NcscClass::PhaseOut,
        _ => NcscClass::Insufficient,
    }
}

pub(super) fn of_hash(hash: Hash) -> NcscClass {
    if hash == Hash::Sound { NcscClass::Good } else { NcscClass::Insufficient }
}

#[cfg(test)]
mod tests {
    use super::NcscClass::{Good, Insufficient, PhaseOut, Sufficient};
    use super::*;

    #[test]
    fn each_suite_has_its_class() {
        for (suite, class) in [
            (0x1302, Good),
            (0x1303, Good),
            (0x1301, Sufficient),
            (0x1304, Sufficient),
            (0x1305, Insufficient),
            (0xc02f, Sufficient),
            (0xc030, Sufficient),
            (0xc02b, Sufficient),
            (0xcca8, Sufficient),
            (0xc0ac, Sufficient),
            (0xc0ae, Insufficient),
            (0xc027, PhaseOut),
            (0xc028, PhaseOut),
            (0xc061, PhaseOut),
            (0xc08a, PhaseOut),
            (0x009e, PhaseOut),
            (0xccaa, PhaseOut),
            (0x0067, PhaseOut),
            (0xc013, Insufficient),
            (0x0033, Insufficient),
            (0x009c, Insufficient),
            (0x000a, Insufficient),
            (0x0005, Insufficient),
            (0xc018, Insufficient),
            (0xfefe, Insufficient),
        ] {
            assert_eq!(of_suite(suite), class, "{suite:04x}");
        }
    }

    #[test]
    fn each_group_key_and_hash_has_its_class() {
        for (group, class) in [
            (0x0017, Good),
            (0x001d, Good),
            (0x001c, Good),
            (0x11ec, Good),
            (0x0015, PhaseOut),
            (0x0016, Insufficient),
            (0x0013, Insufficient),
        ] {
            assert_eq!(of_group(group), class, "{group:04x}");
        }
        assert_eq!(of_prime(Some(0x0100)), Insufficient);
        assert_eq!(of_prime(Some(0x0101)), PhaseOut);
        assert_eq!(of_prime(None), Insufficient);
        for (scheme, class) in
            [(0x0804, Good), (0x0401, Good), (0x0303, PhaseOut), (0x0201, Insufficient)]
        {
            assert_eq!(of_signature(scheme), class, "{scheme:04x}");
        }
        let key = |algorithm, bits| Key { algorithm, bits: Some(bits), has_exponent_one: false };
        for (key, class) in [
            (key(Algorithm::Rsa, 4096), Good),
            (key(Algorithm::Rsa, 3072), Good),
            (key(Algorithm::Rsa, 2048), PhaseOut),
            (key(Algorithm::Rsa, 1024), Insufficient),
            (key(Algorithm::Ecdsa, 256), Good),
            (key(Algorithm::Ecdsa, 224), PhaseOut),
            (key(Algorithm::Ecdsa, 192), Insufficient),
            (key(Algorithm::Ed25519, 256), Good),
            (key(Algorithm::Dsa, 3072), Insufficient),
        ] {
            assert_eq!(of_key(&key), class, "{key}");
        }
        assert_eq!(of_version(0x0304), Good);
        assert_eq!(of_version(0x0303), Sufficient);
        assert_eq!(of_version(0x0302), Insufficient);
        assert_eq!(of_hash(Hash::Sha1), Insufficient);
    }
}
