//! What is to happen to mail that neither SPF nor DKIM vouches for (RFC 7489 section 6.3).

use super::{NoRecord, mail_domain, only, tag, tags};

/// What the owner asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Nothing.
    None,
    /// To be treated as suspicious.
    Quarantine,
    /// To be refused.
    Reject,
}

impl std::fmt::Display for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        })
    }
}

/// A whole record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dmarc {
    /// For the domain.
    pub p: Wish,
    /// For the domains below it, where it is another.
    pub sp: Option<Wish>,
    /// Whether readers are to do less than that (t=y, pct below 100).
    pub is_testing: bool,
    /// The domains that reports are mailed to.
    pub report_domains: Vec<String>,
}

fn wish(text: &str) -> Option<Wish> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Some(Wish::None),
        "quarantine" => Some(Wish::Quarantine),
        "reject" => Some(Wish::Reject),
        _ => None,
    }
}

/// Reads the one record among the texts of `_dmarc`.
///
/// # Errors
/// [`NoRecord`].
pub fn record<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<Dmarc, NoRecord> {
    let text = only(texts, |text| {
        let Some(rest) = text.strip_prefix(b"v") else { return false };
        let value = rest.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
        let rest = value.and_then(|value| value.strip_prefix(b"DMARC1"));
        rest.map(<[u8]>::trim_ascii_start)
            .is_some_and(|rest| matches!(rest.first(), None | Some(b';')))
    })?;
    // What is no tag, readers leave out (RFC 7489 section 6.3).
    let tags: Vec<_> = text.split(';').filter_map(tags).flatten().collect();
    let report_domains: Vec<String> = tag(&tags, "rua")
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter_map(|uri| mail_domain(uri.trim()))
        .map(str::to_ascii_lowercase)
        .collect();
    let sp = tag(&tags, "sp").map(|text| wish(text).ok_or(()));
    let p = tag(&tags, "p").and_then(wish);
    let (p, sp) = match (p, sp) {
        (Some(p), None) => (p, None),
        (Some(p), Some(Ok(sp))) => (p, Some(sp)),
        // Readers take it as none as long as reports can be sent (RFC 7489 section 6.6.3).
        _ if !report_domains.is_empty() => (Wish::None, None),
        _ => return Err(NoRecord::Invalid("its p or sp is not none, quarantine or reject")),
    };
    let is_partial =
        tag(&tags, "pct").and_then(|pct| pct.parse::<u8>().ok()).is_some_and(|pct| pct < 100);
    let is_testing = is_partial || tag(&tags, "t") == Some("y");
    Ok(Dmarc { p, sp, is_testing, report_domains })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Dmarc, NoRecord> {
        record(std::iter::once(text.as_bytes()))
    }

    #[test]
    fn a_record_says_what_is_asked_for_and_where_reports_go() {
        let whole =
            read("v=DMARC1; p=reject; sp=none; rua=mailto:a@Example.org!10m,mailto:b@r.example")
                .unwrap();
        assert_eq!((whole.p, whole.sp, whole.is_testing), (Wish::Reject, Some(Wish::None), false));
        assert_eq!(whole.report_domains, ["example.org", "r.example"]);
        assert!(read("v=DMARC1; p=reject; pct=50").unwrap().is_testing);
        assert!(read("v=DMARC1;p=Quarantine;t=y").unwrap().is_testing);
        assert_eq!(read("v = DMARC1 ; p = reject").unwrap().p, Wish::Reject);
        assert_eq!(read("v=DMARC1; rua=mailto:a@b.example").unwrap().p, Wish::None);
        assert_eq!(read("v=DMARC1; mailto:a@b.example; p=reject").unwrap().p, Wish::Reject);
        let void = NoRecord::Invalid("its p or sp is not none, quarantine or reject");
        for (text, fault) in [
            ("v=DMARC1", void.clone()),
            ("v=DMARC1; p=block", void.clone()),
            ("v=DMARC1; p=reject; sp=block", void),
            ("v=dmarc1; p=reject", NoRecord::Absent),
            ("p=reject; v=DMARC1", NoRecord::Absent),
            ("v=DMARC12; p=reject", NoRecord::Absent),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }
}
