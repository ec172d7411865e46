//! One run of a notifier, as its program sees it.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::lenient::LeftOut;
use super::outcome::{Delivery, Outcome};
use super::progress::Progress;
use crate::deadline::Deadline;

/// One run of a notifier.
pub struct Errand {
    /// The wall clock at the start.
    pub now: SystemTime,
    /// When to have ended.
    pub deadline: Deadline,
    /// What the command line holds beyond its meaning.
    pub left_out: LeftOut,
    pub(super) so_far: Progress<Outcome>,
    pub(super) when_lost: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Errand {
    /// What is to be done if the run ends with a message lost, even where it hangs.
    pub fn when_lost(&self, act: impl FnOnce() + Send + 'static) {
        *self.when_lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    pub(super) fn end(&self, outcome: &Outcome) {
        let act = self.when_lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Delivery::Lost, Some(act)) = (outcome.delivery, act) {
            act();
        }
    }

    /// What is to be said if the run hangs until its deadline.
    pub fn stands_at(&self, outcome: Outcome) {
        self.so_far.note(|so_far| *so_far = outcome);
    }

    pub(super) fn cut_short(&self) -> Outcome {
        let mut outcome = self.so_far.read(Outcome::clone);
        let limit = self.deadline.limit().as_secs();
        outcome.text =
            format!("{}; gave up after {limit} s while {}", outcome.text, self.deadline.stage());
        outcome
    }
}
