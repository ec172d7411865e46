//! What to think of it.

use crate::monitoring::State;

/// The limits of one run.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Whether a temporary refusal that names TLS is enough.
    pub(super) allow_temporary: bool,
    /// Whether a partner's certificate must be good.
    pub(super) require_valid: bool,
    /// Whether a canary mail must not be handed over under a wrong certificate.
    pub(super) verify: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}
