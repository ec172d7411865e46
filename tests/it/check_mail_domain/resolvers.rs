//! Resolvers of every kind: what they do not prove is never said to be absent.

use super::{check, tlsa, wrong, zone};
use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, ecdsa};
use crate::support::zones::{Block, SignedZones};

/// Resolver, and what is said behind it of a good zone, of a bogus one, and of an unsigned one.
const KINDS: [(&str, [&str; 3]); 4] = [
    (
        "plain",
        [
            "UNKNOWN - good.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - bogus.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - plain.lab: DNSSEC and DANE unknown: resolver ",
        ],
    ),
    (
        "unanchored",
        [
            "UNKNOWN - good.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - bogus.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - plain.lab: DNSSEC and DANE unknown: resolver ",
        ],
    ),
    (
        "misled",
        [
            "UNKNOWN - good.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - bogus.lab: DNSSEC and DANE unknown: resolver ",
            "UNKNOWN - plain.lab: DNSSEC and DANE unknown: resolver ",
        ],
    ),
    (
        "permissive",
        [
            "OK - good.lab: DNSSEC, DANE",
            "UNKNOWN - bogus.lab: DNSSEC unknown: the domain is signed, and the resolver does not prove it",
            "WARNING - plain.lab: neither DANE nor MTA-STS protects mail to it: ",
        ],
    ),
];

#[test]
fn what_a_resolver_does_not_prove_is_unknown_and_never_absent() {
    let test = "what_a_resolver_does_not_prove_is_unknown_and_never_absent";
    let block = Block::new();
    let leaf = Authority::root().leaf("mx.good.lab", -1, 90, ecdsa());
    let at = block.address(10);
    let zones = || {
        [
            zone("good", "good", at, &tlsa(&leaf)),
            zone("bogus", "expired", at, &tlsa(&leaf)),
            zone("plain", "unsigned", at, "TXT none"),
        ]
    };
    let _server = MailServer::start_on(block.listener(10, 25), Way::Clear, &leaf, |_, _| None);
    let mut all = Vec::new();
    for (kind, cases) in KINDS {
        let Some(zones) = SignedZones::start_behind(test, block, &zones(), kind) else {
            return;
        };
        for (domain, start) in ["good.lab", "bogus.lab", "plain.lab"].into_iter().zip(cases) {
            let code = match start.split(' ').next() {
                Some("OK") => 0,
                Some("WARNING") => 1,
                _ => 3,
            };
            let options: &[&str] = if code == 3 { &["--require", "any"] } else { &[] };
            let said = wrong(&check(&zones, domain, options), code, start);
            all.extend(said.map(|said| format!("{kind}: {said}")));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
