//! One try of one message: what stands against it, the request, and what follows from the answer.

use std::time::Duration;

use super::super::answer::{Answer, Culprit};
use super::super::client::{Api, Reply, RouteError};
use super::super::item::Item;
use super::super::keys::Keys;
use super::super::spool::{Name, Spool};
use super::{Drainer, Fate, SILENCE};

/// Failed requests per run.
const TRIES: u32 = 2;
/// Pauses of `flush` after the first, second, third and every further failure.
const BACK_OFF_SECONDS: [u64; 4] = [5, 15, 60, 300];
/// No wish of a server keeps a message longer than this.
const LONGEST_WISH: Duration = Duration::from_secs(300);

/// What follows from a try.
pub(super) enum Step {
    /// A first failure with time for a second try.
    Retry,
    Done(Fate),
}

enum Verdict {
    Accepted,
    Refused(Culprit, String),
    Blocked(String),
    Failed(String),
}

impl Drainer<'_> {
    /// One try of one message, after all that may stand against it.
    pub(super) fn attempt(
        &mut self,
        item: &mut Item,
        urgent: bool,
        place: Option<(&Spool, &Name)>,
    ) -> Step {
        // Left behind by a run that was killed between noting the reason and moving the file.
        if let Some(reason) = &item.failure {
            return Step::Done(Fate::Rejected(reason.clone()));
        }
        let keys = match self.keyring.find(&item.address) {
            Ok(keys) => keys,
            Err(error) => return Step::Done(Fate::Kept(error.to_string())),
        };
        if let Some(fate) = self.objection(item, &keys, urgent) {
            return Step::Done(fate);
        }
        if let Err(fate) = self.wait_for_silence() {
            return Step::Done(fate);
        }
        if let Err(error) = self.connect() {
            return Step::Done(Fate::Kept(error.to_string()));
        }
        let Some(api) = &self.api else {
            return Step::Done(Fate::Queued("no connection".to_owned()));
        };
        if let Some(tag) = &item.cancel {
            self.deadline.enter("cancelling an emergency message");
            let begun = self.deadline.elapsed();
            let reply = api.cancel(&keys.token, tag, self.deadline.remaining());
            self.time(&reply, begun);
            match self.judge(reply, item, &keys, place) {
                // A tag that is refused must not hold the message back.
                Verdict::Accepted | Verdict::Refused(Culprit::Message | Culprit::User, _) => {}
                other => return self.step(other),
            }
            item.cancel = None;
            if item.fields.is_empty() {
                return Step::Done(Fate::Delivered);
            }
            if let Some((spool, name)) = place {
                let _ = spool.update(name, item);
            }
        }
        self.deadline.enter("sending");
        let Some(api) = &self.api else {
            return Step::Done(Fate::Queued("no connection".to_owned()));
        };
        let begun = self.deadline.elapsed();
        let reply = api.send(
            &keys.token,
            &keys.user,
            &item.form(),
            self.deadline.remaining(),
        );
        self.time(&reply, begun);
        let verdict = self.judge(reply, item, &keys, place);
        self.step(verdict)
    }

    fn step(&self, verdict: Verdict) -> Step {
        match verdict {
            Verdict::Accepted => Step::Done(Fate::Delivered),
            Verdict::Refused(_, reason) => Step::Done(Fate::Rejected(reason)),
            Verdict::Blocked(reason) => Step::Done(Fate::Queued(reason)),
            Verdict::Failed(reason) => {
                let now = self.milliseconds();
                let silence = Duration::from_millis(self.memory.silence_left(now));
                if self.failures < TRIES && silence < self.deadline.remaining() {
                    Step::Retry
                } else {
                    Step::Done(Fate::Queued(reason))
                }
            }
        }
    }

    /// What stands against a try now.
    fn objection(&self, item: &Item, keys: &Keys, urgent: bool) -> Option<Fate> {
        let now = self.seconds();
        let blocks = [keys.token_mark(), keys.user_mark()];
        if let Some(block) = blocks.iter().find_map(|mark| self.memory.block(mark, now)) {
            let left = block.until.saturating_sub(now);
            return Some(Fate::Queued(format!(
                "blocked for {left} s: {}",
                block.reason
            )));
        }
        let born = item.created.max(self.memory.quota_wait_end.min(now));
        if item.attempts > 0 && now.saturating_sub(born) > self.limits.age.as_secs() {
            let hours = now.saturating_sub(item.created) / 3600;
            return Some(Fate::Rejected(format!(
                "too old: waited {hours} h and failed {} times",
                item.attempts
            )));
        }
        let wait = item.next_try.saturating_sub(self.milliseconds());
        let longest = BACK_OFF_SECONDS.last().map_or(0, |seconds| seconds * 1000);
        // A longer wait than any back-off means that the clock was set back.
        if !urgent && wait > 0 && wait <= longest {
            return Some(Fate::Queued(format!(
                "next try in {} s",
                wait.div_ceil(1000)
            )));
        }
        // Cut off in the middle it might arrive, and would be sent again.
        if self.deadline.remaining() < self.slowest {
            return Some(Fate::Queued("no time left in this run".to_owned()));
        }
        if self.failures >= TRIES {
            return Some(Fate::Queued(self.last_problem()));
        }
        None
    }

    fn wait_for_silence(&mut self) -> Result<(), Fate> {
        loop {
            let left = Duration::from_millis(self.memory.silence_left(self.milliseconds()));
            if left.is_zero() {
                return Ok(());
            }
            if left >= self.deadline.remaining() {
                return Err(Fate::Queued(self.last_problem()));
            }
            self.deadline.enter("waiting for a second try");
            // Pushover wants to be left alone; there is nothing to wait for but the clock.
            std::thread::park_timeout(left);
        }
    }

    /// Learns how long Pushover takes at present.
    fn time(&mut self, reply: &Reply, begun: Duration) {
        if matches!(reply.answer, Answer::Accepted { .. }) {
            self.slowest = self
                .slowest
                .max(self.deadline.elapsed().saturating_sub(begun));
        }
    }

    fn last_problem(&self) -> String {
        self.memory
            .last_problem
            .clone()
            .unwrap_or_else(|| "a failure shortly before".to_owned())
    }

    fn connect(&mut self) -> Result<(), RouteError> {
        if self.api.is_none() {
            self.deadline.enter("setting up TLS");
            self.api = Some(Api::new(self.route)?);
        }
        Ok(())
    }

    /// Learns from an answer, and notes a failed try in the item.
    fn judge(
        &mut self,
        reply: Reply,
        item: &mut Item,
        keys: &Keys,
        place: Option<(&Spool, &Name)>,
    ) -> Verdict {
        let now = self.seconds();
        if let Some(quota) = reply.quota {
            self.memory.quota = Some((now, quota));
        }
        match reply.answer {
            Answer::Accepted { .. } => {
                self.memory.last_success = Some(now);
                self.memory.last_problem = None;
                self.memory.silence = None;
                Verdict::Accepted
            }
            Answer::NobodyReached(info) => {
                Verdict::Refused(Culprit::Message, format!("nobody was reached: {info}"))
            }
            Answer::Rejected { culprit, reason } => {
                match culprit {
                    Culprit::Token => {
                        self.memory
                            .block_for_error(keys.token_mark(), &reason, "", now);
                    }
                    Culprit::User => {
                        let whom = item.address.name();
                        self.memory
                            .block_for_error(keys.user_mark(), &reason, &whom, now);
                    }
                    Culprit::Message => self.memory.note_rejection(keys.token_mark(), now),
                }
                Verdict::Refused(culprit, reason)
            }
            Answer::QuotaUsedUp { reset, reason } => {
                self.memory
                    .block_for_quota(keys.token_mark(), &reason, reset, now);
                Verdict::Blocked(reason)
            }
            Answer::Temporary {
                reason,
                retry_after,
            } => {
                self.failures += 1;
                self.memory.last_problem = Some(reason.clone());
                let silence = retry_after.unwrap_or_default().clamp(SILENCE, LONGEST_WISH);
                let now = self.milliseconds();
                self.memory.silence = Some((now, now.saturating_add(milliseconds(silence))));
                let step = usize::try_from(item.attempts)
                    .unwrap_or(usize::MAX)
                    .min(BACK_OFF_SECONDS.len() - 1);
                let pause = BACK_OFF_SECONDS.get(step).copied().unwrap_or_default() * 1000;
                item.attempts = item.attempts.saturating_add(1);
                item.next_try = now.saturating_add(pause.max(milliseconds(silence)));
                if let Some((spool, name)) = place {
                    let _ = spool.update(name, item);
                    self.memory.keep(spool, now / 1000);
                }
                Verdict::Failed(reason)
            }
        }
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
