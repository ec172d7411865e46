//! One try of one message: what stands against it, the request, and what follows from the answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::client::{Api, RouteError};
use super::super::item::Item;
use super::super::keys::Keys;
use super::super::memory::{BLOCK_SECONDS, BlockCause};
use super::super::not_accepted::{Culprit, Failure, NotAccepted, Rejection};
use super::super::reason::Reason;
use super::super::receipt::{Receipt, ReceiptId};
use super::super::response::Response;
use super::super::spool::{Name, Spool};
use super::fate::{Fate, Hold, Wait};
use super::transport::Transport;

/// Pauses of a message after its first, second and every further failure. The first is what Pushover asks for; the last is
/// over when the timer, which runs once a minute, comes again.
const PAUSE_SECONDS: [u64; 3] = [5, 15, 45];

/// Where a message is kept while it is tried.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) spool: &'a Spool,
    pub(super) name: &'a Name,
}

/// A message that is being tried.
pub(super) struct Attempt<'a> {
    pub(super) item: &'a mut Item,
    /// Nowhere when no spool can be used.
    pub(super) place: Option<Place<'a>>,
    /// Whether it need not wait for its pause: somebody has a fresh alert for the same people.
    pub(super) urgent: bool,
    /// A message that is older is given up when its try fails.
    pub(super) longest_age: Duration,
}

