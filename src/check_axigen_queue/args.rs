//! The command line of `check_axigen_queue`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::policy::Policy;
use super::target::Target;
use crate::monitoring::{Range, State, Thresholds, duration};
use crate::program::{CheckOptions, UsageError};

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

    /// WARNING for this number of messages
    #[arg(short, long, value_name = "RANGE", default_value = "100", allow_hyphen_values = true)]
    warning: Range,

    /// CRITICAL for this number of messages
    #[arg(short, long, value_name = "RANGE", default_value = "500", allow_hyphen_values = true)]
    critical: Range,

    /// Age above which a message counts as older: a whole number and s, m, h
    /// or d
    #[arg(long, value_name = "DURATION", default_value = "4h", value_parser = duration::parse, allow_hyphen_values = true)]
    older_than: Duration,

    /// WARNING for this number of older messages
    #[arg(long, value_name = "RANGE", default_value = "25", allow_hyphen_values = true)]
    warning_older: Range,

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
    #[arg(long, value_name = "RANGE", default_value = "10:", allow_hyphen_values = true)]
    warning_free: Range,

    /// CRITICAL for this share of free bytes or inodes on the queue's file
    /// system, in %
    #[arg(long, value_name = "RANGE", default_value = "3:", allow_hyphen_values = true)]
    critical_free: Range,

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
            ages: (!self.count_only).then_some(self.older_than),
            size: self.size,
            census: self.census,
        };
        let policy = Policy {
            messages: Thresholds { warning: Some(self.warning), critical: Some(self.critical) },
            older_than: (!self.count_only).then_some(self.older_than),
            older: Thresholds { warning: Some(self.warning_older), critical: self.critical_older },
            oldest: Thresholds { warning: self.warning_oldest, critical: self.critical_oldest },
            free: Thresholds {
                warning: Some(self.warning_free),
                critical: Some(self.critical_free),
            },
            size: self.size,
            on_timeout,
        };
        Ok((target, policy))
    }
}

fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| {
        let hint = "is not a path; name a file or directory, as in /var/opt/axigen/queue";
        if text.is_empty() { Err(hint) } else { Ok(PathBuf::from(text)) }
    })
}
