//! TLS as seen from outside: hellos of every version since SSLv2, what a server answers, and what it proves.
//!
//! Shared by the checks that talk to a mail server. The probes write and read plain bytes and need no cryptography, so
//! that versions and suites no library speaks any more can be found; [`handshake`] does the one real handshake.

mod alert;
mod bytes;
pub mod certificate;
pub mod exchange;
pub mod flight;
pub mod handshake;
pub mod hello;
mod malformed;
pub mod proof;
mod protocol;
pub mod ssl2;
pub mod suite;
pub mod trust;

pub use alert::Alert;
pub use malformed::Malformed;
pub use protocol::Protocol;
