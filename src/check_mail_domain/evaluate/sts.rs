//! MTA-STS: does the policy stand, and do all mail servers keep it?

use super::dane::lacks_tls;
use super::judgement::{Judgements, ResultType};
use super::rank::host_rule;
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::{Facts, MailHost, Published};
use crate::check_mail_domain::policy::Policy;
use crate::dns::NoLookup;
use crate::monitoring::State;
use crate::published::NoRecord;
use crate::published::mta_sts::{MOST_AGE, StsMode, StsPolicy};
use crate::published::policy_file::{Fetched, MediaType, NoPolicy};
use crate::smtp_client::certificate_words;
use crate::tls::proof::Fault;

/// A policy that senders forget within a day protects nobody who writes rarely.
const LEAST_AGE: u64 = 86_400;

pub(super) fn judge(facts: &Facts, policy: &Policy, judgements: &mut Judgements) {
    let Some(sts) = &facts.sts else { return };
    match &sts.record {
        Published::None(NoRecord::Absent) => return,
        Published::None(why) => {
            judgements.find(State::Warning, format!("the MTA-STS record is invalid: {why}"));
            judgements.advise("publish exactly one TXT record at _mta-sts: v=STSv1; id=1;");
            judgements.result(ResultType::StsPolicyInvalid, &facts.domain);
        }
        Published::Unknown(why) => {
            judgements.find(State::Unknown, format!("MTA-STS record unknown: {why}"));
        }
        Published::Record(_) => {}
    }
    match &sts.policy {
        None => {}
        Some(Fetched::No(why)) => not_fetched(facts, why, judgements),
        Some(Fetched::Policy(found, media)) => {
            file(found, media, policy, judgements);
            hosts(facts, found, policy, judgements);
        }
    }
}

/// The policy that senders hold servers to.
pub(super) fn policy(facts: &Facts) -> Option<&StsPolicy> {
    match facts.sts.as_ref()?.policy.as_ref()? {
        Fetched::Policy(policy, _) if policy.mode != StsMode::None => Some(policy),
        _ => None,
    }
}

fn not_fetched(facts: &Facts, why: &NoPolicy, judgements: &mut Judgements) {
    let host = format!("mta-sts.{}", facts.domain);
    if is_unknown(why) {
        judgements.find(State::Unknown, format!("MTA-STS policy of {host} unknown: {why}"));
        judgements.advise(format!("try curl https://{host}/.well-known/mta-sts.txt from here"));
        return;
    }
    judgements.find(State::Warning, format!("no MTA-STS policy at {host}: {why}"));
    judgements.advise(format!("serve https://{host}/.well-known/mta-sts.txt with status 200, no redirect, a valid certificate and no filter of user agents"));
    let kind = match why {
        NoPolicy::Certificate(_) | NoPolicy::Tls(_) => ResultType::StsWebpkiInvalid,
        NoPolicy::Syntax(_) | NoPolicy::TooLong => ResultType::StsPolicyInvalid,
        _ => ResultType::StsPolicyFetchError,
    };
    judgements.result(kind, &host);
}

/// Whether there may be a policy all the same.
pub(super) fn is_unknown(why: &NoPolicy) -> bool {
    match why {
        NoPolicy::Unresolved(NoLookup::Bogus(_)) => false,
        NoPolicy::Unresolved(_) | NoPolicy::Silent | NoPolicy::Ours(_) => true,
        _ => false,
    }
}

fn file(found: &StsPolicy, media: &MediaType, policy: &Policy, judgements: &mut Judgements) {
    match found.mode {
        StsMode::Testing if !policy.accepts_testing => {
            judgements
                .find(State::Warning, "the MTA-STS policy is in mode testing: senders only report");
            judgements.advise("once reports are clean, change to mode: enforce and change the id of the record; or accept it with --mta-sts-mode testing");
        }
        StsMode::None => {
            judgements.find(State::Warning, "the MTA-STS policy is in mode none");
            judgements.advise("change to mode: enforce and change the id of the record; or remove record and policy");
        }
        _ => {}
    }
    if found.max_age < LEAST_AGE && found.mode != StsMode::None {
        judgements.find(
            State::Warning,
            format!("senders keep the MTA-STS policy for {} s only", found.max_age),
        );
        judgements.advise("set max_age to weeks, as in 2419200");
    } else if found.max_age > MOST_AGE {
        judgements
            .find(State::Warning, format!("max_age of the MTA-STS policy is above {MOST_AGE}"));
        judgements.advise("set max_age to 31557600 at most");
    }
    let kind = media.0.as_deref().and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("text/plain")) {
        let kind = kind.unwrap_or("missing");
        judgements.find(State::Warning, format!("the media type of the MTA-STS policy is {kind}, not text/plain: some senders drop it"));
        judgements.advise("send the policy with content-type: text/plain");
    }
}