impl Attempt<'_> {
    /// The message's fate, or `None` when a second try is worth it in this run.
    pub(super) fn make(mut self, transport: &mut Transport<'_>) -> Option<Fate> {
        self.clear_the_way(transport)
            .and_then(|keys| self.request(&keys, transport))
            .unwrap_or_else(Some)
    }

    /// Token and key, when nothing stands against a try.
    fn clear_the_way(&self, transport: &mut Transport<'_>) -> Result<Keys, Fate> {
        // Left behind by a run that was killed between noting the reason and moving the file.
        if let Some(reason) = self.item.failure.clone() {
            let given_up = self.item.given_up;
            return Err(if given_up { Fate::given_up(reason) } else { Fate::rejected(reason) });
        }
        let keys = transport
            .keyring
            .find(&self.item.addressee)
            .map_err(|error| Fate::Held(Hold::Keys(error)))?;
        let objection = self.objection(&keys, transport).or_else(|| transport.objection());
        objection.map_or(Ok(()), Err).map_err(Fate::Queued)?;
        transport.wait_for_silence().map_err(Fate::Queued)?;
        Ok(keys)
    }

    /// What stands against this message.
    fn objection(&self, keys: &Keys, transport: &Transport<'_>) -> Option<Wait> {
        let now = transport.seconds();
        if let Some(block) = transport.memory.block_of(keys, now) {
            let seconds = block.until.saturating_sub(now);
            return Some(Wait::Blocked { seconds, cause: block.cause.clone() });
        }
        let wait = self.item.next_try.saturating_sub(transport.milliseconds());
        let longest = PAUSE_SECONDS.last().map_or(0, |seconds| seconds * 1000);
        // A longer wait than any pause means that the clock was set back.
        let pauses = !self.urgent && wait > 0 && wait <= longest;
        pauses.then(|| Wait::Pause { seconds: wait.div_ceil(1000) })
    }

    /// Cancels what the message ends, then sends it.
    fn request(
        &mut self,
        keys: &Keys,
        transport: &mut Transport<'_>,
    ) -> Result<Option<Fate>, Fate> {
        if let Some(tag) = self.item.cancel.clone() {
            let response = transport
                .ask("cancelling an emergency message", |api, time| {
                    api.cancel(&keys.token, &tag, time)
                })
                .map_err(no_way)?;
            match self.learn(response, keys, transport) {
                // A tag that is refused must not hold the message back.
                Ok(_)
                | Err(
                    NotAccepted::NoDevice(_)
                    | NotAccepted::Rejected { culprit: Culprit::Message | Culprit::User, .. },
                ) => {}
                Err(refusal) => return Ok(self.follows(refusal, transport)),
            }
            self.item.cancel = None;
            if self.item.fields.is_empty() {
                return Ok(Some(Fate::Delivered));
            }
            self.write();
        }
        let form = self.item.form();
        let send = |api: &Api, time| api.send(&keys.token, &keys.user, &form, time);
        let response = transport.ask("sending", send).map_err(no_way)?;
        Ok(match self.learn(response, keys, transport) {
            Ok(body) => {
                self.keep_receipt(&body, transport.seconds());
                Some(Fate::Delivered)
            }
            Err(refusal) => self.follows(refusal, transport),
        })
    }

    /// Learns from an answer, and notes a failed try in the item.
    fn learn(
        &mut self,
        response: Response,
        keys: &Keys,
        transport: &mut Transport<'_>,
    ) -> Result<Value, NotAccepted> {
        let now = transport.seconds();
        let memory = &mut transport.memory;
        if let Some(quota) = response.quota {
            memory.quotas.insert(keys.token_mark(), (now, quota));
        }
        let refusal = match response.result {
            Ok(body) => {
                memory.note_success(now);
                return Ok(body);
            }
            Err(refusal) => refusal,
        };
        memory.note_refusal(&refusal, keys, &self.item.addressee.name(), now);
        match &refusal {
            NotAccepted::Rejected { culprit: Culprit::Message, .. } => {
                memory.note_rejection(keys.token_mark(), now);
            }
            NotAccepted::Temporary { failure, retry_after } => {
                self.note_failure(failure.clone(), *retry_after, transport);
            }
            _ => {}
        }
        Err(refusal)
    }

    /// What rings may be acknowledged, and then its core is to be told. Where nothing is kept, nobody asks.
    fn keep_receipt(&self, body: &Value, now: u64) {
        let id = || ReceiptId::parse(body.get("receipt")?.as_str()?);
        if let (Some(place), Some(alarm), Some(id)) = (self.place, &self.item.alarm, id()) {
            let (addressee, alarm) = (self.item.addressee.clone(), alarm.clone());
            let receipt = Receipt { addressee, alarm, since: now, asked: 0, acknowledged: None };
            // The alert is on the phone; that its acknowledgement stays there is no reason to ring twice.
            let _ = place.spool.keep_receipt(&id, &receipt);
        }
    }

    /// This message waits longer after each failure.
    fn note_failure(
        &mut self,
        failure: Failure,
        wish: Option<Duration>,
        transport: &mut Transport<'_>,
    ) {
        let now = transport.milliseconds();
        let item = &mut *self.item;
        // On a slow line it would fail again and again, and hold everything for its recipient up.
        if failure.may_be_of_size() {
            item.leave_image_out();
        }
        let silence = transport.note_failure(failure, wish);
        let step = usize::try_from(item.attempts).unwrap_or(usize::MAX);
        let pause = PAUSE_SECONDS.get(step).or(PAUSE_SECONDS.last()).map_or(0, |s| s * 1000);
        item.attempts = item.attempts.saturating_add(1);
        item.next_try = now.saturating_add(pause.max(silence));
        self.write();
        if let Some(place) = self.place {
            transport.keep_memory(place.spool);
        }
    }

    /// What a refusal means for the message.
    fn follows(&self, refusal: NotAccepted, transport: &Transport<'_>) -> Option<Fate> {
        Some(match refusal {
            // The next ones wait for a better token, and so does this one.
            NotAccepted::Rejected { culprit: Culprit::Token, words } => {
                Fate::Queued(Wait::Blocked {
                    seconds: BLOCK_SECONDS,
                    cause: BlockCause::Refused(words),
                })
            }
            NotAccepted::Rejected { words, .. } => {
                Fate::rejected(Reason::Rejected(Rejection::Said(words)))
            }
            NotAccepted::NoDevice(info) => {
                Fate::rejected(Reason::Rejected(Rejection::NoDevice(info)))
            }
            NotAccepted::QuotaUsedUp { words, .. } => Fate::Queued(Wait::Quota(words)),
            NotAccepted::Temporary { failure, .. } => match self.too_old(&failure, transport) {
                Some(reason) => Fate::given_up(reason),
                None if transport.may_retry() => return None,
                None => Fate::Queued(Wait::Failed(failure)),
            },
        })
    }

    /// Whether a message whose try has failed has waited too long. Never before a try: the way may be up again. A month
    /// without quota does not count, since nothing could be sent in it.
    fn too_old(&self, last: &Failure, transport: &Transport<'_>) -> Option<Reason> {
        let now = transport.seconds();
        let Item { created, attempts, .. } = *self.item;
        let born = created.max(transport.memory.quota_wait_end.min(now));
        (now.saturating_sub(born) > self.longest_age.as_secs()).then(|| Reason::TooOld {
            hours: now.saturating_sub(created) / 3600,
            attempts,
            last: last.clone(),
        })
    }

    /// What is on disk says too little if it cannot be written: one try too many, and nothing else.
    fn write(&self) {
        if let Some(Place { spool, name }) = self.place {
            let _ = spool.update(name, self.item);
        }
    }
}

fn no_way(error: RouteError) -> Fate {
    Fate::Held(Hold::Route(Arc::new(error)))
}
