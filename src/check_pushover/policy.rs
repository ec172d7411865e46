//! What to think of it.

use crate::monitoring::{State, Thresholds};

/// The limits of one run.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// In seconds.
    pub(super) oldest: Thresholds,
    pub(super) failed: Thresholds,
    /// Absent unless the quota is wanted.
    pub(super) quota: Option<Thresholds>,
    /// Whether Pushover itself was asked for anything.
    pub(super) asks: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}
