//! Asks Pushover about token, recipients and quota, not too often, and shares the answers with the notifier.

use std::sync::Arc;
use std::time::Duration;

use super::super::facts::{Credential, Unconfirmed};
use crate::program::Run;
use crate::pushover::access::Access;
use crate::pushover::addressee::Addressee;
use crate::pushover::client::Api;
use crate::pushover::drain::{LONGEST_WISH, SILENCE};
use crate::pushover::keys::Keys;
use crate::pushover::memory::{Inquiry, Memory};
use crate::pushover::not_accepted::{NotAccepted, Rejection};
use crate::pushover::response::{Quota, Response};

/// Asks Pushover, unless the answer is known, forbidden or somebody else is talking to it.
pub(super) struct Inquirer<'a> {
    pub(super) access: &'a mut Access,
    /// Knows what was asked and what must not be, and learns.
    pub(super) memory: Memory,
    pub(super) run: &'a Run,
    /// In Unix seconds.
    pub(super) now: u64,
    /// Made by the first question.
    pub(super) api: Option<Api>,
    /// Whether we hold the notifier's lock.
    pub(super) may_ask: bool,
}

impl Inquirer<'_> {
    /// Whether everybody would be reached.
    pub(super) fn credentials(&mut self) -> Vec<Credential> {
        let everybody = self.access.everybody();
        let one = |addressee: &Addressee| Credential {
            name: addressee.name(),
            result: self.credential(addressee),
        };
        everybody.iter().map(one).collect()
    }

    fn credential(&mut self, addressee: &Addressee) -> Result<(), Unconfirmed> {
        let keys = self.access.keyring.find(addressee).map_err(Unconfirmed::Keys)?;
        let mark = keys.user_mark();
        let known = self.memory.validated.get(&mark).filter(|known| known.is_fresh(self.now));
        if let Some(known) = known {
            return known.problem.clone().map_or(Ok(()), |why| Err(Unconfirmed::Rejected(why)));
        }
        self.check_block(&keys)?;
        self.run.deadline.enter("validating token and recipients");
        let time = self.run.deadline.remaining();
        let response = self.api()?.validate(&keys.token, &keys.user, None, time);
        let result = self.learn(response, &keys, &addressee.name());
        if let Some(inquiry) = lasting(&result, self.now) {
            self.memory.validated.insert(mark, inquiry);
        }
        result.map(drop)
    }

    /// How many messages are left this month, or why that is not known.
    pub(super) fn quota(&mut self) -> Result<Quota, Unconfirmed> {
        let first = self.access.addressees.first().cloned();
        let addressee = first.ok_or(Unconfirmed::NoRecipient)?;
        let token = self.access.keyring.find_token(&addressee).map_err(Unconfirmed::Keys)?;
        // The token stands in for the key: nothing is asked of a recipient here.
        let keys = Keys { user: token.clone(), token };
        let mark = keys.token_mark();
        if let Some(quota) = self.memory.quota(&mark, self.now) {
            return Ok(quota);
        }
        let known = self.memory.limits.get(&mark).filter(|known| known.is_fresh(self.now));
        if let Some(problem) = known.and_then(|known| known.problem.clone()) {
            return Err(Unconfirmed::Rejected(problem));
        }
        self.check_block(&keys)?;
        self.run.deadline.enter("asking for the quota");
        let time = self.run.deadline.remaining();
        let response = self.api()?.limits(&keys.token, time);
        let result = self.learn(response, &keys, "");
        if let Some(inquiry) = lasting(&result, self.now).filter(|_| result.is_err()) {
            self.memory.limits.insert(mark, inquiry);
        }
        result?.ok_or(Unconfirmed::NotTold)
    }

    fn check_block(&self, keys: &Keys) -> Result<(), Unconfirmed> {
        // A question costs nothing of the quota, and its answer may be that there is more of it.
        let block = self.memory.block_of(keys, self.now).filter(|block| !block.quota);
        block.map_or(Ok(()), |block| Err(Unconfirmed::Blocked(block.cause.clone())))
    }

    fn api(&mut self) -> Result<&Api, Unconfirmed> {
        if !self.may_ask {
            return Err(Unconfirmed::Busy);
        }
        if self.memory.silence_left(self.now.saturating_mul(1000)) > 0 {
            return Err(Unconfirmed::TooSoon);
        }
        match &mut self.api {
            Some(api) => Ok(api),
            none => {
                let api = Api::new(&self.access.route);
                Ok(none.insert(api.map_err(|error| Unconfirmed::Route(Arc::new(error)))?))
            }
        }
    }

    /// Shares what an answer says with the notifier.
    fn learn(
        &mut self,
        response: Response,
        keys: &Keys,
        whom: &str,
    ) -> Result<Option<Quota>, Unconfirmed> {
        let Err(refusal) = response.result else {
            self.memory.note_good(keys, response.quota, self.now);
            return Ok(response.quota);
        };
        if let Some(quota) = response.quota {
            self.memory.quotas.insert(keys.token_mark(), (self.now, quota));
        }
        self.memory.note_refusal(&refusal, keys, whom, self.now);
        Err(match refusal {
            NotAccepted::NoDevice(info) => Unconfirmed::Rejected(Rejection::NoDevice(info)),
            NotAccepted::Rejected { words, .. } => Unconfirmed::Rejected(Rejection::Said(words)),
            NotAccepted::QuotaUsedUp { words, .. } => Unconfirmed::Quota(words),
            NotAccepted::Temporary { failure, retry_after } => {
                self.keep_silence(retry_after);
                Unconfirmed::Failed(failure)
            }
        })
    }

    /// From the end of the request, which the clock of the start does not know.
    fn keep_silence(&mut self, wish: Option<Duration>) {
        let begin = self.now.saturating_mul(1000);
        let wish = wish.unwrap_or_default().clamp(SILENCE, LONGEST_WISH);
        let silence = self.run.deadline.elapsed() + wish;
        let silence = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        self.memory.silence = Some((begin, begin.saturating_add(silence)));
    }
}

/// An answer that holds for an hour, if it is one.
fn lasting<T>(result: &Result<T, Unconfirmed>, at: u64) -> Option<Inquiry> {
    match result {
        Ok(_) => Some(Inquiry { at, problem: None }),
        Err(Unconfirmed::Rejected(why)) => Some(Inquiry { at, problem: Some(why.clone()) }),
        Err(_) => None,
    }
}
