//! The worker of a check: whatever it hangs on, its run ends in time, and one process is left at most.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::filesystem::{DeadMount, HungMount};
use crate::support::queue::QueueTree;
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, program, run, skipped_without_root};

/// More than a run of one second takes on a busy machine.
const IN_TIME: Duration = Duration::from_secs(8);

/// The workers that have this word among their arguments.
fn workers(word: &Path) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let is_worker = |line: &[u8]| {
        let mut words = line.split(|byte| *byte == 0);
        let is_marked = words.next().is_some_and(|name| name.ends_with(b" (worker)"));
        is_marked && words.any(|other| other == word.as_os_str().as_encoded_bytes())
    };
    let id = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let of_worker =
        |id: &u32| fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| is_worker(&line));
    processes.filter_map(id).filter(of_worker).collect()
}

/// Looks until it is so, without asking the processor for more than it gives.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::yield_now();
    }
}

fn check(queue: &Path) -> Command {
    let mut command = Command::new(program("check_axigen_queue"));
    command.args(["-t", "1", "--queue-dir"]).arg(queue);
    command
}

#[test]
fn a_disk_that_never_answers_leaves_one_process_however_often_it_is_looked_at() {
    if skipped_without_root("a disk that never answers leaves one process") {
        return;
    }
    let dead = DeadMount::new();
    let opening = format!("UNKNOWN - timed out after 1s while opening {}", dead.path().display());
    for said in
        [opening.as_str(), "UNKNOWN - still hanging since 20", "UNKNOWN - still hanging since 20"]
    {
        // Whoever reads the output waits for its end, and for that of whatever else was left open.
        let mut command = Command::new("sh");
        let check = check(dead.path());
        command.args(["-c", "exec \"$0\" \"$@\" 8>&1 9>&2"]).arg(check.get_program());
        let start = Instant::now();
        let outcome = run(command.args(check.get_args()));
        assert!(start.elapsed() < IN_TIME, "{:?}", start.elapsed());
        outcome.expect(3, &format!("AXIGEN QUEUE {said}"));
        assert_eq!(workers(dead.path()).len(), 1, "{}", outcome.stdout);
    }
    let [worker] = workers(dead.path())[..] else { panic!("one worker") };
    let outcome = run(&mut check(dead.path()));
    assert!(
        outcome.first_line().contains(&format!("(process {worker} of an earlier run)")),
        "{}",
        outcome.stdout
    );
    assert_eq!(
        outcome.next_step(),
        Some(format!("see what it waits for: sudo cat /proc/{worker}/stack").as_str())
    );
    // Other arguments are another question.
    let queue = QueueTree::new();
    queue.messages(3);
    run(&mut check(queue.path())).expect(0, "AXIGEN QUEUE OK - 3 messages");
    let path = dead.path().to_owned();
    drop(dead);
    until("the end of the worker", || workers(&path).is_empty());
}

