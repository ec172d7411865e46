//! Options and configuration together: how messages look and what may wait.

use super::args::{Action, Args};
use super::message::Layout;
use super::rules::{Mistake, RuleError, StateList};
use crate::monitoring::duration;
use crate::pushover::access::Access;
use crate::pushover::config::Config;
use crate::pushover::drain::Limits;

/// A run with an alert of its own does not wait for more than these.
const CROWD: usize = 1000;

/// How long a message may wait, and how many.
pub(super) fn limits(args: &Args, access: &Access) -> Limits {
    Limits {
        age: args.spool_max_age,
        number: usize::try_from(args.spool_max_number).unwrap_or(usize::MAX),
        digest: access.digest(),
        crowd: (args.action != Action::Flush).then_some(CROWD),
    }
}

/// Parts of lists that decide nothing, and the option each stands in; with the empty one, in the configuration.
pub(super) fn mistakes(args: &Args, access: &Access) -> Vec<(&'static str, Mistake)> {
    let in_option = |name: &'static str, mistakes: &[Mistake]| -> Vec<(&'static str, Mistake)> {
        mistakes.iter().map(|mistake| (name, mistake.clone())).collect()
    };
    let configured = configured_emergency(access.config.as_ref().ok());
    let configured = configured.map_or(Vec::new(), |list| list.mistakes);
    [
        in_option("priority", args.priority.as_ref().map_or(&[], |list| &list.mistakes)),
        in_option("sound", args.sound.as_ref().map_or(&[], |list| &list.mistakes)),
        in_option("ttl", args.ttl.as_ref().map_or(&[], |list| &list.mistakes)),
        in_option("emergency", args.emergency.as_ref().map_or(&[], |list| &list.mistakes)),
        in_option("", &configured),
        in_option("repeat", &repeat_alone(args)),
    ]
    .concat()
}

/// `--repeat` without that which could be repeated.
fn repeat_alone(args: &Args) -> Vec<Mistake> {
    let time = args.repeat.filter(|_| args.key.is_none()).map(duration::human);
    time.map(|part| Mistake { part, error: RuleError::Value("needs --key") }).into_iter().collect()
}

fn configured_emergency(config: Option<&Config>) -> Option<StateList> {
    let Ok(list) = config?.emergency.as_deref()?.parse();
    Some(list)
}

/// How messages look. What is wrong in the configuration counts as unset: the message is to be kept first.
pub(super) fn layout(args: &Args, config: Option<&Config>) -> Layout {
    let or = |given: &Option<String>, configured: Option<&String>| {
        let given = given.clone().filter(|text| !text.is_empty());
        given.or_else(|| configured.cloned()).unwrap_or_default()
    };
    Layout {
        message: or(&args.message, None),
        title: or(&args.title, None),
        title_format: args.title_format.clone().unwrap_or_default(),
        message_format: args.message_format.clone().unwrap_or_default(),
        priority: args.priority.clone().unwrap_or_default(),
        sound: args.sound.clone().unwrap_or_default(),
        ttl: args.ttl.clone().unwrap_or_default(),
        emergency: args
            .emergency
            .clone()
            .or_else(|| configured_emergency(config))
            .unwrap_or_default(),
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
