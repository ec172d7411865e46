//! Performance data: what a plugin measured, with the limits it was judged by.

use std::fmt;

use serde::Serialize;

use super::thresholds::Thresholds;
use super::value::Value;

/// A metric's name: `[a-z0-9_]`, not empty, starting with a letter, at most 60 characters.
///
/// The character set needs no quoting and is read alike by Nagios, Icinga 2 and RRD-based graphers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Label(String);

/// The text is no usable metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a metric label: [a-z][a-z0-9_]*, at most 60 characters")]
pub struct NotALabel;

impl Label {
    /// Checks `name` against the character set above.
    ///
    /// # Errors
    /// [`NotALabel`] when a character, the start or the length is outside it.
    pub fn new(name: impl Into<String>) -> Result<Self, NotALabel> {
        let name = name.into();
        let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
        let clean = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if letter && clean && name.len() <= 60 { Ok(Self(name)) } else { Err(NotALabel) }
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Units of measurement that mean the same to Nagios and Icinga 2 (Development Guidelines, "Performance data").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// A plain number.
    #[serde(rename = "")]
    None,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Bytes; a lower-case b would be bits.
    #[serde(rename = "B")]
    Bytes,
    /// Per cent, 0 to 100.
    #[serde(rename = "%")]
    Percent,
    /// A counter that only grows.
    #[serde(rename = "c")]
    Counter,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Seconds => "s",
            Self::Bytes => "B",
            Self::Percent => "%",
            Self::Counter => "c",
        })
    }
}

/// One item of performance data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// The stable, documented name.
    pub label: Label,
    /// What was measured.
    pub value: Value,
    /// The unit of the value and of its limits.
    pub unit: Unit,
    /// The limits it was judged by.
    #[serde(flatten)]
    pub thresholds: Thresholds,
    /// Whether the value can never be below zero; printed as minimum 0.
    #[serde(skip)]
    pub never_negative: bool,
}

impl Metric {
    /// A metric without limits that is never below zero, as counts, sizes and durations are.
    #[must_use]
    pub fn new(label: Label, value: Value, unit: Unit) -> Self {
        Self { label, value, unit, thresholds: Thresholds::default(), never_negative: true }
    }

    /// The same metric with the limits it was judged by.
    #[must_use]
    pub fn judged_by(mut self, thresholds: &Thresholds) -> Self {
        self.thresholds = *thresholds;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_outside_the_portable_set_are_refused() {
        for name in ["messages", "older", "tls1_2", "age_5m"] {
            assert!(Label::new(name).is_ok(), "{name}");
        }
        let long = "a".repeat(61);
        for name in
            ["", "Messages", "a b", "a=b", "a::b", "a'b", "größe", "1st", "_x", long.as_str()]
        {
            assert!(Label::new(name).is_err(), "{name}");
        }
    }
}
