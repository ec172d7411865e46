//! What to think of what was seen: the limits of one run.

use super::grade::Grade;
use super::lifetime::Left;
use crate::monitoring::State;

/// Whether an untrusted certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Where clients ask for proof.
    Auto,
    /// Everywhere.
    Pkix,
    /// Nowhere.
    None,
}

/// The limits of one run.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// WARNING for worse.
    pub(super) grade_warning: Grade,
    /// CRITICAL for worse.
    pub(super) grade_critical: Grade,
    pub(super) warning: Left,
    pub(super) critical: Left,
    pub(super) trust: Trust,
    /// Whether clients of this port take any TLS.
    pub(super) is_opportunistic: bool,
    /// Whether anonymous suites are F all the same.
    pub(super) strict: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
    /// Whether each connection begins with a PROXY header.
    pub(super) sends_proxy_header: bool,
}

impl Policy {
    /// What a grade is worth here.
    pub(super) fn state_of(&self, grade: Grade) -> State {
        if grade.is_worse_than(self.grade_critical) {
            State::Critical
        } else if grade.is_worse_than(self.grade_warning) {
            State::Warning
        } else {
            State::Ok
        }
    }

    /// Whether trust decides the state, is a note, or is left out.
    pub(super) fn trust_counts(&self) -> Option<bool> {
        match self.trust {
            Trust::Auto => Some(!self.is_opportunistic),
            Trust::Pkix => Some(true),
            Trust::None => None,
        }
    }
}
