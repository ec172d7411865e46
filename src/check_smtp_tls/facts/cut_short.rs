//! Why a look is cut short: more could have been seen.

use crate::connection::ConnectError;
use crate::program::OutOfTime;
use crate::smtp::{Reply, SessionError};

/// Why a look ended before all was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CutShort {
    /// The server limits its clients, in these words.
    Limited(Reply),
    /// The server serves nobody, in these words.
    Sick(Reply),
    /// It no longer lets us in after it had.
    Banned(Ban),
    /// Our own time ran out, as the run itself tells it.
    OutOfTime(OutOfTime),
    /// The way to TLS stopped working in another way.
    Lost(Loss),
}

/// How a server blocks this host after it accepted connections from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ban {
    /// It takes no more connections after so many.
    Unconnected { error: ConnectError, after: u32 },
    /// It closes without a word what it answered before.
    Closes,
}

/// How the way to TLS was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// SMTP broke off twice in a row.
    Session(SessionError),
    /// EHLO no longer lists STARTTLS, or it is refused for good.
    Starttls,
}
