//! Dates as mails carry them.

use std::time::Duration;

/// "Tue, 24 Nov 2026 08:00:00 +0000" (RFC 5322 section 3.3).
#[must_use]
pub(crate) fn date(since_1970: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = since_1970.as_secs();
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut day) = (1970, days);
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let lengths = [31, days_of(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = MONTHS.iter().zip(lengths);
    let name = loop {
        match month.next() {
            Some((_, length)) if day >= length => day -= length,
            Some((name, _)) => break *name,
            None => break "Dec",
        }
    };
    let weekday = DAYS.into_iter().cycle().nth((days % 7) as usize);
    format!(
        "{}, {} {name} {year} {:02}:{:02}:{:02} +0000",
        weekday.unwrap_or_default(),
        day + 1,
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

fn days_of(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    365 + u64::from(is_leap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (951_868_800, "Wed, 1 Mar 2000 00:00:00 +0000"),
            (1_795_507_200, "Tue, 24 Nov 2026 08:00:00 +0000"),
            (4_133_980_799, "Fri, 31 Dec 2100 23:59:59 +0000"),
        ] {
            assert_eq!(date(Duration::from_secs(seconds)), text);
        }
    }
}
