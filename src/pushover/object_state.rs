//! The states of hosts and services, as both cores name them.

use std::cmp::Ordering;

/// State of a host or service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ObjectState {
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
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::Warning,
        Self::Critical,
        Self::Unknown,
        Self::Up,
        Self::Down,
        Self::Unreachable,
    ];

    /// Reads a state in any case.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(text))
    }

    /// The state's name.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
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

    /// Whether it is worse than OK.
    #[must_use]
    pub(crate) fn is_problem(self) -> bool {
        !matches!(self, Self::Ok | Self::Up)
    }

    /// The name that somebody may have meant who wrote this.
    #[must_use]
    pub(crate) fn meant_by(text: &str) -> Option<&'static str> {
        let word = text.trim().to_ascii_uppercase();
        let near = |state: Self| {
            let name = state.as_str();
            let starts = word.len() >= 4 && name.starts_with(&word);
            let distance = if starts { 0 } else { edits(&word, name) };
            (distance * 3 <= name.len()).then_some((distance, name))
        };
        let nearest = Self::ALL.into_iter().filter_map(near);
        nearest.min_by(|one, other| one.0.cmp(&other.0).then(Ordering::Less)).map(|(_, name)| name)
    }
}

/// How many letters must be added, removed or replaced to make the one of the other.
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        let mut next = vec![left];
        for (above, known) in row.iter().skip(1).zip(other.chars()) {
            left = (before + usize::from(letter != known)).min(*above + 1).min(left + 1);
            before = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_state_is_recognised() {
        for (text, meant) in [
            ("CRITCAL", Some("CRITICAL")),
            ("critcial", Some("CRITICAL")),
            ("CRIT", Some("CRITICAL")),
            ("WARN", Some("WARNING")),
            ("UNREACHEABLE", Some("UNREACHABLE")),
            ("DWON", None),
            ("DONW", None),
            ("DOWNN", Some("DOWN")),
            ("CRASH", None),
            ("", None),
            ("ok", Some("OK")),
        ] {
            assert_eq!(ObjectState::meant_by(text), meant, "{text}");
        }
    }
}
