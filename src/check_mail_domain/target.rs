//! Which domain to look at, and how.

use std::path::PathBuf;

use crate::dns::NameServer;
use crate::smtp_client::Caller;

/// Which domain to look at, and how.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// In A-labels, without the dot at its end.
    pub(super) domain: String,
    /// The resolvers to ask in place of the system's.
    pub(super) servers: Vec<NameServer>,
    pub(super) caller: Caller,
    /// Whether they are asked for all that they take of TLS.
    pub(super) looks_at_tls: bool,
    /// Whether mail servers are called.
    pub(super) connects: bool,
    pub(super) ca_file: Option<PathBuf>,
    /// Whose DKIM keys are looked at.
    pub(super) selectors: Vec<String>,
}
