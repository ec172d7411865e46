//! What a core is told, and what it answers.

use std::io;
use std::path::PathBuf;

use crate::clock::utc;
use crate::pushover::client::RouteError;
use crate::pushover::not_accepted::Failure;
use crate::pushover::receipt::Acknowledged;
use crate::secret::SecretError;

/// What a core made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CoreAnswer {
    /// It has taken the acknowledgement.
    Acknowledged,
    /// That problem is over, is another one by now, or somebody has acknowledged it before.
    NotTheSame,
}

/// Why a core could not be told, now at least.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Untold {
    /// The API cannot be reached.
    #[error("Icinga: {0}")]
    Away(Failure),
    /// The API refuses, in its words.
    #[error("Icinga says {status}{}{said}", if said.is_empty() { "" } else { ": " })]
    Refused { status: u16, said: String },
    /// The way to the API is not usable.
    #[error("Icinga: {0}")]
    Route(#[from] RouteError),
    /// There is no password.
    #[error("the password of the API user: {0}")]
    Password(#[from] SecretError),
    /// A file of the core is of no use.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Nobody reads the commands.
    #[error("no core reads {}", .0.display())]
    NoReader(PathBuf),
    /// The core has not written down how things stand since somebody acknowledged.
    #[error("{} is older than the acknowledgement; is the core running?", .0.display())]
    Stale(PathBuf),
    /// The core's own file does not say when it was written.
    #[error("{} is not a core's status file", .0.display())]
    NoStatus(PathBuf),
    /// A name of an object that could be read as something else.
    #[error("the name of the host or service is not allowed in a command")]
    Name,
}

/// An acknowledgement in the words of the cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wording {
    pub(super) author: String,
    pub(super) comment: String,
}

impl Wording {
    pub(super) fn of(acknowledged: &Acknowledged) -> Self {
        let at = utc(i64::try_from(acknowledged.at).unwrap_or(i64::MAX));
        Self {
            author: format!("{} by Pushover", acknowledged.by),
            comment: format!("acknowledged on the phone, {at}"),
        }
    }
}
