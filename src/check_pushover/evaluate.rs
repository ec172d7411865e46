//! Facts and limits become a report. No I/O, no clock.

use std::time::Duration;

use super::facts::{Facts, ProbeError, Verdict};
use crate::monitoring::{Label, Metric, Report, State, Thresholds, Unit, Value, duration};

/// The limits of one run.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// In seconds.
    pub(super) oldest: Thresholds,
    pub(super) failed: Thresholds,
    /// Absent unless the quota is wanted.
    pub(super) quota: Option<Thresholds>,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}

/// Judges what was seen.
pub(super) fn evaluate(seen: &Result<Facts, ProbeError>, policy: &Policy) -> Report {
    let facts = match seen {
        Ok(facts) => facts,
        Err(error) => {
            let mut report = Report::unknown(error.to_string());
            report.advise("send a first message with notify_pushover");
            return report;
        }
    };
    let mut report = Report::new();
    if let Some(reason) = &facts.cut_short {
        report.find(policy.on_timeout, reason.as_str());
    }
    waiting(facts, policy, &mut report);
    failed(facts, policy, &mut report);
    blocks(facts, &mut report);
    last_success(facts, &mut report);
    credentials(facts, &mut report);
    if let Some(limits) = &policy.quota {
        quota(facts, limits, &mut report);
    }
    report.explain(1, format!("spool {}", facts.spool.display()));
    report.attach(facts);
    report
}

/// How long has the oldest message been waiting?
fn waiting(facts: &Facts, policy: &Policy, report: &mut Report) {
    let oldest = Value::Uint(facts.oldest_seconds);
    let state = policy.oldest.judge(oldest);
    let age = duration::human(Duration::from_secs(facts.oldest_seconds));
    let text = match (facts.waiting, &facts.last_problem) {
        (0, _) => "nothing waits".to_owned(),
        (count, None) => format!("{count} waiting, oldest {age}"),
        (count, Some(problem)) => format!("{count} waiting, oldest {age}: {problem}"),
    };
    report.find(state, text);
    measure(
        report,
        "waiting",
        Value::Uint(facts.waiting),
        Unit::None,
        None,
    );
    measure(
        report,
        "oldest",
        oldest,
        Unit::Seconds,
        Some(&policy.oldest),
    );
}

/// What will never arrive?
fn failed(facts: &Facts, policy: &Policy, report: &mut Report) {
    let count = Value::Uint(facts.failed);
    let state = policy.failed.judge(count);
    if facts.failed > 0 {
        let reason = facts.newest_failure.as_deref().unwrap_or("no reason noted");
        report.find(
            state,
            format!("{} failed, the last one: {reason}", facts.failed),
        );
        let failed = facts.spool.join("failed");
        report.explain(
            1,
            format!(
                "look into {}; notify_pushover flush --retry-failed sends them again",
                failed.display()
            ),
        );
    } else if state != State::Ok {
        report.find(state, "none failed");
    }
    measure(report, "failed", count, Unit::None, Some(&policy.failed));
}

/// Is anything held back after an error?
fn blocks(facts: &Facts, report: &mut Report) {
    for block in &facts.blocks {
        let left = duration::human(Duration::from_secs(block.seconds_left));
        let (state, what) = match (block.quota, block.whom.as_str()) {
            (true, _) => (
                State::Critical,
                "nothing is sent, the quota is used up".to_owned(),
            ),
            (false, "") => (
                State::Critical,
                "nothing is sent, the token was refused".to_owned(),
            ),
            (false, whom) => (State::Warning, format!("nothing is sent to {whom}")),
        };
        report.find(state, format!("{what}, for {left}: {}", block.reason));
    }
    let count = u64::try_from(facts.blocks.len()).unwrap_or(u64::MAX);
    measure(report, "blocked", Value::Uint(count), Unit::None, None);
}

/// When did the way work last?
fn last_success(facts: &Facts, report: &mut Report) {
    if let Some(seconds) = facts.last_success_seconds {
        let age = duration::human(Duration::from_secs(seconds));
        report.find(State::Ok, format!("last sent {age} ago"));
        measure(
            report,
            "last_success",
            Value::Uint(seconds),
            Unit::Seconds,
            None,
        );
    } else {
        report.find(State::Unknown, "nothing was ever sent");
        report.advise("send a test message with notify_pushover");
    }
}

/// Would everybody be reached?
fn credentials(facts: &Facts, report: &mut Report) {
    let mut good = 0;
    for credential in &facts.credentials {
        match &credential.verdict {
            Verdict::Good => good += 1,
            Verdict::Bad(reason) => {
                report.find(State::Critical, format!("{}: {reason}", credential.name));
            }
            Verdict::Unknown(reason) => {
                report.find(
                    State::Unknown,
                    format!("{} not validated: {reason}", credential.name),
                );
            }
        }
    }
    if good > 0 {
        report.find(State::Ok, format!("{good} recipients are good"));
    }
}

/// Will it last to the end of the month?
fn quota(facts: &Facts, limits: &Thresholds, report: &mut Report) {
    let remaining = match &facts.quota {
        Some(Ok(quota)) => {
            let remaining = Value::Uint(quota.remaining);
            report.find(
                limits.judge(remaining),
                format!("{} of {} messages left", quota.remaining, quota.limit),
            );
            remaining
        }
        Some(Err(reason)) => {
            report.find(State::Unknown, format!("quota unknown: {reason}"));
            Value::Undetermined
        }
        None => Value::Undetermined,
    };
    measure(
        report,
        "quota_remaining",
        remaining,
        Unit::None,
        Some(limits),
    );
}

