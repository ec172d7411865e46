//! What canary mail to hand over, and where to see what became of the last ones.

use std::path::PathBuf;
use std::time::Duration;

use crate::check_smtp_forced_tls::facts::CanaryFacts;
use crate::smtp::address::{Address, Domain};
use crate::smtp_client::Security;

/// What canary mail to hand over, and where.
#[derive(Clone, Debug)]
pub(in crate::check_smtp_forced_tls) struct CanaryTarget {
    pub(in crate::check_smtp_forced_tls) domain: Domain,
    /// The directory shared with `smtp_canary`.
    pub(in crate::check_smtp_forced_tls) state: PathBuf,
    /// How long a mail may take.
    pub(in crate::check_smtp_forced_tls) age: Duration,
    /// Whether a wrong certificate is shown too.
    pub(in crate::check_smtp_forced_tls) verify: bool,
    /// Where `smtp_canary` listens.
    pub(in crate::check_smtp_forced_tls) sink: (String, u16),
    /// Our own server.
    pub(in crate::check_smtp_forced_tls) host: String,
    pub(in crate::check_smtp_forced_tls) port: u16,
    pub(in crate::check_smtp_forced_tls) security: Security,
    pub(in crate::check_smtp_forced_tls) sender: Address,
    /// Where user and password stand; absent when nobody logs in.
    pub(in crate::check_smtp_forced_tls) auth_file: Option<PathBuf>,
}

impl CanaryTarget {
    /// The facts before the look.
    pub(in crate::check_smtp_forced_tls) fn nothing_yet(&self) -> CanaryFacts {
        CanaryFacts {
            domain: self.domain.to_string(),
            host: self.host.clone(),
            port: self.port,
            looked_at: 0,
            age: self.age.as_secs(),
            sink: None,
            mails: Ok(Vec::new()),
            handed_over: None,
        }
    }
}
