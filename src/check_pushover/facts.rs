//! What was seen of the way to Pushover.

use std::path::PathBuf;

use serde::Serialize;

use crate::pushover::response::Quota;

/// Everything one run saw.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Facts {
    /// The spool.
    pub(super) spool: PathBuf,
    /// Waiting messages.
    pub(super) waiting: u64,
    /// Age of the oldest one; zero when none waits.
    pub(super) oldest_seconds: u64,
    /// How many of them lack a token or a key that this process can find; of the oldest thousand.
    pub(super) unsendable: u64,
    /// What the oldest of those lacks.
    pub(super) lacking: Option<String>,
    /// Messages that are done with but cannot be taken out of the spool; not among those that wait.
    pub(super) stuck: u64,
    /// Messages that will not be sent.
    pub(super) failed: u64,
    /// Why the newest of them failed.
    pub(super) newest_failure: Option<String>,
    /// How many of them were never sent because they waited too long; of the newest thousand.
    pub(super) given_up: u64,
    /// Why the newest of those was given up.
    pub(super) newest_given_up: Option<String>,
    /// Since the last message that Pushover accepted; absent when there was none.
    pub(super) last_success_seconds: Option<u64>,
    /// The last temporary failure, if no success came after it.
    pub(super) last_problem: Option<String>,
    /// What is not asked for a while.
    pub(super) blocks: Vec<Blocked>,
    /// Absent unless asked for.
    pub(super) quota: Option<Result<Quota, String>>,
    /// By recipient: what Pushover said if it was asked, else only what is unusable by its looks.
    pub(super) credentials: Vec<Credential>,
    /// Why nothing can be sent with the configuration, if it is of no use.
    pub(super) configuration: Option<String>,
    /// Why the look ended early, if it did.
    pub(super) cut_short: Option<String>,
}

/// Messages that wait on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Blocked {
    /// Whose; empty for everybody's.
    pub(super) whom: String,
    /// Pushover's words.
    pub(super) reason: String,
    /// For how long.
    pub(super) seconds_left: u64,
    /// Whether the monthly quota is the cause.
    pub(super) quota: bool,
}

/// Whether token and key of a recipient are good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Credential {
    /// The recipient.
    pub(super) name: String,
    /// What is known.
    pub(super) verdict: Verdict,
}

/// What Pushover said of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// It will be reached.
    Good,
    /// It will not be.
    Bad(String),
    /// Pushover could not be asked.
    Unknown(String),
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProbeError {
    /// The spool is missing.
    #[error("spool {} does not exist: nothing was ever sent", .0.display())]
    Missing(PathBuf),
    /// The spool is of no use.
    #[error("{0}")]
    Spool(String),
}
