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

/// A second since 1970 as people write it: "2026-11-24 08:00 UTC".
#[must_use]
pub(crate) fn utc(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Counted from the first of March in the year 0, so that the leap day is the last of its year and 400 years are one
    // era.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month < 3);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_795_507_200, "2026-11-24 08:00 UTC"),
            (4_133_980_799, "2100-12-31 23:59 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        assert!(!utc(i64::MAX).is_empty() && !utc(i64::MIN).is_empty());
    }

    #[test]
    fn times_before_1970_are_negative_or_zero() {
        let before = UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!((seconds(before), unix_seconds(before)), (-5, 0));
        let after = UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!((seconds(after), unix_seconds(after)), (5, 5));
    }
}
