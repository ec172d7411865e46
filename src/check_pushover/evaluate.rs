//! Facts and limits become a report. No I/O, no clock.

#[cfg(test)]
mod tests;
mod upkeep;

use std::path::Path;
use std::time::Duration;

use super::explain;
use super::facts::{Facts, Lost, Note, Unconfirmed};
use super::policy::Policy;
use crate::monitoring::{Metric, Report, State, Thresholds, Unit, Used, Value, duration};
use crate::pushover::remarks::Remarks;
use crate::pushover::spool::SpoolError;

/// How long a remark is told.
const DAY_SECONDS: u64 = 86_400;

/// Judges what was seen.
pub(super) fn evaluate(facts: &Facts, policy: &Policy) -> Report {
    let mut report = Report::new();
    lost(facts, &mut report);
    if let Some(error) = &facts.unusable {
        unusable(error, &mut report);
        upkeep::configuration(facts, &mut report);
        credentials(facts, &mut report);
        return report;
    }
    if let Some(reason) = &facts.cut_short {
        report.find(policy.on_timeout, reason.to_string());
    }
    // Cut short before the spool was read, nothing is known of it: it is not empty.
    let Some(spool) = &facts.spool else {
        return report;
    };
    upkeep::judge(facts, &mut report);
    waiting(facts, policy, &mut report);
    unsendable(facts, &mut report);
    remarks(facts, &mut report);
    stuck(facts, &mut report);
    failed(facts, spool, policy, &mut report);
    blocks(facts, &mut report);
    last_success(facts, policy, &mut report);
    credentials(facts, &mut report);
    if let Some(limits) = &policy.quota {
        quota(facts, limits, &mut report);
    }
    report.explain(1, format!("spool {}", spool.display()));
    report.attach(facts);
    report
}

/// Was an alert neither sent nor kept?
fn lost(facts: &Facts, report: &mut Report) {
    for Lost { count, seconds, file } in &facts.lost {
        let alerts = if *count == 1 { "alert was" } else { "alerts were" };
        let age = duration::human(Duration::from_secs(*seconds));
        let last = if *count == 1 { "" } else { "the last one " };
        report.find(State::Critical, format!("{count} {alerts} lost, {last}{age} ago"));
        report.advise(format!("read what nobody was told; then rm {}", file.display()));
    }
    let count = facts.lost.iter().map(|lost| lost.count).sum();
    report.measure(Metric::new("lost", Value::Uint(count), Unit::None));
}

/// Can nothing be said of what waits?
fn unusable(error: &SpoolError, report: &mut Report) {
    report.find(State::Unknown, explain::unusable(error));
    if matches!(error, SpoolError::Missing(_)) {
        report.advise("send a first message with notify_pushover");
    }
    if let Some(command) = error.way_out() {
        report.advise(command);
    }
}

/// How long has the oldest message been waiting?
fn waiting(facts: &Facts, policy: &Policy, report: &mut Report) {
    let oldest = Value::Uint(facts.oldest_seconds);
    let state = policy.oldest.judge(oldest);
    let age = duration::human(Duration::from_secs(facts.oldest_seconds));
    let text = match (facts.waiting, &facts.last_problem) {
        (0, _) => "nothing is waiting".to_owned(),
        (count, None) => format!("{count} waiting, oldest {age}"),
        (count, Some(problem)) => format!("{count} waiting, oldest {age}: {problem}"),
    };
    report.find(state, text);
    report.measure(Metric::new("waiting", Value::Uint(facts.waiting), Unit::None));
    report.measure(Metric::new("oldest", oldest, Unit::Seconds).judged_by(&policy.oldest));
}

/// Is anything waiting that the timer cannot send?
fn unsendable(facts: &Facts, report: &mut Report) {
    if let Some(lacking) = &facts.lacking {
        report.find(
            State::Warning,
            format!("{} waiting cannot be sent from here: {lacking}", facts.unsendable),
        );
        report.advise(
            "put what is missing into pushover.toml, or run notify_pushover flush where it is set",
        );
    }
}

/// Did the last alert come as it was meant?
fn remarks(facts: &Facts, report: &mut Report) {
    let seen = facts.remarks.as_ref();
    // Whoever has not looked for a day will not look; without text, no alert says anything until it is mended.
    let seen = seen.filter(|(age, remarks)| remarks.is_without_text || *age < DAY_SECONDS);
    let mut count = 0;
    if let Some((age, Remarks { texts, is_without_text, .. })) = seen {
        count = texts.len().max(1);
        let age = duration::human(Duration::from_secs(*age));
        if *is_without_text {
            report.find(State::Critical, format!("the last alert, {age} ago, came without text"));
            report.advise("set enable_environment_macros=1 in nagios.cfg");
        } else {
            let what = texts.first().map_or("", String::as_str);
            report.find(State::Warning, format!("the last alert, {age} ago: {what}"));
            report.advise("correct the notification command; an alert without a remark ends this");
        }
        for text in texts {
            report.explain(1, text.clone());
        }
    }
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    report.measure(Metric::new("remarks", Value::Uint(count), Unit::None));
}

