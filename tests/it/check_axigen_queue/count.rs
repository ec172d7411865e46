//! Messages counted, aged and judged.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::{DAY, HOUR, assert_partial, check};
use crate::support::labels;
use crate::support::open_tempdir;
use crate::support::queue::QueueTree;

#[test]
fn messages_in_root_and_subdirectories_are_counted() {
    let queue = QueueTree::new();
    queue.messages(17).file("S12BE");
    let outcome = check(queue.path(), &[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 18 messages, 0 older than 4h, oldest ");
    for (label, value) in [("messages", "18"), ("older", "0"), ("under_5m", "18"), ("over_5d", "0")]
    {
        assert_eq!(outcome.metric(label), Some(value), "{label}");
    }
}

#[test]
fn limits_on_the_number_are_those_of_the_command_line() {
    let queue = QueueTree::new();
    queue.messages(17);
    for (options, code, start) in [
        (&["-w", "17"][..], 0, "AXIGEN QUEUE OK - 17 messages"),
        (&["-w", "16"], 1, "AXIGEN QUEUE WARNING - 17 messages (warning 16)"),
        (&["-w", "10", "-c", "16"], 2, "AXIGEN QUEUE CRITICAL - 17 messages (critical 16)"),
        (&["-c", "20:"], 2, "AXIGEN QUEUE CRITICAL - 17 messages (critical 20:)"),
        (&["-w", "@10:20"], 1, "AXIGEN QUEUE WARNING - 17 messages (warning @10:20)"),
        (&["-w", "-5:5"], 1, "AXIGEN QUEUE WARNING - 17 messages (warning -5:5)"),
        (&["--warning=~:", "--critical=~:"], 0, "AXIGEN QUEUE OK - 17 messages"),
    ] {
        check(queue.path(), options).expect(code, start);
    }
}

#[test]
fn default_limits_are_100_and_500() {
    let queue = QueueTree::new();
    queue.messages(100);
    check(queue.path(), &[]).expect(0, "AXIGEN QUEUE OK - 100 messages");
    queue.file("00/SFFFF");
    check(queue.path(), &[]).expect(1, "AXIGEN QUEUE WARNING - 101 messages (warning 100)");
    queue.messages(501);
    check(queue.path(), &[]).expect(2, "AXIGEN QUEUE CRITICAL - 502 messages (critical 500)");
}

#[test]
fn ages_are_counted_in_buckets_and_judged() {
    let queue = QueueTree::new();
    for (name, age) in
        [("00/S1", HOUR / 30), ("00/S2", HOUR / 2), ("0F/S3", 5 * HOUR), ("0F/S4", 6 * DAY)]
    {
        queue.aged(name, age);
    }
    let outcome = check(queue.path(), &[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 4 messages, 2 older than 4h, oldest 6d, 1 new in 5m | ");
    for (label, value) in [
        ("under_5m", "1"),
        ("under_15m", "0"),
        ("under_1h", "1"),
        ("under_8h", "1"),
        ("over_5d", "1"),
    ] {
        assert_eq!(outcome.metric(label), Some(value), "{label}");
    }
    let oldest: u64 = outcome.metric("oldest").unwrap().parse().unwrap();
    assert!(oldest.abs_diff(6 * 86_400) < 600, "{oldest}");
    for (options, code, start) in [
        (
            &["--warning-older", "1"][..],
            1,
            "AXIGEN QUEUE WARNING - 2 messages older than 4h (warning 1) | ",
        ),
        (
            &["--critical-older", "1"],
            2,
            "AXIGEN QUEUE CRITICAL - 2 messages older than 4h (critical 1)",
        ),
        (
            &["--older-than", "5d", "--warning-older", "0"],
            1,
            "AXIGEN QUEUE WARNING - 1 message older than 5d (warning 0)",
        ),
        (
            &["--warning-oldest", "432000"],
            1,
            "AXIGEN QUEUE WARNING - oldest message 6d (warning 432000)",
        ),
        (
            &["--critical-oldest", "3600"],
            2,
            "AXIGEN QUEUE CRITICAL - oldest message 6d (critical 3600)",
        ),
        (
            &["--older-than", "7d", "--warning-older", "0"],
            0,
            "AXIGEN QUEUE OK - 4 messages, 0 older than 7d",
        ),
    ] {
        check(queue.path(), options).expect(code, start);
    }
}

#[test]
fn an_empty_queue_is_ok_and_has_age_zero() {
    let queue = QueueTree::new();
    let outcome = check(queue.path(), &[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 0 messages, 0 older than 4h | ");
    assert_eq!(outcome.metric("oldest"), Some("0"));
    check(queue.path(), &["-w", "1:"]).expect(1, "AXIGEN QUEUE WARNING - 0 messages (warning 1:)");
}

#[test]
fn count_only_gives_no_ages() {
    let queue = QueueTree::new();
    queue.messages(5);
    let outcome = check(queue.path(), &["--count-only"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 5 messages | messages=5;100;500;0 used_bytes=");
    assert_eq!(outcome.metric("older"), None);
}

#[test]
fn size_adds_up_all_files_at_any_depth() {
    let queue = QueueTree::new();
    queue.dir("0F/AB").dir("other");
    for file in ["S1", "0F/M1", "0F/AB/x", "other/y"] {
        fs::write(queue.join(file), vec![0; 1_000_000]).unwrap();
    }
    let outcome = check(queue.path(), &["--size"]);
    assert_eq!(
        (outcome.metric("size"), outcome.metric("largest")),
        (Some("4000000"), Some("1000000"))
    );
    assert!(outcome.first_line().contains("4 MB in all files"), "{}", outcome.stdout);
    assert_eq!(check(queue.path(), &[]).metric("size"), None);
}

#[test]
fn several_queues_are_added_up_and_each_has_a_value() {
    let (one, two) = (QueueTree::new(), QueueTree::new());
    one.messages(60);
    two.messages(50);
    let second = two.path().to_str().unwrap();
    let outcome = check(one.path(), &["--queue-dir", second, "--size"]);
    outcome.expect(1, "AXIGEN QUEUE WARNING - 110 messages (warning 100)");
    // Not every file system has a fixed number of inodes.
    labels::prints_all("check_axigen_queue", &outcome, &["used_inodes", "uptime", "load", "users"]);
    for (label, value) in [("messages", "110"), ("messages_1", "60"), ("messages_2", "50")] {
        assert_eq!(outcome.metric(label), Some(value), "{label}");
    }
}

#[test]
fn no_directory_is_counted_twice() {
    let queue = QueueTree::new();
    queue.messages(40);
    let dir = open_tempdir();
    let link = dir.path().join("link");
    symlink(queue.path(), &link).unwrap();
    let outcome = check(queue.path(), &["--queue-dir", link.to_str().unwrap()]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(
        outcome.first_line().contains("link: is a directory that was given before"),
        "{}",
        outcome.stdout
    );
    assert_partial(&outcome, 40);
    let inside = queue.join("0F");
    let outcome = check(queue.path(), &["--queue-dir", inside.to_str().unwrap()]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - no queue subdirectory (00, 01, ...) in ");
}

#[test]
fn a_symlinked_root_is_followed_with_and_without_a_slash() {
    let queue = QueueTree::new();
    queue.messages(17);
    let dir = open_tempdir();
    let link = dir.path().join("link");
    symlink(queue.path(), &link).unwrap();
    check(&link, &[]).expect(0, "AXIGEN QUEUE OK - 17 messages");
    check(&link.join(""), &[]).expect(0, "AXIGEN QUEUE OK - 17 messages");
}

#[test]
fn only_message_files_are_counted() {
    let queue = QueueTree::new();
    queue.messages(17).dir("0F/SABC").dir("SBCD").dir("lost+found");
    queue
        .file("0F/S5F4E.tmp")
        .file("0F/s5F4E")
        .file("0F/S5f4e")
        .file("0F/S")
        .file("0F/S00000000000000000");
    queue
        .file("0F/S5F\n4E")
        .file(OsStr::from_bytes(b"0F/S5F\xff4E"))
        .file("0F/SABC/S1")
        .file("SBCD/S1");
    symlink(queue.join("0F/S1"), queue.join("0F/S999")).unwrap();
    symlink(queue.join("0F"), queue.join("current")).unwrap();
    let outcome = check(queue.path(), &["-v"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 17 messages");
    assert!(
        outcome.stdout.contains("1 directories below the second level, not counted, first 0F/SABC"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("2 other directories, not entered"), "{}", outcome.stdout);
}

#[test]
fn hostile_names_stay_on_one_line() {
    let queue = QueueTree::new();
    queue.dir("evil\n| messages=0;$USER$");
    let outcome = check(queue.path(), &["-vv"]);
    assert_eq!(outcome.code, 0);
    assert_eq!(outcome.stdout.matches('|').count(), 1, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("first evil?/ messages=0;?USER?"), "{}", outcome.stdout);
}

#[test]
fn a_census_names_kinds_and_no_names() {
    let queue = QueueTree::new();
    queue.messages(8).file("0F/alice@example.org").aged("00/S0", 5 * HOUR);
    let outcome = check(queue.path(), &["--census"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 8 messages");
    for line in [
        "depth 1 directory 2 hex digits: 4 (mode 0755 x 4)",
        "depth 2 file M(hex): 8 (mode 0644 x 8)",
        "depth 2 file S(hex): 8 (mode 0644 x 8); by mtime: under 5m 7, under 8h 1; by birth: under 5m 8; written again 0, backdated 1",
        "depth 2 file a(other): 1",
    ] {
        assert!(outcome.stdout.contains(line), "{line}: {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("alice"), "{}", outcome.stdout);
}
