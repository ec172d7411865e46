//! The policy of MTA-STS, where a record says that there is one.

use super::Survey;
use crate::check_mail_domain::facts::{Published, Sts};
use crate::published::policy_file::{Fetched, NoPolicy, PolicyFetch};

impl Survey<'_> {
    pub(super) fn sts(&self) {
        let record = self.sts_record();
        let is_there = matches!(record, Published::Record(_));
        self.note(|facts| facts.sts = Some(Sts { record, policy: None }));
        if is_there {
            let fetched = self.fetch().unwrap_or_else(Fetched::No);
            if self.run.deadline.has_passed() && matches!(fetched, Fetched::No(NoPolicy::Silent)) {
                return;
            }
            self.note(|facts| {
                if let Some(sts) = &mut facts.sts {
                    sts.policy = Some(fetched);
                }
            });
        }
    }

    fn fetch(&self) -> Result<Fetched, NoPolicy> {
        let caller = &self.target.caller;
        let fetch = PolicyFetch {
            family: caller.family,
            source: caller.source,
            ca_file: self.target.ca_file.as_deref(),
            deadline: &self.run.deadline,
        };
        fetch.fetch(&self.target.domain, |name, kind| self.ask(name, kind))
    }
}
