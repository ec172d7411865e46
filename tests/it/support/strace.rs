//! Faults of the system, put into single calls of a program that knows nothing of it.

use std::path::Path;
use std::process::{Command, Stdio};

/// The same run with a fault, written as strace(1) takes it after `inject=`, such as `fsync:error=EIO`.
pub(crate) fn with_fault(command: &Command, fault: &str) -> Command {
    traced(command, &["-e", &format!("inject={fault}")])
}

/// The same in calls on this file alone.
pub(crate) fn with_fault_at(path: &Path, command: &Command, fault: &str) -> Command {
    traced(command, &["-P", path.to_str().unwrap(), "-e", &format!("inject={fault}")])
}

fn traced(command: &Command, options: &[&str]) -> Command {
    let mut traced = Command::new("strace");
    traced
        .env_clear()
        .stdin(Stdio::null())
        .args(["-f", "-qq", "-o", "/dev/null"])
        .args(options)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        traced.envs(value.map(|value| (name, value)));
    }
    traced
}

/// Says that a test needs strace and the right to trace, and is skipped without; in CI that is a failure.
pub(crate) fn skipped_without_strace(test: &str) -> bool {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    if tried.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "{test} needs strace, and CI must not skip it");
    eprintln!("skipped, needs strace: {test}");
    true
}
