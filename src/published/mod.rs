//! What the owner of a domain publishes about its mail, as text; public for the fuzzers, and pure, but for the one file
//! that is fetched.
//!
//! MTA-STS (RFC 8461), TLS reports (RFC 8460), SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489). Readers of such a
//! text drop it whole when something is wrong with it, so these say what is wrong.

pub mod dkim;
pub mod dmarc;
pub mod mta_sts;
pub(crate) mod policy_file;
pub mod spf;
pub mod tls_rpt;

use std::fmt;

/// Why a domain has no such record for those who look for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRecord {
    /// None of the texts is one.
    Absent,
    /// There are so many, which is as good as none.
    Several(usize),
    /// It stands in records of a type that nobody asks for any more (RFC 7208 section 3.1).
    OldType,
    /// It is there, and readers drop it.
    Invalid(&'static str),
}

impl fmt::Display for NoRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is none"),
            Self::Several(count) => write!(f, "there are {count}, which count as none"),
            Self::OldType => f.write_str("it stands in a record of type SPF (99) alone, not TXT"),
            Self::Invalid(why) => f.write_str(why),
        }
    }
}

/// The one text that a version stands at the start of.
fn only<'a>(
    texts: impl Iterator<Item = &'a [u8]>,
    is_one: impl Fn(&[u8]) -> bool,
) -> Result<&'a str, NoRecord> {
    let mut found: Vec<&[u8]> = texts.filter(|text| is_one(text)).collect();
    let (first, count) = (found.pop(), found.len() + 1);
    match (first, count) {
        (None, _) => Err(NoRecord::Absent),
        (Some(text), 1) => std::str::from_utf8(text)
            .ok()
            .filter(|text| text.is_ascii())
            .ok_or(NoRecord::Invalid("it is not plain ASCII")),
        (Some(_), count) => Err(NoRecord::Several(count)),
    }
}

/// The one text of a version, which a semicolon follows; readers drop those in which a blank stands before it (RFC 8461
/// section 3.1, RFC 8460 section 3), though the grammar has room for one.
fn only_of<'a>(texts: impl Iterator<Item = &'a [u8]>, version: &str) -> Result<&'a str, NoRecord> {
    let has_version = |text: &[u8]| {
        let rest = text.strip_prefix(version.as_bytes()).unwrap_or_default();
        rest.trim_ascii_start().starts_with(b";")
    };
    let text = only(texts, has_version)?;
    let rest = text.strip_prefix(version).unwrap_or_default();
    rest.starts_with(';')
        .then_some(text)
        .ok_or(NoRecord::Invalid("a blank stands before the first semicolon"))
}

/// `name=value; name=value`, blanks around all of them left out; absent where a part has no `=`.
fn tags(text: &str) -> Option<Vec<(&str, &str)>> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').map(|(name, value)| (name.trim(), value.trim())))
        .collect()
}

/// The value of the first tag of a name.
fn tag<'a>(tags: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Where a report goes by mail: the domain of a `mailto:` address.
fn mail_domain(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let address = rest.split(['?', '!']).next()?;
    let domain = address.rsplit_once('@')?.1;
    (scheme.eq_ignore_ascii_case("mailto") && !domain.is_empty()).then_some(domain)
}
