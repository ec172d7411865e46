//! No text of a domain or of its policy server panics, and a policy that is read allows only what it names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::published::{dkim, dmarc, mta_sts, spf, tls_rpt};

fuzz_target!(|bytes: &[u8]| {
    // One text, and the same as two records.
    let (one, other) = bytes.split_at(bytes.len() / 2);
    for texts in [vec![bytes], vec![one, other]] {
        let texts = || texts.iter().copied();
        let _ = (dkim::record(texts()), dmarc::record(texts()), tls_rpt::record(texts()));
        if let Ok(id) = mta_sts::record(texts()) {
            assert!((1..=32).contains(&id.len()));
        }
        if let Ok(spf) = spf::record(texts()) {
            assert!(spf.lookups.len() <= bytes.len());
        }
    }
    if let Ok(policy) = mta_sts::policy(bytes) {
        assert!(policy.mx.iter().all(|host| !host.contains(['\n', ' '])));
        assert!(!policy.allows(""));
    }
});
