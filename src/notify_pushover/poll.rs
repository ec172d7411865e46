//! `poll`: who has acknowledged an emergency on the phone has acknowledged the problem in the core.

use std::time::Duration;

use serde_json::Value;

use super::acknowledge::{self, CoreAnswer};
use super::args::Args;
use super::explain;
use super::facts::{ReceiptFate, Round};
use crate::clock::unix_seconds;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::addressee::Addressee;
use crate::pushover::client::Api;
use crate::pushover::config::Config;
use crate::pushover::core_access::CoreAccess;
use crate::pushover::keys::Keys;
use crate::pushover::memory::Memory;
use crate::pushover::not_accepted::{Culprit, NotAccepted};
use crate::pushover::receipt::{Acknowledged, Receipt, ReceiptId};
use crate::pushover::spool::{Receipts, Spool, SpoolError};

/// Pushover wants a receipt to be asked for no sooner than this (<https://pushover.net/api/receipts>).
const PAUSE_MILLISECONDS: u64 = 5000;
/// The alerts behind a round must not wait for it for long.
const ROUND: Duration = Duration::from_secs(30);

/// What is known before the last receipt was asked for.
const NOT_ALL: &str = "not all receipts could be checked";

/// Asks once for every open receipt.
pub(super) fn poll(args: &Args, errand: &Errand) -> Outcome {
    errand.stands_at(Outcome::new(Delivery::Queued, NOT_ALL));
    if let Some(hanging) = errand.earlier() {
        return Outcome::new(Delivery::Queued, format!("{NOT_ALL}; {hanging}"));
    }
    let access = args.access.enter();
    let core = match core_of(&access) {
        Ok(Some(core)) => core,
        Ok(None) => return explain::no_core(&access),
        Err(mistake) => return Outcome::new(Delivery::Misconfigured, mistake),
    };
    match access.spool.clone() {
        Ok(spool) => explain::round(&ask_round(access, &core, &spool, errand)),
        Err(SpoolError::Missing(_)) => explain::round(&Round::default()),
        Err(error) => Outcome::new(Delivery::Misconfigured, explain::unusable_spool(&error)),
    }
}

/// The same behind a `flush`, where a core is configured: nothing when there is nothing to tell.
pub(super) fn beside_flush(access: Access, errand: &Errand) -> Option<Outcome> {
    let core = core_of(&access).ok()??;
    let spool = access.spool.clone().ok()?;
    let round = ask_round(access, &core, &spool, errand);
    (!round.fates.is_empty() || round.trouble.is_some()).then(|| explain::round(&round))
}

/// The core that is to be told, if there is one.
fn core_of(access: &Access) -> Result<Option<CoreAccess>, String> {
    let config = access.config.as_ref().map_err(ToString::to_string)?;
    let table = config.acknowledge.as_ref();
    table.map(|table| table.access().map_err(|mistake| mistake.to_string())).transpose()
}

fn ask_round(access: Access, core: &CoreAccess, spool: &Spool, errand: &Errand) -> Round {
    let mut round = Round::default();
    let receipts = match spool.receipts() {
        Ok(Some(receipts)) => receipts,
        // None was ever kept, or another process asks.
        Ok(None) => return round,
        Err(error) => {
            round.trouble = Some(error);
            return round;
        }
    };
    let mut inquiry = Inquiry { access, core, spool, receipts, errand, api: None, stopped: false };
    let end = errand.deadline.elapsed() + ROUND.min(errand.deadline.remaining());
    for (id, receipt) in inquiry.receipts.all().unwrap_or_default() {
        if errand.deadline.elapsed() >= end {
            round.left_out += 1;
            continue;
        }
        let alarm = receipt.alarm.clone();
        let fate = inquiry.deal_with(&id, receipt);
        round.fates.push((alarm, fate));
    }
    round
}

/// One round of questions.
struct Inquiry<'a> {
    access: Access,
    core: &'a CoreAccess,
    spool: &'a Spool,
    receipts: Receipts,
    errand: &'a Errand,
    api: Option<Api>,
    /// Set when Pushover is not to be asked again in this round.
    stopped: bool,
}

