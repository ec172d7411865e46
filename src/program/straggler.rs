//! Finds the worker of an earlier run that never came to its end. One is enough: a second would hang as well.
//!
//! It is looked for among the processes and not by a file: what is in the way may be the file's own disk, and a number
//! in a file may belong to somebody else by now.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::poll::PollFlags;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::progress::Hanging;
use super::wait;
use crate::clock;
use crate::command_line::{self, Duty};

/// How long a worker may take to end once it was killed.
const ENDING: Duration = Duration::from_millis(200);
/// In what /proc counts time, whatever the kernel's own clock (proc(5), `starttime`): hundredths of a second.
const TICKS: u64 = 100;
/// Bytes of a command line that are read.
const LINE_BYTES: usize = 1 << 20;

/// A worker that hangs, from an earlier run with the same arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Straggler {
    /// The number of the process.
    pub(super) pid: u32,
    /// Since its start.
    pub(super) age: Duration,
}

impl Straggler {
    /// Whether it ends within this time, having been killed.
    pub(super) fn ends_within(&self, time: Duration) -> bool {
        end_of(self.pid, |end| wait::is_ready(end.as_fd(), PollFlags::POLLIN, || time))
    }

    /// As it is told.
    pub(super) fn hanging(&self, now: SystemTime) -> Hanging {
        let since = clock::seconds(now.checked_sub(self.age).unwrap_or(now));
        Hanging { pid: self.pid, since }
    }
}

/// Looks for a worker with the arguments of this run.
pub(super) fn of_this_run() -> Option<Straggler> {
    let wanted: Vec<OsString> =
        command_line::of_helper(Duty::Worker, command_line::typed()).collect();
    find(Duty::Worker, |words| words == wanted)
}

/// Looks for one with this duty and arguments `alike`: same account and executable, and the run that started it is gone. What can
/// be ended is.
pub(super) fn find(duty: Duty, is_alike: impl Fn(&[OsString]) -> bool) -> Option<Straggler> {
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
        .filter(|process| process.has_file(&executable))
        .filter(|process| fs::metadata(&process.directory).is_ok_and(|of| of.uid() == account))
        .filter_map(|process| Some((process.words()?, process)))
        .filter(|(words, _)| words.first().is_some_and(|name| Duty::named_in(name) == duty))
        // In a storm there are hundreds of them, so what is dear comes last.
        .filter(|(words, process)| process.outlasts_its_run(duty, words) && is_alike(words))
        .find_map(|(_, process)| process.hanging())
}

/// The words of a command line as /proc shows it, with a NUL behind each.
fn words_of(line: &[u8]) -> Option<Vec<OsString>> {
    let line = line.strip_suffix(&[0])?;
    Some(line.split(|byte| *byte == 0).map(|word| OsStr::from_bytes(word).to_owned()).collect())
}

/// Whether these are the command lines of a run and its helper.
fn is_run_of(run: Vec<OsString>, duty: Duty, helper: &[OsString]) -> bool {
    command_line::of_helper(duty, run).eq(helper.iter().cloned())
}

/// Has `act` wait for the end of a process; one that is gone has ended.
fn end_of(pid: u32, act: impl FnOnce(&OwnedFd) -> bool) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    match pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
        Some(Ok(process)) => act(&process),
        Some(Err(error)) => error == rustix::io::Errno::SRCH,
        None => false,
    }
}

/// One entry of /proc.
struct Process {
    pid: u32,
    directory: PathBuf,
}

impl Process {
    fn has_file(&self, executable: &Path) -> bool {
        match fs::read_link(self.directory.join("exe")) {
            Ok(own) => is_same_file(&own, executable),
            // A process that keeps a password to itself hides it.
            Err(error) => error.kind() == ErrorKind::PermissionDenied,
        }
    }

    fn words(&self) -> Option<Vec<OsString>> {
        words_of(&read(&self.directory.join("cmdline"), LINE_BYTES)?)
    }

    /// Whether its run is gone; one that cannot be seen may still wait for it.
    fn outlasts_its_run(&self, duty: Duty, words: &[OsString]) -> bool {
        let Some((_, parent, _)) = self.stat() else { return false };
        let line = read(&Path::new("/proc").join(parent.to_string()).join("cmdline"), LINE_BYTES);
        let is_run = |line: Vec<u8>| is_run_of(words_of(&line).unwrap_or_default(), duty, words);
        parent == 1 || line.is_some_and(|line| !is_run(line))
    }

    /// Kills it; what cannot be killed hangs.
    fn hanging(&self) -> Option<Straggler> {
        let (_, _, started) = self.stat()?;
        if self.ends_when_killed() {
            return None;
        }
        let age = Duration::from_millis(started * (1000 / TICKS));
        Some(Straggler { pid: self.pid, age: since_boot().saturating_sub(age) })
    }

    fn stat(&self) -> Option<(u8, u32, u64)> {
        state_parent_and_start(&read(&self.directory.join("stat"), 4096)?)
    }

    fn ends_when_killed(&self) -> bool {
        end_of(self.pid, |process| {
            let _ = pidfd_send_signal(process, Signal::KILL);
            wait::is_ready(process.as_fd(), PollFlags::POLLIN, || ENDING)
        })
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

/// Whether a process runs, or would if a processor had time for it: it waits for no disk then.
pub(super) fn is_running(pid: u32) -> bool {
    let process = Process { pid, directory: Path::new("/proc").join(pid.to_string()) };
    process.stat().is_some_and(|(state, ..)| state == b'R')
}

/// State, parent and start of a process, the latter in ticks since the system's start (proc(5), `/proc/pid/stat`, fields 3, 4
/// and 22). The name in field 2 may hold anything, even a bracket.
fn state_parent_and_start(stat: &[u8]) -> Option<(u8, u32, u64)> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = fields.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let parent = fields.next()?.parse().ok()?;
    Some((state, parent, fields.nth(17)?.parse().ok()?))
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
            assert_eq!(state_parent_and_start(stat.as_bytes()), Some((b'D', 7, 8642)), "{name}");
        }
        for broken in ["", "1234 (check", "1234 (check) D 7 1"] {
            assert_eq!(state_parent_and_start(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn this_process_has_the_start_that_the_clock_says() {
        let stat = read(Path::new("/proc/self/stat"), 4096).unwrap();
        let (_, _, started) = state_parent_and_start(&stat).unwrap();
        assert!(since_boot().as_secs() + 1 >= started / TICKS);
        assert!(since_boot().as_secs() < started / TICKS + 3600);
    }

    #[test]
    fn who_looks_runs() {
        // This thread, which has a number as well; the first one of the process waits for it.
        let thread = fs::read_link("/proc/thread-self").unwrap();
        let number = thread.file_name().and_then(OsStr::to_str).unwrap();
        assert!(is_running(number.parse().unwrap()));
        assert!(!is_running(0));
    }

    #[test]
    fn a_run_and_its_worker_differ_in_their_name_alone() {
        let is_run = |run: &[u8], worker: &[u8]| {
            let run = words_of(run).unwrap_or_default();
            is_run_of(run, Duty::Worker, &words_of(worker).unwrap())
        };
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
