//! What to think of it.

use std::time::Duration;

use crate::monitoring::{State, Thresholds};

/// The limits of one run.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) messages: Thresholds,
    /// From which age a message counts as older; absent when ages are not wanted.
    pub(super) older_than: Option<Duration>,
    pub(super) older: Thresholds,
    /// In seconds.
    pub(super) oldest: Thresholds,
    /// In per cent.
    pub(super) free: Thresholds,
    /// Whether the size of all files is wanted.
    pub(super) size: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}

/// What to think of a number without ages, read from a server's metrics.
#[derive(Clone, Debug)]
pub(super) struct CountPolicy {
    pub(super) messages: Thresholds,
    /// Whether the metrics that are there are to be listed.
    pub(super) census: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}
