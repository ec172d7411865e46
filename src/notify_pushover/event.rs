//! Macros of the monitoring cores -> Event. Pure.

use super::args::Args;

/// What kind of notification it is. Unknown ones are sent all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something is wrong.
    Problem,
    /// It is right again.
    Recovery,
    /// Somebody has taken it up.
    Acknowledgement,
    /// Sent by hand.
    Custom,
    /// A downtime begins.
    DowntimeStart,
    /// A downtime ended or was cancelled.
    DowntimeEnd,
    /// Changing to and fro.
    FlappingStart,
    /// Steady again, or no longer watched for it.
    FlappingEnd,
    /// None of the above, as it was given; empty when none was given.
    Other(String),
}

impl Kind {
    /// Reads Icinga's and Nagios' words in any case.
    #[must_use]
    pub(super) fn parse(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "PROBLEM" => Self::Problem,
            "RECOVERY" => Self::Recovery,
            "ACKNOWLEDGEMENT" | "ACKNOWLEDGMENT" => Self::Acknowledgement,
            "CUSTOM" => Self::Custom,
            "DOWNTIMESTART" => Self::DowntimeStart,
            "DOWNTIMEEND" | "DOWNTIMECANCELLED" | "DOWNTIMEREMOVED" => Self::DowntimeEnd,
            "FLAPPINGSTART" => Self::FlappingStart,
            "FLAPPINGEND" | "FLAPPINGSTOP" | "FLAPPINGDISABLED" => Self::FlappingEnd,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// Whether the alarm needs nobody any more, so that an emergency must stop ringing.
    #[must_use]
    pub(super) fn ends_alarm(&self) -> bool {
        matches!(self, Self::Recovery | Self::Acknowledgement | Self::DowntimeStart)
    }

    /// Whether it speaks of a present state: a problem, or a message of unknown kind.
    #[must_use]
    pub(super) fn is_alarm(&self) -> bool {
        matches!(self, Self::Problem | Self::Other(_))
    }
}

/// State of a host or service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectState {
    /// Service.
    Ok,
    /// Service.
    Warning,
    /// Service.
    Critical,
    /// Service.
    Unknown,
    /// Host.
    Up,
    /// Host.
    Down,
    /// Host, Nagios only.
    Unreachable,
}

impl ObjectState {
    /// Reads a state in any case.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "OK" => Self::Ok,
            "WARNING" => Self::Warning,
            "CRITICAL" => Self::Critical,
            "UNKNOWN" => Self::Unknown,
            "UP" => Self::Up,
            "DOWN" => Self::Down,
            "UNREACHABLE" => Self::Unreachable,
            _ => return None,
        })
    }

    /// The state's name.
    #[must_use]
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Unreachable => "UNREACHABLE",
        }
    }
}

/// One notification. Empty texts are unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Its kind.
    pub kind: Kind,
    /// State of the object, if it is one we know.
    pub state: Option<ObjectState>,
    /// Name of the host.
    pub host: String,
    /// Host as it is to be shown.
    pub host_shown: String,
    /// Address of the host.
    pub address: String,
    /// Name of the service; empty for a host notification.
    pub service: String,
    /// Service as it is to be shown.
    pub service_shown: String,
    /// Output of the check.
    pub output: String,
    /// More of it.
    pub long_output: String,
    /// Who wrote the comment.
    pub author: String,
    /// The comment.
    pub comment: String,
    /// When it happened, in Unix seconds.
    pub time: Option<u64>,
    /// State before.
    pub last_state: String,
    /// Seconds in this state.
    pub duration: Option<u64>,
    /// Number of the notification.
    pub number: String,
}

