//! Verdicts on what was seen in part or not at all.

use super::*;
use crate::program::OutOfTime;

fn out_of_time() -> OutOfTime {
    OutOfTime::Limit { limit: Duration::from_secs(10), stage: "reading /q/3F".to_owned() }
}

#[test]
fn a_queue_that_was_not_found_in_time_is_not_empty() {
    let cut_short = Facts { cut_short: Some(out_of_time()), ..Facts::default() };
    let not_empty = Policy { messages: limits("", "1:"), size: true, ..policy() };
    let report = evaluate(&Ok(cut_short), &not_empty);
    assert_eq!(report.all_findings(), "timed out after 10s while reading /q/3F");
    assert_eq!(report.state(), State::Unknown);
    assert_eq!(metric(&report, "messages"), Some(Value::Undetermined));
}

#[test]
fn what_could_not_be_read_is_never_a_smaller_number() {
    for (case, partial) in [
        ("closed subdirectory", Queue { unread: denied("/q/0F"), ..queue(17, 0) }),
        ("cut short", Queue { listed: false, ..queue(17, 0) }),
        ("no subdirectory", Queue { subdirectories: 0, ..queue(17, 0) }),
        (
            "nothing at all",
            Queue { unread: denied("/q"), listed: false, subdirectories: 0, ..queue(0, 0) },
        ),
    ] {
        let facts = Facts { queues: vec![partial.clone()], ..Facts::default() };
        let cut_short = Facts { cut_short: Some(out_of_time()), ..facts.clone() };
        let facts = if partial.listed { facts } else { cut_short };
        let report = evaluate(&Ok(facts), &policy());
        assert_eq!(report.state(), State::Unknown, "{case}");
        for label in ["messages", "older", "oldest", "under_5m", "over_5d"] {
            assert_eq!(metric(&report, label), Some(Value::Undetermined), "{case}: {label}");
        }
    }
}

#[test]
fn a_partial_count_that_breaches_alarms_all_the_same() {
    let partial = Queue { unread: denied("/q/0F"), ..queue(501, 20_000) };
    let report = report(vec![partial]);
    assert_eq!(report.state(), State::Critical);
    assert!(
        report.all_findings().starts_with("at least 501 messages (critical 500)"),
        "{}",
        report.all_findings()
    );
    assert!(
        report.all_findings().contains("at least 501 messages older than 4h (warning 25)"),
        "{}",
        report.all_findings()
    );
    assert_eq!(metric(&report, "messages"), Some(Value::Undetermined));
}

#[test]
fn a_partial_count_proves_no_lower_limit() {
    let policy = Policy { messages: limits("", "1:"), ..policy() };
    let report = judge(vec![Queue { unread: denied("/q/0F"), ..queue(0, 0) }], &policy);
    assert_eq!(report.state(), State::Unknown);
}

#[test]
fn the_own_time_out_has_the_state_that_was_asked_for() {
    for (on_timeout, state) in
        [(State::Unknown, State::Unknown), (State::Critical, State::Critical)]
    {
        let facts = Facts {
            queues: vec![Queue { listed: false, ..queue(5, 0) }],
            cut_short: Some(out_of_time()),
            ..Facts::default()
        };
        let report = evaluate(&Ok(facts), &Policy { on_timeout, ..policy() });
        assert_eq!(report.state(), state);
        assert!(
            report.all_findings().starts_with("timed out after 10s"),
            "{}",
            report.all_findings()
        );
    }
}

#[test]
fn ages_cut_short_leave_the_count_exact() {
    let ages = Some(Ages { finished: false, ..queue(40, 20_000).ages.unwrap() });
    let facts = Facts {
        queues: vec![Queue { ages, ..queue(48_211, 0) }],
        cut_short: Some(out_of_time()),
        ..Facts::default()
    };
    let report = evaluate(&Ok(facts), &policy());
    assert_eq!(report.state(), State::Critical);
    assert_eq!(metric(&report, "messages"), Some(Value::Uint(48_211)));
    assert_eq!(metric(&report, "older"), Some(Value::Undetermined));
    assert!(
        report.all_findings().contains("at least 40 messages older than 4h (warning 25)"),
        "{}",
        report.all_findings()
    );
}

