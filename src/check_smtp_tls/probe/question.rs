//! What one hello asks.

use crate::tls::Protocol;
use crate::tls::hello::{GROUPS, Hello, KeyShare, MOST_SUITES, SIGNATURES};

/// A question: which of these versions, suites and groups does the server take?
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) oldest: Protocol,
    pub(super) newest: Protocol,
    pub(super) suites: Vec<u16>,
    pub(super) groups: &'static [u16],
    pub(super) compression: bool,
    pub(super) key_share: KeyShare,
}

impl Question {
    /// One version and some suites.
    pub(super) fn at(version: Protocol, suites: impl IntoIterator<Item = u16>) -> Self {
        Self {
            oldest: version,
            newest: version,
            suites: suites.into_iter().take(MOST_SUITES).collect(),
            groups: &GROUPS,
            compression: false,
            key_share: KeyShare::Empty,
        }
    }

    /// The question as bytes.
    pub(super) fn hello(&self, server_name: Option<&str>, random: [u8; 96]) -> Vec<u8> {
        Hello {
            oldest: self.oldest,
            newest: self.newest,
            suites: &self.suites,
            server_name,
            groups: self.groups,
            signatures: &SIGNATURES,
            compression: self.compression,
            key_share: self.key_share,
            random,
        }
        .to_bytes()
    }

    /// What any server of this decade answers.
    pub(super) fn modern() -> Self {
        let suites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
        Self { oldest: Protocol::Tls12, ..Self::at(Protocol::Tls13, suites) }
    }
}
