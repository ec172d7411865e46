//! What to think of the answers.

use crate::monitoring::{State, Thresholds};

/// What is thought of the answers.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Seconds from the connection to the last answer.
    pub(super) time: Thresholds,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}
