//! One try of one message: what stands against it, the request, and what follows from the answer.

use std::time::Duration;

use super::super::client::{Api, Reply};
use super::super::item::Item;
use super::super::keys::Keys;
use super::super::response::{Answer, Culprit};
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
        self.try_once(item, urgent, place).unwrap_or_else(Step::Done)
    }

    /// As [`Drainer::attempt`]; what prevents a request is an error.
    fn try_once(
        &mut self,
        item: &mut Item,
        urgent: bool,
        place: Option<(&Spool, &Name)>,
    ) -> Result<Step, Fate> {
        // Left behind by a run that was killed between noting the reason and moving the file.
        if let Some(reason) = item.failure.clone() {
            return Err(if item.given_up { Fate::GivenUp(reason) } else { Fate::Rejected(reason) });
        }
        let keys =
            self.keyring.find(&item.addressee).map_err(|error| Fate::Kept(error.to_string()))?;
        if let Some(fate) = self.objection(item, &keys, urgent) {
            return Err(fate);
        }
        self.wait_for_silence()?;
        if let Some(tag) = item.cancel.clone() {
            let reply = self.ask("cancelling an emergency message", |api, time| {
                api.cancel(&keys.token, &tag, time)
            })?;
            match self.judge(reply, item, &keys, place) {
                // A tag that is refused must not hold the message back.
                Verdict::Accepted | Verdict::Refused(Culprit::Message | Culprit::User, _) => {}
                other => return Ok(self.step(other, item)),
            }
            item.cancel = None;
            if item.fields.is_empty() {
                return Ok(Step::Done(Fate::Delivered));
            }
            if let Some((spool, name)) = place {
                let _ = spool.update(name, item);
            }
        }
        let reply =
            self.ask("sending", |api, time| api.send(&keys.token, &keys.user, &item.form(), time))?;
        let verdict = self.judge(reply, item, &keys, place);
        Ok(self.step(verdict, item))
    }

    fn step(&self, verdict: Verdict, item: &Item) -> Step {
        match verdict {
            Verdict::Accepted => Step::Done(Fate::Delivered),
            Verdict::Refused(_, reason) => Step::Done(Fate::Rejected(reason)),
            Verdict::Blocked(reason) => Step::Done(Fate::Queued(reason)),
            Verdict::Failed(reason) => {
                if let Some(too_old) = self.too_old(item) {
                    return Step::Done(Fate::GivenUp(format!("{too_old}, {reason}")));
                }
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

    /// Whether a message whose try has failed has waited too long. Never before a try: the way may be up again.
    fn too_old(&self, item: &Item) -> Option<String> {
        let now = self.seconds();
        let born = item.created.max(self.memory.quota_wait_end.min(now));
        if now.saturating_sub(born) <= self.limits.age.as_secs() {
            return None;
        }
        let hours = now.saturating_sub(item.created) / 3600;
        let times = item.attempts;
        Some(format!("too old: waited {hours} h and failed {times} times"))
    }

    /// What stands against a try now.
    fn objection(&self, item: &Item, keys: &Keys, urgent: bool) -> Option<Fate> {
        let now = self.seconds();
        let blocks = [keys.token_mark(), keys.user_mark()];
        if let Some(block) = blocks.iter().find_map(|mark| self.memory.block(mark, now)) {
            let left = block.until.saturating_sub(now);
            return Some(Fate::Queued(format!("blocked for {left} s: {}", block.reason)));
        }
        let wait = item.next_try.saturating_sub(self.milliseconds());
        let longest = BACK_OFF_SECONDS.last().map_or(0, |seconds| seconds * 1000);
        // A longer wait than any back-off means that the clock was set back.
        if !urgent && wait > 0 && wait <= longest {
            return Some(Fate::Queued(format!("next try in {} s", wait.div_ceil(1000))));
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

    fn last_problem(&self) -> String {
        self.memory.last_problem.clone().unwrap_or_else(|| "a failure shortly before".to_owned())
    }

    /// Makes a request, and learns how long Pushover takes at present.
    fn ask(
        &mut self,
        stage: &'static str,
        request: impl FnOnce(&Api, Duration) -> Reply,
    ) -> Result<Reply, Fate> {
        let deadline = self.deadline;
        let api = self.connect()?;
        deadline.enter(stage);
        let begun = deadline.elapsed();
        let reply = request(api, deadline.remaining());
        if matches!(reply.answer, Answer::Accepted { .. }) {
            let taken = deadline.elapsed().saturating_sub(begun);
            self.slowest = self.slowest.max(taken);
        }
        Ok(reply)
    }

    fn connect(&mut self) -> Result<&Api, Fate> {
        if self.api.is_none() {
            self.deadline.enter("setting up TLS");
            let api = Api::new(self.route).map_err(|error| Fate::Kept(error.to_string()))?;
            self.api = Some(api);
        }
        let none = || Fate::Queued("no connection".to_owned());
        self.api.as_ref().ok_or_else(none)
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
            self.memory.quotas.insert(keys.token_mark(), (now, quota));
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
                self.suspend(culprit, &reason, item, keys);
                Verdict::Refused(culprit, reason)
            }
            Answer::QuotaUsedUp { reset, reason } => {
                self.memory.block_for_quota(keys.token_mark(), &reason, reset, now);
                Verdict::Blocked(reason)
            }
            Answer::Temporary { reason, retry_after } => {
                self.note_failure(&reason, retry_after, item, place);
                Verdict::Failed(reason)
            }
        }
    }

    /// Who asks again after a refusal is taken for an attacker.
    fn suspend(&mut self, culprit: Culprit, reason: &str, item: &Item, keys: &Keys) {
        let now = self.seconds();
        let memory = &mut self.memory;
        match culprit {
            Culprit::Token => memory.block_for_error(keys.token_mark(), reason, "", now),
            Culprit::User => {
                memory.block_for_error(keys.user_mark(), reason, &item.addressee.name(), now);
            }
            Culprit::Message => memory.note_rejection(keys.token_mark(), now),
        }
    }

    /// Nobody asks for a while after a failure, and this message waits longer each time.
    fn note_failure(
        &mut self,
        reason: &str,
        retry_after: Option<Duration>,
        item: &mut Item,
        place: Option<(&Spool, &Name)>,
    ) {
        self.failures += 1;
        self.memory.last_problem = Some(reason.to_owned());
        let silence = milliseconds(retry_after.unwrap_or_default().clamp(SILENCE, LONGEST_WISH));
        let now = self.milliseconds();
        self.memory.silence = Some((now, now.saturating_add(silence)));
        let step =
            usize::try_from(item.attempts).unwrap_or(usize::MAX).min(BACK_OFF_SECONDS.len() - 1);
        let pause = BACK_OFF_SECONDS.get(step).copied().unwrap_or_default() * 1000;
        item.attempts = item.attempts.saturating_add(1);
        item.next_try = now.saturating_add(pause.max(silence));
        if let Some((spool, name)) = place {
            let _ = spool.update(name, item);
            self.memory.keep(spool, now / 1000);
        }
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
