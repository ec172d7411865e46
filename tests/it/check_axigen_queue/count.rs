//! `check_axigen_queue` on real trees: never a false low, and the verdicts an administrator expects.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::filesystem::{HungMount, UntypedExt4};
use crate::support::queue::QueueTree;
use crate::support::{
    Outcome, Unprivileged, chmod, open_tempdir, program, run, skipped_without_root,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn check(queue_dir: &Path, options: &[&str]) -> Outcome {
    run(Command::new(program("check_axigen_queue")).arg("--queue-dir").arg(queue_dir).args(options))
}

#[track_caller]
fn assert_partial(outcome: &Outcome, at_least: u64) {
    assert_eq!(outcome.metric("messages"), Some("U"), "{}", outcome.stdout);
    if at_least > 0 {
        assert!(
            outcome.first_line().contains(&format!("at least {at_least} message")),
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn messages_in_root_and_subdirectories_are_counted() {
    let queue = QueueTree::new();
    queue.messages(17).file("S12BE");
    let outcome = check(queue.path(), &[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 18 messages, 0 older than 4h, oldest ");
    for (label, value) in
        [("messages", "18"), ("older", "0"), ("recent", "18"), ("under_5m", "18"), ("over_5d", "0")]
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
            "AXIGEN QUEUE WARNING - 2 older than 4h (warning 1), 4 messages",
        ),
        (&["--critical-older", "1"], 2, "AXIGEN QUEUE CRITICAL - 2 older than 4h (critical 1)"),
        (
            &["--older-than", "5d", "--warning-older", "0"],
            1,
            "AXIGEN QUEUE WARNING - 1 older than 5d (warning 0)",
        ),
        (&["--warning-oldest", "432000"], 1, "AXIGEN QUEUE WARNING - oldest 6d (warning 432000)"),
        (&["--critical-oldest", "3600"], 2, "AXIGEN QUEUE CRITICAL - oldest 6d (critical 3600)"),
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
    outcome.expect(0, "AXIGEN QUEUE OK - 5 messages | messages=5;100;500;0 free_bytes=");
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
    assert!(outcome.first_line().contains("3 MiB in all files"), "{}", outcome.stdout);
    assert_eq!(check(queue.path(), &[]).metric("size"), None);
}

#[test]
fn several_queues_are_added_up_and_each_has_a_value() {
    let (one, two) = (QueueTree::new(), QueueTree::new());
    one.messages(60);
    two.messages(50);
    let second = two.path().to_str().unwrap();
    let outcome = check(one.path(), &["--queue-dir", second]);
    outcome.expect(1, "AXIGEN QUEUE WARNING - 110 messages (warning 100)");
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
        outcome.first_line().contains("link: is a directory that was named before"),
        "{}",
        outcome.stdout
    );
    assert_partial(&outcome, 40);
    let inside = queue.join("0F");
    let outcome = check(queue.path(), &["--queue-dir", inside.to_str().unwrap()]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - no queue subdirectory (00, 01, ...) in ");
}

// Never a false low.

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
    assert!(outcome.stdout.contains("2 other directories, not looked into"), "{}", outcome.stdout);
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
fn a_closed_root_is_unknown_and_names_the_way_out() {
    let queue = QueueTree::new();
    queue.messages(17).give("");
    chmod(queue.path(), 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()));
    chmod(queue.path(), 0o755);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(
        outcome.first_line().contains("Permission denied; run: setfacl -m u:"),
        "{}",
        outcome.stdout
    );
    assert_partial(&outcome, 0);
}

#[test]
fn advice_can_be_pasted_whatever_the_path_is() {
    let queue = QueueTree::new();
    let odd = queue.join("it's a; queue");
    fs::create_dir_all(odd.join("00")).unwrap();
    queue.give("it's a; queue");
    chmod(&odd, 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(&odd));
    chmod(&odd, 0o755);
    let quoted = format!(":rx '{}'", odd.to_str().unwrap().replace('\'', r"'\''"));
    assert!(outcome.stdout.contains(&quoted), "{quoted}: {}", outcome.stdout);
}

#[test]
fn a_closed_parent_whose_name_is_no_utf8_spoils_no_facts() {
    let queue = QueueTree::new();
    let parent = queue.join(OsStr::from_bytes(b"p\xff"));
    fs::create_dir_all(parent.join("queue/00")).unwrap();
    queue.give(OsStr::from_bytes(b"p\xff"));
    chmod(&parent, 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let mut command = program.command();
    let outcome =
        run(command.arg("--queue-dir").arg(parent.join("queue")).args(["--output-format", "json"]));
    chmod(&parent, 0o755);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let closed = json["facts"]["queues"][0]["unread"]["first"]["closed_parent"].as_str().unwrap();
    assert!(closed.ends_with("p\u{fffd}"), "{closed}");
}

#[test]
fn a_closed_parent_is_told_from_a_missing_queue() {
    let queue = QueueTree::new();
    let parent = queue.path().parent().unwrap();
    queue.messages(17).give("..");
    chmod(parent, 0o600);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()));
    chmod(parent, 0o755);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    let advice = format!(":x {} |", parent.display());
    assert!(outcome.first_line().contains(&advice), "{}", outcome.stdout);
}

#[test]
fn a_closed_subdirectory_is_unknown_with_what_was_seen() {
    let queue = QueueTree::new();
    queue.messages(40).give("0F");
    chmod(&queue.join("0F"), 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let closed = |options: &[&str]| {
        run(program.command().arg("--queue-dir").arg(queue.path()).args(options))
    };
    let outcome = closed(&[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(
        outcome.first_line().contains("0F: Permission denied (1 of 4 directories unread)"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("run: setfacl -m u:"), "{}", outcome.stdout);
    assert_partial(&outcome, 30);
    closed(&["-w", "29"]).expect(1, "AXIGEN QUEUE WARNING - at least 30 messages (warning 29)");
    closed(&["-w", "35:"]).expect(3, "AXIGEN QUEUE UNKNOWN - ");
    closed(&["--count-only"]).expect(3, "AXIGEN QUEUE UNKNOWN - ");
}

#[test]
fn names_without_stat_give_a_count_and_unknown_ages() {
    let queue = QueueTree::new();
    queue.messages(40).give("0F");
    chmod(&queue.join("0F"), 0o444);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()));
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - ages of 10 messages in ");
    assert_eq!((outcome.metric("messages"), outcome.metric("older")), (Some("40"), Some("U")));
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()).arg("--count-only"));
    outcome.expect(0, "AXIGEN QUEUE OK - 40 messages");
}

#[test]
fn message_files_need_not_be_readable() {
    let queue = QueueTree::new();
    queue.messages(8);
    for number in 0..8 {
        chmod(&queue.join(format!("{}/S{number:X}", ["00", "0F", "1E", "3F"][number % 4])), 0o000);
    }
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()));
    outcome.expect(0, "AXIGEN QUEUE OK - 8 messages, 0 older than 4h, oldest ");
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

#[test]
fn directories_without_file_types_are_counted_the_same() {
    if skipped_without_root("directories_without_file_types_are_counted_the_same") {
        return;
    }
    let ext4 = UntypedExt4::new();
    let queue = ext4.path().join("queue");
    for dir in ["queue", "queue/00", "queue/0F", "queue/0F/SABC"] {
        fs::create_dir(ext4.path().join(dir)).unwrap();
    }
    for file in ["S1", "00/S2", "0F/S3", "0F/M3"] {
        fs::write(queue.join(file), "").unwrap();
    }
    symlink(queue.join("00/S2"), queue.join("0F/S999")).unwrap();
    for options in [&["-v"][..], &["-v", "--count-only"]] {
        let outcome = check(&queue, options);
        outcome.expect(0, "AXIGEN QUEUE OK - 3 messages");
        assert!(outcome.stdout.contains("first 0F/SABC"), "{}", outcome.stdout);
    }

    // Written again an hour ago by a delivery attempt, but born ten days ago.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    ext4.set_birth("/queue/00/S2", now.as_secs() - 10 * 86_400);
    let outcome = check(&queue, &[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 3 messages, 1 older than 4h, oldest 10d");
}

#[test]
fn a_mount_below_the_root_is_not_crossed_and_not_hidden() {
    if skipped_without_root("a_mount_below_the_root_is_not_crossed_and_not_hidden") {
        return;
    }
    let queue = QueueTree::new();
    queue.messages(8);
    let hung = HungMount::new();
    drop(hung);
    let ext4 = UntypedExt4::new();
    let bound = queue.join("3F");
    rustix::mount::mount_bind(ext4.path(), &bound).unwrap();
    let outcome = check(queue.path(), &[]);
    rustix::mount::unmount(&bound, rustix::mount::UnmountFlags::DETACH).unwrap();
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(outcome.first_line().contains("3F: is on another file system"), "{}", outcome.stdout);
    assert_partial(&outcome, 6);
}

#[test]
fn a_full_file_system_alarms_by_bytes_and_by_inodes() {
    if skipped_without_root("a_full_file_system_alarms_by_bytes_and_by_inodes") {
        return;
    }
    let ext4 = UntypedExt4::new();
    fs::create_dir_all(ext4.path().join("queue/00")).unwrap();
    let queue = ext4.path().join("queue");
    check(&queue, &[]).expect(0, "AXIGEN QUEUE OK - 0 messages");
    // Written until the disk says no.
    let filler = ext4.path().join("filler");
    let full = std::io::copy(&mut std::io::repeat(1), &mut fs::File::create(&filler).unwrap());
    assert_eq!(full.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    let outcome = check(&queue, &[]);
    outcome.expect(2, "AXIGEN QUEUE CRITICAL - 0% bytes free on ");
    assert_eq!(outcome.metric("free_bytes"), Some("0"));
    fs::remove_file(&filler).unwrap();
    while fs::File::create(ext4.path().join(format!("{:?}", SystemTime::now()))).is_ok() {}
    check(&queue, &[]).expect(2, "AXIGEN QUEUE CRITICAL - 0% inodes free on ");
    check(&queue, &["--warning-free=~:", "--critical-free=~:"])
        .expect(0, "AXIGEN QUEUE OK - 0 messages");
}

#[test]
fn a_hung_file_system_ends_as_unknown_within_the_time_limit() {
    if skipped_without_root("a_hung_file_system_ends_as_unknown_within_the_time_limit") {
        return;
    }
    let hung = HungMount::new();
    let start = format!("timed out after 1s while opening {}", hung.path().display());
    check(hung.path(), &["-t", "1"]).expect(3, &format!("AXIGEN QUEUE UNKNOWN - {start}"));
    check(hung.path(), &["-t", "1:CRITICAL"])
        .expect(2, &format!("AXIGEN QUEUE CRITICAL - {start}"));
    let json = check(hung.path(), &["-t", "1", "--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["state"], "UNKNOWN");
}

#[test]
fn a_breach_seen_before_the_hang_is_that_state() {
    if skipped_without_root("a_breach_seen_before_the_hang_is_that_state") {
        return;
    }
    let (queue, hung) = (QueueTree::new(), HungMount::new());
    queue.messages(501);
    let outcome = check(queue.path(), &["--queue-dir", hung.path().to_str().unwrap(), "-t", "1"]);
    outcome.expect(
        2,
        "AXIGEN QUEUE CRITICAL - at least 501 messages (critical 500), timed out after 1s while ",
    );
    assert_eq!(
        (outcome.metric("messages"), outcome.metric("messages_1")),
        (Some("U"), Some("501"))
    );
    check(
        queue.path(),
        &["--queue-dir", hung.path().to_str().unwrap(), "-t", "1", "-w", "1000", "-c", "1000"],
    )
    .expect(3, "AXIGEN QUEUE UNKNOWN - timed out after 1s while ");
}

// Finding the queue.

fn with_config(text: &str, options: &[&str]) -> Outcome {
    let dir = open_tempdir();
    let config = dir.path().join("axigen.cfg");
    fs::write(&config, text).unwrap();
    run(Command::new(program("check_axigen_queue")).arg("--config").arg(&config).args(options))
}

#[test]
fn the_queue_is_found_through_axigen_cfg() {
    let queue = QueueTree::new();
    queue.messages(17);
    let path = queue.path().display();
    let outcome =
        with_config(&format!("server = {{ processing = {{ queuePath = \"{path}\" }} }}"), &["-v"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 17 messages");
    assert!(
        outcome
            .stdout
            .contains(&format!("queue {path}: 17 messages in 4 subdirectories (queuePath in ")),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_named_queue_dir_wins_over_a_config() {
    let queue = QueueTree::new();
    queue.messages(17);
    let outcome = check(queue.path(), &["--config", "/nonexistent.cfg", "-v"]);
    outcome.expect(0, "AXIGEN QUEUE OK - 17 messages");
    assert!(outcome.stdout.contains("(named by --queue-dir)"), "{}", outcome.stdout);
}

/// Runs the check without options, as nobody, where /var/opt and /axigen are the test's own, laid out by `setup`.
fn on_own_host(setup: &str) -> Outcome {
    let private = "set -e; for dir in /var/opt /axigen; do mkdir -p $dir; mount -t tmpfs -o mode=755 tmpfs $dir; done";
    let last = "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" -v";
    let program = Unprivileged::new("check_axigen_queue");
    let script = format!("{private}; {setup}; {last}");
    run(Command::new("unshare").args(["-m", "sh", "-c", &script]).arg(program.path()))
}

#[test]
fn without_options_the_queue_is_found_as_documented() {
    if skipped_without_root("without_options_the_queue_is_found_as_documented") {
        return;
    }
    let fill = |dir: &str| format!("mkdir -p {dir}/00; : >{dir}/00/S1");
    let config = |path: &str| {
        let text = format!("Server {{ processing {{ queuePath = {path} }} }}");
        format!("mkdir -p /var/opt/axigen/run; echo \"{text}\" >/var/opt/axigen/run/axigen.cfg")
    };
    let both = format!("{}; {}", fill("/var/opt/axigen/queue"), fill("/axigen/var/queue"));
    let elsewhere = format!("{both}; {}; {}", fill("/var/opt/other"), config("/var/opt/other"));
    for (case, setup, said) in [
        (
            "first default",
            both.clone(),
            "queue /var/opt/axigen/queue: 1 messages in 1 subdirectories (first default that exists; no axigen.cfg)",
        ),
        (
            "second default",
            fill("/axigen/var/queue"),
            "queue /axigen/var/queue: 1 messages in 1 subdirectories (first default",
        ),
        (
            "config",
            elsewhere.clone(),
            "queue /var/opt/other: 1 messages in 1 subdirectories (queuePath in /var/opt/axigen/run/axigen.cfg)",
        ),
        (
            "relative",
            format!("{both}; {}", config("queue")),
            "queue /var/opt/axigen/queue: 1 messages in 1 subdirectories (queuePath in",
        ),
        (
            "closed config",
            format!("{elsewhere}; chmod 0 /var/opt/axigen/run/axigen.cfg"),
            "queue /var/opt/axigen/queue: 1 messages in 1 subdirectories (first default that exists; cannot read /var/opt/axigen/run/axigen.cfg: Permission denied",
        ),
        (
            "no queuePath",
            format!("{both}; {}; : >/var/opt/axigen/run/axigen.cfg", config("x")),
            "(first default that exists; /var/opt/axigen/run/axigen.cfg sets no queuePath)",
        ),
    ] {
        let outcome = on_own_host(&setup);
        outcome.expect(0, "AXIGEN QUEUE OK - 1 message, ");
        assert!(outcome.stdout.contains(said), "{case}: {}", outcome.stdout);
    }
    on_own_host(":")
        .expect(3, "AXIGEN QUEUE UNKNOWN - no queue directory: none of /var/opt/axigen/queue, ");
    let broken = format!("{both}; {}; echo '{{' >>/var/opt/axigen/run/axigen.cfg", config("x"));
    on_own_host(&broken)
        .expect(3, "AXIGEN QUEUE UNKNOWN - cannot understand /var/opt/axigen/run/axigen.cfg: ");
    let closed = format!("{both}; chmod 700 /var/opt/axigen");
    on_own_host(&closed)
        .expect(3, "AXIGEN QUEUE UNKNOWN - cannot read /var/opt/axigen/queue: Permission denied");
}

#[test]
fn a_relative_queue_path_starts_above_run() {
    let queue = QueueTree::new();
    queue.messages(17);
    let working_directory = queue.path().parent().unwrap();
    fs::create_dir(working_directory.join("run")).unwrap();
    let config = working_directory.join("run/axigen.cfg");
    fs::write(&config, "Server {\nprocessing = {\nqueuePath = queue\n}\n}\n").unwrap();
    let outcome = run(Command::new(program("check_axigen_queue")).arg("--config").arg(config));
    outcome.expect(0, "AXIGEN QUEUE OK - 17 messages");
    with_config("Server { processing { queuePath = queue } }", &[])
        .expect(3, "AXIGEN QUEUE UNKNOWN - queuePath in ");
}

#[test]
fn a_config_that_cannot_be_used_is_unknown_and_says_why() {
    for (text, cause) in [
        ("server = { processing = { } }", "sets no queuePath"),
        ("server = { processing = {", "the file ends inside a bracket"),
        ("server = {\n a = \"x\n}", "line 2: a string has no closing quote"),
        ("server={processing={queuePath=\"a\0b\"}}", "queuePath holds a NUL"),
    ] {
        let outcome = with_config(text, &[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - ");
        assert!(outcome.first_line().contains(cause), "{}", outcome.stdout);
        assert!(
            outcome.first_line().ends_with("; name the queue with --queue-dir"),
            "{}",
            outcome.stdout
        );
    }
    for (path, cause) in [
        ("/nonexistent.cfg", "No such file"),
        ("/tmp", "is not a regular file"),
        ("/dev/null", "is not a regular file"),
    ] {
        let outcome = run(Command::new(program("check_axigen_queue")).args(["--config", path]));
        outcome.expect(3, &format!("AXIGEN QUEUE UNKNOWN - cannot read {path}: {cause}"));
    }
}

#[test]
fn an_axigen_cfg_that_may_not_be_read_is_named() {
    let dir = open_tempdir();
    let config = dir.path().join("axigen.cfg");
    fs::write(&config, "").unwrap();
    chmod(&config, 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--config").arg(&config));
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(outcome.first_line().contains("Permission denied"), "{}", outcome.stdout);
}

#[test]
fn paths_that_cannot_be_are_refused_in_one_line() {
    let long = "a/".repeat(2048);
    for (path, named) in [
        ("", "option --queue-dir: ''"),
        (long.as_str(), "File name too long"),
        ("\u{1b}[31m", "?[31m"),
    ] {
        let outcome = check(Path::new(path), &[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - ");
        assert!(outcome.stdout.contains(named), "{}", outcome.stdout);
    }
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
