//! File systems that are full, hang, or leave out the types of entries.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{assert_partial, check};
use crate::support::filesystem::{HungMount, UntypedExt4};
use crate::support::queue::QueueTree;
use crate::support::skipped_without_root;

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
    outcome.expect(2, "AXIGEN QUEUE CRITICAL - 0% of disk space free on ");
    assert_eq!(outcome.perfdata()["used_bytes"], "100%;90;97;0;100");
    fs::remove_file(&filler).unwrap();
    while fs::File::create(ext4.path().join(format!("{:?}", SystemTime::now()))).is_ok() {}
    check(&queue, &[]).expect(2, "AXIGEN QUEUE CRITICAL - 0% of inodes free on ");
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
