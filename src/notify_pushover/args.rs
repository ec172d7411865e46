//! Command line of `notify_pushover`. Names follow the macros of Icinga and Nagios.
#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand here")]

use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParser};
use clap::{Parser, ValueEnum};

use super::input::lossy;
use super::rules::{PriorityMap, SoundMap, StateList, TtlMap};
use super::template::Template;
use crate::monitoring::duration;
use crate::program::{NotifierOptions, offered};
use crate::pushover::access::AccessOptions;

/// What completions offer for the host's state.
const HOST_STATES: [&str; 3] = ["UP", "DOWN", "UNREACHABLE"];

/// What completions offer for the service's state.
const SERVICE_STATES: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// What completions offer where either is meant.
const STATES: [&str; 7] = ["OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "UNREACHABLE"];

/// What completions offer for the notification type.
const TYPES: [&str; 11] = [
    "PROBLEM",
    "RECOVERY",
    "ACKNOWLEDGEMENT",
    "CUSTOM",
    "DOWNTIMESTART",
    "DOWNTIMEEND",
    "DOWNTIMECANCELLED",
    "FLAPPINGSTART",
    "FLAPPINGEND",
    "FLAPPINGSTOP",
    "FLAPPINGDISABLED",
];

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Action {
    /// Send a notification, and what is waiting before it
    Send,
    /// Send what is waiting in the spool
    Flush,
    /// Stop the repeats of an object's emergency messages
    Cancel,
    /// Ask Pushover who has acknowledged an emergency, and tell the core
    Poll,
    /// Ask Pushover whether token and recipients are valid, without sending
    Validate,
}

/// Sends a notification by Pushover, or keeps it in a spool until it can be sent.
///
/// Exit codes: 0 accepted by Pushover, 1 waiting in the spool, 2 rejected for good
/// or neither sent nor kept, 3 a mistake in options, configuration or secrets.
#[derive(Clone, Debug, Parser)]
#[command(name = "notify_pushover", version, term_width = 80)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Args {
    /// What to do
    #[arg(value_enum, default_value = "send")]
    pub(super) action: Action,

    #[command(flatten)]
    pub(super) access: AccessOptions,
    /// Only these devices of the recipient, separated by commas
    #[arg(long, value_name = "NAMES", value_parser = text())]
    pub(super) device: Option<String>,

    /// Send this text as it is; - reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) message: Option<String>,
    /// Use this title
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) title: Option<String>,
    /// Notification type: PROBLEM, RECOVERY, ACKNOWLEDGEMENT and so on
    #[arg(long = "type", value_name = "TYPE", hide_possible_values = true, value_parser = one_of(TYPES))]
    pub(super) kind: Option<String>,
    /// Host
    #[arg(short = 'H', long, value_name = "NAME", allow_hyphen_values = true, value_parser = text())]
    pub(super) host_name: Option<String>,
    /// Name of the host to show
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = text())]
    pub(super) host_display_name: Option<String>,
    /// Address of the host
    #[arg(long, value_name = "ADDRESS", value_parser = text())]
    pub(super) host_address: Option<String>,
    /// State of the host: UP, DOWN or UNREACHABLE
    #[arg(long, value_name = "STATE", hide_possible_values = true, value_parser = one_of(HOST_STATES))]
    pub(super) host_state: Option<String>,
    /// Service
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = text())]
    pub(super) service_name: Option<String>,
    /// Name of the service to show
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = text())]
    pub(super) service_display_name: Option<String>,
    /// State of the service: OK, WARNING, CRITICAL or UNKNOWN
    #[arg(long, value_name = "STATE", hide_possible_values = true, value_parser = one_of(SERVICE_STATES))]
    pub(super) service_state: Option<String>,
    /// Output of the check, shown without its performance data; - reads it
    /// from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) output: Option<String>,
    /// More lines of the output
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) long_output: Option<String>,
    /// Who acknowledged or commented
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = text())]
    pub(super) author: Option<String>,
    /// The comment
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) comment: Option<String>,
    /// When it happened, in Unix seconds
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = text())]
    pub(super) timestamp: Option<String>,
    /// State before this one
    #[arg(long, value_name = "STATE", hide_possible_values = true, value_parser = one_of(STATES))]
    pub(super) last_state: Option<String>,
    /// How long it has been in this state, in seconds
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = text())]
    pub(super) duration: Option<String>,
    /// Number of the notification; with the host's name, a repetition of one
    /// that still waits is not queued again
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = text())]
    pub(super) notification_number: Option<String>,

    /// Without a core, as from cron: notify only when the state of this key
    /// changes; the state is taken from the first line of --output
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, value_parser = text())]
    pub(super) key: Option<String>,
    /// With --key: send the same state again after this time, as in 4h
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(super) repeat: Option<Duration>,

    /// Base of links to Icinga Web, up to and including /icingaweb2
    #[arg(long, value_name = "URL", value_parser = text())]
    pub(super) icingaweb_url: Option<String>,
    /// Link in the message
    #[arg(long, value_name = "URL", value_parser = text())]
    pub(super) url: Option<String>,
    /// Text of the link
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text())]
    pub(super) url_title: Option<String>,

    /// Image to show with the message, at most 5 MiB; a bad one does not
    /// stop the message
    #[arg(long, value_name = "FILE", value_parser = text())]
    pub(super) attach: Option<String>,

    /// Priorities from -2 to 2 by state or type, as in WARNING=-1,DOWN=2, or
    /// one number for all
    #[arg(long, value_name = "STATE=N,...", allow_hyphen_values = true)]
    pub(super) priority: Option<PriorityMap>,
    /// Sounds by state or type, as in CRITICAL=siren, or one for all
    #[arg(long, value_name = "STATE=NAME,...")]
    pub(super) sound: Option<SoundMap>,
    /// Remove messages from the phone after a time by state or type, as in
    /// RECOVERY=4h; problems stay unless they are listed
    #[arg(long, value_name = "TYPE=TIME,...")]
    pub(super) ttl: Option<TtlMap>,
    /// Problems in these states ring until somebody acknowledges, as in
    /// CRITICAL,DOWN
    #[arg(long, value_name = "STATES", hide_possible_values = true, value_parser = offered(STATES, str::parse::<StateList>))]
    pub(super) emergency: Option<StateList>,
    /// Seconds between two rings of an emergency, at least 30
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(30..=10_800))]
    pub(super) retry: u32,
    /// Seconds until an emergency stops ringing, at most 10800; Pushover rings
    /// 50 times at most
    #[arg(long, value_name = "SECONDS", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(30..=10_800))]
    pub(super) expire: u32,
    /// Format of the title: text and {symbol}, {type}, {state}, {last_state},
    /// {host}, {address}, {service}, {output}, {author}, {comment}
    #[arg(long, value_name = "FORMAT", allow_hyphen_values = true)]
    pub(super) title_format: Option<Template>,
    /// Format of the message, with the same fields; \n is a line end
    #[arg(long, value_name = "FORMAT", allow_hyphen_values = true)]
    pub(super) message_format: Option<Template>,
    /// No symbol in the title
    #[arg(long)]
    pub(super) no_emoji: bool,
    /// Name of this monitoring instance, the same on all its nodes
    #[arg(long, value_name = "NAME", value_parser = text())]
    pub(super) instance: Option<String>,

    /// Send without a spool: what cannot be sent now is lost
    #[arg(long)]
    pub(super) no_spool: bool,
    /// A message that has waited longer and fails once more goes to failed/
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration::parse)]
    pub(super) spool_max_age: Duration,
    /// When more messages are waiting, the oldest go to failed/
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) spool_max_number: u32,
    /// With flush: first move the messages in failed/ back into the spool
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) run: NotifierOptions,
}

