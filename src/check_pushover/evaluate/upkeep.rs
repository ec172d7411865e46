//! Would the next alert be kept, and sent when the way is up again? The spool, the timer, the clock, the configuration.

use std::time::Duration;

use super::super::facts::Facts;
use crate::monitoring::{Metric, Report, State, Unit, Value, duration};
use crate::pushover::config::{ConfigMistake, NoConfig};
use crate::pushover::spool::Room;
use crate::secret::SecretError;

/// Room for one message and what is noted of it.
const ONE_BYTES: u64 = 64 << 10;
const ONE_FILES: u64 = 4;
/// Room for as many as wait in a bad night.
const MANY_BYTES: u64 = 4 << 20;
const MANY_FILES: u64 = 1000;
/// The longest silence that Pushover is granted, and a minute.
const STANDSTILL_SECONDS: u64 = 360;
/// Of a timer that runs every minute.
const TIMER_SECONDS: u64 = 600;

/// Judges all of it.
pub(super) fn judge(facts: &Facts, report: &mut Report) {
    configuration(facts, report);
    keeping(facts, report);
    standstill(facts, report);
    timer(facts, report);
    clock(facts, report);
}

/// Can anything be sent with the configuration?
pub(super) fn configuration(facts: &Facts, report: &mut Report) {
    if let Some(problem) = &facts.configuration {
        // What this account may not read, the one that sends may read.
        let is_ours = matches!(**problem, NoConfig::File(SecretError::Unreadable { .. }));
        let state = if is_ours { State::Unknown } else { State::Critical };
        report.find(state, problem.to_string());
        report.advise("notify_pushover validate says when it is fixed");
    }
    if let Some(problem) = &facts.route {
        report.find(State::Critical, format!("nothing can be sent: {problem}"));
    }
    for mistake in &facts.mistakes {
        let state = match mistake {
            ConfigMistake::Recipient(_) => State::Critical,
            ConfigMistake::State { .. } | ConfigMistake::WebUrl | ConfigMistake::Core(_) => {
                State::Warning
            }
        };
        report.find(state, mistake.to_string());
        report.advise("correct it in pushover.toml");
    }
}

/// Would the next alert be kept?
fn keeping(facts: &Facts, report: &mut Report) {
    if let Some(error) = &facts.not_kept {
        report.find(State::Critical, format!("the next alert is not kept: {error}"));
        report.advise("until this is fixed, an alert that cannot be sent at once is lost");
    }
    let Some(Room { bytes, files }) = facts.room else { return };
    let less = |size: u64, number: u64| bytes < size || files.is_some_and(|files| files < number);
    let state = match (less(ONE_BYTES, ONE_FILES), less(MANY_BYTES, MANY_FILES)) {
        (true, _) => State::Critical,
        (false, true) => State::Warning,
        (false, false) => State::Ok,
    };
    if state != State::Ok && facts.not_kept.is_none() {
        let files = files.map_or(String::new(), |files| format!(" and {files} files"));
        let how = if state == State::Critical { "" } else { "nearly " };
        let kib = bytes >> 10;
        report.find(state, format!("the spool is {how}full: room for {kib} KiB{files}"));
        report.advise("make room on its file system");
    }
    report.measure(Metric::new("spool_free", Value::Uint(bytes), Unit::Bytes));
}

/// Does the process that sends hang?
fn standstill(facts: &Facts, report: &mut Report) {
    let Some(seconds) = facts.standstill_seconds else { return };
    if seconds > STANDSTILL_SECONDS {
        let age = duration::human(Duration::from_secs(seconds));
        report.find(State::Critical, format!("the process that sends has not moved for {age}"));
        report.advise("fuser -v .lock in the spool names it; end it, and the next one sends");
    }
    report.measure(Metric::new("standstill", Value::Uint(seconds), Unit::Seconds));
}

/// Does anybody send what waits when no new alert comes?
fn timer(facts: &Facts, report: &mut Report) {
    let text = match facts.last_flush_seconds {
        Some(seconds) if seconds > TIMER_SECONDS => {
            let age = duration::human(Duration::from_secs(seconds));
            Some(format!("notify_pushover flush has not run for {age}"))
        }
        None if facts.used_seconds > TIMER_SECONDS => {
            Some("notify_pushover flush has never run".to_owned())
        }
        _ => None,
    };
    if let Some(text) = text {
        report.find(State::Warning, text);
        report.advise(
            "systemctl enable --now notify-pushover-flush.timer, or run it from cron every minute",
        );
    }
    if let Some(seconds) = facts.last_flush_seconds {
        report.measure(Metric::new("last_flush", Value::Uint(seconds), Unit::Seconds));
    }
}

/// Is anything dated ahead, so that nobody sees how long it waits?
fn clock(facts: &Facts, report: &mut Report) {
    if facts.future > 0 {
        let (count, ahead) =
            (facts.future, duration::human(Duration::from_secs(facts.future_seconds)));
        let messages = if count == 1 { "message is" } else { "messages are" };
        report.find(State::Warning, format!("{count} waiting {messages} dated {ahead} ahead"));
        report.advise("check the clock of this host: it was ahead, or is behind now");
    }
    report.measure(Metric::new("future", Value::Uint(facts.future), Unit::None));
}