impl Inquiry<'_> {
    fn deal_with(&mut self, id: &ReceiptId, mut receipt: Receipt) -> ReceiptFate {
        if receipt.is_old(self.seconds()) {
            self.receipts.forget(id);
            return match receipt.acknowledged {
                Some(acknowledged) => ReceiptFate::NeverTold(acknowledged.by),
                None => ReceiptFate::Ended,
            };
        }
        if receipt.acknowledged.is_none() {
            match self.ask(id, &mut receipt) {
                Ok(Some(acknowledged)) => {
                    receipt.acknowledged = Some(acknowledged);
                    // Before the core is told: whoever is killed now tells it next time.
                    self.receipts.update(id, &receipt);
                }
                Ok(None) => return ReceiptFate::Open,
                Err(fate) => {
                    if matches!(fate, ReceiptFate::Ended) {
                        self.receipts.forget(id);
                    }
                    return fate;
                }
            }
        }
        let Some(acknowledged) = receipt.acknowledged else { return ReceiptFate::Open };
        self.errand.deadline.enter("telling the core");
        let time = self.errand.deadline.remaining();
        let now = self.seconds();
        match acknowledge::acknowledge(self.core, &receipt.alarm, &acknowledged, time, now) {
            Ok(answer) => {
                self.receipts.forget(id);
                match answer {
                    CoreAnswer::Acknowledged => ReceiptFate::Acknowledged(acknowledged.by),
                    CoreAnswer::NotTheSame => ReceiptFate::NotTheSame(acknowledged.by),
                }
            }
            Err(untold) => ReceiptFate::Untold(acknowledged.by, untold),
        }
    }

    /// Asks Pushover who has acknowledged; nothing while it rings on.
    fn ask(
        &mut self,
        id: &ReceiptId,
        receipt: &mut Receipt,
    ) -> Result<Option<Acknowledged>, ReceiptFate> {
        let now = self.milliseconds();
        let since = now.saturating_sub(receipt.asked);
        // Asked in the future: the clock was set back.
        if self.stopped || (since < PAUSE_MILLISECONDS && receipt.asked <= now) {
            return Ok(None);
        }
        let keys = self.access.keyring.find(&receipt.addressee).map_err(ReceiptFate::Keys)?;
        let memory = Memory::recall(self.spool);
        if memory.block_of(&keys, self.seconds()).is_some() || memory.silence_left(now) > 0 {
            return Ok(None);
        }
        receipt.asked = now;
        self.receipts.update(id, receipt);
        let api = if let Some(api) = &self.api {
            api
        } else {
            self.errand.deadline.enter("setting up TLS");
            self.api.insert(Api::new(&self.access.route).map_err(ReceiptFate::Route)?)
        };
        self.errand.deadline.enter("asking for a receipt");
        let response = api.receipt(&keys.token, id, self.errand.deadline.remaining());
        match response.result {
            Ok(body) => self.read(&body, &receipt.addressee),
            Err(refusal) => self.refused(refusal, &keys),
        }
    }

    fn read(
        &self,
        body: &Value,
        addressee: &Addressee,
    ) -> Result<Option<Acknowledged>, ReceiptFate> {
        let is = |key: &str| body.get(key).and_then(Value::as_u64) == Some(1);
        if is("acknowledged") {
            let key = body.get("acknowledged_by").and_then(Value::as_str).unwrap_or_default();
            let by = name_of(key, addressee, self.access.config.as_ref().ok());
            let learnt = self.seconds();
            let at = body.get("acknowledged_at").and_then(Value::as_u64);
            let at = at.filter(|at| *at > 0).unwrap_or(learnt);
            return Ok(Some(Acknowledged { by, at, learnt }));
        }
        if is("expired") { Err(ReceiptFate::Ended) } else { Ok(None) }
    }

    fn refused(
        &mut self,
        refusal: NotAccepted,
        keys: &Keys,
    ) -> Result<Option<Acknowledged>, ReceiptFate> {
        if matches!(refusal, NotAccepted::Rejected { culprit: Culprit::Message, .. }) {
            // Pushover does not know it, or not any more.
            return Err(ReceiptFate::Ended);
        }
        self.stopped = true;
        // Whoever sends must not ask with this token, either.
        if let Ok(Some(_lock)) = self.spool.try_lock() {
            let mut memory = Memory::recall(self.spool);
            memory.note_refusal(&refusal, keys, "", self.seconds());
            memory.keep(self.spool, self.seconds());
        }
        Err(ReceiptFate::NotAsked(refusal))
    }

    fn seconds(&self) -> u64 {
        unix_seconds(self.errand.now + self.errand.deadline.elapsed())
    }

    fn milliseconds(&self) -> u64 {
        let now = self.errand.now + self.errand.deadline.elapsed();
        let age = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who has this key, as the configuration names them; else whom the message was for, which may be a group.
fn name_of(key: &str, addressee: &Addressee, config: Option<&Config>) -> String {
    let users = config.iter().flat_map(|config| &config.users);
    let mut known = users.filter(|(_, user)| !key.is_empty() && user.expose() == key);
    if let Some((name, _)) = known.next() {
        return name.clone();
    }
    let default = || config.and_then(Config::default_recipient).unwrap_or_default().to_owned();
    match addressee.recipient.as_str() {
        "" => default(),
        name => name.to_owned(),
    }
}
