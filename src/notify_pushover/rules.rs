//! `STATE=VALUE,...`: what the monitoring configuration decides per state or type of notification.

use std::str::FromStr;
use std::time::Duration;

use super::event::{Event, NotificationType, ObjectState};
use crate::monitoring::duration;

/// Which notifications a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Any,
    State(ObjectState),
    NotificationType(NotificationType),
}

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        if let Some(state) = ObjectState::parse(text) {
            return Some(Self::State(state));
        }
        match NotificationType::parse(text) {
            NotificationType::Other(_) => None,
            kind => Some(Self::NotificationType(kind)),
        }
    }
}

/// Values by state or type. Empty by default, so that nothing is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByState<T>(Vec<(Subject, T)>);

impl<T> Default for ByState<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Why a text is no list of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RuleError {
    /// Not a state or type of notification.
    #[error("is not a list of rules: '{0}' is neither a state nor a notification type")]
    Subject(String),
    /// The value is of no use.
    #[error("is not a list of rules: {0}")]
    Value(&'static str),
}

impl<T> ByState<T> {
    /// The value for a notification. A problem goes by its state first, anything else by its type first.
    pub(super) fn of(&self, event: &Event) -> Option<&T> {
        let state = event.state.map(Subject::State);
        let kind = Some(Subject::NotificationType(event.kind.clone()));
        let order = if event.kind.is_alarm() { [state, kind] } else { [kind, state] };
        let any = Some(Subject::Any);
        order.into_iter().chain([any]).flatten().find_map(|subject| self.at(&subject))
    }

    /// All values.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    fn at(&self, wanted: &Subject) -> Option<&T> {
        let mut rules = self.0.iter().rev();
        rules.find(|(subject, _)| subject == wanted).map(|(_, value)| value)
    }
}

impl<T> FromStr for ByState<T>
where
    T: FromStr<Err = &'static str>,
{
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (subject, value) = match part.split_once('=') {
                None => (Subject::Any, part),
                Some((subject, value)) => {
                    let known = Subject::parse(subject.trim());
                    (known.ok_or_else(|| RuleError::Subject(subject.to_owned()))?, value.trim())
                }
            };
            let value = value.parse().map_err(RuleError::Value)?;
            rules.push((subject, value));
        }
        Ok(Self(rules))
    }
}

/// A priority from -2 to 2 (<https://pushover.net/api#priority>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Priority(pub(super) i8);

impl FromStr for Priority {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number @ -2..=2) => Ok(Self(number)),
            _ => Err("a priority is a number from -2 to 2"),
        }
    }
}

/// The name of a sound, Pushover's or one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sound(pub(super) String);

impl FromStr for Sound {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !text.is_empty() && text.len() <= 60 && text.bytes().all(of_a_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a sound is a name such as siren")
        }
    }
}

/// How long a message stays on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stay(pub(super) Duration);

impl FromStr for Stay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        duration::parse(text).map(Self).map_err(|_| "a time is a whole number and s, m, h or d")
    }
}

/// `--priority`.
pub(super) type PriorityMap = ByState<Priority>;
/// `--sound`.
pub(super) type SoundMap = ByState<Sound>;
/// `--ttl`.
pub(super) type TtlMap = ByState<Stay>;

/// `--emergency`: states separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StateList(pub(super) Vec<ObjectState>);

impl FromStr for StateList {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parse = |part: &str| {
            ObjectState::parse(part).ok_or_else(|| RuleError::Subject(part.to_owned()))
        };
        parts.map(parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_or_refused() {
        for text in ["", "1", "-1", "CRITICAL=2,warning=-1", "Recovery=0", " OK = 0 , DOWN=1 "] {
            assert!(text.parse::<PriorityMap>().is_ok(), "{text}");
        }
        for text in ["3", "-3", "CRITICAL", "CRIT=1", "CRITICAL=", "CRITICAL=1=2", "=1", "1.0"] {
            assert!(text.parse::<PriorityMap>().is_err(), "{text}");
        }
        assert!("siren".parse::<SoundMap>().is_ok() && "a b".parse::<SoundMap>().is_err());
        assert!("RECOVERY=4h".parse::<TtlMap>().is_ok() && "4".parse::<TtlMap>().is_err());
        assert!(
            "CRITICAL,down".parse::<StateList>().is_ok() && "RED".parse::<StateList>().is_err()
        );
    }
}
