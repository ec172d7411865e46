//! No certificate panics, and what is kept of one is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::tls::certificate::{is_issued_by, read};

fuzz_target!(|der: &[u8]| {
    if let Ok(certificate) = read(der) {
        assert!(certificate.names.len() + certificate.addresses.len() <= 200);
        for host in certificate.names.iter().take(3).map(String::as_str) {
            let _ = certificate.is_for(host);
        }
        let _ = certificate.is_for("mail.example");
        let _ = (certificate.key.to_string(), is_issued_by(der, der));
    } else {
        assert!(!is_issued_by(der, der), "what cannot be read proves nothing");
    }
});
