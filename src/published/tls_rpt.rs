//! Where senders report trouble with TLS (RFC 8460 section 3).

use super::{NoRecord, mail_domain, only_of, tag, tags};

/// Where reports go.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ReportsTo {
    /// The domains that reports are mailed to.
    pub domains: Vec<String>,
    /// How many addresses for uploads there are.
    pub uploads: usize,
}

/// Reads the one record among the texts of `_smtp._tls`.
///
/// # Errors
/// [`NoRecord`].
pub fn record<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<ReportsTo, NoRecord> {
    let text = only_of(texts, "v=TLSRPTv1")?;
    let tags = tags(text).ok_or(NoRecord::Invalid("a field is not name=value"))?;
    let rua = tag(&tags, "rua").ok_or(NoRecord::Invalid("it has no rua"))?;
    let mut to = ReportsTo { domains: Vec::new(), uploads: 0 };
    for uri in rua.split(',').map(str::trim) {
        if let Some(domain) = mail_domain(uri) {
            to.domains.push(domain.to_ascii_lowercase());
        } else if uri.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            to.uploads += 1;
        } else {
            return Err(NoRecord::Invalid("its rua is neither mailto: nor https:"));
        }
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_by_mail_or_by_upload() {
        let read = |text: &str| record(std::iter::once(text.as_bytes()));
        let both =
            read("v=TLSRPTv1; rua=mailto:tls@Example.org,https://reports.example/v1").unwrap();
        assert_eq!(both, ReportsTo { domains: vec!["example.org".to_owned()], uploads: 1 });
        for (text, fault) in [
            ("v=TLSRPTv1;", NoRecord::Invalid("it has no rua")),
            (
                "v=TLSRPTv1; rua=tls@example.org",
                NoRecord::Invalid("its rua is neither mailto: nor https:"),
            ),
            (
                "v=TLSRPTv1; rua=http://x.example/",
                NoRecord::Invalid("its rua is neither mailto: nor https:"),
            ),
            ("v=TLSRPT1; rua=mailto:a@b.example", NoRecord::Absent),
            (
                "v=TLSRPTv1 ;rua=mailto:a@b.example",
                NoRecord::Invalid("a blank stands before the first semicolon"),
            ),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }
}
