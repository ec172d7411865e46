//! What is read in texts, by answers of a resolver: who may send, and who hears of it.

use std::sync::Arc;

use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{RData, RecordType};

use super::hostile::{check, check_of, honest, instead, proven, serve, texts};

#[test]
fn what_spf_includes_by_two_ways_is_no_circle() {
    let outcome = check(serve(instead(RecordType::TXT, |at| {
        let text = match at {
            "a.example." => "v=spf1 include:b.example include:c.example -all",
            "b.example." | "c.example." => "v=spf1 include:d.example -all",
            _ => "v=spf1 ip4:192.0.2.1 -all",
        };
        texts(text, "", 0)
    })));
    assert!(outcome.stdout.contains("spf_lookups=4;"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("SPF is invalid"), "{}", outcome.stdout);
}

#[test]
fn spf_in_records_of_its_own_type_alone_is_none() {
    let at = serve(Arc::new(|asked, at, kind| {
        let old = RData::Unknown { code: kind, rdata: NULL::with(b"\x06v=spf1".to_vec()) };
        Some(match kind {
            RecordType::Unknown(99) => proven(asked, vec![old]),
            _ => honest(asked, at, kind),
        })
    }));
    check_of(at, "a.example", "spf").expect(
        2,
        "MAIL DOMAIN CRITICAL - a.example: SPF is required and missing: it stands in a record of type SPF (99) alone, not TXT",
    );
}

/// Reports of a domain go to a domain beside it, below one that is both's if it has a record of its own.
#[test]
fn reports_stay_with_one_owner_without_consent() {
    for (owner, is_dropped) in [("v=DMARC1; p=none; rua=mailto:a@b.example", false), ("", true)] {
        let at = serve(instead(RecordType::TXT, move |at| match at {
            "_dmarc.a.own.example." => {
                texts("v=DMARC1; p=reject; rua=mailto:a@b.own.example", "", 0)
            }
            "_dmarc.own.example." => texts(owner, "", 0),
            _ => Vec::new(),
        }));
        let outcome = check_of(at, "a.own.example", "none");
        let said = outcome.stdout.contains("DMARC reports to b.own.example are dropped");
        assert_eq!(said, is_dropped, "{}", outcome.stdout);
    }
}
