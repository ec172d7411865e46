//! What is known of an object when something is told of it.

use crate::pushover::loudness::Priority;

/// What a recovery knows of the time before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// How loud the problem was.
    pub(super) priority: Option<Priority>,
    /// What is open for the same host: service, empty for the host itself, and state.
    pub(super) open: Vec<(String, String)>,
}
