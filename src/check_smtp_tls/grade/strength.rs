//! The score: how strong versions, keys and ciphers are, in the guide's three parts; pure.
//!
//! The numbers are those of the SSL Server Rating Guide 2009r; where it has none, the source stands beside them.

use super::letter::Grade;
use crate::check_smtp_tls::facts::{Facts, Weakness};
use crate::tls::certificate::{Algorithm, Key};
use crate::tls::{Protocol, groups};

/// What to do about a low score.
pub(super) const REMEDY: &str = "switch off the oldest versions and the shortest keys and ciphers";

/// A part of the score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) what: &'static str,
    pub(crate) points: u32,
    pub(crate) of: u32,
    /// What costs the points that are missing.
    pub(crate) because: Option<String>,
}

/// The score, and what it is made of; 0 when a part is, since one open door is enough. Each part is rounded down by
/// itself, as testssl.sh does it, so that both give the same number.
pub(super) fn score(parts: &[Part]) -> u32 {
    let has_hole = parts.iter().any(|part| part.points == 0);
    if has_hole { 0 } else { parts.iter().map(|part| part.points).sum() }
}

/// 30 parts versions, 30 parts keys, 40 parts ciphers.
pub(super) fn parts(facts: &Facts, anonymous_counts: bool) -> [Part; 3] {
    let part = |what, (points, because): (u32, Option<String>), of| {
        let because = because.filter(|_| points < 100);
        Part { what, points: points * of / 100, of, because }
    };
    [
        part("versions", protocols(facts), 30),
        part("keys", keys(facts, anonymous_counts), 30),
        part("ciphers", ciphers(facts), 40),
    ]
}

/// Whether all that the score is made of was seen. The letter may be settled long before: nothing is worse than F.
pub(crate) fn is_known(facts: &Facts) -> bool {
    let any = |weakness| facts.weakness(weakness, |_| true);
    let suites = Weakness::ALL.map(any);
    let asked = [&facts.dhe, &facts.weak_curve, &facts.bits_128, &facts.bits_256];
    let has_prime = !facts.dhe.is_yes() || facts.prime_bits.is_some();
    let mut all = facts.protocols.values().chain(&suites).chain(asked);
    has_prime && facts.leaves().next().is_some() && all.all(|fact| !fact.is_unknown())
}

/// The guide counts the best and the worst version: clients get the one, an attacker leads them to the other. It has no
/// row for TLS 1.3; testssl.sh gives it 100.
fn protocols(facts: &Facts) -> (u32, Option<String>) {
    let offered = || Protocol::ALL.into_iter().filter(|version| facts.protocol(*version).is_yes());
    let points = offered().map(|version| match version {
        Protocol::Ssl2 => 0,
        Protocol::Ssl3 => 80,
        Protocol::Tls10 => 90,
        Protocol::Tls11 => 95,
        Protocol::Tls12 | Protocol::Tls13 => 100,
    });
    let because = offered().next().map(|oldest| format!("{oldest} is offered"));
    (mean_of_ends(points).unwrap_or(100), because)
}

/// The weakest of all that keys are agreed on with: breaking any one of them is enough. EXPORT suites bring a key of
/// their own, of 512 or 1024 bits, whatever the certificate's is.
fn keys(facts: &Facts, anonymous_counts: bool) -> (u32, Option<String>) {
    if anonymous_counts && facts.weakness(Weakness::Anonymous, |_| true).is_yes() {
        return (0, Some("anonymous suites have none".to_owned()));
    }
    let leaves =
        facts.leaves().filter_map(|leaf| Some((key_bits(leaf.key)?, leaf.key.to_string())));
    let groups = facts.groups.iter();
    let groups = groups.filter_map(|group| Some((group_bits(*group)?, groups::name(*group))));
    let prime = facts.prime_bits.map(|bits| (bits, format!("a prime of {bits} bits")));
    let weakest = leaves.chain(groups).chain(prime).min();
    let points = weakest.as_ref().map_or(100, |(bits, _)| match bits {
        ..512 => 20,
        512..1024 => 40,
        1024..2048 => 80,
        2048..4096 => 90,
        _ => 100,
    });
    if points > 40 && facts.weakness(Weakness::Export, |_| true).is_yes() {
        return (40, Some("export suites have short ones".to_owned()));
    }
    (points, weakest.map(|(_, name)| format!("the weakest is {name}")))
}

/// The mean of the strongest and the weakest. Suites were chosen by the server one at a time; that it also takes 128 or
/// 256 bits was asked apart, and counts as seen.
fn ciphers(facts: &Facts) -> (u32, Option<String>) {
    let seen = facts.accepted_suites().map(|(_, suite)| suite.bits);
    let asked = [(&facts.bits_128, 128), (&facts.bits_256, 256)];
    let asked = asked.into_iter().filter(|(fact, _)| fact.is_yes()).map(|(_, bits)| bits);
    let all: Vec<u16> = seen.chain(asked).collect();
    let because = all.iter().min().map(|bits| match bits {
        0 => "suites without encryption are accepted".to_owned(),
        bits => format!("ciphers of {bits} bits are accepted"),
    });
    (mean_of_ends(all.into_iter().map(points)).unwrap_or(100), because)
}

fn points(bits: u16) -> u32 {
    match bits {
        0 => 0,
        1..128 => 20,
        128..256 => 80,
        _ => 100,
    }
}

fn mean_of_ends(points: impl Iterator<Item = u32>) -> Option<u32> {
    let (least, most) =
        points.fold((None, None), |(least, most): (Option<u32>, Option<u32>), points| {
            (Some(least.map_or(points, |least| least.min(points))), most.max(Some(points)))
        });
    Some(u32::midpoint(least?, most?))
}

/// The grade a key (2009e) or a prime (2009j) of this size allows, when it allows no A.
pub(super) fn cap(bits: usize) -> Option<Grade> {
    match bits {
        ..1024 => Some(Grade::F),
        1024..2048 => Some(Grade::B),
        _ => None,
    }
}

/// The size of an RSA key as strong as this one.
pub(super) fn key_bits(key: Key) -> Option<usize> {
    match key.algorithm {
        Algorithm::Rsa | Algorithm::RsaPss | Algorithm::Dsa => key.bits,
        Algorithm::Ecdsa => key.bits.map(curve_bits),
        // As strong as P-256 and as P-384 at least.
        Algorithm::Ed25519 => Some(3072),
        Algorithm::Ed448 => Some(7680),
        Algorithm::Other => None,
    }
}

/// An elliptic curve's size as that of an RSA key, in the steps of nmap's ssl-enum-ciphers; the guide has RSA only.
fn curve_bits(bits: usize) -> usize {
    match bits {
        ..160 => 512,
        160..224 => 1024,
        224..256 => 2048,
        256..384 => 3072,
        384..512 => 7680,
        _ => 15_360,
    }
}

/// A group's size as that of an RSA key (IANA registry "TLS Supported Groups").
fn group_bits(group: u16) -> Option<usize> {
    Some(match group {
        0x0001..=0x0005 | 0x000f..=0x0013 => 1024,
        0x0006..=0x0008 | 0x0014 | 0x0015 | 0x0100 => 2048,
        0x0017 | 0x001a | 0x001d | 0x11ec | 0x11eb | 0x0016 | 0x0009 | 0x000a | 0x0101 => 3072,
        0x0102 => 4096,
        0x0103 => 6144,
        0x0018 | 0x001b | 0x001e | 0x11ed | 0x000b | 0x000c => 7680,
        0x0104 => 8192,
        0x0019 | 0x001c | 0x000d | 0x000e => 15_360,
        _ => return None,
    })
}
