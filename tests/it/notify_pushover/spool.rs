//! The spool: nothing is lost, and nothing overtakes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::Outcome;
use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, item, make_spool, name, now};
use crate::support::strace::{skipped_without_strace, with_fault, with_fault_at};

#[test]
fn what_waited_is_sent_in_order_before_the_new_alert() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    for number in 1..=20 {
        fs::write(host.spool().join(name(number)), item(&host, &number.to_string(), now(), 0))
            .unwrap();
    }
    host.send("21").expect(0, "PUSHOVER OK - sent");
    let expected: Vec<String> = (1..=21).map(|number| number.to_string()).collect();
    assert_eq!(server.messages(), expected);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_complete_temporary_file_is_adopted_and_a_broken_one_removed() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let whole = item(&host, "whole", now(), 0);
    fs::write(host.spool().join(format!(".tmp-{}", name(1))), &whole).unwrap();
    fs::write(host.spool().join(format!(".tmp-{}", name(2))), &whole[..40]).unwrap();
    fs::write(host.spool().join(format!(".tmp-{}", name(3))), "").unwrap();
    fs::write(host.spool().join(".lock"), "").unwrap();
    fs::hard_link(host.spool().join(".lock"), host.spool().join(".tmp-lock-77")).unwrap();
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["whole"]);
    assert!(!host.everything_in_the_spool().contains(".tmp-"));
}

#[test]
fn a_temporary_file_that_cannot_be_read_now_is_left_for_later() {
    if skipped_without_strace("a disk that does not hand out a file") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let temporary = host.spool().join(format!(".tmp-{}", name(1)));
    fs::write(&temporary, item(&host, "whole", now(), 0)).unwrap();
    let mut command = host.command();
    command.arg("flush");
    let mut traced = with_fault_at(&temporary, &command, "read:error=EIO");
    Outcome::of(&traced.output().unwrap()).expect(0, "PUSHOVER OK - nothing is waiting");
    assert!(temporary.exists());
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["whole"]);
}

#[test]
fn a_damaged_message_is_set_aside_and_stops_nobody() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(name(1)), "{").unwrap();
    symlink("/etc/passwd", host.spool().join(name(2))).unwrap();
    host.send("x").expect(0, "PUSHOVER OK - ");
    assert_eq!(host.failed().len(), 2);
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn queued_is_said_of_what_waits_and_of_nothing_else() {
    let host = Host::at("http://127.0.0.1:1");
    let mut command = host.command_at(Path::new("/dev/null/spool"));
    let outcome = Outcome::of(&command.args(["--message=x", "--timeout=2"]).output().unwrap());
    outcome.expect(2, "PUSHOVER LOST - cannot connect: ");
    assert!(outcome.stdout.contains("; not kept: "), "{}", outcome.stdout);
    let outcome = host.run(&["--message=x", "--timeout=2", "--no-spool"]);
    outcome.expect(2, "PUSHOVER LOST - cannot connect: ");
    let outcome = host.run(&["validate", "--recipient=alice", "--timeout=2"]);
    outcome.expect(3, "PUSHOVER UNKNOWN - alice: not validated, cannot connect: ");
    host.run(&["--message=x", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - cannot connect: ");
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn a_spool_that_shows_nothing_keeps_the_message_of_each_recipient() {
    if skipped_without_strace("a spool that shows nothing") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let mut command = host.command();
    command.args(["--message=down", "--recipient=alice", "--recipient=bob", "--timeout=4"]);
    // As of a directory that was removed meanwhile: the list ends at once.
    let output = with_fault(&command, "getdents64:error=ENOENT:when=1+").output().unwrap();
    Outcome::of(&output).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 2);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 2 sent");
}

#[test]
fn without_a_spool_nothing_is_written() {
    let server = HttpServer::with(vec![
        Reply::accepted(),
        Reply::json(500, ""),
        Reply::json(400, r#"{"status":0}"#),
    ]);
    let host = Host::of(&server);
    for (code, start) in [
        (0, "PUSHOVER OK - sent"),
        (2, "PUSHOVER LOST - "),
        (2, "PUSHOVER LOST - no reason given (400)"),
    ] {
        host.run(&["--message=x", "--no-spool", "--timeout=2"]).expect(code, start);
    }
    assert!(!host.spool().exists());
}

fn leave_old(host: &Host, attempts: [u32; 2]) {
    make_spool(host);
    for (number, attempts) in (1..).zip(attempts) {
        let text = item(host, &number.to_string(), now() - 90_000, attempts);
        fs::write(host.spool().join(name(number)), text).unwrap();
    }
}

#[test]
fn what_waited_too_long_is_sent_when_the_way_is_up_again() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    leave_old(&host, [3, 0]);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 2 sent");
    assert_eq!(server.messages(), ["1", "2"]);
}

#[test]
fn what_waited_too_long_is_given_up_only_when_another_try_has_failed() {
    let server = HttpServer::with(vec![Reply::accepted(), Reply::json(500, "")]);
    let host = Host::of(&server);
    host.send("warm").expect(0, "PUSHOVER OK - ");
    host.check(&[]).expect(0, "PUSHOVER OK - ");
    for (number, attempts) in [(1, 3), (2, 0)] {
        let text = item(&host, &number.to_string(), now() - 90_000, attempts);
        fs::write(host.spool().join(name(number)), text).unwrap();
    }
    host.run(&["flush", "--timeout=2"])
        .expect(2, "PUSHOVER REJECTED - too old: waited 25 h and failed 4 times");
    assert_eq!(server.messages(), ["warm", "1"], "the other has its own try");
    assert_eq!((host.failed(), host.waiting()), (vec![name(1)], vec![name(2)]));
    host.check(&["-w", "~:", "-c", "~:"])
        .expect(2, "PUSHOVER CRITICAL - 1 given up unsent, the last one: too old: waited 25 h");
}

#[test]
fn after_an_outage_the_next_run_of_the_timer_tries_again() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(name(1)), item(&host, "x", now(), 20)).unwrap();
    host.run(&["flush", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    let kept: serde_json::Value =
        serde_json::from_slice(&fs::read(host.spool().join(name(1))).unwrap()).unwrap();
    let next = kept["next_try"].as_u64().unwrap() / 1000;
    assert!((now()..now() + 50).contains(&next), "{next}: the timer runs every 60 s, or 50");
}

#[test]
fn too_many_move_the_oldest_to_failed_only_when_they_cannot_be_sent() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    for number in 1..=5 {
        fs::write(host.spool().join(name(number)), item(&host, "x", now(), 0)).unwrap();
    }
    host.run(&["flush", "--spool-max-number=3", "--timeout=2"])
        .expect(2, "PUSHOVER REJECTED - more than 3");
    assert_eq!((host.waiting().len(), host.failed()), (3, vec![name(1), name(2)]));
}

#[test]
fn clocks_that_jump_neither_lose_nor_stop_anything() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let future = (now() + 10_000_000) * 1000;
    let mut far = item(&host, "from the future", now() + 10_000_000, 1);
    far.insert_str(far.len() - 1, &format!(",\"next_try\":{future}"));
    fs::write(host.spool().join(name(9_000_000_000_000_000_000)), far).unwrap();
    let state = format!(r#"{{"silence":[{future},{}],"blocks":{{}}}}"#, future + 5000);
    fs::write(host.spool().join(".state.json"), state).unwrap();
    host.send("now").expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["from the future", "now"], "still in the order of arrival");
}

