//! Directories that may not be read: never a false low, and advice that can be pasted.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::assert_partial;
use crate::support::queue::QueueTree;
use crate::support::{Unprivileged, chmod, run};

#[test]
fn a_closed_root_is_unknown_and_names_the_way_out() {
    let queue = QueueTree::new();
    queue.messages(17).give("");
    chmod(queue.path(), 0o000);
    let program = Unprivileged::new("check_axigen_queue");
    let outcome = run(program.command().arg("--queue-dir").arg(queue.path()));
    chmod(queue.path(), 0o755);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - cannot read ");
    assert!(outcome.first_line().contains("Permission denied"), "{}", outcome.stdout);
    let advice = outcome.next_step().unwrap();
    assert!(advice.starts_with("run: setfacl -m u:"), "{advice}");
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
    let advice = outcome.next_step().unwrap();
    assert!(advice.ends_with(&format!(":x {}", parent.display())), "{advice}");
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
