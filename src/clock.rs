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

/// Seconds since 1970 of a time as machines write it, `2024-07-12T10:47:30.445439055+02:00` (RFC 3339, section 5.6).
#[must_use]
pub(crate) fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (date, time) = (date.as_bytes(), time.as_bytes());
    let number = |bytes: &[u8], from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        let value =
            |sum: i64, digit: &u8| Some(sum * 10 + i64::from(char::from(*digit).to_digit(10)?));
        digits.iter().try_fold(0, value)
    };
    let (year, month, day) = (number(date, 0, 4)?, number(date, 5, 7)?, number(date, 8, 10)?);
    let (hour, minute, second) = (number(time, 0, 2)?, number(time, 3, 5)?, number(time, 6, 8)?);
    let possible = date.len() == 10 && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !possible || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = time.iter().rposition(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))?;
    let ahead = match time.get(zone)? {
        b'Z' | b'z' => 0,
        sign => {
            let ahead =
                number(time, zone + 1, zone + 3)? * 3600 + number(time, zone + 4, zone + 6)? * 60;
            if *sign == b'-' { -ahead } else { ahead }
        }
    };
    // A year that begins in March has its leap day at the end.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - ahead)
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
    fn times_of_machines_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-07-12T10:47:30.445439055Z", Some(1_720_781_250)),
            ("2024-07-12T12:47:30+02:00", Some(1_720_781_250)),
            ("2024-07-12t06:17:30-04:30", Some(1_720_781_250)),
            ("2000-02-29T23:59:59Z", Some(951_868_799)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2024-07-12T10:47:30", None),
            ("2024-13-12T10:47:30Z", None),
            ("2024-07-12", None),
            ("1720781250", None),
            ("2024-07-12T1a:47:30Z", None),
            ("2024-07-12T10:47:30+", None),
            ("", None),
        ] {
            assert_eq!(rfc3339(text), seconds, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text: String) {
            let _ = rfc3339(&text);
        }

        #[test]
        fn what_is_written_is_read(seconds in 0_i64..4_000_000_000) {
            let text = utc(seconds).replace(" UTC", ":00Z").replacen(' ', "T", 1);
            proptest::prop_assert_eq!(rfc3339(&text), Some(seconds / 60 * 60));
        }
    }

    #[test]
    fn times_before_1970_are_negative_or_zero() {
        let before = UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!((seconds(before), unix_seconds(before)), (-5, 0));
        let after = UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!((seconds(after), unix_seconds(after)), (5, 5));
    }
}
