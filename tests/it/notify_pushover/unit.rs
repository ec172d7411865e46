//! The shipped unit is a narrow sandbox, and wide enough.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::Outcome;
use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::Host;
use crate::support::strace::skipped_without_strace;

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/notify-pushover-flush.service")
}

/// The lines of a unit that make its sandbox.
fn sandbox(unit: &Path) -> Vec<String> {
    let text = fs::read_to_string(unit).unwrap();
    let (_, sandbox) = text.split_once("\nRestrictAddressFamilies=").unwrap();
    sandbox.lines().map(str::to_owned).collect()
}

#[test]
fn the_unit_of_the_channel_has_the_same_sandbox() {
    let other = unit().with_file_name("notify-pushover-channel-flush.service");
    assert_eq!(sandbox(&other), sandbox(&unit()));
}

/// Says that a test needs systemd-analyze and is skipped without; in CI that is a failure.
fn skipped_without_systemd(test: &str) -> bool {
    let tried = Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status();
    if tried.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "{test} needs systemd-analyze, and CI must not skip");
    eprintln!("skipped, needs systemd-analyze: {test}");
    true
}

#[test]
fn the_sandbox_of_the_unit_is_narrow() {
    if skipped_without_systemd("the sandbox of the unit") {
        return;
    }
    let analysis = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(unit())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&analysis.stdout);
    assert!(analysis.status.success(), "above 2.0: {shown}{analysis:?}");
    assert!(shown.contains("Overall exposure level"), "{shown}");
}

/// The system calls of a group of systemd's, such as `@system-service`.
fn group(name: &str) -> BTreeSet<String> {
    let listed = Command::new("systemd-analyze").args(["syscall-filter", name]).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let mut calls = BTreeSet::new();
    for word in text.lines().skip(1).map(str::trim).filter(|line| !line.starts_with('#')) {
        if word.starts_with('@') {
            calls.append(&mut group(word));
        } else {
            calls.insert(word.to_owned());
        }
    }
    calls
}

/// What the lines of the unit leave to be called.
fn allowed() -> BTreeSet<String> {
    let unit = fs::read_to_string(unit()).unwrap();
    let lines = unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter="));
    let mut allowed = BTreeSet::new();
    for line in lines {
        let (remove, names) = line.strip_prefix('~').map_or((false, line), |rest| (true, rest));
        for call in names.split(' ').flat_map(group) {
            if remove {
                allowed.remove(&call);
            } else {
                allowed.insert(call);
            }
        }
    }
    allowed
}

#[test]
fn the_sandbox_of_the_unit_allows_every_call_of_the_program() {
    let test = "the system calls of flush";
    if skipped_without_systemd(test) || skipped_without_strace(test) {
        return;
    }
    let allowed = allowed();
    assert!(allowed.contains("openat") && !allowed.contains("mount"), "{allowed:?}");
    let server = HttpServer::with(vec![Reply::json(400, r#"{"status":0}"#), Reply::json(500, "")]);
    let host = Host::of(&server);
    host.send("refused").expect(2, "PUSHOVER REJECTED - ");
    host.run(&["--message=kept", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    let trace = host.path().join("trace");
    for options in [
        &["flush", "--retry-failed"][..],
        &["--message=x", "--api-url=https://localhost:1", "--timeout=2"],
        &["flush", "--api-url=https://no-such-host.invalid", "--timeout=2"],
    ] {
        let notify = host.command();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(&trace).arg(notify.get_program());
        Outcome::of(&command.args(notify.get_args()).args(options).output().unwrap());
        let calls = fs::read_to_string(&trace).unwrap();
        let called = |line: &str| {
            let (_, call) = line.split_once(' ')?;
            let (name, _) = call.trim_start().split_once('(')?;
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then(|| name.to_owned())
        };
        let called: BTreeSet<String> = calls.lines().filter_map(called).collect();
        assert!(called.contains("openat"), "{calls}");
        let forbidden: Vec<&String> = called.difference(&allowed).collect();
        assert!(forbidden.is_empty(), "{options:?}: {forbidden:?}");
    }
}
