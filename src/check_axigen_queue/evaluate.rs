//! Facts and limits become a report. No I/O, no clock.

pub(super) mod metrics;

use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use super::explain;
use super::facts::{AgeBuckets, Ages, Facts, Free, Obstacle, ProbeError, Queue};
use super::policy::Policy;
use crate::monitoring::{Metric, Report, State, Thresholds, Unit, Used, Value, duration};

/// Judges what was seen.
pub(super) fn evaluate(seen: &Result<Facts, ProbeError>, policy: &Policy) -> Report {
    let facts = match seen {
        Ok(facts) => facts,
        Err(error) => return not_located(error, policy),
    };
    let mut report = Report::new();
    completeness(facts, policy, &mut report);
    // Cut short while it was sought, the queue is unknown, not empty.
    if facts.queues.is_empty() {
        nothing_measured(policy, &mut report);
    } else {
        messages(facts, policy, &mut report);
        if let Some(older_than) = policy.older_than {
            ages(facts, policy, older_than, &mut report);
        }
        free_space(facts, policy, &mut report);
        if policy.size {
            size(facts, &mut report);
        }
    }
    explain::explain(facts, &mut report);
    report.attach(facts);
    report
}

fn not_located(error: &ProbeError, policy: &Policy) -> Report {
    let mut report = Report::unknown(error.to_string());
    report.advise("name the queue with --queue-dir");
    nothing_measured(policy, &mut report);
    report
}

/// The same labels as where a queue was found, since graphs expect them in every result.
fn nothing_measured(policy: &Policy, report: &mut Report) {
    let mut unknown =
        |label: &str, unit| report.measure(Metric::new(label, Value::Undetermined, unit));
    unknown("messages", Unit::None);
    if policy.older_than.is_some() {
        unknown("older", Unit::None);
        unknown("oldest", Unit::Seconds);
        for (label, _) in AgeBuckets::default().iter() {
            unknown(label, Unit::None);
        }
    }
    unknown("used_bytes", Unit::Percent);
    unknown("used_inodes", Unit::Percent);
    if policy.size {
        unknown("size", Unit::Bytes);
        unknown("largest", Unit::Bytes);
    }
}

/// What kept the look from being complete, each with the way out.
fn completeness(facts: &Facts, policy: &Policy, report: &mut Report) {
    if let Some(out_of_time) = &facts.cut_short {
        report.find(policy.on_timeout, out_of_time.to_string());
    }
    for queue in &facts.queues {
        unread(queue, facts.account.as_deref(), report);
        if queue.listed && queue.unread.count == 0 && queue.subdirectories == 0 {
            let path = queue.path.display();
            report.find(State::Unknown, format!("no queue subdirectory (00, 01, ...) in {path}"));
            report.advise("name the directory that holds them with --queue-dir");
        }
        if queue.has_only_others() {
            let prefixes: Vec<String> = queue
                .other_files
                .prefixes()
                .iter()
                .take(5)
                .map(|(letter, count)| format!("{letter}={count}"))
                .collect();
            let (count, prefixes) = (queue.other_files.count, prefixes.join(" "));
            report.find(
                State::Unknown,
                format!("layout not recognised: {count} files but no message in {}, prefixes {prefixes}", queue.path.display()),
            );
            report.advise("run with --census and report it");
        } else if queue.has_unexplained() {
            let (count, path) = (queue.unexplained.count, queue.path.display());
            let first = queue.unexplained.first.as_deref().unwrap_or_default();
            report.find(
                State::Unknown,
                format!("layout not recognised: {count} files named like messages, but not counted, in {path}, first {first}"),
            );
            report.advise("run with --census and report it");
        }
    }
}

fn unread(queue: &Queue, account: Option<&str>, report: &mut Report) {
    let Some(first) = &queue.unread.first else {
        return;
    };
    let (path, obstacle, count) = (first.path.display(), first.obstacle, queue.unread.count);
    let of_how_many = match queue.subdirectories {
        0 => String::new(),
        all => format!(" ({count} of {all} directories unread)"),
    };
    report.find(State::Unknown, format!("cannot read {path}: {obstacle}{of_how_many}"));
    match (account, &first.closed_parent, first.obstacle) {
        (Some(account), Some(parent), _) => report.advise(grant(account, "x", parent)),
        (Some(account), None, obstacle) if obstacle.is_denied() => {
            report.advise(grant(account, "rx", &first.path));
        }
        (_, _, Obstacle::System(Errno::NOENT | Errno::NOTDIR)) => {
            report.advise("name the queue with --queue-dir");
        }
        _ => {}
    }
}

