//! SPF with the records it includes, counted as readers count (RFC 7208 section 4.6.4), for no address.

use super::Survey;
use crate::check_mail_domain::facts::{Published, SpfSum};
use crate::dns::{Data, RecordKind};
use crate::published::NoRecord;
use crate::published::spf::{self, Qualifier, SpfTerm};

/// Look-ups after which counting ends; ten are allowed.
const MOST_LOOKUPS: usize = 30;
/// Names of mail servers that a term may lead to.
const MOST_HOSTS: usize = 10;

impl Survey<'_> {
    pub(super) fn spf(&self) {
        let domain = &self.target.domain;
        let published = self.text(domain, |texts| spf::record(texts));
        let published = match published {
            Published::Unknown(why) => Published::Unknown(why),
            Published::None(NoRecord::Absent) if self.has_old_type() => {
                Published::None(NoRecord::OldType)
            }
            Published::None(why) => Published::None(why),
            Published::Record(record) => {
                let mut sum = SpfSum { all: record.all, ..SpfSum::default() };
                self.add_up(&record, domain, &mut vec![domain.clone()], &mut sum);
                Published::Record(sum)
            }
        };
        self.note(|facts| facts.spf = Some(published));
    }

    /// Whether SPF stands where readers asked for it before 2014.
    fn has_old_type(&self) -> bool {
        let found = self.ask(&self.target.domain, RecordKind::Spf);
        found.is_ok_and(|found| !found.data.is_empty())
    }

    /// Adds a record, and those it leads to, to the sum; `path` is how it was reached.
    fn add_up(&self, record: &spf::Spf, domain: &str, path: &mut Vec<String>, sum: &mut SpfSum) {
        if record.is_open || record.all == Some(Qualifier::Pass) {
            sum.open.get_or_insert_with(|| domain.to_owned());
        }
        if record.has_slip {
            sum.slip.get_or_insert_with(|| domain.to_owned());
        }
        for (term, named) in &record.lookups {
            sum.lookups += 1;
            if sum.lookups > MOST_LOOKUPS || self.run.deadline.has_passed() {
                return;
            }
            let has_macro = named.as_ref().is_some_and(|named| named.contains('%'));
            let of = named.as_deref().unwrap_or(domain).trim_end_matches('.').to_ascii_lowercase();
            match term {
                SpfTerm::Ptr => sum.has_ptr = true,
                _ if has_macro => {}
                SpfTerm::Include | SpfTerm::Redirect => self.other(*term, &of, path, sum),
                SpfTerm::A | SpfTerm::Exists => {
                    self.void(&of, &[RecordKind::A, RecordKind::Aaaa], sum);
                }
                SpfTerm::Mx => self.void(&of, &[RecordKind::Mx], sum),
            }
        }
    }

    fn other(&self, term: SpfTerm, domain: &str, path: &mut Vec<String>, sum: &mut SpfSum) {
        if path.iter().any(|known| known == domain) {
            let circle = NoRecord::Invalid("it includes itself");
            sum.fault.get_or_insert((domain.to_owned(), circle));
            return;
        }
        match self.text(domain, |texts| spf::record(texts)) {
            Published::Unknown(why) => _ = sum.unknown.get_or_insert((domain.to_owned(), why)),
            Published::None(why) => _ = sum.fault.get_or_insert((domain.to_owned(), why)),
            Published::Record(record) => {
                if term == SpfTerm::Redirect {
                    sum.all = record.all;
                }
                path.push(domain.to_owned());
                self.add_up(&record, domain, path, sum);
                path.pop();
            }
        }
    }

    /// Counts a look-up that finds nothing.
    fn void(&self, name: &str, kinds: &[RecordKind], sum: &mut SpfSum) {
        let mut is_void = true;
        for kind in kinds {
            match self.ask(name, *kind) {
                Err(why) => {
                    sum.unknown.get_or_insert((name.to_owned(), why));
                    return;
                }
                Ok(lookup) => {
                    is_void &= lookup.data.is_empty();
                    let hosts = lookup.data.iter().filter(|data| matches!(data, Data::Mx { .. }));
                    if hosts.count() > MOST_HOSTS {
                        let many =
                            NoRecord::Invalid("it asks for a domain with more than 10 MX hosts");
                        sum.fault.get_or_insert((name.to_owned(), many));
                    }
                }
            }
        }
        sum.voids += usize::from(is_void);
    }
}
