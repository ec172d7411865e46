//! What keeps our own side, and no other, from a handshake.

use crate::tls::Protocol;
use crate::tls::certificate::Key;
use crate::tls::suite::Suite;

/// What a server wants and our own TLS library does not have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lack {
    /// A version.
    Version(Protocol),
    /// A suite.
    Suite(&'static Suite),
    /// A group of key exchange.
    Group(u16),
    /// A kind of key before TLS 1.3.
    Key(Key),
}
