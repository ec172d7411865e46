//! What a domain says of its mail in TXT records.

use super::Survey;
use crate::check_mail_domain::facts::{DmarcAt, Published, Reports};
use crate::dns::RecordKind;
use crate::published::{NoRecord, dkim, dmarc, mta_sts, tls_rpt};

/// Look-ups on the way up to a domain with a DMARC record.
const MOST_PARENTS: usize = 8;
/// Domains of reports that are looked at.
const MOST_DOMAINS: usize = 5;

impl Survey<'_> {
    /// The texts of a name, read.
    pub(super) fn text<T>(
        &self,
        name: &str,
        read: impl FnOnce(&mut dyn Iterator<Item = &[u8]>) -> Result<T, NoRecord>,
    ) -> Published<T> {
        match self.ask(name, RecordKind::Txt) {
            Err(why) => Published::Unknown(why),
            Ok(lookup) => match read(&mut lookup.texts()) {
                Ok(record) => Published::Record(record),
                Err(why) => Published::None(why),
            },
        }
    }

    /// The record that says whether there is an MTA-STS policy.
    pub(super) fn sts_record(&self) -> Published<String> {
        self.text(&format!("_mta-sts.{}", self.target.domain), |texts| mta_sts::record(texts))
    }

    pub(super) fn tls_rpt(&self) {
        let record = self
            .text(&format!("_smtp._tls.{}", self.target.domain), |texts| tls_rpt::record(texts));
        let mut dead = Vec::new();
        if let Published::Record(reports) = &record {
            for domain in reports.domains.iter().take(MOST_DOMAINS) {
                if *domain != self.target.domain && self.takes_mail(domain) == Some(false) {
                    dead.push(domain.clone());
                }
            }
        }
        self.note(|facts| facts.tls_rpt = Some(Reports { record, dead }));
    }

    pub(super) fn dkim(&self) {
        for (place, selector) in self.target.selectors.iter().enumerate() {
            let name = format!("{selector}._domainkey.{}", self.target.domain);
            let found = self.text(&name, |texts| dkim::record(texts));
            self.note(|facts| {
                if let Some((_, kept)) = facts.dkim.get_mut(place) {
                    *kept = Some(found);
                }
            });
        }
    }

    /// Whether no consent to reports is asked for (RFC 7489 section 7.1): one is below the other, or both are below a domain
    /// with a record of its own.
    fn is_of_one_owner(&self, one: &str, other: &str) -> bool {
        above_both(one, other).is_some_and(|above| {
            let name = format!("_dmarc.{above}");
            above == one
                || above == other
                || matches!(self.text(&name, |texts| dmarc::record(texts)), Published::Record(_))
        })
    }

    /// The record of the domain, or of the first above it that has one.
    pub(super) fn dmarc(&self) {
        let mut domain = self.target.domain.as_str();
        let mut record = Published::None(NoRecord::Absent);
        for _ in 0..MOST_PARENTS {
            record = self.text(&format!("_dmarc.{domain}"), |texts| dmarc::record(texts));
            // What is void at the domain is void; readers do not go on from there to look for another.
            let goes_on = record == Published::None(NoRecord::Absent);
            match domain.split_once('.') {
                Some((_, above)) if goes_on && above.contains('.') => domain = above,
                _ => break,
            }
        }
        let mut unwilling = Vec::new();
        if let Published::Record(found) = &record {
            let reports = found.report_domains.iter().take(MOST_DOMAINS);
            for other in reports.filter(|other| !self.is_of_one_owner(domain, other)) {
                let name = format!("{domain}._report._dmarc.{other}");
                let is_willing = self.text(&name, |texts| {
                    let mut texts = texts.filter(|text| text.starts_with(b"v=DMARC1"));
                    texts.next().map(|_| ()).ok_or(NoRecord::Absent)
                });
                if matches!(is_willing, Published::None(_)) {
                    unwilling.push(other.clone());
                }
            }
        }
        let at = DmarcAt { domain: domain.to_owned(), record, unwilling };
        self.note(|facts| facts.dmarc = Some(at));
    }
}

/// The nearest domain that both are or are below, unless it is a top-level domain.
fn above_both<'a>(one: &'a str, other: &str) -> Option<&'a str> {
    let is_above = |above: &&str| {
        other == *above || other.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
    };
    let mut parents = std::iter::successors(Some(one), |name| Some(name.split_once('.')?.1));
    parents.find(is_above).filter(|above| above.contains('.'))
}
