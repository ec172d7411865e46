//! No certificate panics, and what is kept of one is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::tls::certificate::read;
use suite::tls::is_issued_by;

fuzz_target!(|der: &[u8]| {
    if let Ok(certificate) = read(der) {
        assert!(certificate.names.len() + certificate.addresses.len() <= der.len());
        for host in certificate.names.iter().take(3).map(String::as_str) {
            let _ = certificate.fit(host);
        }
        let _ = certificate.fit("mail.example");
        let _ = (certificate.key.to_string(), is_issued_by(der, der));
    } else {
        assert!(!is_issued_by(der, der), "what cannot be read proves nothing");
    }
});
