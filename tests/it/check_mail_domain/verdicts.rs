//! What senders with DANE do, and what is said of it: real zones, a real resolver, real certificates.

use super::{check, texts, tlsa, wrong, zone};
use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, ecdsa};
use crate::support::zones::{Block, SignedZones, Zone};

const CASES: &[(&str, &[&str], i32, &str)] = &[
    (
        "good.lab",
        &[],
        0,
        "OK - good.lab: DNSSEC, DANE, SPF, DMARC | mx=1;;;0 dane=1;;;0 certificate=",
    ),
    ("Good.LAB.", &[], 0, "OK - good.lab: DNSSEC, DANE"),
    (
        "good.lab",
        &["--require", "mta-sts"],
        2,
        "CRITICAL - good.lab: MTA-STS is required and missing: no MTA-STS record: there is none | ",
    ),
    (
        "good.lab",
        &["--rollover", "120d"],
        1,
        "WARNING - good.lab: the certificate of mx.good.lab ends in ",
    ),
    (
        "good.lab",
        &["--no-connect"],
        0,
        "OK - good.lab: DNSSEC, DANE, SPF, DMARC (published; no mail server was called) | mx=1;;;0 dane=U certificate=U signature=",
    ),
    ("good.lab", &["--null-mx"], 2, "CRITICAL - good.lab: no null MX: it takes mail"),
    (
        "wrong.lab",
        &[],
        2,
        "CRITICAL - wrong.lab: TLSA of mx.wrong.lab does not match its certificate: senders with DANE cannot deliver | mx=1;;;0 dane=0;;;0",
    ),
    (
        "backup.lab",
        &[],
        1,
        "WARNING - backup.lab: TLSA of mx.wrong.lab does not match its certificate",
    ),
    (
        "bogus.lab",
        &[],
        2,
        "CRITICAL - bogus.lab: DNSSEC of its MX is bogus (a signature ended 2026-02-01 00:00 UTC): senders that validate cannot deliver | mx=U dane=U",
    ),
    (
        "future.lab",
        &[],
        2,
        "CRITICAL - future.lab: DNSSEC of its MX is bogus (a signature begins 2036-01-01 00:00 UTC)",
    ),
    (
        "ds.lab",
        &[],
        2,
        "CRITICAL - ds.lab: DNSSEC of its MX is bogus (keys, DS record and signatures do not fit)",
    ),
    ("ageing.lab", &[], 1, "WARNING - ageing.lab: the signature over "),
    (
        "plain.lab",
        &[],
        1,
        "WARNING - plain.lab: TLSA of mx.plain.lab is ignored: its zone is not signed, ",
    ),
    (
        "algorithm.lab",
        &[],
        1,
        "WARNING - algorithm.lab: signed with an algorithm that resolvers do not know",
    ),
    (
        "nods.lab",
        &[],
        1,
        "WARNING - nods.lab: the zone is signed, and no DS record says so: its TLSA records are ignored",
    ),
    (
        "spoilt.lab",
        &[],
        2,
        "CRITICAL - spoilt.lab: TLSA of mx.spoilt.lab is bogus (keys, DS record and signatures do not fit): senders with DANE cannot deliver",
    ),
    (
        "usage.lab",
        &[],
        1,
        "WARNING - usage.lab: no sender can use the TLSA records of mx.usage.lab (certificate usage 1 is not for mail)",
    ),
    (
        "none.lab",
        &[],
        1,
        "WARNING - none.lab: neither DANE nor MTA-STS protects mail to it: mx.none.lab has no TLSA record",
    ),
    ("none.lab", &["--require", "none"], 0, "OK - none.lab: DNSSEC, SPF, DMARC | "),
    (
        "alias.lab",
        &[],
        1,
        "WARNING - alias.lab: MX mx.alias.lab is a CNAME, which some servers refuse | mx=1;;;0 dane=1;;;0",
    ),
    ("null.lab", &["--null-mx"], 0, "OK - null.lab: takes no mail, and says so (null MX)"),
    ("null.lab", &[], 2, "CRITICAL - null.lab: a null MX says that it takes no mail"),
    (
        "bare.lab",
        &[],
        2,
        "CRITICAL - bare.lab: neither MX nor address: mail comes back at once | mx=1;;;0",
    ),
    ("dead.lab", &[], 2, "CRITICAL - dead.lab: mx.dead.lab takes no mail: connection refused"),
    (
        "broken.lab",
        &[],
        3,
        "UNKNOWN - broken.lab: MX unknown: its name servers do not answer our resolver (SERVFAIL)",
    ),
    ("absent.lab", &[], 2, "CRITICAL - absent.lab: there is no such domain in DNS"),
];

#[test]
fn senders_with_dane_and_the_check_agree() {
    let test = "senders_with_dane_and_the_check_agree";
    let block = Block::new();
    let root = Authority::root();
    let leaf = root.leaf("mx.good.lab", -1, 90, ecdsa());
    let other = tlsa(&root.leaf("mx.good.lab", -1, 90, ecdsa()));
    let (at, right) = (block.address(10), tlsa(&leaf));
    let free = |name: &'static str, flaw, records: &str| {
        Zone::new(name, flaw, &format!("{records}\n{}", texts(name)))
    };
    let zones = [
        zone("good", "good", at, &right),
        zone("wrong", "good", at, &other),
        free("backup", "good", "@ MX 10 mx.good.lab.\n@ MX 20 mx.wrong.lab."),
        zone("bogus", "expired", at, &right),
        zone("future", "future", at, &right),
        zone("ds", "ds", at, &right),
        zone("ageing", "ageing", at, &right),
        zone("plain", "unsigned", at, &right),
        zone("algorithm", "algorithm", at, &right),
        zone("nods", "no-ds", at, &right),
        zone("spoilt", "spoilt-TLSA", at, &right),
        zone("usage", "good", at, &right.replace("3 0 1", "1 0 1")),
        free("none", "good", &format!("@ MX 10 mx\nmx A {at}")),
        free("alias", "good", "@ MX 10 mx\nmx CNAME mx.good.lab."),
        free("null", "good", "@ MX 0 ."),
        free("bare", "good", ""),
        zone("dead", "good", block.address(11), &right),
        zone("broken", "absent", at, &right),
    ];
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let _server = MailServer::start_on(block.listener(10, 25), Way::Clear, &leaf, |_, _| None);
    let mut all = Vec::new();
    for (domain, options, code, start) in CASES {
        all.extend(wrong(&check(&zones, domain, options), *code, start));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
