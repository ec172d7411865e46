//! DANE and MTA-STS of a partner: looked up once the ways are known, and never at their cost.

use std::path::Path;

use crate::check_smtp_forced_tls::facts::{MOST_HOSTS, Mx, Standards};
use crate::deadline::Deadline;
use crate::dns::{NoLookup, RecordKind, Resolver, Validation};
use crate::published::NoRecord;
use crate::published::mta_sts::{self, StsMode};
use crate::published::policy_file::{Fetched, NoPolicy, PolicyFetch};
use crate::smtp_client::Caller;
use crate::tls::dane::unusable;

/// Looks up what one partner publishes.
pub(super) struct Publications<'a> {
    pub(super) caller: &'a Caller,
    pub(super) ca_file: Option<&'a Path>,
    pub(super) deadline: &'a Deadline,
}

impl Publications<'_> {
    pub(super) fn look(&self, domain: &str, mx: &Mx, resolver: &Resolver<'_>) -> Standards {
        let hosts = match mx {
            Mx::Hosts(hosts) => hosts.as_slice(),
            Mx::Implicit => &[domain.to_owned()],
            Mx::Null | Mx::NoDomain | Mx::Unknown(_) => return Standards::default(),
        };
        Standards {
            dane: dane(domain, hosts, resolver).unwrap_or_default(),
            mta_sts: self.mta_sts(domain, hosts, resolver),
        }
    }

    fn mta_sts(&self, domain: &str, hosts: &[String], resolver: &Resolver<'_>) -> Option<bool> {
        let name = format!("_mta-sts.{domain}");
        let texts = resolver.look_up(&name, RecordKind::Txt).ok()?;
        match mta_sts::record(texts.texts()) {
            Err(NoRecord::Absent | NoRecord::Several(_) | NoRecord::Invalid(_)) => Some(false),
            Err(NoRecord::OldType) => None,
            Ok(_) => {
                let fetch = PolicyFetch {
                    family: self.caller.family,
                    source: self.caller.source,
                    ca_file: self.ca_file,
                    deadline: self.deadline,
                };
                match fetch.fetch(domain, |name, kind| resolver.look_up(name, kind)) {
                    Ok(Fetched::Policy(policy, _)) => Some(
                        policy.mode == StsMode::Enforce
                            && hosts.iter().all(|host| policy.allows(host)),
                    ),
                    // Senders may have it from before.
                    Ok(Fetched::No(_))
                    | Err(NoPolicy::Unresolved(_) | NoPolicy::Ours(_) | NoPolicy::Silent) => None,
                    Err(_) => Some(false),
                }
            }
        }
    }
}

/// Whether every host has signed records that senders can use; nothing where that cannot be told.
fn dane(domain: &str, hosts: &[String], resolver: &Resolver<'_>) -> Result<Option<bool>, NoLookup> {
    let mx = resolver.look_up(domain, RecordKind::Mx)?;
    if mx.validation != Validation::Secure {
        return Ok((mx.validation == Validation::Insecure).then_some(false));
    }
    if hosts.len() > MOST_HOSTS {
        return Ok(None);
    }
    for host in hosts {
        let mut base = None;
        for kind in [RecordKind::A, RecordKind::Aaaa] {
            let found = resolver.look_up(host, kind)?;
            if !found.data.is_empty() && base.is_none() {
                base = Some((found.name, found.validation));
            }
        }
        let Some((base, Validation::Secure)) = base else { return Ok(Some(false)) };
        let tlsa = resolver.look_up(&format!("_25._tcp.{base}"), RecordKind::Tlsa)?;
        let is_usable = tlsa.tlsa().any(|record| unusable(record).is_none());
        if !is_usable || tlsa.validation != Validation::Secure {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}
