//! Alerts by number and name (RFC 8446 section 6).

use std::fmt;

/// An alert of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub u8);

impl Alert {
    /// Of a server that does not serve the name it was asked for (RFC 6066 section 3).
    pub(crate) const UNRECOGNIZED_NAME: Self = Self(112);

    /// Whether it means "not with this hello", right behind one: `handshake_failure`, `illegal_parameter`,
    /// `protocol_version`, `insufficient_security`, `internal_error` (OpenSSL 3 for versions below its security level) and
    /// `inappropriate_fallback`.
    pub(crate) fn refuses_hello(self) -> bool {
        matches!(self.0, 40 | 47 | 70 | 71 | 80 | 86)
    }
}

/// The registry "TLS Alerts", as far as servers send them.
const NAMES: [(u8, &str); 29] = [
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (112, "unrecognized_name"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
];

impl fmt::Display for Alert {
    /// "alert 40 (`handshake_failure`)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((number, name)) => write!(f, "alert {number} ({name})"),
            None => write!(f, "alert {}", self.0),
        }
    }
}