impl Args {
    /// Whether something is lost if the run does not do what it is for.
    pub(super) fn is_alert(&self) -> bool {
        matches!(self.action, Action::Send | Action::Cancel) && !self.dry_run
    }
}

impl AsRef<NotifierOptions> for Args {
    fn as_ref(&self) -> &NotifierOptions {
        &self.run
    }
}

/// Any bytes; what is no UTF-8 becomes a replacement character, since an alert must not fail for its text.
fn text() -> ValueParser {
    ValueParser::new(OsStringValueParser::new().map(|text| lossy(&text)))
}

/// The same, where completions offer words: any other is sent as well.
fn one_of(words: impl IntoIterator<Item = &'static str>) -> ValueParser {
    ValueParser::new(offered(words, OsStringValueParser::new().map(|text| lossy(&text))))
}

#[cfg(test)]
mod tests {
    use super::super::event::{NotificationType, ObjectState};
    use super::*;

    #[test]
    fn words_that_are_offered_are_known() {
        for word in TYPES {
            assert!(!matches!(NotificationType::parse(word), NotificationType::Other(_)), "{word}");
        }
        for word in HOST_STATES.iter().chain(&SERVICE_STATES).chain(&STATES) {
            assert!(ObjectState::parse(word).is_some(), "{word}");
            assert_eq!(word.parse::<StateList>().map(|list| list.mistakes.len()), Ok(0), "{word}");
        }
    }
}
