//! What tests/fuzz reaches of this part.

use super::{CoreAnswer, icinga, status};
use crate::pushover::receipt::Alarm;

/// An answer of Icinga's, or a status file of Nagios: nothing but its own words says that a problem is acknowledged, or can be.
///
/// # Panics
/// When anything else does.
pub fn core_answer(code: u16, bytes: &[u8]) {
    let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    if let Ok(CoreAnswer::Acknowledged) = icinga::judge(code, bytes) {
        assert!(has("results") || has("\\u"), "{code}");
    }
    for service in ["", "smtp"] {
        let alarm =
            Alarm { host: "mail01".to_owned(), service: service.to_owned(), at: 1_800_000_000 };
        if status::can_be_acknowledged(bytes, &alarm) {
            assert!(has("created=") && has("host_name=mail01") && has(service));
        }
    }
}
