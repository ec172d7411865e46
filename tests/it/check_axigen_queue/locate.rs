//! Finding the queue: options, axigen.cfg, defaults.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::check;
use crate::support::queue::QueueTree;
use crate::support::{
    Outcome, Unprivileged, chmod, open_tempdir, program, run, skipped_without_root,
};

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
        assert_eq!(outcome.next_step(), Some("name the queue with --queue-dir"));
        assert!(outcome.stdout.contains(" messages=U older=U oldest=U "), "{}", outcome.stdout);
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
    for (path, named) in [(long.as_str(), "File name too long"), ("\u{1b}[31m", "?[31m")] {
        let outcome = check(Path::new(path), &[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - ");
        assert!(outcome.stdout.contains(named), "{}", outcome.stdout);
    }
}
