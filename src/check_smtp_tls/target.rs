//! What to look at, and how.

use std::path::PathBuf;
use std::time::Duration;

use super::facts::Start;
use super::listener::Listener;
use crate::smtp_client::Caller;

/// What to look at, and how.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) start: Start,
    /// The name asked for and checked; an address is checked only.
    pub(super) name: String,
    pub(super) caller: Caller,
    pub(super) quick: bool,
    pub(super) every_address: bool,
    pub(super) delay: Duration,
    pub(super) injection: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) drown: Vec<Listener>,
}
