//! What to think of a release.

use super::release::Release;
use crate::monitoring::State;

/// What is accepted.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The oldest release of each line that is accepted, whatever holes are known.
    pub(super) minimum: Vec<Release>,
    /// The state of a release that is not accepted.
    pub(super) vulnerable: State,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}