#[test]
fn a_broken_state_is_forgotten() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(".state.json"), "{\"blocks\":[").unwrap();
    host.send("x").expect(0, "PUSHOVER OK - ");
}

#[test]
fn a_repetition_that_still_waits_is_not_queued_twice() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let event = ["--type=PROBLEM", "-Hh", "--service-state=CRITICAL", "--output=x", "--timeout=2"];
    // All of one second, as a core that says when something happened has it.
    let run = |more: &[&str]| host.run(&[&event[..], &["--timestamp=1790000000"], more].concat());
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 1);
    run(&["--notification-number=2"]).expect(1, "PUSHOVER QUEUED - ");
    run(&[]).expect(1, "PUSHOVER QUEUED - ");
    run(&[]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 4, "without a number nothing is a repetition");
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 5, "something else about the object happened in between");
}

#[test]
fn only_what_reaches_the_phone_alike_is_a_repetition() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let event = ["--type=CUSTOM", "-Hh", "--notification-number=1", "--timestamp=1790000000"];
    let run = |more: &str| {
        host.run(&[&event[..], &[more, "--output=x", "--timeout=2"]].concat())
            .expect(1, "PUSHOVER QUEUED - ");
    };
    for more in ["--comment=first", "--comment=second", "--priority=-1", "--emergency=CRITICAL"] {
        run(more);
    }
    // No emergency rings for what is no problem: alike on the phone.
    run("--sound=");
    assert_eq!(host.waiting().len(), 4, "{:?}", host.waiting_messages());
}

#[test]
fn a_damaged_file_swallows_no_alert() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let event = [
        "--type=PROBLEM",
        "-Hh",
        "--service-state=CRITICAL",
        "--notification-number=1",
        "--timestamp=1790000000",
        "--output=x",
    ];
    host.run(&[&event[..], &["--timeout=2"]].concat()).expect(1, "PUSHOVER QUEUED - ");
    fs::write(host.spool().join(&host.waiting()[0]), "").unwrap();
    host.run(&event).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["x", "x"]);
}
