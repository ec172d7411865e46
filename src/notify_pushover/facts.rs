//! What a run knows at its end besides the fates of its messages.

use crate::pushover::keys::KeyError;
use crate::pushover::not_accepted::NotAccepted;
use crate::pushover::spool::SpoolError;

/// What waits in the spool.
pub(super) struct Waiting {
    pub(super) count: usize,
    /// Age of the oldest.
    pub(super) seconds: u64,
}

/// Why a message is not in the spool while it is sent.
pub(super) enum Unkept {
    /// Nobody wanted that.
    NotWanted,
    /// It could not be written.
    Spool(SpoolError),
}

/// Why there is no message.
#[derive(Clone, Copy)]
pub(super) enum NoMessage {
    /// Nothing was given to send.
    Nothing,
    /// Nothing says which emergency to cancel.
    NoHost,
}

/// What is known of one recipient.
pub(super) struct Validated {
    /// The recipient.
    pub(super) name: String,
    /// Whether it can be reached.
    pub(super) result: Result<(), Invalid>,
}

/// Why a recipient is not good, or not known to be.
pub(super) enum Invalid {
    /// Token or key are missing or malformed, so Pushover was not asked.
    Keys(KeyError),
    /// What Pushover said.
    Refused(NotAccepted),
}
