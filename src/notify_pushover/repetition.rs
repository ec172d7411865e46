//! `--key`: without a core, somebody has to remember what a check said last. Tells a change, its repetition after a while, and
//! the recovery; nothing in between.
//!
//! What cannot be read is not known, and then everything is told: a memory must not swallow an alert.

use std::io::ErrorKind;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{NotificationType, ObjectState};
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::spool::Spool;

/// What was told last under a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastTold {
    /// As the state is written.
    state: String,
    /// When the trouble began, in Unix seconds.
    since: u64,
    /// When it was told, in Unix seconds.
    at: u64,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is the first time.
    Nothing,
    /// Something was told, and it cannot be read what.
    Unreadable,
    /// This was told.
    Told(LastTold),
}

/// What is to be done with the output of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Tell it.
    Tell {
        kind: NotificationType,
        /// State before, if it was another one; else empty.
        before: String,
        /// How long the trouble has lasted, in seconds.
        seconds: Option<u64>,
        /// To be remembered when it is told.
        told: LastTold,
    },
    /// It was told, and is not due again: seconds since the trouble began and since it was told.
    Quiet { state: ObjectState, seconds: u64, told: u64 },
    /// All is well, and was when somebody looked last.
    Well,
}

impl Known {
    /// Reads what is known.
    pub(super) fn recall(spool: &Spool, key: &str) -> Self {
        match spool.read_note(&note_of(key)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Self::Nothing,
            Err(_) => Self::Unreadable,
            Ok(bytes) => {
                let told = serde_json::from_slice(&bytes).ok();
                let told = told.filter(|told: &LastTold| ObjectState::parse(&told.state).is_some());
                told.map_or(Self::Unreadable, Self::Told)
            }
        }
    }
}

impl LastTold {
    /// Remembers it. Where that fails it is told once more, and nothing else.
    pub(super) fn keep(&self, spool: &Spool, key: &str) {
        if let Ok(bytes) = serde_json::to_vec(self) {
            let _ = spool.write_note(&note_of(key), &bytes);
        }
    }
}

/// Decides what becomes of `state` at `now` (Unix seconds). Without `repeat` the same is told once.
pub(super) fn decide(
    known: &Known,
    state: ObjectState,
    now: u64,
    repeat: Option<Duration>,
) -> Decision {
    let told = |since| LastTold { state: state.as_str().to_owned(), since, at: now };
    let tell = |kind, before: &str, since| Decision::Tell {
        kind,
        before: if before == state.as_str() { String::new() } else { before.to_owned() },
        seconds: Some(now.saturating_sub(since)).filter(|seconds| *seconds > 0),
        told: told(since),
    };
    match (known, is_well(state)) {
        (Known::Nothing, true) => Decision::Well,
        (Known::Told(last), true) if is_well_word(&last.state) => Decision::Well,
        (Known::Told(last), true) => tell(NotificationType::Recovery, &last.state, last.since),
        // Whatever was told, it is over.
        (Known::Unreadable, true) => tell(NotificationType::Recovery, "", now),
        (Known::Nothing | Known::Unreadable, false) => tell(NotificationType::Problem, "", now),
        (Known::Told(last), false) if is_well_word(&last.state) => {
            tell(NotificationType::Problem, "", now)
        }
        (Known::Told(last), false) => {
            // A clock that was set back makes it due.
            let due = match repeat {
                Some(repeat) => !(last.at..last.at.saturating_add(repeat.as_secs())).contains(&now),
                None => last.at > now,
            };
            let since = last.since.min(now);
            if due || last.state != state.as_str() {
                tell(NotificationType::Problem, &last.state, since)
            } else {
                Decision::Quiet { state, seconds: now - since, told: now.saturating_sub(last.at) }
            }
        }
    }
}

fn is_well(state: ObjectState) -> bool {
    matches!(state, ObjectState::Ok | ObjectState::Up)
}

fn is_well_word(word: &str) -> bool {
    ObjectState::parse(word).is_some_and(is_well)
}

/// The file of a key, which may hold anything that a file name must not.
fn note_of(key: &str) -> String {
    format!(".told-{}", fingerprint(&[key], 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn known(state: &str, since: u64, at: u64) -> Known {
        Known::Told(LastTold { state: state.to_owned(), since, at })
    }

    /// The decision in short: `P` or `R` with the state before and the seconds, `quiet`, `well`.
    fn short(known: &Known, state: ObjectState, now: u64, hours: Option<u64>) -> String {
        let repeat = hours.map(|hours| Duration::from_secs(hours * HOUR));
        match decide(known, state, now, repeat) {
            Decision::Tell { kind, before, seconds, told } => {
                assert_eq!((told.state.as_str(), told.at), (state.as_str(), now));
                let kind = kind.as_str().chars().next().unwrap();
                format!("{kind} {before} {}", seconds.unwrap_or(0)).replace("  ", " ")
            }
            Decision::Quiet { .. } => "quiet".to_owned(),
            Decision::Well => "well".to_owned(),
        }
    }

    #[test]
    fn a_change_is_told_and_the_same_again_only_after_its_time() {
        use ObjectState::{Critical, Ok, Unknown, Warning};
        let warning = known("WARNING", 1000, 1000);
        for (case, before, state, now, hours, expected) in [
            ("first, well", &Known::Nothing, Ok, 1000, Some(4), "well"),
            ("first, not well", &Known::Nothing, Warning, 1000, Some(4), "P 0"),
            ("the same", &warning, Warning, 1600, Some(4), "quiet"),
            ("the same, late", &warning, Warning, 1000 + 4 * HOUR - 1, Some(4), "quiet"),
            ("due", &warning, Warning, 1000 + 4 * HOUR, Some(4), "P 14400"),
            ("never due", &warning, Warning, 1000 + 400 * HOUR, None, "quiet"),
            ("worse", &warning, Critical, 1600, Some(4), "P WARNING 600"),
            ("another", &warning, Unknown, 1600, None, "P WARNING 600"),
            ("over", &warning, Ok, 1600, None, "R WARNING 600"),
            ("still well", &known("OK", 1000, 1600), Ok, 2000, Some(4), "well"),
            ("again", &known("OK", 1000, 1600), Critical, 2000, Some(4), "P 0"),
        ] {
            assert_eq!(short(before, state, now, hours), expected, "{case}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_told() {
        for (case, before, state, expected) in [
            ("unreadable", &Known::Unreadable, ObjectState::Warning, "P 0"),
            ("unreadable, well", &Known::Unreadable, ObjectState::Ok, "R 0"),
            ("a clock set back", &known("WARNING", 9000, 9000), ObjectState::Warning, "P 0"),
        ] {
            for hours in [None, Some(4)] {
                assert_eq!(short(before, state, 1000, hours), expected, "{case}");
            }
        }
    }

    #[test]
    fn a_weekend_is_a_handful_of_messages() {
        let mut before = Known::Nothing;
        let mut told = 0;
        for minutes in (0..60 * 48).step_by(10) {
            let now = 1_000_000 + minutes * 60;
            let repeat = Some(Duration::from_secs(4 * HOUR));
            if let Decision::Tell { told: next, .. } =
                decide(&before, ObjectState::Warning, now, repeat)
            {
                before = Known::Told(next);
                told += 1;
            }
        }
        assert_eq!(told, 12);
    }
}
