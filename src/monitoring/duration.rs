//! Durations as administrators write and read them: `4h` in, `3h 12m` out.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// Not an integer with one of the four units.
    #[error("is not a duration; write a whole number and s, m, h or d, as in 90s or 4h")]
    Malformed,
    /// More seconds than 64 bits hold.
    #[error("is too long a duration")]
    TooLong,
}

/// Reads a whole number followed by `s`, `m`, `h` or `d`.
///
/// # Errors
/// [`DurationError`]; the unit is never optional, since a bare number is read as seconds by some and days by others.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let unit = text.chars().next_back().ok_or(DurationError::Malformed)?;
    let seconds_per_unit: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return Err(DurationError::Malformed),
    };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DurationError::Malformed);
    }
    let number: u64 = digits.parse().map_err(|_| DurationError::TooLong)?;
    number.checked_mul(seconds_per_unit).map(Duration::from_secs).ok_or(DurationError::TooLong)
}

/// The two largest units that are not zero, rounded down: `45s`, `3h 12m`, `4d`.
#[must_use]
pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86400, 'd'),
        (seconds / 3600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let text: Vec<String> = parts
        .iter()
        .skip_while(|(number, _)| *number == 0)
        .take(2)
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_whole_number_and_a_unit() {
        for (text, seconds) in
            [("0s", 0), ("90s", 90), ("15m", 900), ("4h", 14_400), ("5d", 432_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "4", "h", "4 h", "-4h", "+4h", "1.5h", "4h30m", "4w", "4H", "٤h", "4ä", "1e3s"]
        {
            assert_eq!(parse(text), Err(DurationError::Malformed), "{text:?}");
        }
        for text in ["99999999999999999999s", "999999999999999999d"] {
            assert_eq!(parse(text), Err(DurationError::TooLong), "{text:?}");
        }
    }

    #[test]
    fn two_largest_units_are_shown() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (60, "1m"),
            (750, "12m 30s"),
            (11_520, "3h 12m"),
            (3_605, "1h"),
            (86_400 * 4, "4d"),
            (86_400 * 4 + 7_199, "4d 1h"),
        ] {
            assert_eq!(human(Duration::from_secs(seconds)), text);
        }
    }
}
