//! `validate`: is the token good, is every recipient, and how much of the quota is left?

use super::args::Args;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::client::Api;
use crate::pushover::response::Answer;

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
    let addresses = access.everybody();
    let mut outcome = Outcome::new(Delivery::Accepted, String::new());
    let mut last_token = None;
    for address in &addresses {
        let keys = match access.keyring.find(address) {
            Ok(keys) => keys,
            Err(error) => {
                worsen(&mut outcome, Delivery::Misconfigured, error.to_string());
                continue;
            }
        };
        errand.deadline.enter("validating");
        let device = args.device.as_deref().filter(|device| !device.is_empty());
        let reply = api.validate(&keys.token, &keys.user, device, errand.deadline.remaining());
        let name = address.name();
        last_token = Some(keys.token);
        match reply.answer {
            Answer::Accepted { .. } => outcome.details.push(format!("{name}: good")),
            Answer::Rejected { reason, .. } => {
                worsen(&mut outcome, Delivery::Rejected, format!("{name}: {reason}"));
                // An IP that goes on with bad requests is blocked.
                break;
            }
            Answer::NobodyReached(reason) => {
                worsen(&mut outcome, Delivery::Rejected, format!("{name}: {reason}"));
            }
            Answer::QuotaUsedUp { reason, .. } | Answer::Temporary { reason, .. } => {
                worsen(&mut outcome, Delivery::Queued, format!("{name}: not validated, {reason}"));
                break;
            }
        }
    }
    if outcome.delivery == Delivery::Accepted {
        outcome.text = format!("token and {} recipients are good", addresses.len());
        if let Some(token) = last_token
            && let Some(quota) = api.limits(&token, errand.deadline.remaining()).quota
        {
            outcome.text =
                format!("{}, {} of {} messages left", outcome.text, quota.remaining, quota.limit);
        }
    }
    outcome
}

fn worsen(outcome: &mut Outcome, delivery: Delivery, text: String) {
    if delivery > outcome.delivery {
        outcome.delivery = delivery;
        outcome.text.clone_from(&text);
    }
    outcome.details.push(text);
}