impl Event {
    /// Takes the options and, where they are empty, what `lookup` knows under Icinga's and Nagios' names.
    pub(super) fn new(args: &Args, lookup: impl Fn(&str, &str) -> String) -> Self {
        let or = |given: &Option<String>, icinga: &str, nagios: &str| match given.as_deref() {
            None | Some("") => lookup(icinga, nagios),
            Some(given) => given.to_owned(),
        };
        let both = |given: &Option<String>, name: &str| or(given, name, name);
        let host = both(&args.host_name, "HOSTNAME");
        let service = or(&args.service_name, "SERVICENAME", "SERVICEDESC");
        let service_shown = both(&args.service_display_name, "SERVICEDISPLAYNAME");
        let is_service = !(service.is_empty() && service_shown.is_empty());
        let (output, long_output, state) = if is_service {
            ("SERVICEOUTPUT", "LONGSERVICEOUTPUT", both(&args.service_state, "SERVICESTATE"))
        } else {
            ("HOSTOUTPUT", "LONGHOSTOUTPUT", both(&args.host_state, "HOSTSTATE"))
        };
        let given =
            if state.is_empty() { args.service_state.clone().unwrap_or_default() } else { state };
        let output = both(&args.output, output);
        Self {
            kind: Kind::parse(&both(&args.kind, "NOTIFICATIONTYPE")),
            state: ObjectState::parse(&given).or_else(|| prefix_and_text(&output).0),
            host_shown: first_of(both(&args.host_display_name, "HOSTDISPLAYNAME"), &host),
            host,
            address: both(&args.host_address, "HOSTADDRESS"),
            service_shown: first_of(service_shown, &service),
            service,
            output,
            long_output: both(&args.long_output, long_output),
            author: or(&args.author, "NOTIFICATIONAUTHORNAME", "NOTIFICATIONAUTHOR"),
            comment: both(&args.comment, "NOTIFICATIONCOMMENT"),
            time: whole(&both(&args.timestamp, "TIMET")),
            last_state: args.last_state.clone().unwrap_or_default(),
            duration: whole(args.duration.as_deref().unwrap_or_default()),
            number: both(&args.notification_number, "NOTIFICATIONNUMBER"),
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        let texts =
            [&self.host, &self.host_shown, &self.service_shown, &self.output, &self.comment];
        self.kind == Kind::Other(String::new()) && texts.iter().all(|text| text.is_empty())
    }
}

fn first_of(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// Icinga passes fractions of a second.
fn whole(text: &str) -> Option<u64> {
    text.split('.').next()?.parse().ok()
}

/// Splits `SERVICE STATE - text` and `STATE: text`, as plugins write it, into state and text.
#[must_use]
pub(super) fn prefix_and_text(line: &str) -> (Option<ObjectState>, &str) {
    for separator in [" - ", ": "] {
        let Some((prefix, text)) = line.split_once(separator) else {
            continue;
        };
        let of_a_name =
            |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_' | '-');
        let is_name = prefix.len() <= 60 && prefix.chars().all(of_a_name);
        let state = prefix.rsplit([' ', '_', '-']).next().and_then(ObjectState::parse);
        if is_name && state.is_some() && !text.trim().is_empty() {
            return (state, text.trim_start());
        }
    }
    (None, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn event(options: &[&str], environment: &[(&str, &str)]) -> Event {
        let line = std::iter::once("notify_pushover").chain(options.iter().copied());
        let args = Args::try_parse_from(line).unwrap();
        let known = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map_or(String::new(), |(_, value)| (*value).to_owned())
        };
        Event::new(&args, |icinga, nagios| match known(icinga).as_str() {
            "" => known(&format!("NAGIOS_{nagios}")),
            value => value.to_owned(),
        })
    }

    #[test]
    fn types_of_both_cores_are_known_in_any_case() {
        for (text, kind) in [
            ("PROBLEM", Kind::Problem),
            ("problem", Kind::Problem),
            ("Recovery", Kind::Recovery),
            ("DOWNTIMECANCELLED", Kind::DowntimeEnd),
            ("FlappingEnd", Kind::FlappingEnd),
            ("FLAPPINGSTOP", Kind::FlappingEnd),
            ("FLAPPINGDISABLED", Kind::FlappingEnd),
            ("NEW", Kind::Other("NEW".to_owned())),
        ] {
            assert_eq!(Kind::parse(text), kind, "{text}");
        }
    }

    #[test]
    fn empty_options_fall_back_to_the_environment() {
        let seen = event(
            &["--host-name", "", "--service-state", "warning", "--comment", ""],
            &[
                ("HOSTNAME", "mail01"),
                ("SERVICENAME", "queue"),
                ("SERVICESTATE", "CRITICAL"),
                ("SERVICEOUTPUT", "out"),
            ],
        );
        assert_eq!((seen.host.as_str(), seen.host_shown.as_str()), ("mail01", "mail01"));
        assert_eq!(seen.state, Some(ObjectState::Warning), "an option comes first");
        assert_eq!(seen.output, "out");
        let nagios = event(&[], &[("NAGIOS_SERVICEDESC", "q"), ("NAGIOS_NOTIFICATIONAUTHOR", "a")]);
        assert_eq!((nagios.service.as_str(), nagios.author.as_str()), ("q", "a"));
    }

    #[test]
    fn free_text_may_start_with_anything() {
        for text in ["-5 degrees", "--help", "-", "@file", "<file", "-t"] {
            let seen = event(&["--comment", text, "--output", text], &[]);
            assert_eq!((seen.comment.as_str(), seen.output.as_str()), (text, text));
        }
    }

    #[test]
    fn a_plugins_own_prefix_is_recognised() {
        for (line, state, text) in [
            ("AXIGEN QUEUE CRITICAL - 143 messages", Some(ObjectState::Critical), "143 messages"),
            ("SMTP_TLS WARNING: soon", Some(ObjectState::Warning), "soon"),
            ("OK - fine - really", Some(ObjectState::Ok), "fine - really"),
            ("Disk is CRITICAL - soon", None, "Disk is CRITICAL - soon"),
            ("PING OK - ", None, "PING OK - "),
            ("DOWN", None, "DOWN"),
            ("", None, ""),
        ] {
            assert_eq!(prefix_and_text(line), (state, text), "{line}");
        }
    }
}
