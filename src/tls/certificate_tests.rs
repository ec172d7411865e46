use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};

use super::*;

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(names: &[&str]) -> CertificateParams {
    let mut params =
        CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a leaf | with\nmarks");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 3, 1);
    params
}

#[test]
fn a_certificate_is_read() {
    let issuer = authority("Root");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let der = leaf(&["mail.example", "192.0.2.7"]).signed_by(&key, &issuer).unwrap();
    let read = read(der.der()).unwrap();
    assert_eq!(read.names, ["mail.example"]);
    assert_eq!(read.addresses, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    assert_eq!((read.key.algorithm, read.key.bits), (Algorithm::Ecdsa, Some(384)));
    assert_eq!(read.not_after - read.not_before, 59 * 86_400);
    assert_eq!(read.hash, Hash::Sound);
    assert_eq!(read.common_name.as_deref(), Some("a leaf | with\nmarks"));
    assert!(!read.is_self_issued && !read.is_authority);
    assert!(super::read(issuer.as_ref().der()).unwrap().is_authority);
}

#[test]
fn hundreds_of_names_all_count_and_are_told_short() {
    let names: Vec<String> = (0..500).map(|number| format!("h{number}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let der = leaf(&names).self_signed(&KeyPair::generate().unwrap()).unwrap();
    let read = read(der.der()).unwrap();
    assert_eq!(read.fit("h499.example"), Fit::Name);
    let told = serde_json::to_value(&read).unwrap();
    assert_eq!(told["names"].as_array().unwrap().len(), 100);
    assert_eq!(told["common_name"], "a leaf | with\nmarks");
}

#[test]
fn other_keys_are_named() {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let der = leaf(&["a.example"]).self_signed(&key).unwrap();
    let read = read(der.der()).unwrap();
    assert_eq!(read.key.to_string(), "Ed25519");
    assert!(read.is_self_issued);
}

#[test]
fn names_match_by_label() {
    let for_names = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        read(leaf(names).self_signed(&key).unwrap().der()).unwrap()
    };
    let plain = for_names(&["mail.example.com", "::1"]);
    let wildcard = for_names(&["*.example.com"]);
    for (case, certificate, host, expected) in [
        ("same", &plain, "mail.example.com", true),
        ("case", &plain, "MAIL.Example.com", true),
        ("root dot", &plain, "mail.example.com.", true),
        ("other", &plain, "example.com", false),
        ("address", &plain, "::1", true),
        ("other address", &plain, "::2", false),
        ("one label", &wildcard, "a.example.com", true),
        ("two labels", &wildcard, "a.b.example.com", false),
        ("no label", &wildcard, "example.com", false),
        ("the pattern itself", &wildcard, "", false),
    ] {
        assert_eq!(certificate.fit(host) == Fit::Name, expected, "{case}");
    }
    assert_eq!(for_names(&["*.com"]).fit("example.com"), Fit::Other, "top-level wildcard");
    let mut unnamed = leaf(&[]);
    unnamed.distinguished_name.push(DnType::CommonName, "mail.example.com");
    let key = KeyPair::generate().unwrap();
    let unnamed = read(unnamed.self_signed(&key).unwrap().der()).unwrap();
    assert_eq!(unnamed.fit("mail.example.com"), Fit::CommonName);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_damage_panics(damage in prop::collection::vec((0_usize..700, any::<u8>()), 1..8), end in 0_usize..700) {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut der = leaf(&["mail.example", "192.0.2.7"]).self_signed(&key).unwrap().der().to_vec();
        for (at, byte) in damage {
            if let Some(place) = der.get_mut(at) {
                *place = byte;
            }
        }
        der.truncate(end);
        let _ = read(&der);
    }
}
