//! MTA-STS: the record that says there is a policy, and the policy (RFC 8461 section 3).

use super::{NoRecord, only_of, tag, tags};

/// Most seconds a policy may be kept (RFC 8461 section 3.2).
pub const MOST_AGE: u64 = 31_557_600;

/// What senders do with mail that they cannot protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StsMode {
    /// They do not send it.
    Enforce,
    /// They send it and report.
    Testing,
    /// They forget the policy.
    None,
}

impl std::fmt::Display for StsMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        })
    }
}

/// A whole policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StsPolicy {
    /// What senders do.
    pub mode: StsMode,
    /// Seconds for which they keep it, as it stands there.
    pub max_age: u64,
    /// The hosts it allows, in lower case; `*.` stands for one label.
    pub mx: Vec<String>,
}

impl StsPolicy {
    /// Whether it allows a host (RFC 8461 section 4.1).
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let below = host.split_once('.').map(|(_, domain)| domain);
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => below == Some(domain),
            None => pattern == host,
        })
    }
}

/// Why senders drop a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StsFault {
    /// Not text.
    #[error("it is not text in UTF-8")]
    NotText,
    /// It is no part of the grammar, though some editors write it.
    #[error("it begins with a byte order mark")]
    Marked,
    /// Lines without content are outside the grammar.
    #[error("line {0} is empty")]
    EmptyLine(usize),
    /// No colon.
    #[error("line {0} is no \"key: value\"")]
    NoValue(usize),
    /// The key is absent, or its value is none.
    #[error("{0}")]
    Key(&'static str),
    /// An mx that is no name.
    #[error("mx in line {0} is neither a host name nor *.domain")]
    Host(usize),
}

impl serde::Serialize for StsFault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of the one record among the texts of `_mta-sts`.
///
/// # Errors
/// [`NoRecord`].
pub fn record<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<String, NoRecord> {
    let text = only_of(texts, "v=STSv1")?;
    let tags = tags(text).ok_or(NoRecord::Invalid("a field is not name=value"))?;
    let id = tag(&tags, "id").ok_or(NoRecord::Invalid("it has no id"))?;
    let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_id {
        Ok(id.to_owned())
    } else {
        Err(NoRecord::Invalid("its id is not 1 to 32 letters and digits"))
    }
}

/// Reads a policy file.
///
/// # Errors
/// [`StsFault`].
pub fn policy(bytes: &[u8]) -> Result<StsPolicy, StsFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| StsFault::NotText)?;
    if text.starts_with('\u{feff}') {
        return Err(StsFault::Marked);
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']);
        if line.is_empty() {
            return Err(StsFault::EmptyLine(number));
        }
        let pair = line.split_once(':').filter(|(key, _)| is_key(key));
        let (key, value) = pair.ok_or(StsFault::NoValue(number))?;
        let value = value.trim_matches([' ', '\t']);
        // Of doubled keys the first counts, but for mx.
        match key {
            "version" => _ = version.get_or_insert(value),
            "mode" => _ = mode.get_or_insert(value),
            "max_age" => _ = max_age.get_or_insert(value),
            "mx" if is_pattern(value) => mx.push(value.to_ascii_lowercase()),
            "mx" => return Err(StsFault::Host(number)),
            _ => {}
        }
    }
    if version != Some("STSv1") {
        return Err(StsFault::Key("it has no \"version: STSv1\""));
    }
    let mode = match mode {
        Some("enforce") => StsMode::Enforce,
        Some("testing") => StsMode::Testing,
        Some("none") => StsMode::None,
        _ => return Err(StsFault::Key("its mode is not enforce, testing or none")),
    };
    let is_age =
        |age: &&str| (1..=10).contains(&age.len()) && age.bytes().all(|byte| byte.is_ascii_digit());
    let max_age = max_age
        .filter(is_age)
        .and_then(|age| age.parse().ok())
        .ok_or(StsFault::Key("its max_age is not a number of seconds"))?;
    if mx.is_empty() && mode != StsMode::None {
        return Err(StsFault::Key("it names no mx"));
    }
    Ok(StsPolicy { mode, max_age, mx })
}

