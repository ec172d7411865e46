//! The command line of `check_pushover`.

use super::policy::Policy;
use super::target::Target;
use crate::monitoring::{Range, State, Thresholds};
use crate::program::CheckOptions;
use crate::pushover::access::AccessOptions;

/// Check that alerts can reach Pushover: what waits in the spool, what failed, and whether token, recipients and quota
/// are valid.
///
/// Works on the spool alone unless --quota or --validate ask the network, whose answers are kept for an hour. Let this
/// check notify by mail, not by Pushover.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "check_pushover", version, term_width = 80, max_term_width = 80)]
pub struct Args {
    #[command(flatten)]
    access: AccessOptions,

    /// WARNING for this age of the oldest waiting message, in seconds
    #[arg(short, long, value_name = "RANGE", default_value = "600", allow_hyphen_values = true)]
    warning: Range,

    /// CRITICAL for this age of the oldest waiting message, in seconds
    #[arg(short, long, value_name = "RANGE", default_value = "1800", allow_hyphen_values = true)]
    critical: Range,

    /// WARNING for this number of messages in failed/
    #[arg(long, value_name = "RANGE", default_value = "0", allow_hyphen_values = true)]
    warning_failed: Range,

    /// CRITICAL for this number of messages in failed/
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    critical_failed: Option<Range>,

    /// Also judge how many messages are left this month
    #[arg(long)]
    quota: bool,

    /// WARNING for this number of messages left
    #[arg(long, value_name = "RANGE", default_value = "1000:", allow_hyphen_values = true)]
    warning_quota: Range,

    /// CRITICAL for this number of messages left
    #[arg(long, value_name = "RANGE", default_value = "200:", allow_hyphen_values = true)]
    critical_quota: Range,

    /// Also ask Pushover whether token and recipients are valid
    #[arg(long)]
    validate: bool,

    #[command(flatten)]
    common: CheckOptions,
}

impl AsRef<CheckOptions> for Args {
    fn as_ref(&self) -> &CheckOptions {
        &self.common
    }
}

impl Args {
    /// What to look at, and what to think of it.
    pub(super) fn split(&self, on_timeout: State) -> (Target, Policy) {
        let target =
            Target { access: self.access.clone(), quota: self.quota, validate: self.validate };
        let policy = Policy {
            oldest: Thresholds { warning: Some(self.warning), critical: Some(self.critical) },
            failed: Thresholds {
                warning: Some(self.warning_failed),
                critical: self.critical_failed,
            },
            quota: self.quota.then_some(Thresholds {
                warning: Some(self.warning_quota),
                critical: Some(self.critical_quota),
            }),
            asks: self.quota || self.validate,
            on_timeout,
        };
        (target, policy)
    }
}
