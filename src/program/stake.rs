//! What is lost if a notifier ends now, for whoever ends it: the run, its watchdog or a panic.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::outcome::{Delivery, Outcome};
use super::progress::Progress;
use super::run::wall_clock;

/// What is known of an alert so far.
pub(super) struct Stake {
    /// The wall clock at the start.
    pub(super) now: SystemTime,
    so_far: Progress<Outcome>,
    /// Where a loss is noted; absent where nothing can be lost.
    place: Mutex<Option<PathBuf>>,
    note_loss: fn(&Path, SystemTime),
}

impl Stake {
    pub(super) fn new(place: Option<PathBuf>, note_loss: fn(&Path, SystemTime)) -> Self {
        Self {
            now: wall_clock(),
            so_far: Progress::new(Outcome::new(Delivery::Lost, "nothing was sent or kept")),
            place: Mutex::new(place),
            note_loss,
        }
    }

    pub(super) fn losses_go_to(&self, place: Option<PathBuf>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    pub(super) fn stands_at(&self, outcome: Outcome) {
        self.so_far.note(|so_far| *so_far = outcome);
    }

    /// Notes what is lost, once.
    pub(super) fn end(&self, outcome: &Outcome) {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Delivery::Lost, Some(place)) = (outcome.delivery, place) {
            (self.note_loss)(&place, self.now);
        }
    }

    /// What was known last, and why there is no more.
    pub(super) fn broken_off(&self, why: &str) -> Outcome {
        let mut outcome = self.so_far.read(Outcome::clone);
        outcome.text = format!("{}; {why}", outcome.text);
        outcome
    }
}
