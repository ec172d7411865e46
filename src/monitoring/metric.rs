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

impl Label {
    const CHARS: usize = 60;

    /// Makes a label of any name, so that no metric is lost to its name: what does not belong there becomes `_`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let is_fit = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '_');
        let fit = |c: char| Some(c.to_ascii_lowercase()).filter(is_fit).unwrap_or('_');
        let text: String = name.chars().map(fit).collect();
        let start = if text.starts_with(|c: char| c.is_ascii_lowercase()) { "" } else { "m" };
        Self(start.chars().chain(text.chars()).take(Self::CHARS).collect())
    }

    /// The same label with a number behind it.
    pub(super) fn numbered(&self, number: usize) -> Self {
        let number = format!("_{number}");
        let kept = self.0.chars().take(Self::CHARS - number.len());
        Self(kept.chain(number.chars()).collect())
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
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Seconds => "s",
            Self::Bytes => "B",
            Self::Percent => "%",
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
    /// The largest value there is; printed with limits only, since Icinga Web shows a full green pie without.
    #[serde(skip)]
    pub maximum: Option<u64>,
}

impl Metric {
    /// A metric without limits that is never below zero, as counts, sizes and durations are.
    #[must_use]
    pub fn new(name: &str, value: Value, unit: Unit) -> Self {
        let (label, thresholds) = (Label::new(name), Thresholds::default());
        Self { label, value, unit, thresholds, never_negative: true, maximum: None }
    }

    /// The same metric with the limits it was judged by.
    #[must_use]
    pub fn judged_by(mut self, thresholds: &Thresholds) -> Self {
        self.thresholds = *thresholds;
        self
    }

    /// The same metric of a value that is never larger.
    #[must_use]
    pub fn at_most(mut self, maximum: u64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    /// The same metric where the value may be below zero.
    #[must_use]
    pub fn or_negative(mut self) -> Self {
        self.never_negative = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_label_of_the_portable_set() {
        let (long, cut) = ("a".repeat(61), "a".repeat(60));
        for (name, label) in [
            ("messages", "messages"),
            ("tls1_2", "tls1_2"),
            ("", "m"),
            ("Messages", "messages"),
            ("a b=c::d'e", "a_b_c__d_e"),
            ("größe", "gr__e"),
            ("1st", "m1st"),
            ("_x", "m_x"),
            (long.as_str(), cut.as_str()),
        ] {
            assert_eq!(Label::new(name).as_str(), label, "{name}");
        }
        assert_eq!(Label::new(&long).numbered(2).as_str(), "a".repeat(58) + "_2");
    }
}
