//! Disks that never answer (state D): an alert goes without them, in time, and few processes are left behind.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::filesystem::{DeadMount, HungMount};
use crate::support::http_server::HttpServer;
use crate::support::pushover::{Host, make_spool};
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, program, run, skipped_without_root};

/// More than a run of two seconds takes on a busy machine.
const IN_TIME: Duration = Duration::from_secs(8);

/// The processes of earlier runs that have this word among their arguments.
fn helpers(word: &Path) -> Vec<u32> {
    let is_helper = |line: &[u8]| {
        let mut words = line.split(|byte| *byte == 0);
        let is_marked = words.next().is_some_and(|name| name.ends_with(b")"));
        is_marked && words.any(|other| other == word.as_os_str().as_encoded_bytes())
    };
    let id = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let of_helper =
        |id: &u32| fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| is_helper(&line));
    fs::read_dir("/proc").unwrap().flatten().filter_map(id).filter(of_helper).collect()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::yield_now();
    }
}

fn in_time(command: &mut Command) -> Outcome {
    let start = Instant::now();
    let outcome = run(command);
    assert!(start.elapsed() < IN_TIME, "{:?}: {}", start.elapsed(), outcome.stdout);
    outcome
}

#[test]
fn an_alert_goes_without_a_spool_that_never_answers_and_one_process_is_left() {
    if skipped_without_root("a spool that never answers") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let (host, dead) = (Host::of(&server), DeadMount::new());
    let spool = dead.path().join("spool");
    let unanswered = format!("PUSHOVER OK - sent; not kept: spool {} does not ", spool.display());
    for text in ["first", "second", "third"] {
        let mut command = host.command_at(&spool);
        let outcome = in_time(command.args(["--message", text, "--timeout=2"]));
        outcome.expect(0, &unanswered);
        let is_told = outcome.stdout.contains("still hanging since 20");
        assert_eq!(is_told, text != "first", "{}", outcome.stdout);
        assert_eq!(helpers(&spool).len(), 1, "{}", outcome.stdout);
    }
    assert_eq!(server.messages(), ["first", "second", "third"]);
    let outcome = in_time(host.command_at(&spool).args(["flush", "--timeout=2"]));
    outcome
        .expect(1, "PUSHOVER QUEUED - some messages may still be waiting; still hanging since 20");
    assert_eq!(helpers(&spool).len(), 1, "flush adds none");
    // Another spool is another question.
    make_spool(&host);
    assert!(!host.send("fourth").stdout.contains("not kept"));
    drop(dead);
    until("the end of the worker", || helpers(&spool).is_empty());
    assert_eq!(server.messages().len(), 4, "none came twice");
}

#[test]
fn an_alert_that_can_neither_be_kept_nor_sent_is_told() {
    if skipped_without_root("a spool that never answers") {
        return;
    }
    let (host, dead) = (Host::at("http://127.0.0.1:1"), DeadMount::new());
    let spool = dead.path().join("spool");
    for _ in 0..2 {
        let mut command = host.command_at(&spool);
        in_time(command.args(["--message=x", "--timeout=2"])).expect(2, "PUSHOVER LOST - ");
    }
    let outcome = host.check_at(&spool, &["-t", "1"]);
    outcome.expect(2, "PUSHOVER CRITICAL - 2 alerts were lost, ");
}

#[test]
fn a_configuration_that_never_answers_is_a_loss_that_is_told() {
    if skipped_without_root("a configuration that never answers") {
        return;
    }
    let (host, dead) = (Host::at("http://127.0.0.1:1"), DeadMount::new());
    let config = dead.path().join("pushover.toml");
    let of_config = |name: &str| {
        let mut command = Command::new(program(name));
        command.env_clear().env("XDG_RUNTIME_DIR", host.path()).stdin(Stdio::null());
        command.arg("--config").arg(&config);
        command
    };
    for _ in 0..3 {
        let mut command = of_config("notify_pushover");
        command.args(["--message=x", "--timeout=2"]);
        in_time(&mut command).expect(2, "PUSHOVER LOST - nothing was sent or kept; ");
        assert!(helpers(&config).len() <= 2);
    }
    drop(dead);
    let mut command = of_config("check_pushover");
    command.arg("--spool-dir").arg(host.spool());
    run(&mut command).expect(2, "PUSHOVER CRITICAL - 3 alerts were lost, ");
}

#[test]
fn a_token_that_never_answers_leaves_the_alert_in_the_spool() {
    if skipped_without_root("a token that never answers") {
        return;
    }
    let (host, dead) = (Host::at("http://127.0.0.1:1"), DeadMount::new());
    let token = dead.path().join("token");
    let mut command = host.command();
    command.arg("--token-file").arg(&token).args(["--message=x", "--timeout=2"]);
    in_time(&mut command).expect(1, "PUSHOVER QUEUED - kept in ");
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn what_came_on_standard_input_is_sent_all_the_same() {
    if skipped_without_root("a spool that never answers") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let (host, dead) = (Host::of(&server), DeadMount::new());
    for _ in 0..2 {
        let mut command = host.command_at(dead.path());
        command.args(["--output", "-", "--timeout=2"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"DISK CRITICAL - full").unwrap();
        Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - sent; not kept");
    }
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|text| text.contains("full")), "{messages:?}");
}

#[test]
fn an_alert_whose_worker_is_killed_is_sent_without_it() {
    if skipped_without_root("a worker that is killed") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let (host, hung) = (Host::of(&server), HungMount::new());
    let mut command = host.command_at(hung.path());
    command.args(["--message=x", "--timeout=600"]);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    until("a worker", || !helpers(hung.path()).is_empty());
    let worker = i32::try_from(helpers(hung.path())[0]).unwrap();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    let outcome = Outcome::of(&child.wait_with_output().unwrap());
    outcome.expect(0, "PUSHOVER OK - sent; not kept: spool ");
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn where_no_process_can_be_started_an_alert_is_sent_and_kept_by_its_run() {
    if skipped_without_strace("where no process can be started") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for fault in ["clone3:error=EPERM:when=1", "execve:error=EACCES:when=2"] {
        let mut command = host.command();
        command.arg("--message=x");
        let output = with_fault(&command, fault).output().unwrap();
        Outcome::of(&output).expect(0, "PUSHOVER OK - sent");
    }
    assert_eq!(server.messages(), ["x", "x"]);
}
