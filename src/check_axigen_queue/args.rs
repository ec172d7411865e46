//! The command line of `check_axigen_queue`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{ArgPredicate, OsStringValueParser, TypedValueParser};
use reqwest::Url;

use super::policy::{CountPolicy, Policy};
use super::target::{Endpoint, Target};
use crate::monitoring::{Range, State, Thresholds, duration};
use crate::program::{CheckOptions, UsageError};
use crate::pushover::client::is_this_host;

/// Most queue directories in one run; each adds a metric to the first line.
const MOST_QUEUES: usize = 16;

/// Count the messages waiting in an Axigen queue and judge number, age and free space.
///
/// Every directory of the queue must be readable (r-x on directories, nothing on files). What cannot be read makes the
/// state UNKNOWN, never a smaller number. Ranges follow the Monitoring Plugins guidelines: 100 alerts above 100, 10:
/// below 10, '~:' never. Quote a '~'.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "check_axigen_queue", version, term_width = 80, max_term_width = 80)]
pub struct Args {
    /// Queue directory; repeat it to add up several [default: queuePath from
    /// axigen.cfg, else the first of /var/opt/axigen/queue,
    /// /axigen/var/queue, /var/axigen/queue]
    #[arg(long, value_name = "DIR", value_parser = path())]
    queue_dir: Vec<PathBuf>,

    /// axigen.cfg to read queuePath from [default:
    /// /var/opt/axigen/run/axigen.cfg or /var/axigen/run/axigen.cfg, if
    /// readable]
    #[arg(long, value_name = "FILE", value_parser = path())]
    config: Option<PathBuf>,

    /// Ask a server's own metrics in place of the queue on disk; they tell the
    /// number of messages and no ages
    #[arg(long, value_name = "URL", requires = "auth_file", conflicts_with_all = ["queue_dir", "config"])]
    metrics_url: Option<String>,

    /// File with one line USER:PASSWORD of an administrator with reporting
    /// rights, for --metrics-url
    #[arg(long, value_name = "FILE", requires = "metrics_url", value_parser = path())]
    auth_file: Option<PathBuf>,

    /// PEM file with the authorities to trust in place of the system's, for
    /// --metrics-url
    #[arg(long, value_name = "FILE", requires = "metrics_url", value_parser = path())]
    ca_file: Option<PathBuf>,

    /// WARNING for this number of messages
    #[arg(short, long, value_name = "RANGE", default_value = "100", allow_hyphen_values = true)]
    warning: Range,

    /// CRITICAL for this number of messages
    #[arg(short, long, value_name = "RANGE", default_value = "500", allow_hyphen_values = true)]
    critical: Range,

    /// Age above which a message counts as older: a whole number and s, m, h
    /// or d
    #[arg(long, value_name = "DURATION", default_value = "4h", value_parser = duration::parse, allow_hyphen_values = true, default_value_if("metrics_url", ArgPredicate::IsPresent, None))]
    older_than: Option<Duration>,

    /// WARNING for this number of older messages
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "25",
        allow_hyphen_values = true,
        default_value_if("metrics_url", ArgPredicate::IsPresent, None)
    )]
    warning_older: Option<Range>,

    /// CRITICAL for this number of older messages; scheduled mail waits on
    /// purpose, so there is no default
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    critical_older: Option<Range>,

    /// WARNING for this age of the oldest message, in seconds
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    warning_oldest: Option<Range>,

    /// CRITICAL for this age of the oldest message, in seconds
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    critical_oldest: Option<Range>,

    /// WARNING for this share of free bytes or inodes on the queue's file
    /// system, in %
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "10:",
        allow_hyphen_values = true,
        default_value_if("metrics_url", ArgPredicate::IsPresent, None)
    )]
    warning_free: Option<Range>,

    /// CRITICAL for this share of free bytes or inodes on the queue's file
    /// system, in %
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "3:",
        allow_hyphen_values = true,
        default_value_if("metrics_url", ArgPredicate::IsPresent, None)
    )]
    critical_free: Option<Range>,

    /// Count names only and look at no message: the fastest run, without ages
    #[arg(long, conflicts_with_all = ["older_than", "warning_older", "critical_older", "warning_oldest", "critical_oldest"])]
    count_only: bool,

    /// Also add up the size of all files below the queue directory
    #[arg(long)]
    size: bool,

    /// Also describe what stands in the tree (kinds, modes, ages), without any
    /// name or address, to paste into a report
    #[arg(long)]
    census: bool,

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
    pub(super) fn split(&self, on_timeout: State) -> Result<(Target, Policy), UsageError> {
        if self.queue_dir.len() > MOST_QUEUES {
            return Err(UsageError(format!(
                "option --queue-dir: at most {MOST_QUEUES} directories in one run"
            )));
        }
        let target = Target {
            queue_dirs: self.queue_dir.clone(),
            config: self.config.clone(),
            ages: self.older_than.filter(|_| !self.count_only),
            size: self.size,
            census: self.census,
        };
        let policy = Policy {
            messages: Thresholds { warning: Some(self.warning), critical: Some(self.critical) },
            older_than: self.older_than.filter(|_| !self.count_only),
            older: Thresholds { warning: self.warning_older, critical: self.critical_older },
            oldest: Thresholds { warning: self.warning_oldest, critical: self.critical_oldest },
            free: Thresholds { warning: self.warning_free, critical: self.critical_free },
            size: self.size,
            on_timeout,
        };
        Ok((target, policy))
    }

    /// The server to ask for its metrics, when that is wanted, and what to think of the number.
    pub(super) fn split_for_metrics(
        &self,
        on_timeout: State,
    ) -> Result<Option<(Endpoint, CountPolicy)>, UsageError> {
        let (Some(url), Some(auth_file)) = (&self.metrics_url, &self.auth_file) else {
            return Ok(None);
        };
        if let Some(option) = self.more_than_a_number() {
            return Err(UsageError(format!(
                "option --metrics-url: metrics have the number of messages, but no ages, sizes or free space; leave out {option}"
            )));
        }
        let url = endpoint_url(url)
            .map_err(|why| UsageError(format!("option --metrics-url: the URL {why}")))?;
        let endpoint =
            Endpoint { url, auth_file: auth_file.clone(), ca_file: self.ca_file.clone() };
        let messages = Thresholds { warning: Some(self.warning), critical: Some(self.critical) };
        Ok(Some((endpoint, CountPolicy { messages, census: self.census, on_timeout })))
    }

    /// An option that was given and needs the queue itself.
    fn more_than_a_number(&self) -> Option<&'static str> {
        let given = [
            ("--older-than", self.older_than.is_some()),
            ("--warning-older", self.warning_older.is_some()),
            ("--critical-older", self.critical_older.is_some()),
            ("--warning-oldest", self.warning_oldest.is_some()),
            ("--critical-oldest", self.critical_oldest.is_some()),
            ("--warning-free", self.warning_free.is_some()),
            ("--critical-free", self.critical_free.is_some()),
            ("--size", self.size),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// Reads where the metrics are. What is typed is never repeated: it may hold a password.
fn endpoint_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .map_err(|_| "is not a URL; write one, as in https://mail.example.com:9000/metrics")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "holds a name or password, which everybody on this host can read in the process list; put them into --auth-file",
        );
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_host(&url) => Ok(url),
        "http" => {
            Err("must begin with https, or the password would cross the network in the clear")
        }
        _ => Err("must begin with https"),
    }
}

fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| {
        let hint = "is not a path; name a file or directory, as in /var/opt/axigen/queue";
        if text.is_empty() { Err(hint) } else { Ok(PathBuf::from(text)) }
    })
}
