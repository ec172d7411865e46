//! Finds the worker of an earlier run that never came to its end. One is enough: a second would hang as well.
//!
//! It is looked for among the processes and not by a file: what is in the way may be the file's own disk, and a number
//! in a file may belong to somebody else by now.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::PollFlags;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::wait;
use crate::command_line;

/// How long a worker may take to end once it was killed.
const ENDING: Duration = Duration::from_millis(200);
/// In what /proc counts time, whatever the kernel's own clock (proc(5), `starttime`): hundredths of a second.
const TICKS: u64 = 100;

/// A worker that hangs, from an earlier run with the same arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Straggler {
    /// The number of the process.
    pub(super) pid: u32,
    /// Since its start.
    pub(super) age: Duration,
}

/// Looks for one: same account, executable and arguments, and the run that started it is gone. What can be ended is.
pub(super) fn find() -> Option<Straggler> {
    let words: Vec<OsString> = command_line::of_worker(command_line::typed()).collect();
    let wanted = as_in_proc(&words);
    let account = nix::unistd::geteuid().as_raw();
    let executable = fs::read_link("/proc/self/exe").ok()?;
    let own = std::process::id();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            // By its directory, whose owner shows even where the process keeps the rest to itself. Of root's processes
            // there are many, so there the executable tells them apart.
            let is_ours = account == 0 || entry.metadata().ok()?.uid() == account;
            (is_ours && pid != own).then(|| Process { pid, directory: entry.path() })
        })
        .filter(|process| process.is_worker(&wanted, &executable))
        .filter(|process| fs::metadata(&process.directory).is_ok_and(|of| of.uid() == account))
        .find_map(|process| process.outlasts_its_run(&wanted))
}

/// As /proc shows it: a NUL behind each argument.
fn as_in_proc(words: &[OsString]) -> Vec<u8> {
    words.iter().flat_map(|word| word.as_bytes().iter().chain(&[0])).copied().collect()
}

/// Whether these are the command lines of a run and its worker.
fn is_run_of(run: &[u8], worker: &[u8]) -> bool {
    let words = run.split(|byte| *byte == 0).map(|word| OsStr::from_bytes(word).to_owned());
    // A NUL stands behind the last one as well.
    let words: Vec<OsString> = command_line::of_worker(words).collect();
    words.split_last().is_some_and(|(_, words)| as_in_proc(words) == worker)
}

/// One entry of /proc.
struct Process {
    pid: u32,
    directory: PathBuf,
}

impl Process {
    fn is_worker(&self, wanted: &[u8], executable: &Path) -> bool {
        let is_same = match fs::read_link(self.directory.join("exe")) {
            Ok(own) => is_same_file(&own, executable),
            // A process that keeps a password to itself hides it.
            Err(error) => error.kind() == ErrorKind::PermissionDenied,
        };
        is_same
            && read(&self.directory.join("cmdline"), wanted.len() + 1).as_deref() == Some(wanted)
    }

    /// Kills it unless its run still waits for it; what cannot be killed hangs.
    fn outlasts_its_run(&self, wanted: &[u8]) -> Option<Straggler> {
        let stat = read(&self.directory.join("stat"), 4096)?;
        let (parent, started) = parent_and_start(&stat)?;
        let parent = read(&Path::new("/proc").join(parent.to_string()).join("cmdline"), 1 << 20);
        if is_run_of(&parent.unwrap_or_default(), wanted) || self.ends_when_killed() {
            return None;
        }
        let age = Duration::from_millis(started * (1000 / TICKS));
        Some(Straggler { pid: self.pid, age: since_boot().saturating_sub(age) })
    }

    fn ends_when_killed(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let Some(process) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else {
            return false;
        };
        match process {
            Ok(process) => {
                let _ = pidfd_send_signal(&process, Signal::KILL);
                wait::is_ready(process.as_fd(), PollFlags::POLLIN, || ENDING)
            }
            Err(error) => error == rustix::io::Errno::SRCH,
        }
    }
}

/// Whether two links to executables mean the same, one of which may have been replaced by an upgrade.
fn is_same_file(a: &Path, b: &Path) -> bool {
    fn name(path: &Path) -> &[u8] {
        let bytes = path.as_os_str().as_bytes();
        bytes.strip_suffix(b" (deleted)").unwrap_or(bytes)
    }
    name(a) == name(b)
}

/// Parent and start of a process, the latter in ticks since the system's start (proc(5), `/proc/pid/stat`, fields 4 and
/// 22). The name in field 2 may hold anything, even a bracket.
fn parent_and_start(stat: &[u8]) -> Option<(u32, u64)> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = fields.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    Some((parent, fields.nth(17)?.parse().ok()?))
}

fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::from_secs(time.tv_sec.try_into().unwrap_or_default())
}

/// At most `limit` bytes of a file of /proc.
fn read(path: &Path, limit: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    File::open(path).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_and_start_are_read_behind_any_name() {
        let fields = "D 7 1 1 0 -1 4194304 95 0 0 0 0 0 0 0 20 0 1 0 8642 3170304 220";
        for name in ["check", "a b", "a) S 1 (b"] {
            let stat = format!("1234 ({name}) {fields}");
            assert_eq!(parent_and_start(stat.as_bytes()), Some((7, 8642)), "{name}");
        }
        for broken in ["", "1234 (check", "1234 (check) D 7 1"] {
            assert_eq!(parent_and_start(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn this_process_has_the_start_that_the_clock_says() {
        let stat = read(Path::new("/proc/self/stat"), 4096).unwrap();
        let (_, started) = parent_and_start(&stat).unwrap();
        assert!(since_boot().as_secs() + 1 >= started / TICKS);
        assert!(since_boot().as_secs() < started / TICKS + 3600);
    }

    #[test]
    fn a_run_and_its_worker_differ_in_their_name_alone() {
        let is_run = |run: &[u8], worker: &[u8]| is_run_of(run, worker);
        assert!(is_run(b"/usr/bin/check\0-t\x005\0", b"/usr/bin/check (worker)\0-t\x005\0"));
        assert!(is_run(b"check\0", b"check (worker)\0"));
        // Whoever takes the place of a parent that is gone.
        for other in [&b""[..], b"/sbin/init\0", b"/usr/bin/check\0-t\x006\0", b"check"] {
            assert!(!is_run(other, b"check (worker)\0"), "{other:?}");
        }
    }

    #[test]
    fn an_executable_that_was_replaced_is_still_the_same() {
        let same = |a: &str, b: &str| is_same_file(Path::new(a), Path::new(b));
        assert!(same("/usr/lib/check (deleted)", "/usr/lib/check"));
        assert!(!same("/usr/lib/check", "/usr/lib/other"));
    }
}
