//! Whose turn it is to send.

use std::fs::{File, TryLockError};
use std::io::{
    self,
    ErrorKind::{AlreadyExists, InvalidData, NotFound, PermissionDenied, Unsupported},
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::futimens;
use rustix::io::Errno;

use super::directory::{NOW, SpoolDir};
use super::error::SpoolError;
use super::name::{Name, TEMPORARY};
use crate::deadline::Deadline;

pub(super) const LOCK: &str = ".lock";
/// How often a waiting process looks whether its message is gone.
const GLANCE: Duration = Duration::from_millis(50);

/// Held by the one process that sends; the kernel frees it when that process ends in any way.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "its life is the lock")] File);

impl Lock {
    /// Its file tells by its time since when it is held.
    fn of(file: File) -> Self {
        let _ = futimens(&file, &NOW);
        Self(file)
    }
}

/// How a wait for the lock ended.
#[derive(Debug)]
pub(crate) enum Turn {
    /// We send.
    Ours(Lock),
    /// Another process has dealt with all our messages.
    Done,
    /// Neither in the time for it.
    TooLate,
}

/// Tries to become the one process that sends from this spool.
pub(super) fn take(spool: &SpoolDir) -> Result<Option<Lock>, SpoolError> {
    let file = open_lock(spool)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock::of(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => {
            Err(SpoolError::io("cannot lock", spool.path(), source))
        }
    }
}

/// Waits for at most `patience` until we may send, or another process has dealt with all of `ours`.
pub(super) fn wait(
    spool: &SpoolDir,
    ours: &[Name],
    patience: Duration,
    deadline: &Deadline,
) -> Result<Turn, SpoolError> {
    let end = deadline.elapsed() + patience.min(deadline.remaining());
    if let Some(lock) = take(spool)? {
        return Ok(Turn::Ours(lock));
    }
    let file = open_lock(spool)?;
    let (send, receive) = mpsc::channel();
    let wait = move || {
        let locked = file.lock().map(|()| Lock::of(file));
        let _ = send.send(locked);
    };
    std::thread::Builder::new()
        .name("turn".to_owned())
        .spawn(wait)
        .map_err(|source| SpoolError::io("cannot wait", spool.path(), source))?;
    loop {
        let left = end.saturating_sub(deadline.elapsed());
        match receive.recv_timeout(GLANCE.min(left)) {
            Ok(Ok(lock)) => return Ok(Turn::Ours(lock)),
            Ok(Err(source)) => return Err(SpoolError::io("cannot lock", spool.path(), source)),
            Err(_) => {}
        }
        if !ours.is_empty() && !ours.iter().any(|name| spool.holds(name.as_str())) {
            return Ok(Turn::Done);
        }
        if left.is_zero() {
            return Ok(Turn::TooLate);
        }
    }
}

fn open_lock(spool: &SpoolDir) -> Result<File, SpoolError> {
    let failed = |source| SpoolError::io("cannot open the lock", spool.path(), source);
    let error = match spool.open_lock(LOCK) {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    let link = Errno::from_io_error(&error) == Some(Errno::LOOP);
    // A link or a pipe is no lock of ours: somebody has put it in our way.
    if link || error.kind() == InvalidData {
        spool.remove(LOCK).map_err(failed)?;
    } else if error.kind() != NotFound {
        return Err(failed(error));
    }
    make_lock(spool).map_err(failed)?;
    spool.open_lock(LOCK).map_err(failed)
}

/// The lock gets its name last: a kill before it is shared would leave one that the group cannot open.
fn make_lock(spool: &SpoolDir) -> io::Result<()> {
    // A name of its own for each thread: two of them may begin at once.
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let temporary = format!("{TEMPORARY}lock-{}-{number}", std::process::id());
    let _ = spool.remove(&temporary);
    spool.create(&temporary)?;
    // No rename, which would replace a lock that somebody holds by now.
    let linked = spool.link(&temporary, LOCK);
    let _ = spool.remove(&temporary);
    let made = match linked {
        // Some file systems have no links; better a lock that could be cut short than none.
        Err(error) if matches!(error.kind(), PermissionDenied | Unsupported) => {
            spool.create(LOCK).map(drop)
        }
        other => other,
    };
    match made {
        // Another process was faster, and may even have cleared our temporary file away.
        Err(error) if matches!(error.kind(), AlreadyExists | NotFound) => Ok(()),
        other => other,
    }
}
