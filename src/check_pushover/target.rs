//! What to look at.

use crate::pushover::access::AccessOptions;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) access: AccessOptions,
    pub(super) quota: bool,
    pub(super) validate: bool,
}
