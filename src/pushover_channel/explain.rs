//! What became of the messages, in words for the daemon's log. Pure.

use super::protocol::Level;
use crate::pushover::drain::{Failed, Fate, Hold, Wait};
use crate::pushover::spool::SpoolError;

/// A line for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LogLine {
    pub(super) level: Level,
    pub(super) text: String,
}

/// What has become of one message.
pub(super) fn fate(fate: &Fate) -> LogLine {
    let (level, text) = match fate {
        Fate::Lost(otherwise) => {
            (Level::Error, format!("neither sent nor kept: {}", cause(otherwise)))
        }
        Fate::Delivered => (Level::Debug, "sent".to_owned()),
        Fate::Queued(wait) if may_pass_in_silence(wait) => {
            (Level::Debug, "kept, to be sent later".to_owned())
        }
        Fate::Queued(_) => (Level::Warn, format!("kept, to be tried again: {}", cause(fate))),
        Fate::Held(_) => (Level::Error, format!("kept, not sent: {}", cause(fate))),
        Fate::Rejected(_) | Fate::GivenUp(_) => {
            (Level::Error, format!("not sent, see failed/ in the spool: {}", cause(fate)))
        }
        Fate::Leftover(error) => (Level::Error, format!("{error}; it will not be sent again")),
    };
    LogLine { level, text }
}

/// Why nothing can be put on disk.
pub(super) fn no_spool(error: &SpoolError) -> LogLine {
    let text =
        error.way_out().map_or_else(|| error.to_string(), |way| format!("{error}; run: {way}"));
    LogLine { level: Level::Error, text }
}

/// What the log need not be told: it passes by itself.
fn may_pass_in_silence(wait: &Wait) -> bool {
    matches!(
        wait,
        Wait::Pause { .. }
            | Wait::Silence(None)
            | Wait::Time
            | Wait::Turn
            | Wait::Vanished
            | Wait::NotKnown
    )
}

/// Why a message was not sent.
fn cause(fate: &Fate) -> String {
    match fate {
        Fate::Delivered => "sent".to_owned(),
        Fate::Lost(otherwise) => cause(otherwise),
        Fate::Queued(wait) => match wait {
            Wait::Failed(failure) | Wait::Silence(Some(failure)) => failure.to_string(),
            Wait::Quota(words) => words.to_string(),
            Wait::Blocked { cause, .. } => format!("requests are suspended: {cause}"),
            Wait::Spool(error) => error.to_string(),
            Wait::Pause { .. }
            | Wait::Silence(None)
            | Wait::Time
            | Wait::Turn
            | Wait::Vanished
            | Wait::NotKnown => "not due yet".to_owned(),
        },
        Fate::Held(Hold::Keys(error)) => error.to_string(),
        Fate::Held(Hold::Route(error)) => error.to_string(),
        Fate::Held(Hold::Unreadable(error)) => {
            format!("cannot read a message in the spool: {error}")
        }
        Fate::Rejected(Failed { reason, .. }) | Fate::GivenUp(Failed { reason, .. }) => {
            reason.as_ref().map_or_else(|| "no reason recorded".to_owned(), ToString::to_string)
        }
        Fate::Leftover(error) => error.to_string(),
    }
}
