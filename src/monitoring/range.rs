//! Threshold ranges: `["@"] (start ":" | end | start ":" end)`.
//!
//! The strict grammar of the Monitoring Plugins interface, version 04 of its draft (`definitions/01.range_expressions.md`):
//! `~` is minus infinity and stands at the start only, a missing start is 0, a missing end is infinity, both ends
//! belong to the range, and a value alerts outside it, or inside with `@`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::value::{NotANumber, Number, Value, ZERO};

/// A set of values that alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    inverted: bool,
    /// `None` is minus infinity.
    start: Option<Number>,
    /// `None` is infinity.
    end: Option<Number>,
}

impl Range {
    /// The range `start:`, which alerts below `start`.
    #[must_use]
    pub fn at_least(start: i64) -> Self {
        Self { inverted: false, start: Some(Number::Integer(start.into())), end: None }
    }

    /// The range `end`, which alerts above `end`.
    #[must_use]
    pub fn up_to(end: u64) -> Self {
        Self { inverted: false, start: Some(ZERO), end: Some(Number::Integer(end.into())) }
    }

    /// Whether `value` alerts. An undetermined value never does; [`super::Thresholds::judge`] makes it UNKNOWN.
    #[must_use]
    pub fn alerts(&self, value: Value) -> bool {
        if !value.is_determined() {
            return false;
        }
        let not_below = self
            .start
            .is_none_or(|start| value.partial_cmp_number(start).is_some_and(Ordering::is_ge));
        let not_above =
            self.end.is_none_or(|end| value.partial_cmp_number(end).is_some_and(Ordering::is_le));
        (not_below && not_above) == self.inverted
    }

    /// Whether every value at or above `least` alerts, so that "at least N" already proves the breach.
    #[must_use]
    pub fn alerts_from(&self, least: u64) -> bool {
        match (self.inverted, self.end) {
            (false, Some(end)) => {
                Value::Uint(least).partial_cmp_number(end).is_some_and(Ordering::is_gt)
            }
            (true, None) => self.alerts(Value::Uint(least)),
            _ => false,
        }
    }

    /// Whether any value alerts; `~:` is the way to switch a limit off.
    #[must_use]
    pub fn can_alert(&self) -> bool {
        self.inverted || self.start.is_some() || self.end.is_some()
    }

    /// The same limit on what is used, for one on what is left: its ends change places.
    pub(super) fn turned(self, turn: impl Fn(f64) -> i64) -> Self {
        let turn = |end: Number| Number::Integer(turn(end.nearest_double()).into());
        Self { inverted: self.inverted, start: self.end.map(&turn), end: self.start.map(&turn) }
    }

    /// The ends beyond which it alerts, lower and upper; none for a range that alerts inside.
    pub(super) fn outside(self) -> Option<(Option<Value>, Option<Value>)> {
        let value = |end: Number| match end {
            Number::Integer(value) => {
                i64::try_from(value).map_or_else(|_| Value::Float(end.nearest_double()), Value::Int)
            }
            Number::Decimal(value) => Value::Float(value),
        };
        (!self.inverted).then(|| (self.start.map(value), self.end.map(value)))
    }

    /// The text that both cores read best: a start of minus infinity is dropped for a value that is never negative,
    /// because Icinga 2 keeps a threshold only when it is a bare number.
    #[must_use]
    pub fn perfdata(&self, never_negative: bool) -> String {
        match (never_negative && !self.inverted && self.start.is_none(), self.end) {
            (true, Some(end)) if end.partial_cmp_number(ZERO).is_some_and(Ordering::is_ge) => {
                end.to_string()
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inverted {
            f.write_str("@")?;
        }
        match self.start {
            Some(start) if start == ZERO && self.end.is_some() => {}
            Some(start) => write!(f, "{start}:")?,
            None => f.write_str("~:")?,
        }
        self.end.map_or(Ok(()), |end| write!(f, "{end}"))
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing between the quotes.
    #[error("is empty; use a range such as 100, 10: or '~:10'")]
    Empty,
    /// `5:1`.
    #[error(
        "is not a range: its start is above its end; write the smaller number first, as in 1:5"
    )]
    StartAboveEnd,
    /// Neither a number nor `~` at the start.
    #[error("is not a range; use a plain decimal number, as in 100, 10: or '~:10'")]
    NotANumber,
    /// `~` after the colon.
    #[error(
        "is not a range: '~' is only allowed at the start; leave the end empty for no upper limit, as in 10:"
    )]
    InfiniteEnd,
    /// `/root:10`: a shell replaced the `~`.
    #[error("is not a range; the shell may have replaced a '~': quote it, as in '~:10'")]
    ExpandedTilde,
}

