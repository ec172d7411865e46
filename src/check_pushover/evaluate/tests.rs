//! Tables of `evaluate.rs`.

use std::sync::Arc;
use std::time::Duration;

use super::super::facts::{Blocked, Credential, Facts, Lost, Unconfirmed};
use super::super::policy::Policy;
use super::evaluate;
use crate::monitoring::{State, Thresholds, Value};
use crate::program::OutOfTime;
use crate::pushover::client::RouteError;
use crate::pushover::config::ConfigMistake;
use crate::pushover::memory::BlockCause;
use crate::pushover::not_accepted::{Failure, Rejection, Words};
use crate::pushover::remarks::Remarks;
use crate::pushover::response::Quota;
use crate::pushover::spool::{Room, SpoolError};

fn policy() -> Policy {
    Policy {
        oldest: Thresholds { warning: "600".parse().ok(), critical: "1800".parse().ok() },
        failed: Thresholds { warning: "0".parse().ok(), critical: None },
        quota: Some(Thresholds { warning: "1000:".parse().ok(), critical: "200:".parse().ok() }),
        asks: true,
        on_timeout: State::Unknown,
    }
}

fn healthy() -> Facts {
    Facts {
        spool: Some("/s".into()),
        last_success_seconds: Some(60),
        quota: Some(Ok(Quota { limit: 10_000, remaining: 5000, reset: 0 })),
        ..Facts::default()
    }
}

fn out_of_time() -> OutOfTime {
    OutOfTime { limit: Duration::from_secs(10), stage: "reading the spool".to_owned() }
}

fn blocked(quota: bool, whom: &str) -> Vec<Blocked> {
    vec![Blocked { whom: whom.to_owned(), cause: BlockCause::Rejections, seconds_left: 9, quota }]
}

fn credential(result: Result<(), Unconfirmed>) -> Vec<Credential> {
    vec![Credential { name: "alice".to_owned(), result }]
}

fn missing() -> SpoolError {
    SpoolError::Missing("/s".into())
}

fn lost() -> Vec<Lost> {
    vec![Lost { count: 3, seconds: 60, file: "/run/f".into() }]
}

#[expect(clippy::unnecessary_wraps, reason = "a fact that may be missing")]
fn room(bytes: u64, files: Option<u64>) -> Option<Room> {
    Some(Room { bytes, files })
}

#[expect(clippy::unnecessary_wraps, reason = "a fact that may be missing")]
fn remarks(age: u64, is_without_text: bool) -> Option<(u64, Remarks)> {
    Some((age, Remarks { at: 0, texts: vec!["sound ignored".to_owned()], is_without_text }))
}

#[test]
fn nothing_waits_says_that_nobody_was_asked() {
    let report = evaluate(&healthy(), &Policy { asks: false, ..policy() });
    assert!(report.all_findings().contains("Pushover was not asked"), "{}", report.all_findings());
    assert!(!evaluate(&healthy(), &policy()).all_findings().contains("not asked"));
}

#[test]
fn each_fact_has_its_state() {
    let remaining = |remaining| Some(Ok(Quota { limit: 10_000, remaining, reset: 0 }));
    let rejected = || Unconfirmed::Rejected(Rejection::Said(Words::new(400, "r", "")));
    for (case, facts, state) in vec![
        ("healthy", healthy(), State::Ok),
        ("waiting shortly", Facts { waiting: 1, oldest_seconds: 600, ..healthy() }, State::Ok),
        ("waiting", Facts { waiting: 1, oldest_seconds: 601, ..healthy() }, State::Warning),
        ("waiting long", Facts { waiting: 1, oldest_seconds: 1801, ..healthy() }, State::Critical),
        ("spool missing", Facts { unusable: Some(missing()), ..Facts::default() }, State::Unknown),
        (
            "lost, and the spool is missing",
            Facts { unusable: Some(missing()), lost: lost(), ..Facts::default() },
            State::Critical,
        ),
        ("lost", Facts { lost: lost(), ..healthy() }, State::Critical),
        ("failed", Facts { failed: 1, ..healthy() }, State::Warning),
        ("given up", Facts { failed: 1, given_up: 1, ..healthy() }, State::Critical),
        ("no success ever", Facts { last_success_seconds: None, ..healthy() }, State::Unknown),
        ("token blocked", Facts { blocks: blocked(false, ""), ..healthy() }, State::Critical),
        ("quota blocked", Facts { blocks: blocked(true, ""), ..healthy() }, State::Critical),
        ("recipient blocked", Facts { blocks: blocked(false, "bob"), ..healthy() }, State::Warning),
        ("little left", Facts { quota: remaining(999), ..healthy() }, State::Warning),
        ("nothing left", Facts { quota: remaining(199), ..healthy() }, State::Critical),
        (
            "quota unknown",
            Facts { quota: Some(Err(Unconfirmed::NotTold)), ..healthy() },
            State::Unknown,
        ),
        ("good", Facts { credentials: credential(Ok(())), ..healthy() }, State::Ok),
        ("bad", Facts { credentials: credential(Err(rejected())), ..healthy() }, State::Critical),
        (
            "unasked",
            Facts {
                credentials: credential(Err(Unconfirmed::Failed(Failure::Silence))),
                ..healthy()
            },
            State::Unknown,
        ),
        ("cut short", Facts { cut_short: Some(out_of_time()), ..healthy() }, State::Unknown),
    ] {
        assert_eq!(evaluate(&facts, &policy()).state(), state, "{case}");
    }
}

