//! Which suites a hello offers, in which order.

use super::{Authentication, Exchange, Suite};
use crate::tls::Protocol;

/// All suites of a version, in the order of a modern client; the weak ones last.
#[must_use]
pub(crate) fn everything(version: Protocol) -> Vec<u16> {
    if version == Protocol::Tls13 {
        return usable(version, |_| true);
    }
    let mut suites = usable(version, Suite::is_sound);
    suites.extend(usable(version, |suite| {
        !suite.is_sound() && !suite.is_null() && !suite.is_anonymous()
    }));
    suites.extend(usable(version, |suite| suite.is_null() || suite.is_anonymous()));
    suites
}

/// Suites of a kind that this version can use and a mail server may have, preferred first. Keys for static Diffie-Hellman
/// and for DSS are certified by no authority, so that a server's certificate has none.
#[must_use]
pub(crate) fn usable(version: Protocol, wanted: impl Fn(&Suite) -> bool) -> Vec<u16> {
    let is_usable = |suite: &Suite| match suite.exchange {
        Exchange::Tls13 => version == Protocol::Tls13,
        Exchange::Dh | Exchange::Ecdh => false,
        _ if version == Protocol::Tls13 || suite.authentication == Authentication::Dss => false,
        _ => version == Protocol::Tls12 || !needs_tls12(suite),
    };
    let mut suites: Vec<&Suite> = Suite::all(|suite| is_usable(suite) && wanted(suite)).collect();
    suites.sort_by_key(|suite| {
        (!suite.is_forward_secret(), !suite.is_aead(), suite.exchange == Exchange::Dhe)
    });
    suites.into_iter().map(|suite| suite.id).collect()
}

/// AEAD and the hashes of SHA-2 came with TLS 1.2 (RFC 5246 section 1.2).
fn needs_tls12(suite: &Suite) -> bool {
    suite.is_aead() || suite.name.ends_with("_SHA256") || suite.name.ends_with("_SHA384")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modern_client_prefers_ephemeral_keys_and_aead() {
        let first = everything(Protocol::Tls12).first().and_then(|id| Suite::by_id(*id)).unwrap();
        assert!(first.is_aead() && first.exchange == Exchange::Ecdhe);
        assert!(everything(Protocol::Tls13).contains(&0x1301));
        assert!(!everything(Protocol::Tls11).contains(&0xc02f));
        assert!(everything(Protocol::Ssl3).contains(&0x000a));
    }
}
