//! Who has acknowledged what, in words. Pure.

use super::super::acknowledge::Untold;
use super::super::facts::{ReceiptFate, Round};
use crate::program::{Delivery, Outcome};
use crate::pushover::access::Access;
use crate::pushover::not_accepted::NotAccepted;
use crate::pushover::receipt::Alarm;

/// Where there is nobody to tell.
pub(in super::super) fn no_core(access: &Access) -> Outcome {
    let text = match &access.config {
        Ok(config) if config.is_missing => "no configuration, so there is no core to tell",
        _ => "no [acknowledge] in the configuration, so there is no core to tell",
    };
    Outcome::new(Delivery::Misconfigured, text)
}

/// What has come out of a round: the worst first.
pub(in super::super) fn round(round: &Round) -> Outcome {
    if let Some(error) = &round.trouble {
        return Outcome::new(Delivery::Misconfigured, error.to_string());
    }
    let open = round.fates.iter().filter(|(_, fate)| matches!(fate, ReceiptFate::Open)).count();
    let open = open + round.left_out;
    let mut told: Vec<(Delivery, String)> =
        round.fates.iter().filter_map(|(alarm, fate)| tell(alarm, fate)).collect();
    told.sort_by_key(|(delivery, _)| std::cmp::Reverse(*delivery));
    let delivery = told.first().map_or(Delivery::Accepted, |(delivery, _)| *delivery);
    let mut texts: Vec<String> = told.into_iter().map(|(_, text)| text).collect();
    match open {
        0 if texts.is_empty() => texts.push("no emergency waits for an acknowledgement".to_owned()),
        0 => {}
        1 => texts.push("1 emergency is not acknowledged".to_owned()),
        open => texts.push(format!("{open} emergencies are not acknowledged")),
    }
    let mut outcome =
        Outcome::new(delivery, texts.iter().take(3).cloned().collect::<Vec<_>>().join("; "));
    if texts.len() > 1 {
        outcome.details = texts;
    }
    outcome
}

fn tell(alarm: &Alarm, fate: &ReceiptFate) -> Option<(Delivery, String)> {
    let object = match alarm.service.as_str() {
        "" => alarm.host.clone(),
        service => format!("{}: {service}", alarm.host),
    };
    Some(match fate {
        ReceiptFate::Open | ReceiptFate::Ended => return None,
        ReceiptFate::Acknowledged(by) => {
            (Delivery::Accepted, format!("{object} acknowledged by {by}"))
        }
        ReceiptFate::NotTheSame(by) => (
            Delivery::Accepted,
            format!(
                "{by} acknowledged {object}; in the core that problem is over or already acknowledged"
            ),
        ),
        ReceiptFate::Untold(by, untold) => (
            weight(untold),
            format!("{by} acknowledged {object}; the core could not be told: {untold}"),
        ),
        ReceiptFate::NeverTold(by) => (
            Delivery::Rejected,
            format!("{by} acknowledged {object}; the core could not be told within a day"),
        ),
        ReceiptFate::NotAsked(refusal) => (Delivery::Queued, not_asked(refusal)),
        ReceiptFate::Keys(error) => (Delivery::Misconfigured, error.to_string()),
        ReceiptFate::Route(error) => (Delivery::Misconfigured, error.to_string()),
    })
}

fn not_asked(refusal: &NotAccepted) -> String {
    match refusal {
        NotAccepted::Rejected { words, .. } | NotAccepted::QuotaUsedUp { words, .. } => {
            format!("receipts could not be checked: {words}")
        }
        NotAccepted::NoDevice(info) => format!("receipts could not be checked: {info}"),
        NotAccepted::Temporary { failure, .. } => {
            format!("receipts could not be checked: {failure}")
        }
    }
}

/// What time alone may mend is less than what the administrator has to.
fn weight(untold: &Untold) -> Delivery {
    match untold {
        Untold::Away(_) | Untold::NoReader(_) | Untold::Stale(_) => Delivery::Queued,
        Untold::Refused { status, .. } if *status >= 500 => Delivery::Queued,
        _ => Delivery::Misconfigured,
    }
}