#[test]
fn what_stands_around_the_alerts_has_its_state() {
    for (case, facts, state) in vec![
        ("not kept", Facts { not_kept: Some(missing()), ..healthy() }, State::Critical),
        ("full", Facts { room: room(60 << 10, Some(5)), ..healthy() }, State::Critical),
        ("no files", Facts { room: room(1 << 30, Some(3)), ..healthy() }, State::Critical),
        ("nearly full", Facts { room: room(70 << 10, Some(5000)), ..healthy() }, State::Warning),
        ("no limit on files", Facts { room: room(5 << 20, None), ..healthy() }, State::Ok),
        ("sending", Facts { standstill_seconds: Some(300), ..healthy() }, State::Ok),
        ("hanging", Facts { standstill_seconds: Some(361), ..healthy() }, State::Critical),
        ("timer", Facts { last_flush_seconds: Some(600), ..healthy() }, State::Ok),
        ("no timer", Facts { last_flush_seconds: Some(601), ..healthy() }, State::Warning),
        ("never a timer", Facts { used_seconds: 601, ..healthy() }, State::Warning),
        ("a new spool", Facts { used_seconds: 600, ..healthy() }, State::Ok),
        ("ahead", Facts { future: 1, ..healthy() }, State::Warning),
        ("a remark", Facts { remarks: remarks(86_399, false), ..healthy() }, State::Warning),
        ("an old remark", Facts { remarks: remarks(86_400, false), ..healthy() }, State::Ok),
        ("no text", Facts { remarks: remarks(86_400, true), ..healthy() }, State::Critical),
        (
            "no such recipient",
            Facts { mistakes: vec![ConfigMistake::Recipient("x".into())], ..healthy() },
            State::Critical,
        ),
        ("no link", Facts { mistakes: vec![ConfigMistake::WebUrl], ..healthy() }, State::Warning),
        (
            "no way",
            Facts { route: Some(Arc::new(RouteError::ApiUrl)), ..healthy() },
            State::Critical,
        ),
    ] {
        assert_eq!(evaluate(&facts, &policy()).state(), state, "{case}");
    }
}

#[test]
fn a_quota_that_was_asked_for_and_not_told_is_undetermined() {
    let report =
        evaluate(&Facts { quota: Some(Err(Unconfirmed::TooSoon)), ..healthy() }, &policy());
    let metric = report.metrics().iter().find(|metric| metric.label.as_str() == "quota_used");
    assert_eq!(metric.map(|metric| metric.value), Some(Value::Undetermined));
    let unasked = evaluate(&healthy(), &Policy { quota: None, ..policy() });
    assert!(unasked.metrics().iter().all(|metric| metric.label.as_str() != "quota_used"));
}

#[test]
fn a_spool_that_was_not_read_in_time_is_not_empty() {
    let facts = Facts { cut_short: Some(out_of_time()), ..Facts::default() };
    let report = evaluate(&facts, &policy());
    assert_eq!(report.all_findings(), "timed out after 10s while reading the spool");
    let labels = report.metrics().iter().map(|metric| metric.label.as_str());
    assert_eq!(labels.collect::<Vec<_>>(), ["lost"]);
}