/// The command that lets `account` look, as a line for a shell.
fn grant(account: &str, rights: &str, directory: &Path) -> String {
    let directory = directory.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if directory.chars().all(is_plain) {
        format!("run: setfacl -m u:{account}:{rights} {directory}")
    } else {
        let quoted = directory.replace('\'', r"'\''");
        format!("run: setfacl -m u:{account}:{rights} '{quoted}'")
    }
}

fn messages(facts: &Facts, policy: &Policy, report: &mut Report) {
    let seen: u64 = facts.queues.iter().map(|queue| queue.messages).sum();
    let counted = facts.queues.iter().all(Queue::is_counted);
    let limits = &policy.messages;
    let (state, value) = if counted {
        (limits.judge(Value::Uint(seen)), Value::Uint(seen))
    } else {
        (limits.judge_at_least(seen), Value::Undetermined)
    };
    if counted || seen > 0 {
        let noun = if seen == 1 { "message" } else { "messages" };
        let at_least = if counted { "" } else { "at least " };
        report.find(state, format!("{at_least}{seen} {noun}{}", breached(limits, state)));
    }
    report.measure(Metric::new("messages", value, Unit::None).judged_by(limits));
    if facts.queues.len() > 1 {
        for (number, queue) in (1..).zip(&facts.queues) {
            let value =
                if queue.is_counted() { Value::Uint(queue.messages) } else { Value::Undetermined };
            let label = format!("messages_{number}");
            report.measure(Metric::new(&label, value, Unit::None));
        }
    }
}

fn ages(facts: &Facts, policy: &Policy, older_than: Duration, report: &mut Report) {
    let mut all = Ages { finished: true, ..Ages::default() };
    for queue in &facts.queues {
        let empty = Ages::default();
        let ages = queue.ages.as_ref().unwrap_or(&empty);
        all.finished &= queue.is_counted() && ages.finished && ages.refused.count == 0;
        all.older += ages.older;
        all.oldest_seconds = all.oldest_seconds.max(ages.oldest_seconds);
        all.buckets.merge(ages.buckets);
        if let Some(obstacle) = ages.refused.first {
            let (count, path) = (ages.refused.count, queue.path.display());
            let whose = if count == 1 {
                "age of 1 message".to_owned()
            } else {
                format!("ages of {count} messages")
            };
            report.find(limit_state(policy), format!("{whose} in {path} unknown: {obstacle}"));
            report.advise("grant rx on every directory of the queue, or use --count-only");
        }
    }
    let judge = |limits: &Thresholds, seen: u64| {
        if all.finished { limits.judge(Value::Uint(seen)) } else { limits.judge_at_least(seen) }
    };
    let at_least = if all.finished { "" } else { "at least " };
    let value = |seen: u64| {
        if all.finished { Value::Uint(seen) } else { Value::Undetermined }
    };

    let state = judge(&policy.older, all.older);
    let limit = duration::human(older_than);
    if all.finished || all.older > 0 {
        let breach = breached(&policy.older, state);
        // Where it is a problem it may stand alone on the first line.
        let noun = match (state, all.older) {
            (State::Ok, _) => "",
            (_, 1) => " message",
            _ => " messages",
        };
        report.find(state, format!("{at_least}{}{noun} older than {limit}{breach}", all.older));
    }
    let oldest = all.oldest_seconds.unwrap_or(0);
    let state = judge(&policy.oldest, oldest);
    if all.oldest_seconds.is_some() || state != State::Ok {
        let age = duration::human(Duration::from_secs(oldest));
        let noun = if state == State::Ok { "oldest" } else { "oldest message" };
        report.find(state, format!("{noun} {at_least}{age}{}", breached(&policy.oldest, state)));
    }
    if all.finished && all.buckets.recent() > 0 {
        report.find(State::Ok, format!("{} new in 5m", all.buckets.recent()));
    }
    report.measure(Metric::new("older", value(all.older), Unit::None).judged_by(&policy.older));
    report.measure(Metric::new("oldest", value(oldest), Unit::Seconds).judged_by(&policy.oldest));
    for (label, count) in all.buckets.iter() {
        report.measure(Metric::new(label, value(count), Unit::None));
    }
}

