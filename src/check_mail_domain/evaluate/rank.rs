//! Which mail hosts count most.

use crate::check_mail_domain::facts::{Destination, Facts, MailHost};
use crate::monitoring::State;

/// The state of a fault that keeps mail from one host: senders go on to the next one, if it is better there.
pub(super) fn host_rule(
    facts: &Facts,
    host: &MailHost,
    is_barred: impl Fn(&MailHost) -> bool,
) -> State {
    let best = facts.hosts.iter().map(|host| host.preference).min();
    if best == Some(host.preference) || facts.hosts.iter().all(is_barred) {
        State::Critical
    } else {
        State::Warning
    }
}

/// Whether mail goes to hosts at all.
pub(super) fn has_hosts(facts: &Facts) -> bool {
    matches!(facts.destination, Some(Destination::Hosts { .. } | Destination::Itself))
}
