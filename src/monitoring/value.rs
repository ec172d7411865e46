//! Numbers: what was measured, and the limits it is held against.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A measured number, exact for the whole 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A signed count.
    Int(i64),
    /// An unsigned count, a size or a duration.
    Uint(u64),
    /// A fraction; one that is not finite prints as undetermined.
    Float(f64),
    /// Asked for, but could not be determined.
    Undetermined,
}

impl Value {
    /// Compares with a limit; `None` when the value is undetermined or not a number.
    #[must_use]
    pub(super) fn partial_cmp_number(self, limit: Number) -> Option<Ordering> {
        match self {
            Self::Int(value) => limit.partial_cmp_integer(i128::from(value)),
            Self::Uint(value) => limit.partial_cmp_integer(i128::from(value)),
            Self::Float(value) => limit.partial_cmp_float(value),
            Self::Undetermined => None,
        }
        .map(Ordering::reverse)
    }

    /// The nearest double, where there is a number at all.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for shares, which are small")]
    pub(super) fn to_double(self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(value as f64),
            Self::Uint(value) => Some(value as f64),
            Self::Float(value) => Some(value).filter(|value| value.is_finite()),
            Self::Undetermined => None,
        }
    }

    /// Whether there is a number at all.
    #[must_use]
    pub fn is_determined(self) -> bool {
        match self {
            Self::Int(_) | Self::Uint(_) => true,
            Self::Float(value) => value.is_finite(),
            Self::Undetermined => false,
        }
    }
}

impl fmt::Display for Value {
    /// Digits, minus and point only, never an exponent; `U` when undetermined.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Uint(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_finite() => write!(f, "{value}"),
            Self::Float(_) | Self::Undetermined => f.write_str("U"),
        }
    }
}

impl Serialize for Value {
    /// A JSON number, or null when undetermined.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Int(value) => serializer.serialize_i64(value),
            Self::Uint(value) => serializer.serialize_u64(value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(value),
            Self::Float(_) | Self::Undetermined => serializer.serialize_none(),
        }
    }
}

/// Zero, where a range starts that names no start.
pub(super) const ZERO: Number = Number::Integer(0);

/// One end of a range. Integers are kept exact, since counts reach beyond what a double can tell apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    /// Finite, and not a whole number that fits an `i128`.
    Decimal(f64),
}

impl Number {
    pub(super) fn nearest_double(self) -> f64 {
        match self {
            Self::Integer(value) => nearest_double(value),
            Self::Decimal(value) => value,
        }
    }

    pub(super) fn partial_cmp_integer(self, value: i128) -> Option<Ordering> {
        match self {
            Self::Integer(own) => own.partial_cmp(&value),
            Self::Decimal(own) => own.partial_cmp(&nearest_double(value)),
        }
    }

    pub(super) fn partial_cmp_float(self, value: f64) -> Option<Ordering> {
        match self {
            Self::Integer(own) => match whole(value) {
                Some(value) => own.partial_cmp(&value),
                None => nearest_double(own).partial_cmp(&value),
            },
            Self::Decimal(own) => own.partial_cmp(&value),
        }
    }

    pub(super) fn partial_cmp_number(self, other: Self) -> Option<Ordering> {
        match other {
            Self::Integer(value) => self.partial_cmp_integer(value),
            Self::Decimal(value) => self.partial_cmp_float(value),
        }
    }
}

/// The text is no plain decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
        }
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    /// `["-"] 1*DIGIT ["." 1*DIGIT]` and nothing else: no sign `+`, exponent, blank, comma, hexadecimal or `inf`.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole_part, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole_part) || !digits(fraction) {
            return Err(NotANumber);
        }
        if let Ok(integer) = text.parse() {
            return Ok(Self::Integer(integer));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                Ok(whole(value).map_or(Self::Decimal(value), Self::Integer))
            }
            _ => Err(NotANumber),
        }
    }
}

/// The integer a double stands for, when it stands for one that fits.
fn whole(value: f64) -> Option<i128> {
    /// 2^127; the largest `i128` is one less.
    const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    let fits = value.fract() == 0.0 && (-END..END).contains(&value);
    #[expect(clippy::cast_possible_truncation, reason = "whole and in range, so the cast is exact")]
    fits.then_some(value as i128)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "compared with fractions, which exist below 2^53 only, or rounded anyway"
)]
fn nearest_double(value: i128) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_without_exponent_or_loss() {
        for (value, text) in [
            (Value::Uint(u64::MAX), "18446744073709551615"),
            (Value::Int(i64::MIN), "-9223372036854775808"),
            (Value::Float(0.0004), "0.0004"),
            (Value::Float(1e21), "1000000000000000000000"),
            (Value::Float(f64::NAN), "U"),
            (Value::Float(f64::INFINITY), "U"),
            (Value::Undetermined, "U"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }
}
