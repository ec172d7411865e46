//! `validate`: is the token good, is every recipient, and how much of the quota is left?

use super::args::Args;
use super::explain;
use super::facts::{Invalid, Validated};
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::client::Api;
use crate::pushover::not_accepted::NotAccepted;
use crate::secret::Secret;

/// Asks Pushover about every recipient that was named, or all of the configuration.
pub(super) fn validate(args: &Args, mut access: Access, errand: &Errand) -> Outcome {
    errand.stands_at(Outcome::new(Delivery::Queued, "not all was validated"));
    if let Err(error) = &access.config {
        return Outcome::new(Delivery::Misconfigured, error.to_string());
    }
    let api = match Api::new(&access.route) {
        Ok(api) => api,
        Err(error) => return Outcome::new(Delivery::Misconfigured, error.to_string()),
    };
    let (all, last_token) = ask_about_everybody(args, &mut access, &api, errand);
    let everybody = access.everybody().len();
    let good = all.iter().all(|one| one.result.is_ok());
    let token = last_token.filter(|_| good);
    let quota = token.and_then(|token| api.limits(&token, errand.deadline.remaining()).quota);
    explain::validated(&all, everybody, quota)
}

/// Everybody, or as many as may be asked: an IP that goes on with bad requests is blocked
/// (<https://pushover.net/api#friendly>). Also the token of the last one.
fn ask_about_everybody(
    args: &Args,
    access: &mut Access,
    api: &Api,
    errand: &Errand,
) -> (Vec<Validated>, Option<Secret>) {
    let device = args.device.as_deref().filter(|device| !device.is_empty());
    let (mut all, mut last_token) = (Vec::new(), None);
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
        last_token = Some(keys.token);
        let result = response.result.map(drop);
        let stop = !matches!(result, Ok(()) | Err(NotAccepted::NoDevice(_)));
        all.push(Validated { name, result: result.map_err(Invalid::Refused) });
        if stop {
            break;
        }
    }
    (all, last_token)
}
