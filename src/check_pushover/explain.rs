//! What was seen, in words.

use super::facts::{Note, Unconfirmed};
use crate::monitoring::Meanings;
use crate::pushover::spool::SpoolError;

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[
    ("waiting", "messages in the spool"),
    ("oldest", "age of the oldest message in the spool, 0 when none waits"),
    ("failed", "messages in failed/"),
    ("blocked", "suspensions of the token, the quota and recipients"),
    ("lost", "alerts that were neither sent nor kept"),
    ("remarks", "what the last alert was sent without, for a day"),
    ("spool_free", "what is left on the file system of the spool"),
    ("standstill", "since the process that sends has moved; absent when none sends"),
    ("last_flush", "since `notify_pushover flush` ran; absent when it never did"),
    ("future", "waiting messages that are dated ahead"),
    ("last_success", "time since Pushover accepted a message"),
    ("quota_used", "messages sent this month of those the token has, with --quota"),
];

/// Why nothing can be said of the spool.
pub(super) fn unusable(error: &SpoolError) -> String {
    match error {
        SpoolError::Missing(path) => {
            format!("spool {} does not exist: nothing was ever sent", path.display())
        }
        error => error.to_string(),
    }
}

/// Why a message failed.
pub(super) fn note(note: Option<&Note>) -> String {
    match note {
        Some(Note::Reason(reason)) => reason.to_string(),
        Some(Note::Unreadable(error)) => error.to_string(),
        Some(Note::Missing) | None => "no reason recorded".to_owned(),
    }
}

/// Why Pushover has not confirmed something.
pub(super) fn unconfirmed(why: &Unconfirmed) -> String {
    match why {
        Unconfirmed::Keys(error) => error.to_string(),
        Unconfirmed::Blocked(cause) => cause.to_string(),
        Unconfirmed::Rejected(rejection) => rejection.to_string(),
        Unconfirmed::Quota(words) => words.to_string(),
        Unconfirmed::Failed(failure) => failure.to_string(),
        Unconfirmed::Route(error) => error.to_string(),
        Unconfirmed::Busy => "not asked, a notifier is sending".to_owned(),
        Unconfirmed::TooSoon => "not asked so soon after a failure".to_owned(),
        Unconfirmed::NoRecipient => "no recipient".to_owned(),
        Unconfirmed::NotTold => "the answer holds no quota".to_owned(),
    }
}