#[test]
fn what_can_be_killed_is_not_left_behind() {
    if skipped_without_root("what can be killed is not left behind") {
        return;
    }
    let hung = HungMount::new();
    for _ in 0..2 {
        run(&mut check(hung.path()))
            .expect(3, "AXIGEN QUEUE UNKNOWN - timed out after 1s while opening ");
        until("the end of the worker", || workers(hung.path()).is_empty());
    }
    // Whoever kills the run kills its worker as well.
    let mut child = long(hung.path());
    until("a worker", || !workers(hung.path()).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    until("the end of the worker", || workers(hung.path()).is_empty());
}

fn long(queue: &Path) -> Child {
    let mut command = Command::new(program("check_axigen_queue"));
    command.args(["-t", "600", "--queue-dir"]).arg(queue).stdout(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn two_runs_at_once_do_not_take_each_other_for_one_that_hangs() {
    if skipped_without_root("two runs at once") {
        return;
    }
    let hung = HungMount::new();
    let mut first = long(hung.path());
    until("a worker", || !workers(hung.path()).is_empty());
    let mut second = long(hung.path());
    until("two workers", || workers(hung.path()).len() == 2);
    for child in [&mut first, &mut second] {
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_worker_that_ends_without_an_answer_is_unknown() {
    if skipped_without_root("a worker that ends without an answer") {
        return;
    }
    let hung = HungMount::new();
    let child = long(hung.path());
    until("a worker", || !workers(hung.path()).is_empty());
    let worker = i32::try_from(workers(hung.path())[0]).unwrap();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(
        3,
        "AXIGEN QUEUE UNKNOWN - the worker process ended without an answer: killed by SIGKILL",
    );
}

#[test]
fn a_worker_that_is_stopped_does_not_hold_its_run() {
    if skipped_without_root("a worker that is stopped") {
        return;
    }
    let hung = HungMount::new();
    let child = check(hung.path()).stdout(Stdio::piped()).spawn().unwrap();
    until("a worker", || !workers(hung.path()).is_empty());
    let worker = i32::try_from(workers(hung.path())[0]).unwrap();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::STOP).unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(
        3,
        "AXIGEN QUEUE UNKNOWN - timed out after 1s while waiting for its worker process",
    );
    until("the end of the worker", || workers(hung.path()).is_empty());
}

#[test]
fn every_check_reads_its_files_in_the_worker() {
    if skipped_without_root("every check reads its files in the worker") {
        return;
    }
    let dead = DeadMount::new();
    let file = dead.path().join("file");
    let file = file.to_str().unwrap();
    for (name, options) in [
        ("check_axigen_queue", &["--config", file][..]),
        ("check_axigen_queue", &["--queue-dir", file]),
        (
            "check_axigen_queue",
            &["--metrics-url", "https://127.0.0.1:1/metrics", "--auth-file", file],
        ),
        ("check_smtp_tls", &["-H", "127.0.0.1", "-p", "1", "--ca-file", file]),
        ("check_smtp_forced_tls", &["--partner", "a.test", "--ca-file", file]),
        (
            "check_smtp_accept",
            &["-H", "127.0.0.1", "-S", "--recipient", "a@b.test", "--auth-file", file],
        ),
        ("check_pushover", &["--spool-dir", file]),
        ("check_pushover", &["--config", file]),
    ] {
        for said in ["timed out after 1s while ", "still hanging since "] {
            let start = Instant::now();
            let outcome = run(Command::new(program(name)).args(["-t", "1"]).args(options));
            assert!(start.elapsed() < IN_TIME, "{name} {options:?}: {:?}", start.elapsed());
            assert_eq!(outcome.code, 3, "{name} {options:?}: {}", outcome.stdout);
            assert!(outcome.first_line().contains(said), "{name} {options:?}: {}", outcome.stdout);
        }
    }
}

#[test]
fn where_no_process_can_be_started_the_check_goes_on_without_one() {
    if skipped_without_strace("where no process can be started") {
        return;
    }
    let queue = QueueTree::new();
    queue.messages(3);
    for fault in ["clone3:error=EAGAIN", "clone3:error=EPERM:when=1", "execve:error=EACCES:when=2"]
    {
        let outcome = Outcome::of(&with_fault(&check(queue.path()), fault).output().unwrap());
        outcome.expect(0, "AXIGEN QUEUE OK - 3 messages");
    }
}

#[test]
fn without_proc_the_check_goes_on_without_a_worker() {
    if skipped_without_root("without /proc the check goes on") {
        return;
    }
    let queue = QueueTree::new();
    queue.messages(3);
    let check = check(queue.path());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "umount -l /proc && exec \"$0\" \"$@\""]);
    command.arg(check.get_program()).args(check.get_args());
    run(&mut command).expect(0, "AXIGEN QUEUE OK - 3 messages");
}

#[test]
fn an_output_that_nobody_reads_does_not_hold_the_run() {
    let queue = QueueTree::new();
    let (_reader, writer) = std::io::pipe().unwrap();
    // As much as goes in.
    let filler: OwnedFd = writer.try_clone().unwrap().into();
    rustix::fs::fcntl_setfl(filler.as_fd(), rustix::fs::OFlags::NONBLOCK).unwrap();
    let mut filler = fs::File::from(filler);
    while filler.write(&[0; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(filler.as_fd(), rustix::fs::OFlags::empty()).unwrap();
    for option in ["-v", "--help"] {
        let start = Instant::now();
        let mut child =
            check(queue.path()).arg(option).stdout(writer.try_clone().unwrap()).spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(3), "{option}");
        assert!(start.elapsed() < IN_TIME * 3, "{option}: {:?}", start.elapsed());
    }
}

#[test]
fn a_file_that_may_not_grow_is_no_end_by_a_signal() {
    let queue = QueueTree::new();
    let check = check(queue.path());
    let output = queue.path().join("output");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""]).arg(check.get_program());
    let status = command.args(check.get_args()).stdout(fs::File::create(output).unwrap()).status();
    assert_eq!(status.unwrap().code(), Some(3));
}

#[test]
fn nobody_sees_the_worker_but_in_the_list_of_processes() {
    for command in suite::commands() {
        let name = command.get_name();
        let help = run(Command::new(program(name)).arg("--help"));
        assert!(!help.stdout.contains("worker"), "{name}: {}", help.stdout);
        let usage = run(Command::new(program(name)).args([OsStr::new("-t"), OsStr::new("never")]));
        assert!(!usage.stdout.contains("worker"), "{name}: {}", usage.stdout);
    }
}