/// Do the servers keep what the policy says?
fn hosts(facts: &Facts, found: &StsPolicy, policy: &Policy, judgements: &mut Judgements) {
    let Some(enforced) = self::policy(facts) else { return };
    for host in &facts.hosts {
        let state = match found.mode {
            StsMode::Enforce => host_rule(facts, host, |host| is_barred(host, enforced)),
            _ if policy.accepts_testing => State::Ok,
            _ => State::Warning,
        };
        let effect = match found.mode {
            StsMode::Enforce => "senders with MTA-STS cannot deliver",
            _ => "senders report it",
        };
        if !found.allows(&host.name) {
            judgements.find(
                state,
                format!("the MTA-STS policy does not name MX {}: {effect}", host.name),
            );
            judgements.advise(format!(
                "add \"mx: {}\" to the policy, then change the id of the record",
                host.name
            ));
            judgements.result(ResultType::ValidationFailure, &host.name);
            continue;
        }
        if let Some(call) = host.calls.iter().find(|call| lacks_tls(call)) {
            let place = words::call(host, call);
            judgements.find(
                state,
                format!(
                    "the MTA-STS policy demands TLS, and {place} does not offer it{}: {effect}",
                    words::why_no_tls(call)
                ),
            );
            judgements.advise("switch STARTTLS on");
            judgements.result(ResultType::StarttlsNotSupported, &host.name);
        }
        if let Some(fault) = fault(host) {
            let text = certificate_words::fault(fault);
            judgements.find(
                state,
                format!(
                    "certificate of {} does not count for MTA-STS: {text}: {effect}",
                    host.name
                ),
            );
            judgements.advise(format!(
                "get a certificate for {} from an authority that senders trust",
                host.name
            ));
            judgements.result(result(fault), &host.name);
        }
    }
}

fn fault(host: &MailHost) -> Option<&Fault> {
    let chains = host.calls.iter().flat_map(|call| &call.chains);
    chains.flat_map(|chain| &chain.proof.faults).next()
}

fn result(fault: &Fault) -> ResultType {
    match fault {
        Fault::Expired(_) => ResultType::CertificateExpired,
        Fault::OtherName { .. } | Fault::CommonName(_) => ResultType::CertificateHostMismatch,
        _ => ResultType::CertificateNotTrusted,
    }
}

/// Whether senders that keep the policy cannot deliver there.
fn is_barred(host: &MailHost, policy: &StsPolicy) -> bool {
    !policy.allows(&host.name) || fault(host).is_some() || host.calls.iter().any(lacks_tls)
}

/// Whether the policy stops mail somewhere.
pub(super) fn is_broken(facts: &Facts) -> bool {
    let enforced = policy(facts).filter(|policy| policy.mode == StsMode::Enforce);
    enforced.is_some_and(|policy| facts.hosts.iter().any(|host| is_barred(host, policy)))
}

/// Whether every address of every host keeps the policy.
pub(super) fn is_kept(facts: &Facts, policy: &StsPolicy) -> bool {
    let is_whole = |host: &MailHost| {
        let chains = || host.calls.iter().flat_map(|call| &call.chains);
        let is_seen = !facts.connects
            || (!host.calls.is_empty()
                && host.is_called()
                && host.calls.iter().all(|call| !call.chains.is_empty() && call.problem.is_none()));
        is_seen && chains().all(|chain| chain.proof.is_whole()) && policy.allows(&host.name)
    };
    let mut real = facts.hosts.iter().filter(|host| !host.is_void()).peekable();
    facts.cut_short.is_none() && facts.left_out == 0 && real.peek().is_some() && real.all(is_whole)
}
