//! The golden cases: one server, changed in one place at a time.

use super::*;
use crate::check_smtp_tls::facts::WhyUnknown;
use crate::check_smtp_tls::sample::{RSA_GCM_128, RSA_GCM_256, base, server, with};
use crate::tls::Protocol;
use crate::tls::certificate::Hash;
use Protocol::{Ssl2, Ssl3, Tls10, Tls11, Tls12, Tls13};

const CBC_128: u16 = 0x002f;
const CBC_256: u16 = 0x0035;

fn without(version: Protocol) -> Facts {
    with(base(), |facts| {
        facts.protocols.insert(version, Fact::No);
    })
}

fn also(version: Protocol) -> Facts {
    with(base(), |facts| facts.set_protocol(version, Fact::Yes))
}

fn accepting(version: Protocol, suite: u16) -> Facts {
    with(base(), |facts| {
        facts.accepted.insert((version, suite));
    })
}

const SUBMISSION: Rules = Rules { is_opportunistic: false, is_downgrade_protected: false };

/// Name, facts, score and letter.
type Case = (&'static str, Facts, u32, Grade);

fn cbc(version: Protocol) -> [(Protocol, u16); 2] {
    [(version, CBC_128), (version, CBC_256)]
}

fn modern_cases() -> Vec<Case> {
    vec![
        ("base", base(), 93, Grade::A),
        ("without TLS 1.3", without(Tls13), 93, Grade::AMinus),
        ("with TLS 1.0", also(Tls10), 91, Grade::B),
        ("with RC4 at TLS 1.2", accepting(Tls12, 0x0005), 93, Grade::C),
        (
            "SSLv3 only",
            with(server(&[Ssl3], &cbc(Ssl3), 2048), |facts| {
                facts.ssl3_cbc = Fact::Yes;
            }),
            87,
            Grade::F,
        ),
        ("with SSLv2", also(Ssl2), 78, Grade::F),
        (
            "with a prime of 1024 bits",
            with(base(), |facts| facts.prime_bits = Some(1024)),
            90,
            Grade::B,
        ),
        (
            "RSA 1024",
            server(&[Tls12, Tls13], &[(Tls12, RSA_GCM_128), (Tls12, RSA_GCM_256)], 1024),
            90,
            Grade::B,
        ),
        (
            "RSA 768",
            server(&[Tls12, Tls13], &[(Tls12, RSA_GCM_128), (Tls12, RSA_GCM_256)], 768),
            78,
            Grade::F,
        ),
    ]
}

fn older_cases() -> Vec<Case> {
    vec![
        ("TLS 1.0 only", server(&[Tls10], &cbc(Tls10), 2048), 90, Grade::C),
        ("with an anonymous suite", accepting(Tls12, 0x0034), 0, Grade::F),
        ("with 3DES at TLS 1.2", accepting(Tls12, 0x000a), 93, Grade::C),
        (
            "SSLv3 and TLS 1.0",
            with(server(&[Ssl3, Tls10], &cbc(Tls10), 2048), |facts| {
                facts.ssl3_cbc = Fact::Yes;
            }),
            88,
            Grade::C,
        ),
        ("with SSLv3 and CBC", with(also(Ssl3), |facts| facts.ssl3_cbc = Fact::Yes), 90, Grade::C),
        ("with a NULL suite", accepting(Tls12, 0x0002), 77, Grade::F),
        (
            "with TLS 1.0 and EXPORT",
            with(also(Tls10), |facts| {
                facts.accepted.insert((Tls10, 0x0003));
            }),
            64,
            Grade::F,
        ),
        ("TLS 1.3 only", server(&[Tls13], &[(Tls13, 0x1301), (Tls13, 0x1302)], 2048), 93, Grade::A),
        (
            "RSA 4096, P-384, AES 256 only",
            with(server(&[Tls12, Tls13], &[(Tls12, RSA_GCM_256)], 4096), |facts| {
                facts.groups = [0x0018].into();
            }),
            100,
            Grade::A,
        ),
    ]
}

#[test]
fn golden_cases() {
    for (case, facts, score, letter) in modern_cases().into_iter().chain(older_cases()) {
        let grading = grade(&facts, SUBMISSION);
        assert_eq!((grading.score, grading.grade), (score, letter), "{case}: {:?}", grading.caps);
        assert_eq!(grading.unknown, [], "{case}");
    }
}

#[test]
fn caps_name_themselves() {
    for (facts, reason) in [
        (also(Tls10), "TLS 1.0 is offered"),
        (also(Ssl2), "SSLv2 is offered"),
        (without(Tls13), "TLS 1.3 is not offered"),
        (
            with(also(Tls10), |facts| facts.set_protocol(Tls11, Fact::Yes)),
            "TLS 1.0 and TLS 1.1 are offered",
        ),
        (
            with(base(), |facts| facts.prime_bits = Some(1024)),
            "the Diffie-Hellman prime has 1024 bits",
        ),
        (with(base(), |facts| facts.weak_curve = Fact::Yes), "curves below 224 bits are accepted"),
        (with(base(), |facts| facts.compression = Fact::Yes), "TLS compression is on (CRIME)"),
        (
            with(base(), |facts| facts.secure_renegotiation = Fact::No),
            "secure renegotiation is not supported",
        ),
        (with(base(), |facts| facts.aead = Fact::No), "no AEAD suite is accepted"),
        (
            with(base(), |facts| facts.forward_secrecy = Fact::No),
            "no suite with forward secrecy is accepted",
        ),
        (
            with(base(), |facts| facts.certificates[0].hash = Hash::Md5),
            "a certificate is signed over MD5 or MD2",
        ),
        (
            with(base(), |facts| {
                facts.certificates[0].key.has_exponent_one = true;
            }),
            "the certificate's RSA key has exponent 1",
        ),
    ] {
        assert_eq!(grade(&facts, SUBMISSION).reasons(), [reason]);
    }
}

#[test]
fn anonymous_suites_beside_others_are_a_note_where_clients_take_any_tls() {
    let rules = Rules { is_opportunistic: true, is_downgrade_protected: false };
    let grading = grade(&accepting(Tls12, 0x0034), rules);
    assert_eq!((grading.score, grading.grade, grading.notes.len()), (93, Grade::A, 1));
    let only = with(accepting(Tls12, 0x0034), |facts| {
        facts.sound_suites = Fact::No;
    });
    assert_eq!(grade(&only, rules).grade, Grade::F, "nothing but anonymous");
}

#[test]
fn a_plus_needs_a_protection_against_downgrade_and_no_flaw() {
    let rules = Rules { is_opportunistic: false, is_downgrade_protected: true };
    assert_eq!(grade(&base(), rules).grade, Grade::APlus);
    assert_eq!(grade(&without(Tls13), rules).grade, Grade::AMinus);
}

#[test]
fn the_same_key_on_an_sslv2_listener_is_f() {
    use crate::check_smtp_tls::facts::DrownListener;
    let drown = |key: &str| {
        with(base(), |facts| {
            facts.drown.push(DrownListener {
                listener: "mail.example:993".to_owned(),
                ssl2: Fact::Yes,
                key_sha256: Some(key.to_owned()),
            });
        })
    };
    assert_eq!(grade(&drown("k"), SUBMISSION).grade, Grade::F);
    assert_eq!(grade(&drown("other"), SUBMISSION).grade, Grade::A);
}

#[test]
fn the_unknown_counts_as_good_and_is_named_while_it_matters() {
    let silent = Fact::Unknown(WhyUnknown::Silent);
    let facts = with(base(), |facts| {
        facts.protocols.insert(Ssl2, silent.clone());
    });
    let grading = grade(&facts, SUBMISSION);
    assert_eq!(grading.grade, Grade::A);
    assert_eq!(grading.unknown.len(), 1);
    assert_eq!(grading.unknown[0].subject, "SSLv2 is offered");
    let hopeless = with(accepting(Tls12, 0x0002), |facts| {
        facts.protocols.insert(Ssl2, silent);
    });
    assert_eq!(grade(&hopeless, SUBMISSION).unknown, [], "F cannot get worse");
}

#[test]
fn more_known_weakness_never_improves_the_grade() {
    let suites = [0x0002_u16, 0x0005, 0x000a, 0x0034, 0x0003, 0x0009];
    for first in suites {
        for second in suites {
            let one = grade(&accepting(Tls12, first), SUBMISSION).grade;
            let two = with(accepting(Tls12, first), |facts| {
                facts.accepted.insert((Tls12, second));
            });
            assert!(!one.is_worse_than(grade(&two, SUBMISSION).grade), "{first:04x} {second:04x}");
        }
    }
}

#[test]
fn the_next_grade_is_what_the_other_caps_leave() {
    let facts = with(also(Tls10), |facts| {
        facts.protocols.insert(Tls13, Fact::No);
    });
    let grading = grade(&facts, SUBMISSION);
    let (next, between) = grading.next().unwrap();
    assert_eq!((next, between.len()), (Grade::AMinus, 1));
    assert_eq!(grade(&base(), SUBMISSION).next(), None);
}
