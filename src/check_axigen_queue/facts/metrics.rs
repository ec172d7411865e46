//! What a server's metrics said, or why they said nothing.

use std::sync::Arc;

use serde::Serialize;

use crate::connection::{ConnectError, ResolveError};
use crate::exposition::NotExposition;
use crate::login::NoLogin;
use crate::program::{Gathered, OutOfTime};
use crate::pushover::client::RouteError;
use crate::pushover::not_accepted::Distrust;

/// One look at the metrics of a server.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Scrape {
    /// Without anything secret.
    pub(crate) url: String,
    /// Messages in the queue.
    pub(crate) queue_size: Option<u64>,
    /// Since the server was started.
    pub(crate) uptime_seconds: Option<u64>,
    /// Of one minute.
    pub(crate) load: Option<f64>,
    /// Of all domains.
    pub(crate) users: Option<u64>,
    /// Everything that is there, without numbers and values of labels.
    pub(crate) families: Vec<MetricFamily>,
    #[serde(skip)]
    pub(crate) no_metrics: Option<NoMetrics>,
    /// Where our own time ran out, if it did.
    pub(crate) cut_short: Option<OutOfTime>,
}

impl Gathered for Scrape {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short.get_or_insert(by);
    }
}

/// The series of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct MetricFamily {
    pub(crate) name: String,
    /// As the server declares it.
    pub(crate) kind: Option<String>,
    pub(crate) series: u64,
    /// Names of labels.
    pub(crate) labels: Vec<String>,
}

/// Why the number of messages is not known.
#[derive(Clone, Debug)]
pub(crate) enum NoMetrics {
    /// The name and password cannot be had.
    Login(Arc<NoLogin>),
    /// No request can be made.
    Route(Arc<RouteError>),
    /// The name leads to no address.
    Unresolved(ResolveError),
    /// No connection came about.
    Unconnected(ConnectError),
    /// The connection is there, and no answer came.
    Silent,
    /// The certificate shown cannot be verified.
    Certificate(Distrust),
    /// What came is no answer, in the HTTP library's words.
    NoAnswer(String),
    /// Another answer than 200.
    Status(u16),
    /// More than any server has to say.
    TooLarge,
    /// A page for people.
    Html,
    /// Not UTF-8.
    NotText,
    /// Not Prometheus' text format.
    NotExposition(NotExposition),
    /// The number of messages is not among them.
    NoQueueSize,
    /// It stands there more than once without labels, or only with labels.
    AmbiguousQueueSize,
    /// It is no whole number.
    OddQueueSize(f64),
}
