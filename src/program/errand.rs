//! One run of a notifier, as its program sees it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::console;
use super::lenient::LeftOut;
use super::outcome::Outcome;
use super::printout::Interim;
use super::progress::Hanging;
use super::stake::Stake;
use super::straggler::Straggler;
use crate::command_line::Duty;
use crate::deadline::Deadline;

/// What an alert does without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The spool does not answer, perhaps since an earlier run.
    Spool(Option<Hanging>),
    /// Nor does what an earlier run needed besides.
    Everything(Hanging),
}

/// One run of a notifier.
pub struct Errand {
    /// The wall clock at the start.
    pub now: SystemTime,
    /// When to have ended.
    pub deadline: Deadline,
    /// What the command line holds beyond its meaning.
    pub left_out: LeftOut,
    pub(super) duty: Duty,
    /// What another process has read of standard input.
    pub(super) input: Option<String>,
    stake: Arc<Stake>,
    /// Whether another process has read its input, and turned to the spool.
    is_at_spool: bool,
    /// Finds a process of an earlier run with that duty that hangs at the same places.
    find: Box<dyn Fn(Duty) -> Option<Straggler> + Send + Sync>,
    /// When the spool must have answered, since the start; absent where it has, or is left alone.
    patience: Option<Duration>,
}

impl Errand {
    pub(super) fn new(
        left_out: LeftOut,
        limit: Duration,
        stake: Arc<Stake>,
        find: Box<dyn Fn(Duty) -> Option<Straggler> + Send + Sync>,
    ) -> Self {
        Self {
            now: stake.now,
            deadline: Deadline::after(limit),
            left_out,
            duty: Duty::own(),
            input: None,
            stake,
            is_at_spool: false,
            find,
            patience: Some(limit / 2),
        }
    }

    /// What `read` makes of standard input, or what another process has made of it.
    pub fn input(&self, read: impl FnOnce() -> String) -> String {
        if let Some(input) = &self.input {
            return input.clone();
        }
        let input = read();
        console::note(&Interim::Input(input.clone()));
        input
    }

    /// Where it is noted from now on if the run ends with an alert lost, even where it hangs.
    pub fn losses_go_to(&self, place: &Path) {
        console::note(&Interim::Place(place.to_owned()));
        self.stake.losses_go_to(Some(place.to_owned()));
    }

    /// What is to be said if the run hangs until its deadline. Of an alert: the spool has answered, and what became of it does
    /// not depend on that any more.
    pub fn stands_at(&self, outcome: Outcome) {
        console::note(&Interim::Standing(outcome.clone()));
        self.stake.stands_at(outcome);
    }

    /// A process of an earlier run that hangs where this one would.
    #[must_use]
    pub fn earlier(&self) -> Option<Hanging> {
        (self.find)(Duty::Worker).map(|straggler| straggler.hanging(self.now))
    }

    /// What is in the way of an alert whose loss is to be noted at `place`. It is at stake from now on: if the spool does not
    /// answer within half of the time, a substitute goes on without it, and so it does if this is a worker that finds
    /// something.
    #[must_use]
    pub fn unanswered(&self, place: &Path) -> Option<Unanswered> {
        self.losses_go_to(place);
        let earlier = self.earlier();
        match self.duty {
            Duty::Worker if earlier.is_some() => console::leave(3),
            Duty::Run | Duty::Worker if earlier.is_none() => return None,
            _ => {}
        }
        self.deadline.enter("waiting for a process of an earlier run");
        let other = (self.find)(Duty::Substitute);
        let other = other.filter(|other| !other.ends_within(self.deadline.remaining()));
        Some(other.map_or(Unanswered::Spool(earlier), |other| {
            Unanswered::Everything(other.hanging(self.now))
        }))
    }

    /// Notes what the worker has said. What was read by then took its time from the spool.
    pub(super) fn learn(&mut self, note: Interim) {
        match note {
            Interim::Input(input) => {
                let elapsed = self.deadline.elapsed();
                self.patience = Some(elapsed + self.deadline.until_watchdog() / 2);
                self.input = Some(input);
            }
            Interim::Place(place) => {
                self.is_at_spool = true;
                self.stake.losses_go_to(Some(place));
            }
            Interim::Standing(outcome) => {
                self.stake.stands_at(outcome);
                self.patience = None;
            }
            // Whoever hears it waits no longer.
            Interim::Broken(_) => {}
        }
    }

    /// Whether nothing is known of the spool yet.
    pub(super) fn waits_for_the_spool(&self) -> bool {
        self.patience.is_some()
    }

    pub(super) fn wait_longer(&mut self, time: Duration) {
        self.patience = self.patience.map(|_| self.deadline.elapsed() + time);
    }

    /// Whether nothing is worth waiting for any more.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.until_end().is_zero()
    }

    pub(super) fn go_without_the_spool(&mut self) {
        self.patience = None;
    }

    /// Time for what is awaited of the worker: before it turns to the spool that may be standard input.
    pub(super) fn patience(&self) -> Duration {
        match self.patience.filter(|_| self.is_at_spool) {
            Some(until) => until.saturating_sub(self.deadline.elapsed()),
            None => self.deadline.until_end(),
        }
    }

    pub(super) fn end(&self, outcome: &Outcome) {
        self.stake.end(outcome);
    }

    pub(super) fn gave_up(&self) -> String {
        let limit = self.deadline.limit().as_secs();
        format!("gave up after {limit} s while {}", self.deadline.stage())
    }

    /// What was known last, and why there is no more.
    pub(super) fn broken_off(&self, why: &str) -> Outcome {
        self.stake.broken_off(why)
    }
}
