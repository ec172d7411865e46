//! Each row is what postfix 3.7 did with such a chain and such records: it delivered, or said 4.7.5.

use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;

const NAME: &str = "mx.a.example";
/// Past the start of every certificate here, and before the end of those that have not ended.
const NOW: i64 = 1_800_000_000;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str, until: u64) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = SystemTime::UNIX_EPOCH.into();
    params.not_after = (SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(until)).into();
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name, 2_000_000_000);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Root, intermediate and leaf, each in DER.
struct Chain {
    root: Vec<u8>,
    intermediate: Vec<u8>,
    leaf: Vec<u8>,
}

fn chain(name: &str, until: u64) -> Chain {
    let key = || KeyPair::generate().unwrap();
    let root: Authority = CertifiedIssuer::self_signed(authority("root"), key()).unwrap();
    let intermediate: Authority =
        CertifiedIssuer::signed_by(authority("intermediate"), key(), &root).unwrap();
    let leaf = params(name, until).signed_by(&key(), &intermediate).unwrap();
    Chain {
        root: root.der().to_vec(),
        intermediate: intermediate.der().to_vec(),
        leaf: leaf.der().to_vec(),
    }
}

/// The record of that kind for a certificate.
fn record(usage: u8, selector: u8, matching: u8, der: &[u8]) -> Tlsa {
    let parsed = certificate::parse(der).unwrap();
    let thing = if selector == 0 { der } else { parsed.public_key().raw };
    let data = match matching {
        1 => digest(&SHA256, thing).as_ref().to_vec(),
        2 => digest(&SHA512, thing).as_ref().to_vec(),
        _ => thing.to_vec(),
    };
    Tlsa { usage, selector, matching, data }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn records_and_chains_fit_as_postfix_finds() {
    let good = chain(NAME, 1_900_000_000);
    let other = chain(NAME, 1_900_000_000);
    let (expired, misnamed) = (chain(NAME, 1_700_000_000), chain("b.example", 1_900_000_000));
    let own = params(NAME, 1_900_000_000);
    let own = own.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let two = |chain: &Chain| vec![chain.leaf.clone(), chain.intermediate.clone()];
    let three = |chain: &Chain| [two(chain), vec![chain.root.clone()]].concat();
    let short = Tlsa { data: vec![0; 31], ..record(3, 1, 1, &good.leaf) };
    for (case, records, sent, expected) in [
        ("3 1 1", vec![record(3, 1, 1, &good.leaf)], two(&good), Dane::Proven),
        ("3 0 1", vec![record(3, 0, 1, &good.leaf)], two(&good), Dane::Proven),
        ("3 1 2", vec![record(3, 1, 2, &good.leaf)], two(&good), Dane::Proven),
        ("3 0 0", vec![record(3, 0, 0, &good.leaf)], two(&good), Dane::Proven),
        ("3 1 1, expired", vec![record(3, 1, 1, &expired.leaf)], two(&expired), Dane::Proven),
        ("3 1 1, misnamed", vec![record(3, 1, 1, &misnamed.leaf)], two(&misnamed), Dane::Proven),
        ("3 1 1, wrong", vec![record(3, 1, 1, &other.leaf)], two(&good), Dane::Mismatch),
        (
            "3 1 1 of the issuer",
            vec![record(3, 1, 1, &good.intermediate)],
            two(&good),
            Dane::Mismatch,
        ),
        (
            "3 1 1 and the next key",
            vec![record(3, 1, 1, &other.leaf), record(3, 1, 1, &good.leaf)],
            two(&good),
            Dane::Proven,
        ),
        (
            "only the weaker hash fits",
            vec![record(3, 1, 1, &good.leaf), record(3, 1, 2, &other.leaf)],
            two(&good),
            Dane::Mismatch,
        ),
        (
            "a weaker hash of another selector",
            vec![record(3, 1, 1, &good.leaf), record(3, 0, 2, &other.leaf)],
            two(&good),
            Dane::Proven,
        ),
        (
            "3 1 1 and a wrong 2 1 1",
            vec![record(3, 1, 1, &good.leaf), record(2, 1, 1, &other.root)],
            two(&good),
            Dane::Proven,
        ),
        ("2 1 1, sent", vec![record(2, 1, 1, &good.intermediate)], two(&good), Dane::Proven),
        (
            "2 1 1, not sent",
            vec![record(2, 1, 1, &good.intermediate)],
            vec![good.leaf.clone()],
            Dane::Mismatch,
        ),
        ("2 0 1 of the root, sent", vec![record(2, 0, 1, &good.root)], three(&good), Dane::Proven),
        (
            "2 0 1 of the root, not sent",
            vec![record(2, 0, 1, &good.root)],
            two(&good),
            Dane::Mismatch,
        ),
        (
            "2 0 0 of the root, not sent",
            vec![record(2, 0, 0, &good.root)],
            two(&good),
            Dane::Proven,
        ),
        (
            "2 1 1, misnamed",
            vec![record(2, 1, 1, &misnamed.intermediate)],
            two(&misnamed),
            Dane::Mismatch,
        ),
        (
            "2 1 1, expired",
            vec![record(2, 1, 1, &expired.intermediate)],
            two(&expired),
            Dane::Mismatch,
        ),
        ("2 0 1 of the leaf", vec![record(2, 0, 1, &own)], vec![own.clone()], Dane::Mismatch),
        (
            "2 0 1 of the leaf, sent twice",
            vec![record(2, 0, 1, &own)],
            vec![own.clone(), own],
            Dane::Mismatch,
        ),
        (
            "2 1 1 of an issuer that is sent and has not issued it",
            vec![record(2, 1, 1, &other.intermediate)],
            vec![good.leaf.clone(), other.intermediate.clone()],
            Dane::Mismatch,
        ),
        ("1 1 1", vec![record(1, 1, 1, &good.leaf)], two(&good), Dane::Unusable),
        ("31 bytes", vec![short], two(&good), Dane::Unusable),
        (
            "type 9",
            vec![Tlsa { matching: 9, ..record(3, 1, 1, &good.leaf) }],
            two(&good),
            Dane::Unusable,
        ),
        ("nothing sent", vec![record(3, 1, 1, &good.leaf)], Vec::new(), Dane::Mismatch),
        (
            "no certificate sent",
            vec![record(3, 1, 1, &good.leaf)],
            vec![vec![0; 9]],
            Dane::Mismatch,
        ),
    ] {
        let fits = fits(&records, &sent, &[NAME], NOW);
        assert_eq!(Dane::of(&fits), expected, "{case}: {fits:?}");
    }
    let by_domain = fits(
        &[record(2, 1, 1, &misnamed.intermediate)],
        &two(&misnamed),
        &[NAME, "b.example"],
        NOW,
    );
    assert_eq!(by_domain, [TlsaFit::Fits], "the domain of the mail proves as well");
}

#[test]
fn an_issuer_named_alone_is_told_and_a_root_is_not() {
    let shown = chain(NAME, 2_000_000_000);
    let other = chain(NAME, 2_000_000_000);
    let sent = [shown.leaf.clone(), shown.intermediate.clone(), shown.root.clone()];
    let named = |der: &[u8]| record(2, 1, 1, der);
    for (case, records, is_alone) in [
        ("alone", vec![named(&shown.intermediate)], true),
        (
            "by two hashes",
            vec![named(&shown.intermediate), record(2, 0, 2, &shown.intermediate)],
            true,
        ),
        ("with a sibling", vec![named(&shown.intermediate), named(&other.intermediate)], false),
        ("with the leaf", vec![named(&shown.intermediate), record(3, 1, 1, &shown.leaf)], false),
        ("a root", vec![named(&shown.root)], false),
        ("nothing", vec![record(1, 1, 1, &shown.intermediate)], false),
    ] {
        assert_eq!(lone_issuer(&records, &sent).is_some(), is_alone, "{case}");
    }
    let direct = [shown.intermediate.clone(), shown.root.clone()];
    assert_eq!(lone_issuer(&[named(&shown.root)], &direct), None, "a root that issues itself");
}
