//! Queues that are missing, of another layout or on the move: never a false low.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::{DAY, HOUR, assert_partial, check};
use crate::support::queue::QueueTree;

#[test]
fn a_missing_root_is_unknown() {
    let outcome = check(Path::new("/nonexistent/queue"), &[]);
    outcome.expect(
        3,
        "AXIGEN QUEUE UNKNOWN - cannot read /nonexistent/queue: No such file or directory",
    );
    assert_partial(&outcome, 0);
    assert!(!outcome.stdout.contains("setfacl"), "rights are not the matter: {}", outcome.stdout);
}

#[test]
fn one_missing_queue_of_several_is_unknown_unless_the_rest_breaches() {
    let queue = QueueTree::new();
    queue.messages(17);
    let outcome = check(queue.path(), &["--queue-dir", "/nonexistent"]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read /nonexistent: ");
    assert_partial(&outcome, 17);
    assert_eq!(
        (outcome.metric("messages_1"), outcome.metric("messages_2")),
        (Some("17"), Some("U"))
    );
    check(queue.path(), &["--queue-dir", "/nonexistent", "-c", "16"])
        .expect(2, "AXIGEN QUEUE CRITICAL - at least 17 messages (critical 16)");
}

#[test]
fn a_root_that_is_a_file_is_unknown() {
    let queue = QueueTree::new();
    queue.file("S1");
    check(&queue.join("S1"), &[]).expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
}

#[test]
fn a_root_without_subdirectories_is_unknown_even_with_messages() {
    let queue = QueueTree::new();
    queue.messages(40);
    let outcome = check(&queue.join("0F"), &[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - no queue subdirectory (00, 01, ...) in ");
    assert_partial(&outcome, 10);
    check(&queue.join("0F"), &["-w", "9"])
        .expect(1, "AXIGEN QUEUE WARNING - at least 10 messages (warning 9)");
}

#[test]
fn a_linked_subdirectory_is_unknown() {
    let queue = QueueTree::new();
    queue.messages(17);
    let elsewhere = QueueTree::new();
    symlink(elsewhere.path(), queue.join("40")).unwrap();
    let outcome = check(queue.path(), &[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(
        outcome.first_line().contains("/40: is a symbolic link (1 of 5 directories unread)"),
        "{}",
        outcome.stdout
    );
    assert_partial(&outcome, 17);
}

#[test]
fn many_settled_files_without_a_message_are_an_unknown_layout() {
    let queue = QueueTree::new();
    for number in 0..9 {
        queue.aged(format!("00/Q{number}"), HOUR);
    }
    queue.file("00/Q-new-1").file("00/Q-new-2");
    let outcome = check(queue.path(), &["-v"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 0 messages");
    assert!(outcome.stdout.contains("note: no message, but 11 other files"), "{}", outcome.stdout);
    queue.aged("00/Q9", HOUR);
    for options in [&[][..], &["--count-only"]] {
        let outcome = check(queue.path(), options);
        outcome
            .expect(3, "AXIGEN QUEUE UNKNOWN - layout not recognised: 12 files but no message in ");
        assert!(outcome.first_line().contains("prefixes Q=12"), "{}", outcome.stdout);
        assert_partial(&outcome, 0);
    }
    queue.file("00/S1");
    check(queue.path(), &[]).expect(0, "AXIGEN QUEUE OK - 1 message");
}

/// 600 settled files, named and placed by number.
fn settled(place: impl Fn(u64) -> String) -> QueueTree {
    let queue = QueueTree::new();
    for number in 1..=600 {
        let path = place(number);
        fs::create_dir_all(queue.join(&path).parent().unwrap()).unwrap();
        queue.aged(path, HOUR);
    }
    queue
}

/// Where a file of a number lies.
type Place = fn(u64) -> String;

#[test]
fn a_full_queue_in_a_layout_nobody_knows_is_never_ok() {
    let cases: [(&str, Place, &str); 9] = [
        ("deeper", |n| format!("{:02X}/00/S{n:X}", n % 16), "/00/S"),
        ("deeper still", |n| format!("00/01/02/{:02X}/S{n:X}", n % 16), "00/01/02/"),
        ("beside", |n| format!("active/S{n:X}"), "active/S"),
        ("lower-case s", |n| format!("{:02X}/s{n:x}", n % 16), "prefixes s=600"),
        ("ending", |n| format!("{:02X}/S{n:X}.sts", n % 16), "prefixes S=600"),
        ("no status files", |n| format!("{:02X}/M{n:X}", n % 16), "prefixes M=600"),
        ("one digit", |n| format!("{:X}/S{n:X}", n % 16), "/S"),
        ("lower-case digits", |n| format!("{:02X}/S{n:x}", n % 16), "/S"),
        ("decimal", |n| format!("{}/S{n:X}", n % 64), "/S"),
    ];
    for (case, place, named) in cases {
        let queue = settled(place);
        for option in ["--warning-older=~:", "--count-only"] {
            let outcome = check(queue.path(), &["--warning=~:", "--critical=~:", option]);
            outcome.expect(3, "AXIGEN QUEUE UNKNOWN - layout not recognised: ");
            assert!(outcome.first_line().contains(named), "{case}: {}", outcome.stdout);
            assert_eq!(outcome.metric("messages"), Some("U"), "{case}: {}", outcome.stdout);
        }
    }
}

#[test]
fn known_layouts_stay_what_they_are() {
    let none = ["--warning=~:", "--critical=~:", "--warning-older=~:"];
    let cases: [(&str, Place); 3] = [
        ("as documented", |n| format!("{:02X}/S{n:X}", n % 16)),
        ("lower-case directories", |n| format!("{:02x}/S{n:X}", n % 64)),
        ("in the root", |n| format!("S{n:X}")),
    ];
    for (case, place) in cases {
        let outcome = check(settled(place).path(), &none);
        outcome.expect(0, "AXIGEN QUEUE OK - 600 messages, ");
        assert_eq!(outcome.metric("messages"), Some("600"), "{case}");
    }
}

#[test]
fn a_queue_two_levels_deep_is_never_empty() {
    let queue = QueueTree::new();
    for directory in ["00/00", "00/01", "01/00", "01/01"] {
        fs::create_dir_all(queue.join(directory)).unwrap();
    }
    for number in 1..=800 {
        queue.aged(format!("00/01/S{number}"), HOUR);
    }
    let outcome = check(queue.path(), &[]);
    outcome.expect(
        3,
        "AXIGEN QUEUE UNKNOWN - layout not recognised: 800 files named like messages, but not counted, in ",
    );
    assert!(outcome.stdout.contains("first 00/01/S"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("run with --census"), "{}", outcome.stdout);
}

#[test]
fn files_that_are_few_young_or_explained_are_a_note() {
    let queue = QueueTree::new();
    for number in 0..100 {
        queue.aged(format!("00/S{number:X}"), HOUR).aged(format!("00/M{number:X}"), HOUR);
        queue.aged(format!("00/S{number:X}.lock"), HOUR);
    }
    let quiet = ["-v", "--warning-older=~:"];
    let outcome = check(queue.path(), &quiet);
    outcome.expect(0, "AXIGEN QUEUE OK - 100 messages");
    assert!(!outcome.stdout.contains("note:"), "{}", outcome.stdout);
    // One in ten of what is counted, and no more.
    for number in 0..10 {
        queue.aged(format!("0F/M{number:X}"), HOUR);
    }
    let outcome = check(queue.path(), &quiet);
    outcome.expect(0, "AXIGEN QUEUE OK - 100 messages");
    let note = "note: 10 files named like messages, not counted, without a message of that name";
    assert!(outcome.stdout.contains(note), "{}", outcome.stdout);
    // More, but written a moment ago: mail on its way.
    for number in 100..200 {
        queue.file(format!("0F/M{number:X}"));
    }
    check(queue.path(), &quiet).expect(0, "AXIGEN QUEUE OK - 100 messages");
    queue.aged("3F/MF00", HOUR).aged("3F/index.0", HOUR);
    let outcome = check(queue.path(), &quiet);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - layout not recognised: 111 files named like");
    assert!(outcome.stdout.contains("at least 100 messages"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("note: 1 files of other names"), "{}", outcome.stdout);
}

#[test]
fn a_time_in_the_future_is_age_zero_and_never_negative() {
    let queue = QueueTree::new();
    let file = fs::File::create(queue.join("00/S1")).unwrap();
    file.set_modified(SystemTime::now() + 30 * DAY).unwrap();
    let outcome = check(queue.path(), &["--warning-older", "0"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 1 message, 0 older than 4h");
    let oldest: u64 = outcome.metric("oldest").unwrap().parse().unwrap();
    assert!(oldest < 600, "{oldest}");
}

#[test]
fn files_that_come_and_go_during_the_count_are_no_trouble() {
    let queue = QueueTree::new();
    queue.messages(40);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::create_dir(queue.join("20")).unwrap();
                for name in ["20/SDEAD", "1E/SDEAD"] {
                    queue.file(name);
                }
                for name in ["20/SDEAD", "1E/SDEAD"] {
                    fs::remove_file(queue.join(name)).unwrap();
                }
                fs::remove_dir(queue.join("20")).unwrap();
            }
        });
        for _ in 0..100 {
            let outcome = check(queue.path(), &[]);
            let messages: u64 = outcome.metric("messages").unwrap().parse().unwrap_or(0);
            assert_eq!(
                (outcome.code, (40..=42).contains(&messages)),
                (0, true),
                "{}",
                outcome.stdout
            );
        }
        stop.store(true, Ordering::Relaxed);
    });
}
