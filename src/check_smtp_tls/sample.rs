//! Facts of a good server, for tests to spoil in one place.

use super::facts::{Anchored, Chain, Fact, Facts, Start, Weakness, WeaknessAsked};
use crate::tls::Protocol;
use crate::tls::Protocol::{Tls12, Tls13};
use crate::tls::certificate::{Algorithm, Certificate, Fit, Hash, Key};

pub(super) const RSA_GCM_128: u16 = 0xc02f;
pub(super) const RSA_GCM_256: u16 = 0xc030;

pub(super) fn leaf(algorithm: Algorithm, bits: usize) -> Certificate {
    Certificate {
        subject: "CN=mail.example".to_owned(),
        issuer: "CN=Root".to_owned(),
        common_name: None,
        names: vec!["mail.example".to_owned()],
        addresses: vec![],
        not_before: 0,
        not_after: 1,
        key: Key { algorithm, bits: Some(bits), has_exponent_one: false },
        hash: Hash::Sound,
        is_authority: false,
        is_self_issued: false,
        sha256: "c".to_owned(),
        key_sha256: "k".to_owned(),
    }
}

/// A server of which everything is known, with these versions and suites.
pub(super) fn server(versions: &[Protocol], suites: &[(Protocol, u16)], key: usize) -> Facts {
    let mut facts = Facts::new("mail.example", 25, Start::Starttls, "mail.example", false);
    for version in Protocol::ALL {
        facts.set_protocol(version, if versions.contains(&version) { Fact::Yes } else { Fact::No });
    }
    facts.accepted.extend(suites);
    for version in facts.classic_versions() {
        for weakness in Weakness::ALL {
            facts.weaknesses.push(WeaknessAsked { version, weakness, accepted: Fact::No });
        }
    }
    let yes_if = |holds: bool| if holds { Fact::Yes } else { Fact::No };
    facts.ssl3_cbc = Fact::No;
    let is_sound = facts.accepted_suites().any(|(_, suite)| suite.is_sound());
    facts.sound_suites = yes_if(is_sound);
    facts.forward_secrecy = Fact::Yes;
    facts.aead = yes_if(versions.iter().any(|version| *version >= Tls12));
    facts.dhe = Fact::No;
    facts.weak_curve = Fact::No;
    facts.bits_128 = Fact::No;
    facts.bits_256 = Fact::No;
    facts.compression = Fact::No;
    facts.secure_renegotiation = Fact::Yes;
    facts.second_certificate = Fact::No;
    facts.groups.insert(0x001d);
    add_leaf(&mut facts, leaf(Algorithm::Rsa, key));
    facts
}

pub(super) fn add_leaf(facts: &mut Facts, leaf: Certificate) {
    facts.certificates = vec![leaf];
    facts.chains = vec![Chain {
        certificates: vec![0],
        unreadable: 0,
        is_in_order: true,
        fit: Fit::Name,
        anchored: Anchored::Yes,
        first_to_end: None,
        missing_issuer: None,
    }];
}

pub(super) fn base() -> Facts {
    server(&[Tls12, Tls13], &[(Tls12, RSA_GCM_128), (Tls12, RSA_GCM_256)], 2048)
}

pub(super) fn with(mut facts: Facts, change: impl FnOnce(&mut Facts)) -> Facts {
    change(&mut facts);
    facts
}
