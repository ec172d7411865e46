//! Long output: `-v` says what was seen, `-vv` what was looked at, `--census` what stands in the tree.

pub(super) mod metrics;

use std::fmt;

use super::facts::{AgeBuckets, Ages, Census, ConfigSays, Facts, FoundBy, Kind, Obstacle, Queue};
use crate::monitoring::{Meanings, Report};

/// What each metric is; a label that ends in `_` stands for those with a number behind it.
pub(super) const MEANINGS: Meanings = &[
    ("messages", "messages in all queue directories"),
    ("messages_", "messages in each, with several --queue-dir, in that order"),
    ("older", "messages older than --older-than"),
    ("oldest", "age of the oldest message, 0 for an empty queue"),
    ("under_5m", "messages younger than 5 minutes"),
    ("under_15m", "messages 5 to 15 minutes old"),
    ("under_1h", "messages 15 minutes to 1 hour old"),
    ("under_4h", "messages 1 to 4 hours old"),
    ("under_8h", "messages 4 to 8 hours old"),
    ("under_1d", "messages 8 hours to 1 day old"),
    ("under_5d", "messages 1 to 5 days old"),
    ("over_5d", "messages 5 days old or older"),
    (
        "used_bytes",
        "share of the queue's file system that an ordinary account can no longer use, rounded up",
    ),
    (
        "used_inodes",
        "share of the inodes of that file system that an ordinary account can no longer use, rounded up",
    ),
    ("size", "size of all files, with --size"),
    ("largest", "size of the largest file, with --size"),
    ("uptime", "time since the server was started, with --metrics-url"),
    ("load", "load average of that server over one minute, with --metrics-url"),
    ("users", "users of that server, the sum of all domains, with --metrics-url"),
];

/// Adds the long output.
pub(super) fn explain(facts: &Facts, report: &mut Report) {
    for (number, queue) in (1..).zip(&facts.queues) {
        let number = if facts.queues.len() > 1 { format!(" {number}") } else { String::new() };
        let (path, messages, subdirectories) =
            (queue.path.display(), queue.messages, queue.subdirectories);
        let at_least = if queue.is_counted() { "" } else { "at least " };
        let found_by = facts.found_by.as_ref().map(ToString::to_string).unwrap_or_default();
        report.explain(
            1,
            format!("queue{number} {path}: {at_least}{messages} messages in {subdirectories} subdirectories ({found_by})"),
        );
        fullest(queue, report);
        space(queue, report);
        if let Some(ages) = &queue.ages {
            self::ages(ages, report);
        }
        beside(queue, report);
        looked_at(queue, report);
        if let Some(census) = &queue.census {
            self::census(census, report);
        }
    }
}

fn fullest(queue: &Queue, report: &mut Report) {
    let listed: Vec<String> =
        queue.fullest.iter().map(|(name, messages)| format!("{name} {messages}")).collect();
    if !listed.is_empty() {
        report.explain(1, format!("fullest directories: {}", listed.join(", ")));
    }
}

fn space(queue: &Queue, report: &mut Report) {
    let Some(Ok(free)) = queue.free else { return };
    let inodes = free.inodes_percent.map_or_else(
        || "no fixed number of inodes".to_owned(),
        |percent| format!("{percent}% of inodes"),
    );
    report.explain(1, format!("free: {}% of bytes, {inodes}", free.bytes_percent));
}

fn ages(ages: &Ages, report: &mut Report) {
    let buckets: Vec<String> = ages
        .buckets
        .iter()
        .map(|(label, count)| format!("{} {count}", label.replace('_', " ")))
        .collect();
    report.explain(1, format!("ages: {}", buckets.join(", ")));
    if ages.future > 0 {
        let future = ages.future;
        report.explain(
            1,
            format!(
                "note: {future} messages arrived in the future, counted as new; check the clock"
            ),
        );
    }
}