/// Does anything stay that is done with?
fn stuck(facts: &Facts, report: &mut Report) {
    let (are, files) = match facts.stuck {
        0 => return,
        1 => ("message is", "its file"),
        _ => ("messages are", "their files"),
    };
    report.find(State::Warning, format!("{} {are} done with but cannot be removed", facts.stuck));
    report.advise(format!("check owner and attributes of {files} in the spool"));
}

/// What will never arrive?
fn failed(facts: &Facts, spool: &Path, policy: &Policy, report: &mut Report) {
    let count = Value::Uint(facts.failed);
    let state = policy.failed.judge(count);
    if facts.given_up > 0 {
        let reason = explain::note(facts.newest_given_up.as_ref());
        report.find(
            State::Critical,
            format!("{} given up unsent, the last one: {reason}", facts.given_up),
        );
        report.advise("notify_pushover flush --retry-failed sends them");
    }
    if facts.failed > 0 {
        let text = match (&facts.newest_failure, &facts.newest_given_up) {
            (Some(Note::Reason(newest)), Some(Note::Reason(told))) if newest == told => {
                format!("{} failed", facts.failed)
            }
            (Some(Note::Missing), Some(Note::Missing)) => format!("{} failed", facts.failed),
            (None, _) => format!("{} failed, no reason recorded", facts.failed),
            (newest, _) => {
                let reason = explain::note(newest.as_ref());
                format!("{} failed, the last one: {reason}", facts.failed)
            }
        };
        report.find(state, text);
        let failed = spool.join("failed");
        report.advise(format!(
            "look into {}; notify_pushover flush --retry-failed sends them again",
            failed.display()
        ));
    } else if state != State::Ok {
        report.find(state, "none failed");
    }
    report.measure(Metric::new("failed", count, Unit::None).judged_by(&policy.failed));
}

/// Is anything held back after an error?
fn blocks(facts: &Facts, report: &mut Report) {
    for block in &facts.blocks {
        let left = duration::human(Duration::from_secs(block.seconds_left));
        let (state, what) = match (block.quota, block.whom.as_str()) {
            (true, _) => (
                State::Critical,
                format!("nothing is sent, the quota is used up; asked again in {left}"),
            ),
            (false, "") => {
                (State::Critical, format!("nothing is sent, the token was refused, for {left}"))
            }
            (false, whom) => (State::Warning, format!("nothing is sent to {whom}, for {left}")),
        };
        report.find(state, format!("{what}: {}", block.cause));
    }
    let count = u64::try_from(facts.blocks.len()).unwrap_or(u64::MAX);
    report.measure(Metric::new("blocked", Value::Uint(count), Unit::None));
}

/// When did the way work last?
fn last_success(facts: &Facts, policy: &Policy, report: &mut Report) {
    if let Some(seconds) = facts.last_success_seconds {
        let age = duration::human(Duration::from_secs(seconds));
        let unasked = if policy.asks { "" } else { "; Pushover was not asked" };
        report.find(State::Ok, format!("last sent {age} ago{unasked}"));
        report.measure(Metric::new("last_success", Value::Uint(seconds), Unit::Seconds));
    } else {
        report.find(State::Unknown, "nothing was ever sent");
        report.advise("send a test message with notify_pushover");
    }
}

/// Would everybody be reached?
fn credentials(facts: &Facts, report: &mut Report) {
    let mut good = 0;
    for credential in &facts.credentials {
        let (name, why) = match &credential.result {
            Ok(()) => {
                good += 1;
                continue;
            }
            Err(why) => (&credential.name, why),
        };
        let reason = explain::unconfirmed(why);
        match why {
            Unconfirmed::Keys(_) | Unconfirmed::Blocked(_) | Unconfirmed::Rejected(_) => {
                report.find(State::Critical, format!("{name}: {reason}"));
            }
            _ => report.find(State::Unknown, format!("{name} not validated: {reason}")),
        }
    }
    if good > 0 {
        let are = if good == 1 { "recipient is" } else { "recipients are" };
        report.find(State::Ok, format!("{good} {are} valid"));
    }
}

/// Will it last to the end of the month?
fn quota(facts: &Facts, limits: &Thresholds, report: &mut Report) {
    let mut metric = Metric::new("quota_used", Value::Undetermined, Unit::None);
    match &facts.quota {
        Some(Ok(quota)) => {
            let state = limits.judge(Value::Uint(quota.remaining));
            report.find(state, format!("{} of {} messages left", quota.remaining, quota.limit));
            let [limit, left] = [quota.limit, quota.remaining]
                .map(|messages| u32::try_from(messages).unwrap_or(u32::MAX));
            let used = Used { left: left.into(), whole: limit.into(), shown_as: limit };
            metric = used.metric("quota_used", Unit::None, limits);
        }
        Some(Err(why)) => {
            let reason = explain::unconfirmed(why);
            report.find(State::Unknown, format!("quota unknown: {reason}"));
        }
        None => {}
    }
    report.measure(metric);
}
