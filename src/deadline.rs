//! One end for everything a run waits for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a run must have answered, and what it is busy with until then.
///
/// The probe's end comes a little before the watchdog's, so that a peer or a disk that is merely slow is reported with
/// all that was seen; the watchdog is for calls that have no timeout of their own. The end of all comes last, for a
/// watchdog that hangs as well.
#[derive(Debug)]
pub struct Deadline {
    limit: Duration,
    start: Instant,
    probe_end: Instant,
    watchdog_end: Instant,
    brought_forward: AtomicBool,
    stage: Mutex<String>,
}

impl Deadline {
    /// A deadline `limit` from now. The probe gets nine tenths of it, and all but half a second of a long one.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        let now = monotonic_now();
        let margin = (limit / 10).min(Duration::from_millis(500));
        Self {
            limit,
            start: now,
            probe_end: now + limit.saturating_sub(margin),
            watchdog_end: now + limit,
            brought_forward: AtomicBool::new(false),
            stage: Mutex::new("starting".to_owned()),
        }
    }

    /// The whole time that was given.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Time the probe has left; zero when it must stop.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.probe_end.saturating_duration_since(monotonic_now())
    }

    /// The probe must stop now: somebody asked for the end. What is under way keeps the time that remains.
    pub fn bring_forward(&self) {
        self.brought_forward.store(true, Ordering::Relaxed);
    }

    /// Whether the probe must stop.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.brought_forward.load(Ordering::Relaxed) || self.remaining().is_zero()
    }

    /// Time since the start, up to the whole time that was given.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        monotonic_now().saturating_duration_since(self.start).min(self.limit)
    }

    /// Time until half of it is over: what must be done before something else gets no more.
    #[must_use]
    pub fn until_half(&self) -> Duration {
        (self.limit / 2).saturating_sub(self.elapsed())
    }

    /// Leaves the peer alone for `duration`, or until the probe must stop.
    #[expect(
        clippy::disallowed_methods,
        reason = "there is nothing to wait for but time: a peer that limits its clients says nothing when it forgets"
    )]
    pub fn pause(&self, duration: Duration) {
        std::thread::sleep(duration.min(self.remaining()));
    }

    /// Time until the watchdog answers in the check's place.
    #[must_use]
    pub fn until_watchdog(&self) -> Duration {
        self.watchdog_end.saturating_duration_since(monotonic_now())
    }

    /// Time until the run must have ended, whatever hangs: half a second more, in which the watchdog says what was seen.
    #[must_use]
    pub fn until_end(&self) -> Duration {
        let end = self.watchdog_end + Duration::from_millis(500);
        end.saturating_duration_since(monotonic_now())
    }

    /// Notes what is being done, as in "reading /var/opt/axigen/queue/0F".
    pub fn enter(&self, stage: impl Into<String>) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.into();
    }

    /// What was being done last.
    #[must_use]
    pub fn stage(&self) -> String {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one home of the monotonic clock")]
fn monotonic_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_ends_before_the_watchdog_and_that_before_the_run() {
        for seconds in [1, 10, 60] {
            let deadline = Deadline::after(Duration::from_secs(seconds));
            assert!(deadline.remaining() < deadline.until_watchdog());
            assert!(deadline.until_watchdog() < deadline.until_end());
            assert!(deadline.remaining() > Duration::from_millis(seconds * 850));
        }
    }

    #[test]
    fn an_end_can_be_brought_forward() {
        let deadline = Deadline::after(Duration::from_secs(60));
        assert!(!deadline.has_passed());
        deadline.bring_forward();
        assert!(deadline.has_passed() && !deadline.remaining().is_zero());
    }

    #[test]
    fn a_deadline_of_zero_has_passed() {
        assert!(Deadline::after(Duration::ZERO).has_passed());
    }
}
