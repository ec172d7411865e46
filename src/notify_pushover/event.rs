//! One notification, as both cores know it. Pure.

use super::past::Past;
pub(super) use crate::pushover::object_state::ObjectState;

/// What kind of notification it is. Unknown ones are sent all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotificationType {
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

impl NotificationType {
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

    /// The type's name, as Icinga writes it.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Problem => "PROBLEM",
            Self::Recovery => "RECOVERY",
            Self::Acknowledgement => "ACKNOWLEDGEMENT",
            Self::Custom => "CUSTOM",
            Self::DowntimeStart => "DOWNTIMESTART",
            Self::DowntimeEnd => "DOWNTIMEEND",
            Self::FlappingStart => "FLAPPINGSTART",
            Self::FlappingEnd => "FLAPPINGEND",
            Self::Other(word) => word,
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

/// One notification. Empty texts are unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Its kind.
    pub(super) kind: NotificationType,
    /// State of the object, if it is one we know.
    pub(super) state: Option<ObjectState>,
    /// Name of the host.
    pub(super) host: String,
    /// Host as it is to be shown.
    pub(super) host_shown: String,
    /// Address of the host.
    pub(super) address: String,
    /// Name of the service; empty for a host notification.
    pub(super) service: String,
    /// Service as it is to be shown.
    pub(super) service_shown: String,
    /// Output of the check.
    pub(super) output: String,
    /// More of it.
    pub(super) long_output: String,
    /// Who wrote the comment.
    pub(super) author: String,
    /// The comment.
    pub(super) comment: String,
    /// When it happened, in Unix seconds.
    pub(super) time: Option<u64>,
    /// State before.
    pub(super) last_state: String,
    /// Seconds in this state.
    pub(super) duration: Option<u64>,
    /// Number of the notification.
    pub(super) number: String,
    /// What a recovery knows of the time before it.
    pub(super) past: Past,
}

impl Event {
    /// Whether there is nothing to tell.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        let texts =
            [&self.host, &self.host_shown, &self.service_shown, &self.output, &self.comment];
        self.kind == NotificationType::Other(String::new())
            && texts.iter().all(|text| text.is_empty())
    }
}

/// The state that the first line of a plugin's output names.
#[must_use]
pub(super) fn state_of(output: &str) -> Option<ObjectState> {
    let line = output.lines().next().unwrap_or_default();
    let alone = || ObjectState::parse(line.split('|').next().unwrap_or_default().trim());
    prefix_and_text(line).0.or_else(alone)
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

    #[test]
    fn types_of_both_cores_are_known_in_any_case() {
        for (text, kind) in [
            ("PROBLEM", NotificationType::Problem),
            ("problem", NotificationType::Problem),
            ("Recovery", NotificationType::Recovery),
            ("DOWNTIMECANCELLED", NotificationType::DowntimeEnd),
            ("FlappingEnd", NotificationType::FlappingEnd),
            ("FLAPPINGSTOP", NotificationType::FlappingEnd),
            ("FLAPPINGDISABLED", NotificationType::FlappingEnd),
            ("NEW", NotificationType::Other("NEW".to_owned())),
        ] {
            assert_eq!(NotificationType::parse(text), kind, "{text}");
        }
    }

    #[test]
    fn the_first_line_names_the_state() {
        for (output, state) in [
            ("AXIGEN QUEUE CRITICAL - 143 messages\nOK - no", Some(ObjectState::Critical)),
            ("HTTP OK: HTTP/1.1 200 OK - 5 bytes | time=1s", Some(ObjectState::Ok)),
            ("OK", Some(ObjectState::Ok)),
            ("OK | a=1", Some(ObjectState::Ok)),
            ("\nOK - on the second line", None),
            ("Connection refused", None),
            ("", None),
        ] {
            assert_eq!(state_of(output), state, "{output}");
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
