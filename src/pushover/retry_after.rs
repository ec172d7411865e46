//! `Retry-After` (RFC 9110, section 10.2.3): a number of seconds, or a date.

use std::time::Duration;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From the first of March of the year 0 to 1970.
const DAYS_TO_1970: u64 = 719_468;

/// How long to wait. A date is compared with that of the answer, so that no clock has to be right.
#[must_use]
pub(super) fn wait(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let seconds = match retry_after.trim().parse() {
        Ok(seconds) => seconds,
        Err(_) => seconds(retry_after)?.saturating_sub(seconds(date?)?),
    };
    Some(Duration::from_secs(seconds))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`; older forms are not sent any more.
fn seconds(date: &str) -> Option<u64> {
    let mut words = date.trim().strip_suffix(" GMT")?.split_once(", ")?.1.split([' ', ':']);
    let [day, month, year, hour, minute, second] = std::array::from_fn(|_| words.next());
    let number = |word: Option<&str>, from: u64, to: u64| -> Option<u64> {
        word?.parse().ok().filter(|number| (from..=to).contains(number))
    };
    let month = (0..).zip(MONTHS).find_map(|(at, name)| (Some(name) == month).then_some(at))?;
    let (day, year) = (number(day, 1, 31)?, number(year, 1970, 9999)?);
    let (hour, minute, second) =
        (number(hour, 0, 23)?, number(minute, 0, 59)?, number(second, 0, 60)?);
    // A year that begins in March has its leap day at the end.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days - DAYS_TO_1970) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_seconds_or_a_date() {
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        let date = Some("Tue, 31 Dec 2024 23:59:30 GMT");
        for (text, date, want) in [
            ("5", None, Some(5)),
            ("Wed, 01 Jan 2025 00:00:30 GMT", date, Some(60)),
            ("Tue, 31 Dec 2024 23:00:00 GMT", date, Some(0)),
            ("Wed, 01 Jan 2025 00:00:30 GMT", None, None),
            ("-5", date, None),
            ("soon", date, None),
            ("Wed, 01 Foo 2025 00:00:30 GMT", date, None),
            ("Wed, 01 Jan 99999999999999999999 00:00:30 GMT", date, None),
            ("", date, None),
        ] {
            assert_eq!(wait(text, date), want.map(Duration::from_secs), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text: String) {
            let _ = wait(&text, Some(&text));
        }
    }
}
