//! How old the messages are.

use std::time::Duration;

use serde::Serialize;

use super::obstacle::{Noted, Obstacle};

/// Counts by age, each in the first bucket that ends above it; the last bucket has no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AgeBuckets([u64; 8]);

impl AgeBuckets {
    /// Where all buckets but the last end, in seconds.
    const ENDS: [u64; 7] = [300, 900, 3600, 14_400, 28_800, 86_400, 432_000];
    /// Metric labels.
    const LABELS: [&str; 8] = [
        "under_5m",
        "under_15m",
        "under_1h",
        "under_4h",
        "under_8h",
        "under_1d",
        "under_5d",
        "over_5d",
    ];

    pub(crate) fn add(&mut self, age_seconds: u64) {
        let bucket = Self::ENDS.iter().take_while(|end| age_seconds >= **end).count();
        if let Some(count) = self.0.get_mut(bucket) {
            *count += 1;
        }
    }

    /// Adds another queue's counts.
    pub(crate) fn merge(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Label and count, youngest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::LABELS.into_iter().zip(self.0)
    }

    /// Younger than five minutes.
    pub(crate) fn recent(self) -> u64 {
        self.0.first().copied().unwrap_or(0)
    }
}

/// Ages of messages, where arrival is the earlier of mtime and birth time of the status file.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Ages {
    /// Whether every message was asked; those that refused are in `refused`.
    pub(crate) finished: bool,
    /// Messages whose age is known.
    pub(crate) known: u64,
    /// Older than the limit that was asked for.
    pub(crate) older: u64,
    /// Seconds; absent while no age is known.
    pub(crate) oldest_seconds: Option<u64>,
    pub(crate) buckets: AgeBuckets,
    /// Arrival lies in the future; counted as age 0.
    pub(crate) future: u64,
    /// No birth time is known; arrival is the mtime.
    pub(crate) without_birth: u64,
    /// Arrival is the birth time, since the file was written again later.
    pub(crate) by_birth: u64,
    /// Messages or directories that refused to tell.
    pub(crate) refused: Noted<Obstacle>,
}

impl Ages {
    /// Adds a message that arrived `arrival` seconds and is judged at `now` seconds, both since the epoch.
    pub(crate) fn add(&mut self, arrival: i64, now: i64, older_than: Duration) {
        let age = u64::try_from(now.saturating_sub(arrival)).unwrap_or_else(|_| {
            self.future += 1;
            0
        });
        self.known += 1;
        self.older += u64::from(age > older_than.as_secs());
        self.oldest_seconds = self.oldest_seconds.max(Some(age));
        self.buckets.add(age);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_lands_in_the_first_bucket_that_ends_above_it() {
        for (age, bucket) in [
            (0, 0),
            (299, 0),
            (300, 1),
            (3599, 2),
            (3600, 3),
            (14_399, 3),
            (14_400, 4),
            (28_799, 4),
            (28_800, 5),
            (86_399, 5),
            (86_400, 6),
            (431_999, 6),
            (432_000, 7),
        ] {
            let mut ages = Ages::default();
            ages.add(1_000_000 - age, 1_000_000, Duration::from_secs(3600));
            assert_eq!(
                ages.buckets.iter().position(|(_, count)| count == 1),
                Some(bucket),
                "{age}"
            );
            assert_eq!(ages.older, u64::from(age > 3600), "{age}");
            assert_eq!(ages.buckets.recent(), u64::from(age < 300), "{age}");
        }
    }

    #[test]
    fn an_arrival_in_the_future_has_age_zero_and_is_noted() {
        let mut ages = Ages::default();
        ages.add(2000, 1000, Duration::ZERO);
        ages.add(i64::MAX, i64::MIN, Duration::ZERO);
        assert_eq!(
            (ages.future, ages.oldest_seconds, ages.older, ages.buckets.recent()),
            (2, Some(0), 0, 2)
        );
    }
}
