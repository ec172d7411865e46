//! One broken thing must not lose, repeat or hold up an alert: neighbours in the spool, directories, slow peers.

use std::fs;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, item, make_spool, name, now};
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, chmod, skipped_without_root};

fn leave_waiting(host: &Host, texts: &[&str]) {
    make_spool(host);
    for (number, text) in (1..).zip(texts) {
        fs::write(host.spool().join(name(number)), item(host, text, now(), 0)).unwrap();
    }
}

#[test]
fn what_cannot_be_set_aside_stops_nobody() {
    let refused = r#"{"status":0,"errors":["no"]}"#;
    let server = HttpServer::with(vec![Reply::json(400, refused)]);
    let host = Host::of(&server);
    leave_waiting(&host, &["damaged", "refused", "good"]);
    fs::write(host.spool().join(&host.waiting()[0]), "{").unwrap();
    fs::write(host.spool().join("failed"), "in the way").unwrap();
    host.run(&["flush"]).expect(2, "PUSHOVER REJECTED - ");
    assert_eq!(server.messages(), ["refused", "good"]);
    let outcome = host.send("new");
    outcome.expect(0, "PUSHOVER OK - sent");
    assert_eq!(
        server.messages(),
        ["refused", "good", "new"],
        "what was refused is not asked again"
    );
    assert_eq!(host.waiting().len(), 2, "nothing is dropped");
}

#[test]
fn what_could_not_be_removed_is_not_sent() {
    if skipped_without_root("a spool that cannot be changed") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    leave_waiting(&host, &["x"]);
    fs::write(host.spool().join(".lock"), "").unwrap();
    for path in
        [host.config(), host.spool().join(name(1)), host.spool().join(".lock"), host.spool()]
    {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    chmod(&host.spool(), 0o500);
    for _ in 0..2 {
        let outcome = host.run(&["flush"]);
        outcome.expect(3, "PUSHOVER UNKNOWN - ");
        assert!(outcome.stdout.contains("Permission denied"), "{}", outcome.stdout);
    }
    assert!(server.requests().is_empty(), "each run would send it again");
    chmod(&host.spool(), 0o700);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
}

#[test]
fn a_request_that_cannot_end_in_time_is_not_begun() {
    let (_keep, never) = mpsc::channel::<()>();
    let never = std::sync::Mutex::new(never);
    let server = HttpServer::start(move |_, _| {
        let _ = never.lock().unwrap().recv_timeout(Duration::from_millis(1500));
        Reply::accepted()
    });
    let host = Host::of(&server);
    leave_waiting(&host, &["1", "2", "3", "4"]);
    host.run(&["flush", "--timeout=4"]).expect(1, "PUSHOVER QUEUED - no time left");
    assert_eq!(server.messages(), ["1", "2"], "a third would be cut off and sent again");
    assert_eq!(host.waiting().len(), 2);
}

#[test]
fn a_name_at_the_end_of_time_hides_no_alert() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    leave_waiting(&host, &["x"]);
    let last = host.spool().join("99999999999999999999-1-0123456789abcdef.json");
    fs::rename(host.spool().join(&host.waiting()[0]), last).unwrap();
    host.send("y").expect(0, "PUSHOVER OK - ");
    let mut messages = server.messages();
    messages.sort();
    assert_eq!(messages, ["x", "y"]);
}

#[test]
fn a_disk_that_cannot_say_it_is_done_doubles_no_alert() {
    if skipped_without_strace("a disk that cannot sync") {
        return;
    }
    // The directory is synced after the message has its name, the file before.
    for (call, remark) in [("fsync", false), ("fdatasync", true)] {
        let server = HttpServer::with(vec![]);
        let host = Host::of(&server);
        let mut command = host.command();
        command.arg("--message=x");
        let fault = format!("{call}:error=EIO");
        let outcome = Outcome::of(&with_fault(&command, &fault).output().unwrap());
        outcome.expect(0, "PUSHOVER OK - sent");
        assert_eq!(outcome.stdout.contains("not kept: "), remark, "{call}: {}", outcome.stdout);
        assert_eq!(server.messages(), ["x"], "{call}");
        host.run(&["flush"]).expect(0, "PUSHOVER OK - nothing is waiting");
    }
}

#[test]
fn a_message_that_vanishes_while_others_are_sent_is_nobodys_fault() {
    let (tell, told) = mpsc::channel::<std::path::PathBuf>();
    let told = std::sync::Mutex::new(told);
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            fs::remove_file(told.lock().unwrap().recv().unwrap()).unwrap();
        }
        Reply::accepted()
    });
    let host = Host::of(&server);
    leave_waiting(&host, &["1", "2", "3"]);
    tell.send(host.spool().join(name(2))).unwrap();
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 2 sent");
    assert_eq!(server.messages(), ["1", "3"]);
}

#[test]
fn a_refusal_is_remembered_when_the_message_was_not_in_the_spool() {
    let refused = r#"{"token":"invalid","errors":["application token is invalid"],"status":0}"#;
    let long = format!("--message={}", "x".repeat(1000));
    for (case, kept) in [("no spool is wanted", false), ("the disk is full", true)] {
        let server = HttpServer::with(vec![Reply::json(400, refused)]);
        let host = Host::of(&server);
        make_spool(&host);
        let notify = host.command();
        // One block is enough for the memory of the spool, and too little for the message.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""])
            .arg(notify.get_program())
            .args(notify.get_args())
            .arg(&long)
            .args((!kept).then_some("--no-spool"));
        for outcome in
            [(2, "LOST - blocked for 300 s: application token"), (2, "LOST - blocked for")]
        {
            Outcome::of(&command.output().unwrap())
                .expect(outcome.0, &format!("PUSHOVER {}", outcome.1));
            assert_eq!(server.requests().len(), 1, "{case}");
            assert!(host.waiting().is_empty(), "{case}");
        }
        host.send("y").expect(1, "PUSHOVER QUEUED - blocked for");
    }
}

#[test]
fn without_a_second_thread_the_alert_is_sent_or_kept() {
    if skipped_without_strace("a process that may have no threads") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let run = |fault: &str, text: &str| {
        let mut command = host.command();
        command.arg(format!("--message={text}"));
        Outcome::of(&with_fault(&command, fault).output().unwrap())
    };
    // Neither a worker nor a watchdog.
    run("clone3:error=EAGAIN:when=1..2", "first")
        .expect(0, "PUSHOVER OK - sent; ran without a watchdog: ");
    assert_eq!(server.messages(), ["first"]);
    let outcome = run("clone3:error=EAGAIN", "second");
    outcome.expect(3, "PUSHOVER UNKNOWN - cannot start a thread; ");
    assert_eq!(host.waiting_messages(), ["second"]);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
}