/// What lies beside the messages and is not counted.
fn beside(queue: &Queue, report: &mut Report) {
    if let Some(first) = &queue.deeper.first {
        let count = queue.deeper.count;
        report.explain(
            1,
            format!("note: {count} directories below the second level, not counted, first {first}"),
        );
    }
    if let Some(first) = &queue.other_directories.first {
        let count = queue.other_directories.count;
        report.explain(1, format!("note: {count} other directories, not entered, first {first}"));
    }
    let unexplained = queue.unexplained.count;
    if unexplained > 0 && !queue.has_unexplained() {
        report.explain(
            1,
            format!(
                "note: {unexplained} files named like messages, not counted, without a message of that name"
            ),
        );
    }
    let named_otherwise = queue.other_files.named_otherwise;
    if queue.messages > 0 && named_otherwise > 0 {
        report.explain(1, format!("note: {named_otherwise} files of other names, not counted"));
    }
    if queue.messages == 0 && queue.other_files.count > 0 && !queue.is_unrecognised() {
        let count = queue.other_files.count;
        report.explain(1, format!("note: no message, but {count} other files"));
    }
}

fn looked_at(queue: &Queue, report: &mut Report) {
    let prefixes: Vec<String> = queue
        .other_files
        .prefixes()
        .iter()
        .map(|(letter, count)| format!("{letter} {count}"))
        .collect();
    let prefixes = if prefixes.is_empty() { "none".to_owned() } else { prefixes.join(", ") };
    report
        .explain(2, format!("read: names of all entries; other files by first letter: {prefixes}"));
    match &queue.ages {
        Some(ages) => {
            let (known, without, by_birth) = (ages.known, ages.without_birth, ages.by_birth);
            let source = format!("{by_birth} judged by birth time, {without} without one");
            report.explain(2, format!("read: mtime and birth time of {known} messages, {source}"));
        }
        None => report.explain(2, "not asked: ages of messages"),
    }
    if let Some(size) = &queue.size {
        report.explain(
            2,
            format!("read: sizes of {} files, {} could not be asked", size.files, size.unread),
        );
    }
}

fn census(census: &Census, report: &mut Report) {
    let end = if census.finished { "" } else { ", cut short" };
    report.explain(
        0,
        format!(
            "census: {} kinds, {} entries could not be asked{end}",
            census.kinds.len(),
            census.unread
        ),
    );
    for (name, kind) in &census.kinds {
        report.explain(0, format!("{name}: {}", describe(kind)));
    }
}

fn describe(kind: &Kind) -> String {
    let modes: Vec<String> =
        kind.modes.iter().map(|(mode, count)| format!("{mode} x {count}")).collect();
    let ages = |buckets: AgeBuckets| {
        let filled: Vec<String> = buckets
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(label, count)| format!("{} {count}", label.replace('_', " ")))
            .collect();
        if filled.is_empty() { "none".to_owned() } else { filled.join(", ") }
    };
    format!(
        "{} (mode {}); by mtime: {}; by birth: {}; written again {}, backdated {}, in the future {}, no birth time {}",
        kind.count,
        modes.join(", "),
        ages(kind.by_mtime),
        ages(kind.by_birth),
        kind.rewritten,
        kind.backdated,
        kind.in_future,
        kind.without_birth,
    )
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueDir => f.write_str("named by --queue-dir"),
            Self::Config(path) => write!(f, "queuePath in {}", path.display()),
            Self::Default(config) => write!(f, "first default that exists; {config}"),
        }
    }
}

impl fmt::Display for ConfigSays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => f.write_str("no axigen.cfg"),
            Self::NoQueuePath(path) => write!(f, "{} sets no queuePath", path.display()),
            Self::Unreadable(path, cause) => write!(f, "cannot read {}: {cause}", path.display()),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(errno) => {
                // Without the number that std adds: "Permission denied".
                let text = std::io::Error::from(*errno).to_string();
                f.write_str(text.split(" (os error").next().unwrap_or_default())
            }
            Self::SymbolicLink => f.write_str("is a symbolic link"),
            Self::OtherFileSystem => f.write_str("is on another file system"),
            Self::SameAsBefore => f.write_str("is a directory that was given before"),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::TooLarge => f.write_str("is larger than 16 MiB"),
            Self::NotTold => f.write_str("the file system does not say"),
        }
    }
}
