//! What servers take of TLS, by the guidelines of NCSC-NL: a real postfix, by its settings.

use std::net::SocketAddrV4;

use super::{check, texts, wrong};
use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, ecdsa, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::zones::{Block, SignedZones, Zone};

const NEW: &str = "smtpd_tls_protocols = >=TLSv1.2";
const ELLIPTIC: &str = "smtpd_tls_chain_files = DIR/ecdsa.pem";
const SOUND: &str = "tls_medium_cipherlist = ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=3";

/// Zone, settings of postfix, exit code and start of the output.
const CASES: &[(&str, &[&str], i32, &str)] = &[
    ("sound", &[NEW, ELLIPTIC, SOUND], 0, "OK - sound.lab: DNSSEC, SPF, DMARC"),
    (
        "usual",
        &[ELLIPTIC],
        2,
        "CRITICAL - usual.lab: TLS of mx.usual.lab is insufficient by NCSC-NL: TLS_",
    ),
    (
        "ancient",
        &[
            "smtpd_tls_protocols = !SSLv2",
            ELLIPTIC,
            "tls_medium_cipherlist = ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0",
        ],
        2,
        "CRITICAL - ancient.lab: TLS of mx.ancient.lab is insufficient by NCSC-NL: TLS 1.1, TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, a key exchange signed over SHA-1 or MD5",
    ),
    (
        "older",
        &[
            NEW,
            ELLIPTIC,
            "tls_medium_cipherlist = ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=3",
        ],
        1,
        "WARNING - older.lab: TLS of mx.older.lab is to be phased out by NCSC-NL: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 |",
    ),
    (
        "short",
        &[NEW, "tls_medium_cipherlist = ECDHE+AESGCM:@SECLEVEL=2"],
        1,
        "WARNING - short.lab: TLS of mx.short.lab is to be phased out by NCSC-NL: a certificate with RSA 2048, a key exchange signed over SHA-224 |",
    ),
    (
        "prime",
        &[NEW, "tls_medium_cipherlist = ECDHE+AESGCM:DHE-RSA-AES128-GCM-SHA256"],
        2,
        "CRITICAL - prime.lab: TLS of mx.prime.lab is insufficient by NCSC-NL: a prime of its own of 2048 bits",
    ),
    (
        "clear",
        &["smtpd_tls_security_level = none"],
        2,
        "CRITICAL - clear.lab: TLS of mx.clear.lab is insufficient by NCSC-NL: no STARTTLS",
    ),
];

#[test]
fn a_real_postfix_is_rated_by_the_guidelines() {
    let test = "a_real_postfix_is_rated_by_the_guidelines";
    let block = Block::new();
    let root = Authority::root();
    let names: Vec<String> = CASES.iter().map(|(name, ..)| format!("mx.{name}.lab")).collect();
    let services: Vec<Service> =
        CASES.iter().map(|(_, settings, ..)| Service::new(settings)).collect();
    let places = || (10..).take(CASES.len());
    let mut zones: Vec<Zone> = CASES
        .iter()
        .zip(places())
        .map(|((name, ..), place)| {
            let records = format!("@ MX 10 mx\nmx A {}\n{}", block.address(place), texts(name));
            Zone::new(name, "good", &records)
        })
        .collect();
    let records = format!("@ MX 10 mx\nmx A {}\n{}", block.address(9), texts("counted"));
    zones.push(Zone::new("counted", "good", &records));
    let files = [
        ("good.pem", root.leaf(&names[0], -1, 397, rsa()).pem()),
        ("ecdsa.pem", root.leaf(&names[0], -1, 300, ecdsa()).pem()),
    ];
    let sockets = places().map(|place| SocketAddrV4::new(block.address(place), 25)).collect();
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let Some(_postfix) = Postfix::start_at(test, &files, &services, sockets) else {
        return;
    };
    let options = ["--profile", "ncsc2025", "--require", "none", "-v"];
    let mut all = Vec::new();
    for (name, _, code, start) in CASES {
        all.extend(wrong(&check(&zones, &format!("{name}.lab"), &options), *code, start));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    let leaf = root.leaf("mx.counted.lab", -1, 90, ecdsa());
    let server = MailServer::start_on(block.listener(9, 25), Way::Clear, &leaf, |_, _| None);
    let outcome = check(&zones, "counted.lab", &options);
    outcome.expect(0, "MAIL DOMAIN OK - counted.lab: DNSSEC, SPF, DMARC");
    assert!(outcome.stdout.contains("mx.counted.lab: TLS is sufficient by NCSC-NL"));
    assert!(server.connections() <= 12, "{} connections", server.connections());
}
