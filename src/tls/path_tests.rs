use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf_of(issuer: &CertifiedIssuer<'static, KeyPair>) -> Vec<u8> {
    let params = CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().to_vec()
}

fn der_of(issuer: &CertifiedIssuer<'static, KeyPair>) -> Vec<u8> {
    issuer.as_ref().der().to_vec()
}

/// A time at which what rcgen makes is valid.
const NOW: i64 = 1_795_507_200;

#[test]
fn an_issuer_is_known_by_name_and_signature() {
    let (right, wrong) = (authority("Root"), authority("Root"));
    let leaf = leaf_of(&right);
    assert!(is_issued_by(&leaf, &der_of(&right)));
    assert!(!is_issued_by(&leaf, &der_of(&wrong)), "same name, other key");
    assert!(!is_issued_by(&leaf, &leaf));
    assert!(!is_issued_by(b"junk", &der_of(&right)));
}

#[test]
fn a_path_ends_at_an_anchor_or_names_who_is_missing() {
    let (root, other) = (authority("Root"), authority("Other"));
    let chain = [leaf_of(&root)];
    let anchors = |of: &[&CertifiedIssuer<'static, KeyPair>]| -> Vec<Anchor> {
        of.iter().filter_map(|of| Anchor::read(&der_of(of))).collect()
    };
    assert_eq!(find(&chain, &anchors(&[&other, &root]), NOW).anchored, Anchored::Yes);
    let found = find(&chain, &anchors(&[&other]), NOW);
    assert_eq!(found.anchored, Anchored::UnknownIssuer);
    assert_eq!(found.missing_issuer.as_deref(), Some("CN=Root"));
    let late = find(&chain, &anchors(&[&root]), i64::MAX).anchored;
    assert!(matches!(late, Anchored::IssuerOutOfDates(_)), "{late:?}");
    let own = [der_of(&root)];
    assert_eq!(find(&own, &anchors(&[&other]), NOW).anchored, Anchored::SelfSigned);
    assert_eq!(find(&own, &anchors(&[&root]), NOW).anchored, Anchored::Yes);
    assert_eq!(find(&[], &[], NOW).anchored, Anchored::No(PathFault::NoCertificate));
}

#[test]
fn authorities_that_certify_each_other_lead_nowhere() {
    let make = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let (one, two) = (authority("One"), authority("Two"));
    let one_by_two = make("One").signed_by(&KeyPair::generate().unwrap(), &two).unwrap();
    let two_by_one = make("Two").signed_by(&KeyPair::generate().unwrap(), &one).unwrap();
    let chain = [leaf_of(&one), one_by_two.der().to_vec(), two_by_one.der().to_vec()];
    assert_eq!(find(&chain, &[], NOW).anchored, Anchored::UnknownIssuer);
}

proptest! {
    #[test]
    fn what_was_changed_behind_the_issuers_back_is_not_trusted(
        damage in prop::collection::vec((8_usize..200, any::<u8>()), 1..8),
    ) {
        let root = authority("Root");
        let whole = leaf_of(&root);
        let mut leaf = whole.clone();
        for (at, byte) in damage {
            leaf[at] = byte;
        }
        let anchors: Vec<Anchor> = Anchor::read(&der_of(&root)).into_iter().collect();
        let anchored = find(&[leaf.clone()], &anchors, NOW).anchored;
        prop_assert_eq!(anchored == Anchored::Yes, leaf == whole);
        let _ = is_issued_by(&leaf, &leaf);
    }
}
