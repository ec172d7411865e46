//! The way of an alert to Pushover: configuration, spool, client and the one drainer. Shared by `notify_pushover`,
//! which walks it, and `check_pushover`, which watches it.

pub mod access;
pub mod address;
pub mod answer;
pub mod client;
pub mod config;
pub mod drain;
pub mod fingerprint;
pub mod identity;
pub mod item;
pub mod keys;
pub mod spool;
pub mod state;

/// Seconds since 1970; zero for a clock before that.
#[must_use]
pub fn unix_seconds(time: std::time::SystemTime) -> u64 {
    time.duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs())
}
