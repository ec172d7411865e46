//! The time of day as the suite counts it: seconds since 1970, UTC. The clock itself is read by `program` alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, negative before it: what file times and the dates of certificates are compared with.
#[must_use]
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -since(before.duration()), since)
}

/// Seconds since 1970, zero for a clock before that: what is written into files and names.
#[must_use]
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_are_negative_or_zero() {
        let before = UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!((seconds(before), unix_seconds(before)), (-5, 0));
        let after = UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!((seconds(after), unix_seconds(after)), (5, 5));
    }
}
