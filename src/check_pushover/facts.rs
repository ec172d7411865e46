//! What was seen of the way to Pushover.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::program::{Gathered, OutOfTime};
use crate::pushover::client::RouteError;
use crate::pushover::config::{ConfigMistake, NoConfig};
use crate::pushover::keys::KeyError;
use crate::pushover::memory::BlockCause;
use crate::pushover::not_accepted::{Failure, Rejection, Words};
use crate::pushover::reason::Reason;
use crate::pushover::remarks::Remarks;
use crate::pushover::response::Quota;
use crate::pushover::spool::{Room, SpoolError};

/// Everything one run saw.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Facts {
    /// The spool; absent until it was read.
    pub(super) spool: Option<PathBuf>,
    /// Why it is of no use, if it is not.
    #[serde(serialize_with = "optional_text")]
    pub(super) unusable: Option<SpoolError>,
    /// Alerts that were neither sent nor kept, by the file that says so.
    pub(super) lost: Vec<Lost>,
    /// Why no further message can be kept, if none can.
    #[serde(serialize_with = "optional_text")]
    pub(super) not_kept: Option<SpoolError>,
    /// What is left on the file system of the spool.
    pub(super) room: Option<Room>,
    /// For how long the process that sends has not moved; absent when none sends.
    pub(super) standstill_seconds: Option<u64>,
    /// Since the timer ran; absent when it never did.
    pub(super) last_flush_seconds: Option<u64>,
    /// For how long the spool has been in use.
    pub(super) used_seconds: u64,
    /// Messages that were put there at a time to come; of the oldest thousand.
    pub(super) future: u64,
    /// How far ahead the farthest of them is.
    pub(super) future_seconds: u64,
    /// What the last alert lacked, and how long ago it was.
    pub(super) remarks: Option<(u64, Remarks)>,
    /// Waiting messages.
    pub(super) waiting: u64,
    /// Age of the oldest one; zero when none waits.
    pub(super) oldest_seconds: u64,
    /// How many of them lack a token or a key that this process can find; of the oldest thousand.
    pub(super) unsendable: u64,
    /// What the oldest of those lacks.
    #[serde(serialize_with = "optional_text")]
    pub(super) lacking: Option<KeyError>,
    /// Messages that are done with but cannot be taken out of the spool; not among those that wait.
    pub(super) stuck: u64,
    /// Messages that will not be sent.
    pub(super) failed: u64,
    /// Why the newest of them failed.
    pub(super) newest_failure: Option<Note>,
    /// How many of them were never sent because they waited too long; of the newest thousand.
    pub(super) given_up: u64,
    /// Why the newest of those was given up.
    pub(super) newest_given_up: Option<Note>,
    /// Since the last message that Pushover accepted; absent when there was none.
    pub(super) last_success_seconds: Option<u64>,
    /// The last temporary failure, if no success came after it.
    pub(super) last_problem: Option<Failure>,
    /// What is not asked for a while.
    pub(super) blocks: Vec<Blocked>,
    /// Absent unless asked for.
    pub(super) quota: Option<Result<Quota, Unconfirmed>>,
    /// By recipient: what Pushover said if it was asked, else only what is unusable by its looks.
    pub(super) credentials: Vec<Credential>,
    /// Why nothing can be sent with the configuration, if it is of no use.
    #[serde(serialize_with = "optional_text")]
    pub(super) configuration: Option<Arc<NoConfig>>,
    /// Values of the configuration that are of no use.
    #[serde(serialize_with = "texts")]
    pub(super) mistakes: Vec<ConfigMistake>,
    /// Why Pushover cannot be reached with the configuration, if it cannot.
    #[serde(serialize_with = "optional_text")]
    pub(super) route: Option<Arc<RouteError>>,
    /// Why the look ended early, if it did.
    pub(super) cut_short: Option<OutOfTime>,
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short = Some(by);
    }
}

/// What the file of a message in `failed/` says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note {
    /// Why it will not be sent.
    Reason(Reason),
    /// Nothing.
    Missing,
    /// The file cannot be read.
    Unreadable(#[serde(serialize_with = "text")] Arc<io::Error>),
}

/// Alerts that were neither sent nor kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Lost {
    pub(super) count: u64,
    /// Since the last of them.
    pub(super) seconds: u64,
    /// The file that says so.
    pub(super) file: PathBuf,
}

/// Messages that wait on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Blocked {
    /// Whose; empty for everybody's.
    pub(super) whom: String,
    /// Why.
    pub(super) cause: BlockCause,
    /// For how long.
    pub(super) seconds_left: u64,
    /// Whether the monthly quota is the cause.
    pub(super) quota: bool,
}

/// Whether token and key of a recipient are good.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Credential {
    /// The recipient.
    pub(super) name: String,
    /// Good when nothing stands against it.
    pub(super) result: Result<(), Unconfirmed>,
}

/// Why Pushover has not confirmed what it was asked about.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unconfirmed {
    /// Token or key are missing or of no use.
    Keys(#[serde(serialize_with = "text")] KeyError),
    /// It was refused shortly before, and is not asked again so soon.
    Blocked(BlockCause),
    /// It was refused.
    Rejected(Rejection),
    /// The quota is used up.
    Quota(#[serde(serialize_with = "text")] Words),
    /// It could not be asked.
    Failed(Failure),
    /// There is no way to it.
    Route(#[serde(serialize_with = "text")] Arc<RouteError>),
    /// A notifier is sending, and one connection is enough.
    Busy,
    /// The silence after a failure is not over.
    TooSoon,
    /// Nobody to ask for.
    NoRecipient,
    /// The answer holds nothing of what was asked.
    NotTold,
}

/// Errors stand in the JSON output as people read them.
fn text<T: Display, S: Serializer>(error: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

fn texts<T: Display, S: Serializer>(errors: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(errors.iter().map(ToString::to_string))
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn optional_text<T: Display, S: Serializer>(
    error: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    error.as_ref().map(ToString::to_string).serialize(serializer)
}
