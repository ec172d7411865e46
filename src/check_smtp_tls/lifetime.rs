//! How much of a certificate's life must be left: in days, hours or as a share of it; pure.

use std::fmt;
use std::str::FromStr;

/// Seconds of an hour and of a day.
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Lives up to this are renewed every few days, by a program: what is left of one is less than a weekend soon.
const SHORT_LIFE: i64 = 10 * DAY;
/// Lives up to this are renewed by a program as a rule.
const RENEWED_LIFE: i64 = 100 * DAY;

/// What automatic renewal leaves: certbot, acme.sh and Axigen's own client begin with a third of the life, and of short
/// lives with half.
pub(super) fn left_by_renewal(life: i64) -> Option<i64> {
    let part = if life <= SHORT_LIFE { 2 } else { 3 };
    (life <= RENEWED_LIFE).then_some(life / part)
}

/// A limit on what is left of a certificate's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Whole days.
    Days(u32),
    /// Whole hours.
    Hours(u32),
    /// Per cent of the whole life.
    Percent(u32),
    /// Per cent of the whole life, but at most so many days: lives differ from 6 days to 13 months.
    PercentAtMost(u32, u32),
    /// Where nothing is said: the state is not yet another, and somebody can still act.
    Warn,
    /// The same, of CRITICAL.
    Alarm,
}

impl Left {
    /// The same for a life of `life` seconds. Of 6 days 45 % last from Friday evening to Monday morning.
    pub(super) fn of_life(self, life: i64) -> Self {
        match (self, life <= SHORT_LIFE) {
            (Self::Warn, true) => Self::Percent(45),
            (Self::Alarm, true) => Self::Percent(20),
            (Self::Warn, false) => Self::PercentAtMost(20, 28),
            (Self::Alarm, false) => Self::PercentAtMost(7, 7),
            (said, _) => said,
        }
    }

    /// From this many seconds on all is well, for a life of `life` seconds.
    pub(super) fn seconds(self, life: i64) -> i64 {
        let share = |percent: u32| life.max(0).saturating_mul(percent.into()) / 100;
        match self.of_life(life) {
            Self::Days(days) => i64::from(days) * DAY,
            Self::Hours(hours) => i64::from(hours) * HOUR,
            Self::Percent(percent) => share(percent),
            Self::PercentAtMost(percent, days) => share(percent).min(i64::from(days) * DAY),
            Self::Warn | Self::Alarm => 0,
        }
    }

    /// Whether this is longer whatever the certificate's life is.
    pub(super) fn is_surely_longer_than(self, other: Self) -> bool {
        let is_fixed = |left| matches!(left, Self::Days(_) | Self::Hours(_));
        match (self, other) {
            (Self::Percent(own), Self::Percent(other)) => own > other,
            _ => is_fixed(self) && is_fixed(other) && self.seconds(0) > other.seconds(0),
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            Self::Hours(hours) => write!(f, "{hours}h"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::PercentAtMost(percent, days) => write!(f, "{percent}%, at most {days}d"),
            Self::Warn => f.write_str("20%, at most 28d; 45% of a life up to 10d"),
            Self::Alarm => f.write_str("7%, at most 7d; 20% of a life up to 10d"),
        }
    }
}

/// The text is no limit on a certificate's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LeftError {
    /// Neither days nor hours nor a share.
    #[error(
        "is not a remaining life; write days, hours or a share of the life, as in 14d, 36h or 20%"
    )]
    Malformed,
    /// More than two limits.
    #[error("has more than two limits; write WARNING or WARNING,CRITICAL, as in 20%,7%")]
    TooMany,
}

impl FromStr for Left {
    type Err = LeftError;

    fn from_str(text: &str) -> Result<Self, LeftError> {
        let unit = text.chars().next_back().ok_or(LeftError::Malformed)?;
        let digits = text.strip_suffix(unit).unwrap_or_default();
        if digits.is_empty()
            || digits.len() > 5
            || !digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(LeftError::Malformed);
        }
        let number = digits.parse().map_err(|_| LeftError::Malformed)?;
        match unit {
            'd' => Ok(Self::Days(number)),
            'h' => Ok(Self::Hours(number)),
            '%' if number <= 100 => Ok(Self::Percent(number)),
            _ => Err(LeftError::Malformed),
        }
    }
}

/// A warning limit, and a critical one if given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeftPair {
    pub(super) warning: Left,
    pub(super) critical: Option<Left>,
}

impl FromStr for LeftPair {
    type Err = LeftError;

    fn from_str(text: &str) -> Result<Self, LeftError> {
        let (warning, critical) = text
            .split_once(',')
            .map_or((text, None), |(warning, critical)| (warning, Some(critical)));
        if critical.is_some_and(|critical| critical.contains(',')) {
            return Err(LeftError::TooMany);
        }
        Ok(Self { warning: warning.parse()?, critical: critical.map(str::parse).transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_life() {
        for (limit, life_days, days) in [
            (Left::Days(14), 90, 14),
            (Left::Percent(20), 90, 18),
            (Left::PercentAtMost(20, 28), 90, 18),
            (Left::PercentAtMost(20, 28), 398, 28),
            (Left::PercentAtMost(7, 7), 100, 7),
            (Left::PercentAtMost(50, 28), 6, 3),
            (Left::Percent(20), -5, 0),
            (Left::Hours(36 * 24), 90, 36),
            (Left::Warn, 90, 18),
            (Left::Warn, 398, 28),
            (Left::Alarm, 398, 7),
            (Left::Warn, 20, 4),
            (Left::Alarm, 10, 2),
        ] {
            assert_eq!(limit.seconds(life_days * DAY), days * DAY, "{limit} of {life_days}");
        }
        assert!(Left::Days(10).is_surely_longer_than(Left::Days(5)));
        assert!(!Left::Days(10).is_surely_longer_than(Left::Days(10)));
        assert!(!Left::Days(50).is_surely_longer_than(Left::Percent(10)));
        // Friday evening to Monday morning.
        assert!(Left::Warn.seconds(160 * HOUR) > 64 * HOUR);
        assert!(Left::Warn.seconds(160 * HOUR) < left_by_renewal(160 * HOUR).unwrap());
        assert!(Left::Days(2).is_surely_longer_than(Left::Hours(47)));
        assert!(!Left::Days(2).is_surely_longer_than(Left::Hours(48)));
        assert_eq!(Left::Percent(100).seconds(i64::MAX), i64::MAX / 100, "no overflow");
    }

    #[test]
    fn days_and_shares_are_read() {
        assert_eq!("14d".parse(), Ok(Left::Days(14)));
        assert_eq!("20%".parse(), Ok(Left::Percent(20)));
        assert_eq!("36h".parse(), Ok(Left::Hours(36)));
        for text in ["", "14", "d", "%", "101%", "-1d", "1.5d", "14D", "999999d", "٣d"] {
            assert_eq!(text.parse::<Left>(), Err(LeftError::Malformed), "{text:?}");
        }
        let pair = LeftPair { warning: Left::Days(21), critical: Some(Left::Percent(7)) };
        assert_eq!("21d,7%".parse(), Ok(pair));
        assert_eq!("21d,7%,1d".parse::<LeftPair>(), Err(LeftError::TooMany));
        assert!("21d,".parse::<LeftPair>().is_err());
    }
}