/// UNKNOWN when an age limit is set; without one nobody asked.
fn limit_state(policy: &Policy) -> State {
    State::worst([
        policy.older.judge(Value::Undetermined),
        policy.oldest.judge(Value::Undetermined),
    ])
}

/// The least free space among the queues' file systems; graphs see what is used of it.
fn free_space(facts: &Facts, policy: &Policy, report: &mut Report) {
    let bytes = |free: &Free| Some(free.bytes_percent);
    let inodes = |free: &Free| free.inodes_percent;
    let mut told = true;
    for queue in &facts.queues {
        match &queue.free {
            Some(Ok(_)) => {}
            Some(Err(obstacle)) => {
                told = false;
                let state = policy.free.judge(Value::Undetermined);
                report.find(
                    state,
                    format!("free space of {} unknown: {obstacle}", queue.path.display()),
                );
            }
            None => told = false,
        }
    }
    least_free(facts, policy, ("disk space", "used_bytes"), bytes, told, report);
    least_free(facts, policy, ("inodes", "used_inodes"), inodes, told, report);
}

fn least_free(
    facts: &Facts,
    policy: &Policy,
    (noun, label): (&str, &str),
    percent: impl Fn(&Free) -> Option<f64>,
    told: bool,
    report: &mut Report,
) {
    let known = facts
        .queues
        .iter()
        .filter_map(|queue| Some((percent(queue.free.as_ref()?.as_ref().ok()?)?, &queue.path)));
    let least = known.min_by(|(a, _), (b, _)| a.total_cmp(b));
    if let Some((percent, path)) = least {
        let state = policy.free.judge(Value::Float(percent));
        if state != State::Ok {
            let breach = free_breach(&policy.free, state);
            report.find(state, format!("{percent}% of {noun} free on {}{breach}", path.display()));
        }
    }
    match least {
        Some((percent, _)) if told => {
            let used = Used { left: percent, whole: 100.0, shown_as: 100 };
            report.measure(used.metric(label, Unit::Percent, &policy.free));
        }
        None if told => {} // A file system without a fixed number of inodes has nothing to measure.
        _ => report.measure(Metric::new(label, Value::Undetermined, Unit::Percent)),
    }
}

fn size(facts: &Facts, report: &mut Report) {
    let is_whole = |queue: &Queue| queue.size.is_some_and(|size| size.finished && size.unread == 0);
    let complete = facts.queues.iter().all(is_whole);
    let sizes = || facts.queues.iter().filter_map(|queue| queue.size);
    let bytes: u64 = sizes().map(|size| size.bytes).sum();
    let largest = sizes().map(|size| size.largest_bytes).max().unwrap_or(0);
    let (state, at_least) = if complete { (State::Ok, "") } else { (State::Unknown, "at least ") };
    report.find(state, format!("{at_least}{} in all files", human(bytes)));
    for (label, bytes) in [("size", bytes), ("largest", largest)] {
        let value = if complete { Value::Uint(bytes) } else { Value::Undetermined };
        report.measure(Metric::new(label, value, Unit::Bytes));
    }
}

/// Rounded down to a whole number of the largest unit that leaves one; units of 1000, as Icinga Web shows them.
fn human(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let unit = units.iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(|| format!("{bytes} B"), |(size, name)| format!("{} {name}", bytes / size))
}

/// " (warning below 10%)" for a limit of `10:` on what is free.
fn free_breach(limits: &Thresholds, state: State) -> String {
    let text = breached(limits, state);
    let least = text.strip_suffix(":)").and_then(|text| text.rsplit_once(' '));
    match least {
        Some((start, least)) if least.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            format!("{start} below {least}%)")
        }
        _ => text,
    }
}

/// " (warning 100)" when that limit is breached.
fn breached(limits: &Thresholds, state: State) -> String {
    let name = if state == State::Critical { "critical" } else { "warning" };
    limits.behind(state).map_or(String::new(), |range| format!(" ({name} {range})"))
}

#[cfg(test)]
mod tests;
