//! Asks Pushover about token, recipients and quota, not too often, and shares the answers with the notifier.

use super::super::facts::{Credential, Verdict};
use crate::program::Run;
use crate::pushover::access::Access;
use crate::pushover::addressee::Addressee;
use crate::pushover::client::{Api, Reply};
use crate::pushover::drain::SILENCE;
use crate::pushover::keys::Keys;
use crate::pushover::memory::{Inquiry, Memory};
use crate::pushover::response::{Answer, Culprit, Quota};

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
            verdict: self.credential(addressee),
        };
        everybody.iter().map(one).collect()
    }

    fn credential(&mut self, addressee: &Addressee) -> Verdict {
        let keys = match self.access.keyring.find(addressee) {
            Ok(keys) => keys,
            Err(error) => return Verdict::Bad(error.to_string()),
        };
        let mark = keys.user_mark();
        if let Some(known) =
            self.memory.validated.get(&mark).filter(|known| known.is_fresh(self.now))
        {
            return known.problem.clone().map_or(Verdict::Good, Verdict::Bad);
        }
        if let Some(reason) = self.block(&keys) {
            return Verdict::Bad(reason);
        }
        self.run.deadline.enter("validating token and recipients");
        let time = self.run.deadline.remaining();
        let reply = match self.api() {
            Ok(api) => api.validate(&keys.token, &keys.user, None, time),
            Err(reason) => return Verdict::Unknown(reason),
        };
        let problem = match self.learn(reply, &keys, &addressee.name()) {
            Ok(_) => None,
            Err(Refusal::Final(reason)) => Some(reason),
            Err(Refusal::ForNow(reason)) => return Verdict::Unknown(reason),
        };
        self.memory.validated.insert(mark, Inquiry { at: self.now, problem: problem.clone() });
        problem.map_or(Verdict::Good, Verdict::Bad)
    }

    /// How many messages are left this month, or why that is not known.
    pub(super) fn quota(&mut self) -> Result<Quota, String> {
        let addressee = self.access.addressees.first().cloned().ok_or("no recipient")?;
        let token =
            self.access.keyring.find_token(&addressee).map_err(|error| error.to_string())?;
        // The token stands in for the key: nothing is asked of a recipient here.
        let keys = Keys { user: token.clone(), token };
        let mark = keys.token_mark();
        if let Some(quota) = self.memory.quota(&mark, self.now) {
            return Ok(quota);
        }
        let known = self.memory.limits.get(&mark).filter(|known| known.is_fresh(self.now));
        if let Some(problem) = known.and_then(|known| known.problem.clone()) {
            return Err(problem);
        }
        if let Some(reason) = self.block(&keys) {
            return Err(reason);
        }
        self.run.deadline.enter("asking for the quota");
        let time = self.run.deadline.remaining();
        let reply = self.api()?.limits(&keys.token, time);
        match self.learn(reply, &keys, "") {
            Ok(quota) => quota.ok_or_else(|| "the answer holds no quota".to_owned()),
            Err(Refusal::Final(reason)) => {
                self.memory
                    .limits
                    .insert(mark, Inquiry { at: self.now, problem: Some(reason.clone()) });
                Err(reason)
            }
            Err(Refusal::ForNow(reason)) => Err(reason),
        }
    }

    fn block(&self, keys: &Keys) -> Option<String> {
        let marks = [keys.token_mark(), keys.user_mark()];
        let block = marks.iter().find_map(|mark| self.memory.block(mark, self.now));
        block.map(|block| block.reason.clone())
    }

    fn api(&mut self) -> Result<&Api, String> {
        if !self.may_ask {
            return Err("not asked, a notifier is sending".to_owned());
        }
        if self.memory.silence_left(self.now.saturating_mul(1000)) > 0 {
            return Err("not asked so soon after a failure".to_owned());
        }
        if self.api.is_none() {
            self.api = Some(Api::new(&self.access.route).map_err(|error| error.to_string())?);
        }
        self.api.as_ref().ok_or_else(String::new)
    }

    /// Shares what an answer says with the notifier.
    fn learn(&mut self, reply: Reply, keys: &Keys, whom: &str) -> Result<Option<Quota>, Refusal> {
        if let Some(quota) = reply.quota {
            let told = (self.now, quota);
            self.memory.quotas.insert(keys.token_mark(), told);
        }
        match reply.answer {
            Answer::Accepted { .. } => Ok(reply.quota),
            Answer::NobodyReached(reason) => Err(Refusal::Final(reason)),
            Answer::Rejected { culprit, reason } => {
                match culprit {
                    Culprit::Token => {
                        self.memory.block_for_error(keys.token_mark(), &reason, "", self.now);
                    }
                    Culprit::User => {
                        self.memory.block_for_error(keys.user_mark(), &reason, whom, self.now);
                    }
                    Culprit::Message => {}
                }
                Err(Refusal::Final(reason))
            }
            Answer::QuotaUsedUp { reason, reset } => {
                self.memory.block_for_quota(keys.token_mark(), &reason, reset, self.now);
                Err(Refusal::ForNow(reason))
            }
            Answer::Temporary { reason, .. } => {
                let begin = self.now.saturating_mul(1000);
                let silence = u64::try_from(SILENCE.as_millis()).unwrap_or(u64::MAX);
                // From the end of the request, which the clock of the start does not know.
                let spent =
                    u64::try_from(self.run.deadline.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.memory.silence =
                    Some((begin, begin.saturating_add(spent).saturating_add(silence)));
                Err(Refusal::ForNow(reason))
            }
        }
    }
}

enum Refusal {
    Final(String),
    ForNow(String),
}
