//! System calls of a program that knows nothing of it: recorded, or made to fail one by one.

use std::path::Path;
use std::process::{Command, Stdio};

/// The same run with a fault, written as strace(1) takes it after `inject=`, such as `fsync:error=EIO`.
pub(crate) fn with_fault(command: &Command, fault: &str) -> Command {
    let call = fault.split(':').next().unwrap_or_default();
    // The filter in the kernel keeps every other call at full speed.
    let options = ["-o", "/dev/null", "--seccomp-bpf", "-e"].map(ToOwned::to_owned);
    let inject = [format!("trace={call}"), "-e".to_owned(), format!("inject={fault}")];
    under_strace(command, &[&options[..], &inject[..]].concat())
}

/// The same in calls on this file alone.
pub(crate) fn with_fault_at(path: &Path, command: &Command, fault: &str) -> Command {
    let inject = format!("inject={fault}");
    let options = ["-o", "/dev/null", "-P", path.to_str().unwrap(), "-e", &inject];
    under_strace(command, &options.map(ToOwned::to_owned))
}

/// The same run with its calls written to `log`, each in full: paths beside descriptors, data in hexadecimal.
pub(crate) fn recorded(command: &Command, log: &Path) -> Command {
    let log = log.to_str().unwrap();
    let options = ["-o", log, "-y", "-xx", "-s", "1000000"].map(ToOwned::to_owned);
    under_strace(command, &options)
}

fn under_strace(command: &Command, options: &[String]) -> Command {
    // Whoever hangs is ended with all its children: a tracer that is killed alone would leave it running.
    let mut traced = Command::new("timeout");
    traced
        .env_clear()
        .stdin(Stdio::null())
        .args(["-s", "KILL", "40", "strace", "-f", "-qq"])
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