/// Some senders leave blanks around it out, the others drop the policy.
fn is_key(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn is_pattern(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<String, NoRecord> {
        record(texts.iter().map(|text| text.as_bytes()))
    }

    #[test]
    fn the_record_is_the_only_one_of_its_version_and_has_an_id() {
        for (texts, expected) in [
            (&["v=STSv1; id=20160831085700Z;"][..], Ok("20160831085700Z")),
            (&["v=STSv1;id=1"], Ok("1")),
            (&["v=STSv1; id=1 ; x=y;"], Ok("1")),
            (
                &["v=STSv1 ; id=1;"],
                Err(NoRecord::Invalid("a blank stands before the first semicolon")),
            ),
            (&["v=spf1 -all", "v=STSv1; id=a1"], Ok("a1")),
            (&["v=STSv1; id=1; id=2"], Ok("1")),
            (&[], Err(NoRecord::Absent)),
            (&["v=STSv1"], Err(NoRecord::Absent)),
            (&["V=STSv1; id=1"], Err(NoRecord::Absent)),
            (&["v=STSv12; id=1"], Err(NoRecord::Absent)),
            (&["v=STSv1; id=1", "v=STSv1; id=2"], Err(NoRecord::Several(2))),
            (&["v=STSv1;"], Err(NoRecord::Invalid("it has no id"))),
            (&["v=STSv1; ID=1"], Err(NoRecord::Invalid("it has no id"))),
            (&["v=STSv1; id"], Err(NoRecord::Invalid("a field is not name=value"))),
            (
                &["v=STSv1; id=2026-11-26"],
                Err(NoRecord::Invalid("its id is not 1 to 32 letters and digits")),
            ),
        ] {
            assert_eq!(read(texts), expected.map(str::to_owned), "{texts:?}");
        }
    }

    #[test]
    fn a_policy_is_read_as_senders_read_it_and_dropped_for_any_mistake() {
        let good =
            "version: STSv1\nmode: enforce\nmx: mail.example\nmx: *.example\nmax_age: 604800\n";
        let whole = policy(good.as_bytes()).unwrap();
        assert_eq!((whole.mode, whole.max_age), (StsMode::Enforce, 604_800));
        assert!(whole.allows("mail.example") && whole.allows("mx1.example"));
        assert!(!whole.allows("a.b.example") && !whole.allows("example"));
        assert_eq!(policy(good.replace('\n', "\r\n").as_bytes()), Ok(whole.clone()));
        assert_eq!(policy(good.trim_end().as_bytes()), Ok(whole.clone()));
        assert_eq!(policy(good.replace("mx: mail", "x: y\nmx: MAIL").as_bytes()), Ok(whole));
        assert!(policy(b"version: STSv1\nmode: none\nmax_age: 1").is_ok());
        for (from, to, fault) in [
            ("mode", "\nmode", StsFault::EmptyLine(2)),
            ("enforce", "Enforce", StsFault::Key("its mode is not enforce, testing or none")),
            ("STSv1", "STSv2", StsFault::Key("it has no \"version: STSv1\"")),
            ("604800", "1 week", StsFault::Key("its max_age is not a number of seconds")),
            ("604800", "", StsFault::Key("its max_age is not a number of seconds")),
            ("mx: *.example", "mx: a.*.example", StsFault::Host(4)),
            ("mx: *.example", "mx *.example", StsFault::NoValue(4)),
            ("mx:", "xx:", StsFault::Key("it names no mx")),
            ("mx: mail", " mx: mail", StsFault::NoValue(3)),
            ("mode:", "mode :", StsFault::NoValue(2)),
            ("mx: *.example", "mx: mail.example.", StsFault::Host(4)),
            ("version", "\u{feff}version", StsFault::Marked),
        ] {
            assert_eq!(policy(good.replace(from, to).as_bytes()), Err(fault), "{to}");
        }
        assert_eq!(policy(b"<html>"), Err(StsFault::NoValue(1)));
        assert_eq!(policy(b""), Err(StsFault::EmptyLine(1)));
        assert_eq!(policy(b"\xff"), Err(StsFault::NotText));
    }
}