impl From<NotANumber> for RangeError {
    fn from(_: NotANumber) -> Self {
        Self::NotANumber
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        if text.is_empty() {
            return Err(RangeError::Empty);
        }
        if text.starts_with('/') && text.contains(':') {
            return Err(RangeError::ExpandedTilde);
        }
        let (inverted, body) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
        let (start, end) = match body.split_once(':') {
            None => (Some(ZERO), Some(body.parse()?)),
            Some(("~", end)) => (None, parse_end(end)?),
            Some((start, end)) => (Some(start.parse()?), parse_end(end)?),
        };
        match (start, end) {
            (Some(start), Some(end))
                if start.partial_cmp_number(end) == Some(Ordering::Greater) =>
            {
                Err(RangeError::StartAboveEnd)
            }
            _ => Ok(Self { inverted, start, end }),
        }
    }
}

fn parse_end(text: &str) -> Result<Option<Number>, RangeError> {
    match text {
        "" => Ok(None),
        "~" => Err(RangeError::InfiniteEnd),
        number => Ok(Some(number.parse()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(text: &str) -> Range {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn conformance_table_of_accepted_ranges() {
        // text, printed as, values that alert, values that do not
        let table: &[(&str, &str, &[f64], &[f64])] = &[
            ("10", "10", &[-1.0, 10.1, 11.0], &[0.0, 5.0, 10.0]),
            ("0:10", "10", &[-0.5, 10.5], &[0.0, 10.0]),
            ("10:", "10:", &[9.9, -3.0], &[10.0, 1e300]),
            ("0:", "0:", &[-0.1], &[0.0, 7.0]),
            ("~:0", "~:0", &[0.5, 1.0], &[0.0, -10.0]),
            ("~:10", "~:10", &[10.5], &[-1e300, 10.0]),
            ("~:", "~:", &[], &[-1e300, 0.0, 1e300]),
            ("-7:23", "-7:23", &[-7.1, 23.1], &[-7.0, 0.0, 23.0]),
            ("~:-95.99", "~:-95.99", &[-95.98, 0.0], &[-95.99, -341.0]),
            ("-5:", "-5:", &[-5.1], &[-5.0, 0.0]),
            ("-5:5", "-5:5", &[-6.0, 6.0], &[-5.0, 5.0]),
            ("@0:657.8210567", "@657.8210567", &[0.0, 32.88, 657.821_056_7], &[-2.0, 657.9]),
            ("@1:1", "@1:1", &[1.0], &[0.5, 5.2]),
            ("1:1", "1:1", &[0.5, 5.2], &[1.0]),
            ("@10", "@10", &[0.0, 10.0], &[-1.0, 10.1]),
            ("@10:", "@10:", &[10.0, 1e300], &[9.9]),
            ("@~:", "@~:", &[-1.0, 0.0, 1e300], &[]),
            ("-0", "0", &[0.1, -0.1], &[0.0]),
            ("1.50:2.0", "1.5:2", &[1.4, 2.1], &[1.5, 2.0]),
            ("0.0004", "0.0004", &[0.0005], &[0.0004]),
            ("007", "7", &[8.0], &[7.0]),
        ];
        for (text, printed, alert, quiet) in table {
            let range = range(text);
            assert_eq!(range.to_string(), *printed, "{text}");
            for value in *alert {
                assert!(range.alerts(Value::Float(*value)), "{text} alerts at {value}");
            }
            for value in *quiet {
                assert!(!range.alerts(Value::Float(*value)), "{text} is quiet at {value}");
            }
        }
    }

    #[test]
    fn conformance_table_of_refused_ranges() {
        let table = [
            ("", RangeError::Empty),
            ("5:1", RangeError::StartAboveEnd),
            ("2:1", RangeError::StartAboveEnd),
            ("-1:-2", RangeError::StartAboveEnd),
            ("-1", RangeError::StartAboveEnd),
            ("10:~", RangeError::InfiniteEnd),
            ("/root:10", RangeError::ExpandedTilde),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<Range>(), Err(error), "{text:?}");
        }
        for text in [
            "NaN",
            "nan:",
            "inf",
            "1e3",
            "1:2:3",
            "10s",
            "10,5",
            "0x10",
            "@",
            ":10",
            ":",
            "@:",
            "+5",
            ".5",
            "5.",
            " 10",
            "10 ",
            ":5.75",
            "1:12%%",
            "~",
            "~1",
            "~~:1",
            "@@1",
            "--1",
            "1-",
            "1 :2",
            "١",
            "1:\u{a0}2",
            "-",
            "-:1",
            "1.2.3",
        ] {
            assert_eq!(text.parse::<Range>(), Err(RangeError::NotANumber), "{text:?}");
        }
        assert_eq!(
            "9".repeat(400).parse::<Range>(),
            Err(RangeError::NotANumber),
            "beyond a double"
        );
    }

    #[test]
    fn at_least_alerts_below_its_start() {
        for start in [-1, 0, 7] {
            assert_eq!(Ok(Range::at_least(start)), format!("{start}:").parse());
        }
    }

    #[test]
    fn up_to_alerts_above_its_end() {
        for end in [0, 7] {
            assert_eq!(Ok(Range::up_to(end)), end.to_string().parse());
        }
    }

    #[test]
    fn integers_beyond_a_double_are_compared_exactly() {
        let range = range("12345678901234567890:");
        assert!(range.alerts(Value::Uint(12_345_678_901_234_567_889)));
        assert!(!range.alerts(Value::Uint(12_345_678_901_234_567_890)));
        assert!(!range.alerts(Value::Uint(12_345_678_901_234_567_891)));
        assert_eq!(range.to_string(), "12345678901234567890:");
    }

    #[test]
    fn a_lower_bound_proves_only_what_holds_for_all_larger_values() {
        for (text, least, proven) in [
            ("100", 101, true),
            ("100", 100, false),
            ("10:", 5, false),
            ("@100:200", 150, false),
            ("@100:", 100, true),
            ("@100:", 99, false),
            ("50:100", 10, false),
            ("50:100", 101, true),
            ("~:", 10, false),
            ("@~:", 0, true),
        ] {
            assert_eq!(range(text).alerts_from(least), proven, "{text} from {least}");
        }
    }

    #[test]
    fn perfdata_is_a_bare_number_where_that_means_the_same() {
        for (text, never_negative, printed) in [
            ("0:5", true, "5"),
            ("~:5", true, "5"),
            ("~:5", false, "~:5"),
            ("~:-5", true, "~:-5"),
            ("5:", true, "5:"),
            ("@~:5", true, "@~:5"),
            ("1:5", true, "1:5"),
            ("~:", true, "~:"),
        ] {
            assert_eq!(range(text).perfdata(never_negative), printed, "{text}");
        }
    }

    #[test]
    fn numbers_beyond_an_integer_are_read_back_as_printed() {
        for text in [
            "~:100000000000000000000000000000000000000.0",
            "-170141183460469231731687303715884105728.0:",
        ] {
            assert_eq!(range(text).to_string().parse(), Ok(range(text)), "{text}");
        }
    }

    #[test]
    fn undetermined_values_never_alert() {
        for text in ["1:1", "@~:", "0"] {
            assert!(!range(text).alerts(Value::Undetermined), "{text}");
            assert!(!range(text).alerts(Value::Float(f64::NAN)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_is_the_identity(text in "@?(~|-?[0-9]{1,40}(\\.[0-9]{1,20})?)?:?(-?[0-9]{1,40}(\\.[0-9]{1,20})?)?") {
            if let Ok(range) = text.parse::<Range>() {
                prop_assert_eq!(range.to_string().parse::<Range>(), Ok(range));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<Range>();
        }

        #[test]
        fn at_inverts(start in -1000i64..1000, width in 0i64..1000, value in -3000i64..3000) {
            let plain = range(&format!("{start}:{}", start + width));
            let inverted = range(&format!("@{start}:{}", start + width));
            prop_assert_ne!(plain.alerts(Value::Int(value)), inverted.alerts(Value::Int(value)));
        }

        #[test]
        fn a_proven_breach_holds_for_every_larger_value(text in "@?([0-9]{1,3}|[0-9]{1,3}:[0-9]{0,3}|~:[0-9]{0,3})", least in 0u64..1500, more in 0u64..5000) {
            if let Ok(range) = text.parse::<Range>() && range.alerts_from(least) {
                prop_assert!(range.alerts(Value::Uint(least + more)));
            }
        }
    }
}
