//! Waiting for something to happen, without asking for it time and again: whoever sees a change rings.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::inotify;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often it was rung.
static RINGS: Mutex<u64> = Mutex::new(0);
static BELL: Condvar = Condvar::new();

/// Says that something has changed that somebody may wait for.
pub(crate) fn ring() {
    *RINGS.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    BELL.notify_all();
}

/// Looks whenever the bell is rung, until there is something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        // Before the look, so that what changes meanwhile is not missed.
        let heard = *RINGS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = look() {
            return found;
        }
        let rings = RINGS.lock().unwrap_or_else(PoisonError::into_inner);
        let left = PATIENCE.saturating_sub(start.elapsed());
        let waited = BELL
            .wait_timeout_while(rings, left, |rings| *rings == heard)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.1.timed_out(), "{what} did not happen");
    }
}

/// Rings whenever a file in one of these directories is made, written or put in place; until the test process ends.
pub(crate) fn ring_on_changes(directories: &[&Path]) {
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    for directory in directories {
        fs::create_dir_all(directory).unwrap();
        let flags = inotify::WatchFlags::CREATE
            | inotify::WatchFlags::MODIFY
            | inotify::WatchFlags::MOVED_TO;
        inotify::add_watch(&changes, *directory, flags).unwrap();
    }
    std::thread::spawn(move || ring_on_each(&changes));
}

fn ring_on_each(changes: &OwnedFd) {
    let mut buffer = [0; 16_384];
    while let Ok(1..) = rustix::io::read(changes, &mut buffer) {
        ring();
    }
}
