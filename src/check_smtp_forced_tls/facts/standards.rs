//! What a partner publishes that forces senders to encrypt, whatever their rules.

use serde::Serialize;

/// DANE and MTA-STS of a partner; what was not found out is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::check_smtp_forced_tls) struct Standards {
    /// Whether signed TLSA records name the certificate of every mail exchanger (RFC 7672).
    pub(in crate::check_smtp_forced_tls) dane: Option<bool>,
    /// Whether a policy in mode enforce names every mail exchanger (RFC 8461).
    pub(in crate::check_smtp_forced_tls) mta_sts: Option<bool>,
}

impl Standards {
    /// Those that force senders, by name.
    pub(in crate::check_smtp_forced_tls) fn names(self) -> Vec<&'static str> {
        [("DANE", self.dane), ("MTA-STS", self.mta_sts)]
            .into_iter()
            .filter_map(|(name, forces)| (forces == Some(true)).then_some(name))
            .collect()
    }

    /// Whether neither of them does, for all that is known.
    pub(in crate::check_smtp_forced_tls) fn are_absent(self) -> bool {
        self.dane == Some(false) && self.mta_sts == Some(false)
    }
}
