//! TLS as seen from outside: hellos of every version since SSLv2, what a server answers, and what it proves.
//!
//! Shared by the checks that talk to a mail server. The probes write and read plain bytes and need no cryptography, so
//! that versions and suites no library speaks any more can be found; [`handshake`] does the one real handshake.

mod alert;
pub(crate) mod anchored;
mod bytes;
pub mod certificate;
mod constraints;
pub(crate) mod dane;
pub(crate) mod exchange;
pub mod flight;
pub(crate) mod groups;
pub(crate) mod handshake;
pub(crate) mod hello;
pub(crate) mod lack;
mod malformed;
pub(crate) mod path;
pub(crate) mod proof;
mod protocol;
pub(crate) mod second_hello;
mod signature;
pub mod ssl2;
pub(crate) mod suite;
pub(crate) mod trust;

pub use alert::Alert;
pub use malformed::Malformed;
pub use path::is_issued_by;
pub(crate) use protocol::Protocol;
