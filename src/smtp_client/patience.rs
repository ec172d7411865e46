//! How long one step may take.

use std::time::Duration;

/// The time each kind of step gets. No step takes all the time there is, so that a silent server is told from a slow
/// run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For one address to accept the connection.
    pub(crate) connect: Duration,
    /// For one SMTP answer; postscreen holds its greeting back for 6 s by default.
    pub(crate) smtp: Duration,
    /// For one answer in TLS.
    pub(crate) tls: Duration,
}

impl Patience {
    /// A share of the whole time of a run.
    #[must_use]
    pub(crate) fn within(limit: Duration) -> Self {
        let at_most = |seconds| Duration::from_secs(seconds).min(limit / 3);
        Self { connect: at_most(5), smtp: at_most(10), tls: at_most(5) }
    }
}
