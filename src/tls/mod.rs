//! TLS as seen from outside: hellos of every version since SSLv2, what a server answers, and what it proves.
//!
//! Shared by the checks that talk to a mail server. The probes write and read plain bytes and need no cryptography, so
//! that versions and suites no library speaks any more can be found; [`handshake`] does the one real handshake.

mod alert;
mod bytes;
pub mod certificate;
pub(crate) mod exchange;
pub mod flight;
pub(crate) mod handshake;
pub(crate) mod hello;
mod malformed;
pub(crate) mod proof;
mod protocol;
pub mod ssl2;
pub(crate) mod suite;
pub(crate) mod trust;

pub use alert::Alert;
pub use malformed::Malformed;
pub(crate) use protocol::Protocol;
