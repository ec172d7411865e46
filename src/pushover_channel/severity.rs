//! How bad Icinga Notifications says it is, and what is decided by it. Pure.

use std::str::FromStr;

/// Severities of Icinga Notifications (`notifications/event/severity.go` of icinga-go-library).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Ok,
    Debug,
    Info,
    Notice,
    Warning,
    Err,
    Crit,
    Alert,
    Emerg,
}

impl Severity {
    const ALL: [(&'static str, Self); 9] = [
        ("ok", Self::Ok),
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("notice", Self::Notice),
        ("warning", Self::Warning),
        ("err", Self::Err),
        ("crit", Self::Crit),
        ("alert", Self::Alert),
        ("emerg", Self::Emerg),
    ];

    /// Reads a severity in any case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_it = |(name, _): &&(&str, Self)| text.eq_ignore_ascii_case(name);
        Self::ALL.iter().find(is_it).map(|(_, severity)| *severity)
    }

    /// Its word for a phone, in capitals as states are.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Err => "ERR",
            Self::Crit => "CRIT",
            Self::Alert => "ALERT",
            Self::Emerg => "EMERG",
        }
    }

    /// The colour that Icinga Web gives it.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Ok => "🟢",
            Self::Debug | Self::Info | Self::Notice => "",
            Self::Warning => "🟡",
            Self::Err => "🟣",
            Self::Crit | Self::Alert | Self::Emerg => "🔴",
        }
    }
}

/// `SEVERITY=VALUE,...`, or one value for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BySeverity<T> {
    rules: Vec<(Option<Severity>, T)>,
}

impl<T> Default for BySeverity<T> {
    fn default() -> Self {
        Self { rules: Vec::new() }
    }
}

impl<T: FromStr<Err = &'static str>> BySeverity<T> {
    /// What is of use in a list, and what is wrong with the rest: a typing error must not cost the alert.
    pub(super) fn read(text: &str) -> (Self, Vec<String>) {
        let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match rule(part) {
                Ok(rule) => rules.push(rule),
                Err(why) => mistakes.push(format!("'{}': {why}", shown(part))),
            }
        }
        (Self { rules }, mistakes)
    }
}

impl<T> BySeverity<T> {
    /// The value for a severity; the last rule of its own decides, else the last for all.
    pub(super) fn of(&self, severity: Option<Severity>) -> Option<&T> {
        let last = |wanted| {
            let mut rules = self.rules.iter().rev();
            rules.find(|(rule, _)| *rule == wanted).map(|(_, value)| value)
        };
        severity.and_then(|severity| last(Some(severity))).or_else(|| last(None))
    }

    /// All values.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.rules.iter().map(|(_, value)| value)
    }
}

fn rule<T: FromStr<Err = &'static str>>(part: &str) -> Result<(Option<Severity>, T), &'static str> {
    let Some((name, value)) = part.split_once('=') else {
        return Ok((None, part.parse()?));
    };
    let severity = Severity::parse(name.trim())
        .ok_or("not a severity: ok, debug, info, notice, warning, err, crit, alert or emerg")?;
    Ok((Some(severity), value.trim().parse()?))
}

/// As much of a text as a line of a log has room for.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pushover::loudness::{Priority, Sound};

    #[test]
    fn the_rule_for_one_severity_comes_before_that_for_all() {
        let (rules, mistakes) = BySeverity::<Priority>::read("-1, CRIT=2,warning = 0,crit=1");
        assert_eq!(mistakes, [""; 0]);
        for (severity, expected) in
            [(Severity::Crit, 1), (Severity::Warning, 0), (Severity::Ok, -1)]
        {
            assert_eq!(rules.of(Some(severity)), Some(&Priority(expected)), "{severity:?}");
        }
        assert_eq!(rules.of(None), Some(&Priority(-1)));
        assert_eq!(BySeverity::<Priority>::default().of(Some(Severity::Crit)), None);
    }

    #[test]
    fn what_is_right_in_a_list_stays() {
        let (rules, mistakes) = BySeverity::<Priority>::read("critical=1,err=3,=1,emerg=2,x");
        assert_eq!(rules.values().collect::<Vec<_>>(), [&Priority(2)]);
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
        let (_, mistakes) = BySeverity::<Sound>::read("crit=two words");
        assert!(mistakes[0].contains("use a name such as"), "{mistakes:?}");
    }
}
