//! The way of an alert to Pushover: configuration, spool, client and the one drainer. Shared by `notify_pushover`,
//! which walks it, and `check_pushover`, which watches it.

pub(crate) mod access;
pub(crate) mod addressee;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod core_access;
pub(crate) mod drain;
pub(crate) mod fingerprint;
pub mod fuzzed;
mod identity;
pub(crate) mod item;
pub(crate) mod keys;
pub(crate) mod lines;
pub(crate) mod losses;
pub(crate) mod loudness;
pub(crate) mod memory;
pub(crate) mod not_accepted;
mod noted;
pub(crate) mod object_state;
mod phrases;
pub(crate) mod reason;
pub(crate) mod receipt;
pub(crate) mod remarks;
pub(crate) mod response;
mod retry_after;
pub(crate) mod spool;
pub(crate) mod text;
