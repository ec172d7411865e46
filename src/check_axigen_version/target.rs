//! Whom to ask.

use crate::connection::Family;

/// The CLI service of a server.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether TLS begins at once.
    pub(super) tls: bool,
    pub(super) family: Family,
}
