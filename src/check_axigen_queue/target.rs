//! What to look at.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

/// What to look at.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) queue_dirs: Vec<PathBuf>,
    pub(super) config: Option<PathBuf>,
    /// The age from which a message counts as older; absent when no age is wanted.
    pub(super) ages: Option<Duration>,
    pub(super) size: bool,
    pub(super) census: bool,
}

impl Target {
    /// The queue directories as they were given.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> =
            self.queue_dirs.iter().map(|path| path.display().to_string()).collect();
        names.join(",")
    }
}

/// A server's own metrics, looked at in place of its queue.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    /// Holds one line `USER:PASSWORD`.
    pub(super) auth_file: PathBuf,
    /// The authorities to trust in place of the system's.
    pub(super) ca_file: Option<PathBuf>,
}

impl Endpoint {
    /// The server, and nothing of a query, in which people put secrets.
    pub(super) fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.url.port_or_known_default().unwrap_or_default())
    }
}
