//! Whole processes, timed and weighed, and where those of others are.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// One process from start to exit, and how it ended.
pub(crate) fn time(command: &mut Command) -> (Duration, ExitStatus) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().unwrap();
    (started.elapsed(), status)
}

pub(crate) fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.into_iter().collect();
    times.sort();
    *times.get(times.len() / 2).unwrap()
}

/// Peak resident memory of the largest process in KiB, by GNU time: a child of ours would be charged with what we are.
pub(crate) fn peak_kib(command: &Command) -> u64 {
    let result = tempfile::NamedTempFile::new().unwrap();
    let mut timed = Command::new("time");
    timed.args(["-q", "-f", "%M", "-o"]).arg(result.path());
    timed.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    time(&mut timed);
    std::fs::read_to_string(result.path()).unwrap().trim().parse().unwrap()
}

/// The same in MiB.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
pub(crate) fn peak_mib(command: &Command) -> f64 {
    peak_kib(command) as f64 / 1024.0
}

/// A command on the path, or where Debian keeps plugins.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let directories = std::env::var_os("PATH")?;
    let mut paths = std::env::split_paths(&directories)
        .chain(["/usr/lib/nagios/plugins".into()])
        .map(|directory| directory.join(name));
    paths.find(|path| path.exists())
}
