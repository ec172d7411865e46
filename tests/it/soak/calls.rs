//! The system calls of a run, and the ways in which each can fail.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;

use crate::support::open_tempdir;
use crate::support::strace::recorded;

/// The errors that fit a kind of call, the likeliest first. What cannot fail in earnest is not here: signal masks,
/// identities, the closing of descriptors.
const ERRORS: [(&str, &[&str]); 48] = [
    ("accept4", &["EMFILE", "ECONNABORTED"]),
    ("access", &["EACCES", "EIO", "EROFS"]),
    ("brk", &["ENOMEM"]),
    ("clone", &["EAGAIN", "ENOMEM"]),
    ("clone3", &["EAGAIN", "ENOMEM"]),
    ("connect", &["ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT", "EADDRNOTAVAIL", "EPERM"]),
    ("epoll_create1", &["EMFILE", "ENOMEM"]),
    ("epoll_ctl", &["ENOSPC", "ENOMEM"]),
    ("epoll_wait", &["EINTR"]),
    ("eventfd2", &["EMFILE", "ENOMEM"]),
    ("execve", &["EAGAIN", "ENOMEM", "EACCES"]),
    ("faccessat2", &["EACCES", "EIO", "EROFS", "ENOSYS"]),
    ("fchmod", &["EPERM", "EROFS", "EIO"]),
    ("fchown", &["EPERM", "EROFS", "EIO", "EDQUOT"]),
    ("fdatasync", &["EIO", "ENOSPC", "EINVAL", "EDQUOT"]),
    ("flock", &["ENOLCK", "EINTR", "EAGAIN", "EIO"]),
    ("fstatfs", &["EIO", "ENOSYS"]),
    ("fsync", &["EIO", "ENOSPC", "EINVAL", "EDQUOT"]),
    ("ftruncate", &["EIO", "EFBIG", "EPERM"]),
    ("getcwd", &["ENOENT"]),
    ("getdents64", &["EIO", "ENOENT", "ENOMEM"]),
    ("getrandom", &["EAGAIN", "ENOSYS"]),
    ("getsockopt", &["ENOBUFS"]),
    ("linkat", &["EPERM", "EMLINK", "ENOSPC", "EIO", "EEXIST"]),
    ("lseek", &["EIO", "ESPIPE"]),
    ("mkdirat", &["ENOSPC", "EACCES", "EROFS", "EMLINK", "EIO"]),
    ("mmap", &["ENOMEM"]),
    ("mprotect", &["ENOMEM"]),
    ("newfstatat", &["EACCES", "EIO", "ENOENT", "ENOMEM"]),
    ("openat", &["EACCES", "EMFILE", "ENFILE", "ENOENT", "EIO", "EINTR", "ENOSPC", "EROFS"]),
    ("pipe2", &["EMFILE", "ENFILE"]),
    ("poll", &["EINTR", "ENOMEM"]),
    ("prctl", &["EPERM", "EINVAL"]),
    ("pread64", &["EIO", "EINTR"]),
    ("prlimit64", &["EPERM"]),
    ("read", &["EIO", "EINTR", "ESTALE", "EISDIR"]),
    ("recvfrom", &["ECONNRESET", "ETIMEDOUT", "EINTR", "EAGAIN"]),
    ("renameat", &["ENOSPC", "EIO", "EACCES", "EROFS", "EXDEV", "EDQUOT"]),
    ("renameat2", &["ENOSPC", "EIO", "EACCES", "EROFS", "EINVAL", "ENOSYS"]),
    ("sendto", &["EPIPE", "ECONNRESET", "EINTR", "EAGAIN"]),
    ("setsockopt", &["ENOPROTOOPT", "ENOBUFS"]),
    ("signalfd4", &["EMFILE", "ENOMEM"]),
    ("socket", &["EMFILE", "EAFNOSUPPORT", "ENOBUFS", "EACCES"]),
    ("statfs", &["EIO", "ENOSYS"]),
    ("statx", &["EACCES", "EIO", "ENOENT", "ENOSYS"]),
    ("unlinkat", &["EACCES", "EIO", "EROFS", "EPERM", "ENOENT"]),
    ("write", &["ENOSPC", "EIO", "EDQUOT", "EINTR", "EFBIG", "EPIPE"]),
    ("writev", &["EPIPE", "ECONNRESET", "EINTR", "EAGAIN"]),
];

/// A fault as strace(1) takes it.
pub(super) struct Fault {
    call: String,
    error: &'static str,
    number: usize,
    /// Whether it stays: a disk that is full is full for the next write as well.
    stays: bool,
}

impl Fault {
    /// Whether the error says nothing of what was asked. That something is not there is an answer, and what is gone
    /// counts no more.
    pub(super) fn is_no_answer(&self) -> bool {
        self.error != "ENOENT"
    }

    /// Whether it is a matter of rights: an axigen.cfg that may not be read is passed over, as documented.
    pub(super) fn is_of_rights(&self) -> bool {
        self.error == "EACCES"
    }

    /// Whether all further calls of the kind fail as well.
    pub(super) fn stays(&self) -> bool {
        self.stays
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, error, number, stays } = self;
        let onwards = if *stays { "+" } else { "" };
        write!(f, "{call}:error={error}:when={number}{onwards}")
    }
}

/// Every way in which one call of this run can fail: each call of each kind with each error, and with the likeliest from
/// there on. Numbers count within a thread, as strace counts; what happens before `main` is the loader's.
///
/// `build` gets what records a command and gives back what is to be run.
pub(super) fn faults_of(build: impl Fn(&dyn Fn(&Command) -> Command) -> Command) -> Vec<Fault> {
    let dir = open_tempdir();
    let log = dir.path().join("calls");
    let output = build(&|command| recorded(command, &log)).output().unwrap();
    assert!(output.status.code().is_some(), "{output:?}");
    let log = fs::read_to_string(log).unwrap();
    let first = log.split(' ').next().unwrap();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut of_loader: BTreeMap<&str, usize> = BTreeMap::new();
    let mut is_in_main = false;
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        // Neither the end of a call nor that of a thread.
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        if call.contains(' ') {
            continue;
        }
        *counts.entry((call, thread)).or_default() += 1;
        if thread == first && !is_in_main {
            *of_loader.entry(call).or_default() += 1;
        }
        // The first thing that Rust does: are the three standard streams open?
        is_in_main |= call == "poll";
    }
    let mut faults = Vec::new();
    for (call, errors) in ERRORS {
        let most = counts.iter().filter(|((name, _), _)| *name == call).map(|(_, count)| *count);
        let begin = of_loader.get(call).copied().unwrap_or(0) + 1;
        for number in begin..=most.max().unwrap_or(0) {
            let fault = |error, stays| Fault { call: call.to_owned(), error, number, stays };
            faults.extend(errors.iter().map(|error| fault(error, false)));
            let likeliest = errors.iter().find(|error| **error != "EINTR");
            faults.extend(likeliest.map(|error| fault(error, true)));
        }
    }
    assert!(is_in_main && !faults.is_empty(), "{log}");
    faults
}
