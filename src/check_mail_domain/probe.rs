//! All questions to DNS, the policy server and the mail servers, in that order.

mod calls;
mod policy_file;
mod routes;
mod spf;
mod texts;
mod tls_look;

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::facts::{Facts, Progress};
use super::target::Target;
use crate::dns::{Lookup, NoLookup, RecordKind, Resolver, ResolverSettings, Validation};
use crate::program::Run;

/// Zones whose keys are looked at; honest domains have one or two.
const MOST_ZONES: usize = 20;

/// Asks for everything, and notes what comes.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress) {
    let resolver = Resolver::new(ResolverSettings::of(&target.servers), &run.deadline);
    progress.note(|facts| facts.resolvers = resolver.servers().to_vec());
    let survey = Survey { target, run, progress, resolver, signers: RefCell::default() };
    let has_looked = survey.look();
    progress.note(|facts| {
        if run.deadline.has_passed() {
            facts.cut_short.get_or_insert(run.out_of_time());
        } else if has_looked {
            facts.seconds = Some(run.deadline.elapsed().as_secs_f64());
        }
    });
}

struct Survey<'a> {
    target: &'a Target,
    run: &'a Run,
    progress: &'a Progress,
    resolver: Resolver<'a>,
    /// The zones that signed where mail goes.
    signers: RefCell<BTreeSet<String>>,
}

impl Survey<'_> {
    /// Whether there was a destination to look at.
    fn look(&self) -> bool {
        if !self.destination() {
            return false;
        }
        let steps: [fn(&Self); 7] =
            [Self::hosts, Self::keys, Self::spf, Self::dmarc, Self::dkim, Self::tls_rpt, Self::sts];
        for step in steps {
            if self.run.deadline.has_passed() {
                return true;
            }
            step(self);
        }
        if self.target.connects {
            self.calls();
        }
        true
    }

    fn note<T>(&self, note: impl FnOnce(&mut Facts) -> T) -> T {
        self.progress.note(note)
    }

    /// Looks up, and keeps what there is to say of signatures and of the resolver.
    fn ask(&self, name: &str, kind: RecordKind) -> Result<Lookup, NoLookup> {
        let found = self.resolver.look_up(name, kind);
        self.note(|facts| {
            facts.validates = self.resolver.validates();
            if let Ok(lookup) = &found
                && lookup.validation == Validation::Secure
                && !lookup.data.is_empty()
                && let Some(first) = lookup.signatures.iter().min_by_key(|one| one.expiration)
            {
                facts.signatures.push((format!("{kind} of {name}"), *first));
            }
        });
        if let Ok(Lookup { validation: Validation::Secure, signer: Some(signer), .. }) = &found {
            self.signers.borrow_mut().insert(signer.clone());
        }
        found
    }

    /// Asks for the keys of the zones seen so far: a signature over keys may end while those over records are renewed.
    fn keys(&self) {
        let signers = self.signers.borrow().clone();
        for zone in signers.iter().take(MOST_ZONES) {
            if self.run.deadline.has_passed() {
                return;
            }
            // What is bogus or silent there was so above.
            let _ = self.ask(zone, RecordKind::Dnskey);
        }
    }
}
