//! `validate`: is the token good, is every recipient, and how much of the quota is left?

use super::args::Args;
use super::explain;
use super::facts::{Invalid, Validated};
use crate::clock::unix_seconds;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::client::Api;
use crate::pushover::config::Config;
use crate::pushover::keys::Keys;
use crate::pushover::memory::Memory;
use crate::pushover::not_accepted::NotAccepted;
use crate::pushover::response::Quota;

/// Asks Pushover about every recipient that was named, or all of the configuration.
pub(super) fn validate(args: &Args, errand: &Errand) -> Outcome {
    errand.stands_at(Outcome::new(Delivery::Misconfigured, "validation did not finish"));
    if let Some(hanging) = errand.earlier() {
        return Outcome::new(Delivery::Misconfigured, format!("nothing was validated; {hanging}"));
    }
    let mut access = args.access.gather();
    access.open_spool();
    if let Err(error) = &access.config {
        return Outcome::new(Delivery::Misconfigured, error.to_string());
    }
    let api = match Api::new(&access.route) {
        Ok(api) => api,
        Err(error) => return Outcome::new(Delivery::Misconfigured, error.to_string()),
    };
    let (all, known_good) = ask_about_everybody(args, &mut access, &api, errand);
    let everybody = access.everybody().len();
    let token = known_good.last().filter(|_| all.iter().all(|one| one.result.is_ok()));
    let quota = token.and_then(|keys| api.limits(&keys.token, errand.deadline.remaining()).quota);
    lift_blocks(&access, &known_good, quota, errand);
    let mut outcome = explain::validated(&all, everybody, quota);
    for mistake in access.config.iter().flat_map(Config::mistakes) {
        outcome.details.push(mistake.to_string());
        if outcome.delivery == Delivery::Accepted {
            let path = args.access.config.display();
            let text = format!("{mistake} (in {path}); {}", outcome.text);
            outcome = Outcome { delivery: Delivery::Misconfigured, text, ..outcome };
        }
    }
    outcome
}

/// Everybody, or as many as may be asked: an IP that goes on with bad requests is blocked
/// (<https://pushover.net/api#friendly>). Also the keys that are good.
fn ask_about_everybody(
    args: &Args,
    access: &mut Access,
    api: &Api,
    errand: &Errand,
) -> (Vec<Validated>, Vec<Keys>) {
    let device = args.device.as_deref().filter(|device| !device.is_empty());
    let (mut all, mut known_good) = (Vec::new(), Vec::new());
    for addressee in access.everybody() {
        let name = addressee.name();
        let keys = match access.keyring.find(&addressee) {
            Ok(keys) => keys,
            Err(error) => {
                all.push(Validated { name, result: Err(Invalid::Keys(error)) });
                continue;
            }
        };
        errand.deadline.enter("validating");
        let response = api.validate(&keys.token, &keys.user, device, errand.deadline.remaining());
        let result = response.result.map(drop);
        if result.is_ok() {
            known_good.push(keys);
        }
        let stop = !matches!(result, Ok(()) | Err(NotAccepted::NoDevice(_)));
        all.push(Validated { name, result: result.map_err(Invalid::Refused) });
        if stop {
            break;
        }
    }
    (all, known_good)
}

/// What is good now must not be waited for: alerts go out with the next run.
fn lift_blocks(access: &Access, known_good: &[Keys], quota: Option<Quota>, errand: &Errand) {
    let Ok(spool) = &access.spool else { return };
    let Ok(Some(_lock)) = spool.try_lock() else { return };
    let now = unix_seconds(errand.now);
    let mut memory = Memory::recall(spool);
    for keys in known_good {
        memory.note_good(keys, quota, now);
    }
    memory.keep(spool, now);
}
