//! How long one step may take.

use std::time::Duration;

/// The time each kind of step gets. No step takes all the time there is, so that a silent server is told from a slow
/// run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For one address to accept the connection.
    pub(crate) connect: Duration,
    /// For the greeting, which some hold back to tell mail servers from bots.
    pub(crate) greeting: Duration,
    /// For one SMTP answer behind it.
    pub(crate) smtp: Duration,
    /// For one answer in TLS.
    pub(crate) tls: Duration,
}

/// RFC 5321 section 4.5.3.2.1.
const GREETING: Duration = Duration::from_secs(300);
/// What a way in takes behind its greeting.
const LEG: Duration = Duration::from_secs(2);
/// How much later than the first a later greeting may come.
const LATER: Duration = Duration::from_secs(5);

/// As much as there is, less what this way in and those after it still take; where that is nothing, an equal share.
fn greeting(left: Duration, legs: u32) -> Duration {
    left.saturating_sub(LEG.saturating_mul(legs)).max(left / legs.saturating_add(1)).min(GREETING)
}

impl Patience {
    /// A share of the whole time of a run.
    #[must_use]
    pub(crate) fn within(limit: Duration) -> Self {
        let at_most = |seconds| Duration::from_secs(seconds).min(limit / 3);
        let greeting = greeting(limit, 1);
        Self { connect: at_most(5), greeting, smtp: at_most(10), tls: at_most(5) }
    }

    /// For one answer that may take what is left of a run: of a scanner, or of a server that asks others.
    #[must_use]
    pub(crate) fn longest(left: Duration) -> Duration {
        greeting(left, 1)
    }

    /// The same for one of several ways in, with what is left of the time; `legs` counts this one and those after it.
    /// A way whose greeting is known to take so long gets little more.
    #[must_use]
    pub(crate) fn for_leg(
        limit: Duration,
        left: Duration,
        legs: u32,
        known: Option<Duration>,
    ) -> Self {
        let same = Self::within(limit);
        let most = known.map_or(GREETING, |known| (known + LATER).max(same.smtp));
        Self { greeting: greeting(left, legs).min(most), ..same }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_has_what_the_run_has_less_the_rest_of_its_ways_in() {
        let seconds = Duration::from_secs;
        let greeting = |limit, left, legs, known: Option<u64>| {
            Patience::for_leg(seconds(limit), seconds(left), legs, known.map(seconds)).greeting
        };
        for (case, allowed, expected) in [
            ("one way in", greeting(10, 10, 1, None), 8),
            ("three", greeting(90, 90, 3, None), 84),
            ("short of time", greeting(6, 6, 2, None), 2),
            ("at its end", greeting(30, 2, 1, None), 1),
            ("no more than the standard says", greeting(3600, 3600, 1, None), 300),
            ("a later one", greeting(90, 60, 2, Some(20)), 25),
            ("a later one of a quick server", greeting(90, 89, 2, Some(0)), 10),
        ] {
            assert_eq!(allowed, seconds(expected), "{case}");
        }
        assert_eq!(Patience::within(seconds(60)).greeting, seconds(58));
    }
}
