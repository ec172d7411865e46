//! Runs of `check_smtp_tls`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::pki::NAME;
use super::{Outcome, program, run};

/// One run against a port of 127.0.0.1, for the name that every certificate has.
pub(crate) fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--sni", NAME, "--helo", "monitor.lab.test"])
        .args(options))
}

/// What such a run has seen.
pub(crate) fn facts(port: u16, options: &[&str]) -> serde_json::Value {
    let outcome = check(port, &[options, &["--output-format", "json"]].concat());
    serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["facts"].clone()
}

/// The versions as the check writes them.
pub(crate) const VERSIONS: [&str; 6] =
    ["SSLv2", "SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"];

/// The versions that a run with `-v` found offered; that it is sure of every other one is checked.
#[track_caller]
pub(crate) fn offered(outcome: &Outcome) -> BTreeSet<&'static str> {
    let says = |version: &str, word: &str| {
        let wanted = format!("{version:<7}  {word}");
        outcome
            .stdout
            .lines()
            .any(|line| line.split_once("] ").is_some_and(|(_, text)| text == wanted))
    };
    VERSIONS
        .into_iter()
        .filter(|version| {
            let is_offered = says(version, "offered");
            assert!(
                is_offered || says(version, "not offered"),
                "{version} is unknown: {}",
                outcome.stdout
            );
            is_offered
        })
        .collect()
}

/// A program that sees `file` in the place of another; as root.
pub(crate) fn in_mounts(file: &Path, place: &str, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c"])
        .arg("mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"")
        .arg("sh")
        .args([file, Path::new(place), program]);
    command
}
