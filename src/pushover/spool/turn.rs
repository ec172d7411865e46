//! Whose turn it is to send.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{
    self,
    ErrorKind::{AlreadyExists, NotFound, PermissionDenied, Unsupported},
};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::OFlags;

use super::{Name, Spool, SpoolError, TEMPORARY, trouble};
use crate::deadline::Deadline;

/// How often a waiting process looks whether its message is gone.
const GLANCE: Duration = Duration::from_millis(50);

/// Held by the one process that sends; the kernel frees it when that process ends in any way.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "its life is the lock")] File);

/// How a wait for the lock ended.
#[derive(Debug)]
pub enum Turn {
    /// We send.
    Ours(Lock),
    /// Another process has dealt with all our messages.
    Done,
    /// Neither before the deadline.
    TooLate,
}

impl Spool {
    /// Tries to become the one process that sends.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the lock file cannot be opened.
    pub fn try_lock(&self) -> Result<Option<Lock>, SpoolError> {
        let file = self.open_lock()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(trouble("cannot lock", &self.path, source)),
        }
    }

    /// Waits until we may send, or another process has dealt with all of `ours`.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the lock file cannot be used.
    pub fn wait_for_turn(&self, ours: &[Name], deadline: &Deadline) -> Result<Turn, SpoolError> {
        if let Some(lock) = self.try_lock()? {
            return Ok(Turn::Ours(lock));
        }
        let file = self.open_lock()?;
        let (send, receive) = mpsc::channel();
        let wait = move || {
            let locked = file.lock().map(|()| Lock(file));
            let _ = send.send(locked);
        };
        std::thread::Builder::new()
            .name("turn".to_owned())
            .spawn(wait)
            .map_err(|source| trouble("cannot wait", &self.path, source))?;
        loop {
            match receive.recv_timeout(GLANCE.min(deadline.remaining())) {
                Ok(Ok(lock)) => return Ok(Turn::Ours(lock)),
                Ok(Err(source)) => return Err(trouble("cannot lock", &self.path, source)),
                Err(_) => {}
            }
            if !ours.is_empty() && !ours.iter().any(|name| self.is_waiting(name)) {
                return Ok(Turn::Done);
            }
            if deadline.has_passed() {
                return Ok(Turn::TooLate);
            }
        }
    }

    fn open_lock(&self) -> Result<File, SpoolError> {
        let failed = |source| trouble("cannot open the lock", &self.path, source);
        let path = self.path.join(".lock");
        let open = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                .open(&path)
        };
        match open() {
            Err(error) if error.kind() == NotFound => {
                self.make_lock(&path).map_err(failed)?;
                open().map_err(failed)
            }
            opened => opened.map_err(failed),
        }
    }

    /// The lock gets its name last: a kill before it is shared would leave one that the group cannot open.
    fn make_lock(&self, path: &Path) -> io::Result<()> {
        let temporary = self.path.join(format!("{TEMPORARY}lock-{}", std::process::id()));
        let _ = fs::remove_file(&temporary);
        self.create(&temporary)?;
        // No rename, which would replace a lock that somebody holds by now.
        let linked = fs::hard_link(&temporary, path);
        let _ = fs::remove_file(&temporary);
        let made = match linked {
            // Some file systems have no links; better a lock that could be cut short than none.
            Err(error) if matches!(error.kind(), PermissionDenied | Unsupported) => {
                self.create(path).map(drop)
            }
            other => other,
        };
        match made {
            // Another process was faster, and may even have cleared our temporary file away.
            Err(error) if matches!(error.kind(), AlreadyExists | NotFound) => Ok(()),
            other => other,
        }
    }
}
