//! What has become of a message. Typed: whoever reports it finds the words.

use std::io;
use std::sync::Arc;

use super::super::client::RouteError;
use super::super::keys::KeyError;
use super::super::memory::BlockCause;
use super::super::not_accepted::{Failure, Words};
use super::super::reason::Reason;
use super::super::spool::SpoolError;

/// What has become of one message.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// Pushover has it.
    Delivered,
    /// It waits for its time.
    Queued(Wait),
    /// It would be this, but is not on disk for it.
    Lost(Box<Fate>),
    /// It waits for the administrator.
    Held(Hold),
    /// Pushover will not have it. It stands in `failed/`.
    Rejected(Failed),
    /// It could not be sent in the time or the number that may wait. It stands in `failed/`.
    GivenUp(Failed),
    /// It was delivered by an earlier run, but its file cannot be removed.
    Leftover(SpoolError),
}

impl Fate {
    /// Whether the message is to be tried again.
    #[must_use]
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Queued(_) | Self::Held(_))
    }

    pub(super) fn rejected(reason: Reason) -> Self {
        Self::Rejected(Failed { reason: Some(reason), stays: None })
    }

    pub(super) fn given_up(reason: Reason) -> Self {
        Self::GivenUp(Failed { reason: Some(reason), stays: None })
    }
}

/// What a queued message waits for.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// Another try after this one, which failed.
    Failed(Failure),
    /// The next month, or whenever the quota starts again.
    Quota(Words),
    /// The end of a block.
    Blocked { seconds: u64, cause: BlockCause },
    /// The end of its own pause after failures.
    Pause { seconds: u64 },
    /// The end of the silence after a failure of another message, if it is known.
    Silence(Option<Failure>),
    /// A run with time left.
    Time,
    /// Another process that sends.
    Turn,
    /// A spool that can be used.
    Spool(SpoolError),
    /// Its file, which is gone though nobody has delivered it.
    Vanished,
    /// Something that another process knows.
    NotKnown,
}

/// What the administrator has to mend before a message can be sent.
#[derive(Clone, Debug)]
pub(crate) enum Hold {
    /// Token or key.
    Keys(KeyError),
    /// The way to the API.
    Route(Arc<RouteError>),
    /// Its file cannot be read.
    Unreadable(Arc<io::Error>),
}

/// A message that will not be sent.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Why, unless its file does not tell.
    pub(crate) reason: Option<Reason>,
    /// Why it is not in `failed/`, if it is not.
    pub(crate) stays: Option<SpoolError>,
}