fn measure(report: &mut Report, name: &str, value: Value, unit: Unit, limits: Option<&Thresholds>) {
    if let Ok(label) = Label::new(name) {
        let metric = Metric::new(label, value, unit);
        report.measure(match limits {
            Some(limits) => metric.judged_by(limits),
            None => metric,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Blocked, Credential};
    use super::*;
    use crate::pushover::answer::Quota;

    fn policy() -> Policy {
        Policy {
            oldest: Thresholds {
                warning: "600".parse().ok(),
                critical: "1800".parse().ok(),
            },
            failed: Thresholds {
                warning: "0".parse().ok(),
                critical: None,
            },
            quota: Some(Thresholds {
                warning: "1000:".parse().ok(),
                critical: "200:".parse().ok(),
            }),
            on_timeout: State::Unknown,
        }
    }

    fn healthy() -> Facts {
        Facts {
            last_success_seconds: Some(60),
            quota: Some(Ok(Quota {
                limit: 10_000,
                remaining: 5000,
                reset: 0,
            })),
            ..Facts::default()
        }
    }

    fn blocked(quota: bool, whom: &str) -> Vec<Blocked> {
        vec![Blocked {
            whom: whom.to_owned(),
            reason: "r".to_owned(),
            seconds_left: 9,
            quota,
        }]
    }

    fn credential(verdict: Verdict) -> Vec<Credential> {
        vec![Credential {
            name: "alice".to_owned(),
            verdict,
        }]
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one row a fact")]
    fn each_fact_has_its_state() {
        let remaining = |remaining| {
            Some(Ok(Quota {
                limit: 10_000,
                remaining,
                reset: 0,
            }))
        };
        let reason = || "r".to_owned();
        for (case, facts, state) in [
            ("healthy", healthy(), State::Ok),
            (
                "waiting shortly",
                Facts {
                    waiting: 1,
                    oldest_seconds: 600,
                    ..healthy()
                },
                State::Ok,
            ),
            (
                "waiting",
                Facts {
                    waiting: 1,
                    oldest_seconds: 601,
                    ..healthy()
                },
                State::Warning,
            ),
            (
                "waiting long",
                Facts {
                    waiting: 1,
                    oldest_seconds: 1801,
                    ..healthy()
                },
                State::Critical,
            ),
            (
                "failed",
                Facts {
                    failed: 1,
                    ..healthy()
                },
                State::Warning,
            ),
            (
                "no success ever",
                Facts {
                    last_success_seconds: None,
                    ..healthy()
                },
                State::Unknown,
            ),
            (
                "token blocked",
                Facts {
                    blocks: blocked(false, ""),
                    ..healthy()
                },
                State::Critical,
            ),
            (
                "quota blocked",
                Facts {
                    blocks: blocked(true, ""),
                    ..healthy()
                },
                State::Critical,
            ),
            (
                "recipient blocked",
                Facts {
                    blocks: blocked(false, "bob"),
                    ..healthy()
                },
                State::Warning,
            ),
            (
                "little left",
                Facts {
                    quota: remaining(999),
                    ..healthy()
                },
                State::Warning,
            ),
            (
                "nothing left",
                Facts {
                    quota: remaining(199),
                    ..healthy()
                },
                State::Critical,
            ),
            (
                "quota unknown",
                Facts {
                    quota: Some(Err(reason())),
                    ..healthy()
                },
                State::Unknown,
            ),
            (
                "good",
                Facts {
                    credentials: credential(Verdict::Good),
                    ..healthy()
                },
                State::Ok,
            ),
            (
                "bad",
                Facts {
                    credentials: credential(Verdict::Bad(reason())),
                    ..healthy()
                },
                State::Critical,
            ),
            (
                "unasked",
                Facts {
                    credentials: credential(Verdict::Unknown(reason())),
                    ..healthy()
                },
                State::Unknown,
            ),
            (
                "cut short",
                Facts {
                    cut_short: Some(reason()),
                    ..healthy()
                },
                State::Unknown,
            ),
        ] {
            assert_eq!(evaluate(&Ok(facts), &policy()).state(), state, "{case}");
        }
        let missing = ProbeError::Missing("/s".into());
        assert_eq!(evaluate(&Err(missing), &policy()).state(), State::Unknown);
    }

    #[test]
    fn a_quota_that_was_asked_for_and_not_told_is_undetermined() {
        let report = evaluate(
            &Ok(Facts {
                quota: Some(Err("r".to_owned())),
                ..healthy()
            }),
            &policy(),
        );
        let metric = report
            .metrics()
            .iter()
            .find(|metric| metric.label.as_str() == "quota_remaining");
        assert_eq!(metric.map(|metric| metric.value), Some(Value::Undetermined));
        let unasked = evaluate(
            &Ok(healthy()),
            &Policy {
                quota: None,
                ..policy()
            },
        );
        assert!(
            unasked
                .metrics()
                .iter()
                .all(|metric| metric.label.as_str() != "quota_remaining")
        );
    }
}
