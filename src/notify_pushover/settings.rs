//! Options and configuration together: how messages look and what may wait.

use super::args::Args;
use super::message::Layout;
use super::rules::{RuleError, StateList};
use crate::pushover::access::Access;
use crate::pushover::drain::Limits;

/// How long a message may wait, and how many.
pub(super) fn limits(args: &Args) -> Limits {
    Limits {
        age: args.spool_max_age,
        number: usize::try_from(args.spool_max_number).unwrap_or(usize::MAX),
    }
}

/// What is wrong in the part of the configuration that only messages depend on.
pub(super) fn mistake(access: &Access) -> Option<RuleError> {
    let states = access.config.as_ref().ok()?.emergency.as_deref()?;
    states.parse::<StateList>().err()
}

/// How messages look. What is wrong in the configuration counts as unset: the message is to be kept first.
pub(super) fn layout(args: &Args, access: &Access) -> Layout {
    let config = access.config.as_ref().ok();
    let or = |given: &Option<String>, configured: Option<&String>| {
        let given = given.clone().filter(|text| !text.is_empty());
        given.or_else(|| configured.cloned()).unwrap_or_default()
    };
    let ringing = || -> Option<StateList> { config?.emergency.as_deref()?.parse().ok() };
    Layout {
        message: or(&args.message, None),
        title: or(&args.title, None),
        title_format: args.title_format.clone().unwrap_or_default(),
        message_format: args.message_format.clone().unwrap_or_default(),
        priority: args.priority.clone().unwrap_or_default(),
        sound: args.sound.clone().unwrap_or_default(),
        ttl: args.ttl.clone().unwrap_or_default(),
        emergency: args.emergency.clone().or_else(ringing).unwrap_or_default(),
        retry: args.retry,
        expire: args.expire,
        emoji: !args.no_emoji,
        instance: or(&args.instance, config.and_then(|config| config.instance.as_ref())),
        web: or(&args.icingaweb_url, config.and_then(|config| config.icingaweb_url.as_ref())),
        url: or(&args.url, None),
        url_title: or(&args.url_title, None),
        device: or(&args.device, None),
    }
}
