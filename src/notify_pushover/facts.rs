//! What a run knows at its end besides the fates of its messages.

use super::acknowledge::Untold;
use crate::pushover::client::RouteError;
use crate::pushover::keys::KeyError;
use crate::pushover::not_accepted::NotAccepted;
use crate::pushover::receipt::Alarm;
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

/// What has become of the receipt of one emergency.
pub(super) enum ReceiptFate {
    /// It rings on, as far as is known.
    Open,
    /// Nobody has acknowledged it, and nobody will.
    Ended,
    /// This recipient has acknowledged it, and the core knows.
    Acknowledged(String),
    /// This recipient has acknowledged it, and the problem is over, is another one, or was acknowledged before.
    NotTheSame(String),
    /// This recipient has acknowledged it, and the core does not know yet.
    Untold(String, Untold),
    /// This recipient has acknowledged it, and the core could not be told in time.
    NeverTold(String),
    /// Pushover does not say.
    NotAsked(NotAccepted),
    /// Pushover cannot be asked without these.
    Keys(KeyError),
    /// Pushover cannot be reached like this.
    Route(RouteError),
}

/// One round of questions for receipts.
#[derive(Default)]
pub(super) struct Round {
    /// What has become of each.
    pub(super) fates: Vec<(Alarm, ReceiptFate)>,
    /// Receipts for which there was no time.
    pub(super) left_out: usize,
    /// Why the receipts cannot be read.
    pub(super) trouble: Option<SpoolError>,
}
