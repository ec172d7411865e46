//! Groups of key exchange beyond those of rustls, from the cryptography it already uses: P-521, and P-384 with ML-KEM.

use aws_lc_rs::agreement::{ECDH_P521, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::rand::SystemRandom;
use rustls::crypto::aws_lc_rs::kx_group;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::{FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192, FfdheGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

/// All that a handshake is done with; the first is what a key is sent for. An older server ignores what it does not
/// know.
pub(super) fn all() -> Vec<&'static dyn SupportedKxGroup> {
    vec![
        kx_group::X25519,
        kx_group::SECP256R1,
        kx_group::SECP384R1,
        &P521,
        kx_group::X25519MLKEM768,
        kx_group::SECP256R1MLKEM768,
        &P384_ML_KEM,
    ]
}

/// A group of key exchange by name (IANA registry "TLS Supported Groups").
#[must_use]
pub(crate) fn name(group: u16) -> String {
    let name = match group {
        0x0015 => "P-224",
        0x0016 => "secp256k1",
        0x0017 => "P-256",
        0x0018 => "P-384",
        0x0019 => "P-521",
        0x001a => "brainpoolP256r1",
        0x001b => "brainpoolP384r1",
        0x001c => "brainpoolP512r1",
        0x001d => "X25519",
        0x001e => "X448",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x0200 => "MLKEM512",
        0x0201 => "MLKEM768",
        0x0202 => "MLKEM1024",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        0x11ed => "SecP384r1MLKEM1024",
        other => return format!("group 0x{other:04x}"),
    };
    name.to_owned()
}

/// The prime fields of RFC 7919.
const PRIMES: [(u16, FfdheGroup<'static>); 5] = [
    (0x0100, FFDHE2048),
    (0x0101, FFDHE3072),
    (0x0102, FFDHE4096),
    (0x0103, FFDHE6144),
    (0x0104, FFDHE8192),
];

/// The group of RFC 7919 with this prime and generator.
pub(super) fn of_prime(prime: &[u8], generator: &[u8]) -> Option<u16> {
    let is_same = |one: &[u8], other: &[u8]| {
        one.iter().skip_while(|byte| **byte == 0).eq(other.iter().skip_while(|byte| **byte == 0))
    };
    let is_it = |group: &FfdheGroup<'_>| is_same(prime, group.p) && is_same(generator, group.g);
    PRIMES.into_iter().find(|(_, group)| is_it(group)).map(|(number, _)| number)
}

/// The number of P-384 with ML-KEM-1024 (draft-ietf-tls-ecdhe-mlkem).
const P384_ML_KEM_1024: NamedGroup = NamedGroup::Unknown(0x11ed);
/// Bytes of a point on P-384, which stands in front.
const POINT_BYTES: usize = 97;

const BAD_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

#[derive(Debug)]
struct P521;

impl SupportedKxGroup for P521 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let key = EphemeralPrivateKey::generate(&ECDH_P521, &SystemRandom::new())
            .map_err(|_| Error::FailedToGetRandomBytes)?;
        let share = key.compute_public_key().map_err(|_| Error::FailedToGetRandomBytes)?;
        Ok(Box::new(P521Exchange { key, share: share.as_ref().to_vec() }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

struct P521Exchange {
    key: EphemeralPrivateKey,
    share: Vec<u8>,
}

impl ActiveKeyExchange for P521Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // Uncompressed and nothing else (RFC 8446 section 4.2.8.2).
        if peer.first() != Some(&4) {
            return Err(BAD_SHARE);
        }
        let peer = UnparsedPublicKey::new(&ECDH_P521, peer);
        agree_ephemeral(self.key, peer, BAD_SHARE, |secret| Ok(SharedSecret::from(secret)))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }
}

static P384_ML_KEM: P384MlKem = P384MlKem;

#[derive(Debug)]
struct P384MlKem;

impl SupportedKxGroup for P384MlKem {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let (curve, kem) = (kx_group::SECP384R1.start()?, kx_group::MLKEM1024.start()?);
        let share = [curve.pub_key(), kem.pub_key()].concat();
        Ok(Box::new(P384MlKemExchange { curve, kem, share }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        P384_ML_KEM_1024
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

struct P384MlKemExchange {
    curve: Box<dyn ActiveKeyExchange>,
    kem: Box<dyn ActiveKeyExchange>,
    share: Vec<u8>,
}

impl ActiveKeyExchange for P384MlKemExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let (point, sealed) = peer.split_at_checked(POINT_BYTES).ok_or(BAD_SHARE)?;
        let (first, second) = (self.curve.complete(point)?, self.kem.complete(sealed)?);
        Ok([first.secret_bytes(), second.secret_bytes()].concat().into())
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        P384_ML_KEM_1024
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }
}
