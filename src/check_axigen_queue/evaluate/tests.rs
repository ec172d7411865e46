//! Verdicts on facts built by hand.

use std::path::PathBuf;

use proptest::prelude::*;
use rustix::io::Errno;

use super::*;
use crate::check_axigen_queue::facts::{Noted, Obstacle, Size, Unread};
use crate::monitoring::Range;

mod unseen;

fn range(text: &str) -> Option<Range> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn limits(warning: &str, critical: &str) -> Thresholds {
    Thresholds { warning: range(warning), critical: range(critical) }
}

/// The defaults of the command line.
fn policy() -> Policy {
    Policy {
        messages: limits("100", "500"),
        older_than: Some(Duration::from_secs(4 * 3600)),
        older: limits("25", ""),
        oldest: limits("", ""),
        free: limits("10:", "3:"),
        size: false,
        on_timeout: State::Unknown,
    }
}

/// A queue that was wholly seen: `messages` of one age.
fn queue(messages: u64, age_seconds: u64) -> Queue {
    let mut ages = Ages { finished: true, ..Ages::default() };
    for _ in 0..messages {
        ages.add(0, age_seconds.cast_signed(), Duration::from_secs(4 * 3600));
    }
    Queue {
        path: PathBuf::from("/q"),
        messages,
        listed: true,
        subdirectories: 64,
        ages: Some(ages),
        free: Some(Ok(Free { bytes_percent: 50.0, inodes_percent: Some(50.0) })),
        ..Queue::default()
    }
}

fn denied(path: &str) -> Noted<Unread> {
    let obstacle = Obstacle::System(Errno::ACCESS);
    Noted { count: 1, first: Some(Unread { path: path.into(), obstacle, closed_parent: None }) }
}

fn judge(queues: Vec<Queue>, policy: &Policy) -> Report {
    let facts = Facts { queues, ..Facts::default() };
    evaluate(&Ok(facts), policy)
}

fn report(queues: Vec<Queue>) -> Report {
    judge(queues, &policy())
}

fn metric(report: &Report, label: &str) -> Option<Value> {
    report.metrics().iter().find(|metric| metric.label.as_str() == label).map(|metric| metric.value)
}

#[test]
fn number_age_and_space_are_each_judged() {
    let full = |bytes, inodes| Queue {
        free: Some(Ok(Free { bytes_percent: bytes, inodes_percent: inodes })),
        ..queue(1, 0)
    };
    for (case, queue, state, starts) in vec![
        ("empty", queue(0, 0), State::Ok, "0 messages, 0 older than 4h"),
        ("one", queue(1, 60), State::Ok, "1 message, 0 older than 4h, oldest 1m, 1 new in 5m"),
        ("at the limit", queue(100, 0), State::Ok, "100 messages, 0 older"),
        ("above warning", queue(101, 0), State::Warning, "101 messages (warning 100), 0 older"),
        ("above critical", queue(501, 0), State::Critical, "501 messages (critical 500), 0 older"),
        (
            "old",
            queue(26, 20_000),
            State::Warning,
            "26 messages older than 4h (warning 25), 26 messages, oldest 5h 33m",
        ),
        (
            "little space",
            full(9.99, Some(50.0)),
            State::Warning,
            "9.99% of disk space free on /q (warning below 10%), 1 message",
        ),
        (
            "no inodes",
            full(50.0, Some(2.5)),
            State::Critical,
            "2.5% of inodes free on /q (critical below 3%), 1 message",
        ),
        ("inodes unlimited", full(50.0, None), State::Ok, "1 message"),
    ] {
        let report = report(vec![queue]);
        assert_eq!(report.state(), state, "{case}");
        assert!(report.all_findings().starts_with(starts), "{case}: {}", report.all_findings());
    }
}

#[test]
fn an_empty_queue_has_an_oldest_of_zero() {
    assert_eq!(metric(&report(vec![queue(0, 0)]), "oldest"), Some(Value::Uint(0)));
}

#[test]
fn a_file_system_without_inode_limit_has_no_inode_metric() {
    let free = Some(Ok(Free { bytes_percent: 50.0, inodes_percent: None }));
    assert_eq!(metric(&report(vec![Queue { free, ..queue(1, 0) }]), "used_inodes"), None);
}

#[test]
fn without_ages_nothing_is_said_of_them() {
    let names_only = Queue { ages: None, ..queue(3, 0) };
    let report = judge(vec![names_only], &Policy { older_than: None, ..policy() });
    assert_eq!(report.all_findings(), "3 messages");
    assert_eq!(metric(&report, "older"), None);
}

#[test]
fn queues_are_added_up_and_each_has_its_value() {
    let report = report(vec![queue(60, 0), queue(50, 20_000)]);
    assert_eq!(report.state(), State::Warning);
    for (label, value) in [("messages", 110), ("messages_1", 60), ("messages_2", 50), ("older", 50)]
    {
        assert_eq!(metric(&report, label), Some(Value::Uint(value)), "{label}");
    }
}

proptest! {
    #[test]
    fn an_older_or_larger_queue_never_improves_the_state(
        messages in 0u64..700, age in 0u64..1_000_000, more in 0u64..700, later in 0u64..1_000_000, partial in any::<bool>(),
    ) {
        let policy = Policy { older: limits("25", "300"), oldest: limits("7200", "86400"), ..policy() };
        let state = |messages, age| {
            let unread = if partial { denied("/q/0F") } else { Noted::default() };
            judge(vec![Queue { unread, ..queue(messages, age) }], &policy).state().severity()
        };
        prop_assert!(state(messages + more, age) >= state(messages, age));
        if messages > 0 {
            prop_assert!(state(messages, age + later) >= state(messages, age));
        }
    }
}