#[test]
fn refused_ages_are_unknown_only_against_a_limit() {
    let refused = Noted { count: 3, first: Some(Obstacle::System(Errno::ACCESS)) };
    let queue =
        Queue { ages: Some(Ages { finished: true, refused, ..Ages::default() }), ..queue(3, 0) };
    let with_limit = report(vec![queue.clone()]);
    assert_eq!(with_limit.state(), State::Unknown);
    assert!(
        with_limit.all_findings().contains("Permission denied"),
        "{}",
        with_limit.all_findings()
    );
    assert_eq!(metric(&with_limit, "messages"), Some(Value::Uint(3)));
    let no_limit = Policy { older: limits("~:", ""), ..policy() };
    assert_eq!(judge(vec![queue], &no_limit).state(), State::Ok);
}

#[test]
fn one_unreadable_queue_spoils_the_sum_but_not_the_other_value() {
    let closed = Queue { unread: denied("/q"), subdirectories: 0, ..queue(0, 0) };
    let report = report(vec![queue(60, 0), closed]);
    assert_eq!(report.state(), State::Unknown);
    assert_eq!(metric(&report, "messages"), Some(Value::Undetermined));
    assert_eq!(metric(&report, "messages_1"), Some(Value::Uint(60)));
    assert_eq!(metric(&report, "messages_2"), Some(Value::Undetermined));
}

#[test]
fn ten_settled_files_of_another_kind_are_an_unknown_layout() {
    for (settled, state) in [(9, State::Ok), (10, State::Unknown)] {
        let mut strange = queue(0, 0);
        for _ in 0..812 {
            strange.other_files.note(b"M1");
        }
        strange.other_files.settled = settled;
        let report = report(vec![strange]);
        assert_eq!(report.state(), state, "{settled}");
        if state == State::Unknown {
            let headline = report.all_findings();
            assert!(
                headline.contains("812 files but no message in /q, prefixes M=812"),
                "{headline}"
            );
            assert_eq!(metric(&report, "messages"), Some(Value::Undetermined));
        }
    }
}

#[test]
fn an_incomplete_size_is_unknown() {
    let policy = Policy { size: true, ..policy() };
    let measured = |finished, unread| Queue {
        size: Some(Size { bytes: 4096, largest_bytes: 4096, files: 1, unread, finished }),
        ..queue(1, 0)
    };
    for (case, queue, state, value) in [
        ("whole", measured(true, 0), State::Ok, Value::Uint(4096)),
        ("cut short", measured(false, 0), State::Unknown, Value::Undetermined),
        ("closed directory", measured(true, 1), State::Unknown, Value::Undetermined),
        ("never begun", queue(1, 0), State::Unknown, Value::Undetermined),
    ] {
        let report = judge(vec![queue], &policy);
        assert_eq!(report.state(), state, "{case}");
        assert_eq!(metric(&report, "size"), Some(value), "{case}");
        assert_eq!(metric(&report, "largest"), Some(value), "{case}");
    }
}

#[test]
fn free_space_that_one_file_system_hides_is_unknown_unless_another_breaches() {
    let hidden = Queue { free: Some(Err(Obstacle::NotTold)), ..queue(1, 0) };
    let report = report(vec![queue(1, 0), hidden.clone()]);
    assert_eq!(report.state(), State::Unknown);
    for label in ["used_bytes", "used_inodes"] {
        assert_eq!(metric(&report, label), Some(Value::Undetermined), "{label}");
    }
    let full =
        Queue { free: Some(Ok(Free { bytes_percent: 1.0, inodes_percent: None })), ..queue(1, 0) };
    assert_eq!(judge(vec![full, hidden], &policy()).state(), State::Critical);
}
