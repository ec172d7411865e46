//! TLSA records against what the servers show, as senders with DANE compare them.

use super::judgement::{Judgements, ResultType};
use super::rank::host_rule;
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::{Call, Facts, MailHost, Presented, TlsaSet};
use crate::check_mail_domain::policy::Policy;
use crate::dns::{NoLookup, Tlsa};
use crate::monitoring::State;
use crate::smtp::{Command, Stage};
use crate::smtp_client::NoSession;
use crate::tls::dane::{Dane, TlsaFit, unusable};
use crate::tls::proof::Fault;

/// TLSA records of one host above which some senders fail.
const MOST_RECORDS: usize = 12;

pub(super) fn judge(facts: &Facts, policy: &Policy, now: i64, judgements: &mut Judgements) {
    for host in &facts.hosts {
        match &host.tlsa {
            TlsaSet::NotAsked | TlsaSet::None | TlsaSet::Unproven(_) => {}
            TlsaSet::Ignored(_) => {
                let text = format!("TLSA of {} is ignored: its zone is not signed", host.name);
                judgements.find(State::Warning, text);
                judgements.advise("sign the zone, or take the records away");
            }
            TlsaSet::Failed(why) => failed(facts, host, why, now, judgements),
            TlsaSet::Secure(records) => {
                of_host(facts, host, records, judgements);
                rollover(host, records, policy, now, judgements);
                lone_issuer(host, judgements);
            }
        }
    }
    some_only(facts, judgements);
}

fn failed(facts: &Facts, host: &MailHost, why: &NoLookup, now: i64, judgements: &mut Judgements) {
    let name = &host.name;
    if let NoLookup::Bogus(signatures) = why {
        let cause = words::cause(signatures, now);
        let state = host_rule(facts, host, is_barred);
        judgements.find(
            state,
            format!("TLSA of {name} is bogus{cause}: senders with DANE cannot deliver"),
        );
        judgements.advise("sign the zone again");
        judgements.result(ResultType::DnssecInvalid, name);
        return;
    }
    judgements
        .find(State::Unknown, format!("TLSA of {name} unknown, and senders with DANE wait: {why}"));
    judgements.advise(format!(
        "ask for _25._tcp.{} TLSA; some name servers do not answer for types they do not know",
        host.base
    ));
}

/// The records of one host against all its addresses.
fn of_host(facts: &Facts, host: &MailHost, records: &[Tlsa], judgements: &mut Judgements) {
    let name = &host.name;
    let is_unusable = records.iter().all(|record| unusable(record).is_some());
    if let Some(call) = host.calls.iter().find(|call| lacks_tls(call)) {
        judgements.find(host_rule(facts, host, is_barred), format!("TLSA of {name} demands TLS, and {} does not offer it{}: senders with DANE cannot deliver", words::call(host, call), words::why_no_tls(call)));
        judgements.advise("switch STARTTLS on, or take the TLSA records away");
        judgements.result(ResultType::StarttlsNotSupported, name);
    }
    if is_unusable {
        let why = records.first().and_then(unusable).map(|why| format!(" ({why})"));
        judgements.find(
            State::Warning,
            format!("no sender can use the TLSA records of {name}{}", why.unwrap_or_default()),
        );
        judgements.advise(mend(host));
        judgements.result(ResultType::TlsaInvalid, name);
    } else if let Some((call, chain)) = mismatched(host) {
        let what = words::mismatch(chain).map(|what| format!(" ({what})")).unwrap_or_default();
        judgements.find(
            host_rule(facts, host, is_barred),
            format!(
                "TLSA of {} does not match its {}certificate{what}: senders with DANE cannot deliver",
                words::call(host, call),
                words::kind(call, chain)
            ),
        );
        judgements.advise(mend(host));
        judgements.result(result(chain), name);
    } else if let Some(record) = stray(host, records) {
        judgements.find(
            State::Warning,
            format!(
                "TLSA {} {} {} of {name} fits nothing the server shows, only others do",
                record.usage, record.selector, record.matching
            ),
        );
        judgements.advise(format!(
            "take _25._tcp.{} IN TLSA {record} away: some senders look at it alone",
            host.base
        ));
    }
    if records.len() > MOST_RECORDS {
        judgements.find(
            State::Warning,
            format!(
                "{name} has {} TLSA records: some senders handle no more than {MOST_RECORDS}",
                records.len()
            ),
        );
        judgements.advise("take those away that no certificate needs");
    }
}

/// The first address whose certificate the records do not name.
fn mismatched(host: &MailHost) -> Option<(&Call, &Presented)> {
    host.calls.iter().find_map(|call| {
        let chain = call.chains.iter().find(|chain| chain.dane == Some(Dane::Mismatch))?;
        Some((call, chain))
    })
}

/// How senders report that nothing fits.
fn result(chain: &Presented) -> ResultType {
    let unproven = chain.fits.iter().find_map(|fit| match fit {
        TlsaFit::Unproven(fault) => Some(fault),
        _ => None,
    });
    match unproven {
        Some(Fault::OtherName { .. }) => ResultType::CertificateHostMismatch,
        Some(Fault::Expired(_)) => ResultType::CertificateExpired,
        Some(_) => ResultType::CertificateNotTrusted,
        None => ResultType::ValidationFailure,
    }
}

/// A record of a combination of which nothing fits, where another fits (RFC 7671 section 8).
fn stray<'a>(host: &MailHost, records: &'a [Tlsa]) -> Option<&'a Tlsa> {
    let chains = || host.calls.iter().flat_map(|call| &call.chains);
    let kind = |record: &Tlsa| (record.usage, record.selector, record.matching);
    chains().next()?;
    records.iter().filter(|record| unusable(record).is_none()).find(|record| {
        chains().any(|chain| {
            let same =
                records.iter().zip(&chain.fits).filter(|(other, _)| kind(other) == kind(record));
            let mut same = same.map(|(_, fit)| fit);
            same.all(|fit| !matches!(fit, TlsaFit::Fits | TlsaFit::Weaker))
        })
    })
}

/// The records to publish, and when the old ones may go.
fn mend(host: &MailHost) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for chain in host.calls.iter().flat_map(|call| &call.chains) {
        if let Some(leaf) = &chain.leaf
            && !keys.contains(&leaf.key_sha256.as_str())
        {
            keys.push(&leaf.key_sha256);
        }
    }
    if keys.is_empty() {
        return format!("publish _25._tcp.{} IN TLSA 3 1 1 and the SHA-256 of its key", host.base);
    }
    let records: Vec<String> =
        keys.iter().map(|key| format!("_25._tcp.{} IN TLSA 3 1 1 {key}", host.base)).collect();
    format!(
        "if that certificate is right, publish {}; it counts everywhere after {} s",
        records.join(" and "),
        host.ttl.max(1)
    )
}

/// Is there a record for the next certificate?
fn rollover(
    host: &MailHost,
    records: &[Tlsa],
    policy: &Policy,
    now: i64,
    judgements: &mut Judgements,
) {
    let [Tlsa { usage: 3, .. }] = records else { return };
    let ends = host.calls.iter().flat_map(|call| &call.chains);
    let end = ends.filter_map(|chain| chain.leaf.as_ref()).map(|leaf| leaf.not_after).min();
    let (Some(end), Some(rollover)) = (end, policy.rollover) else { return };
    let limit = i64::try_from(rollover.as_secs()).unwrap_or(i64::MAX);
    if end.saturating_sub(now) < limit {
        judgements.find(
            State::Warning,
            format!(
                "the certificate of {} ends {}, and no TLSA record for the next one is there",
                host.name,
                words::time_left(end, now)
            ),
        );
        judgements.advise(format!("publish the record of the next key beside the old one now, and change the certificate {} s later at the earliest; or keep the key", host.ttl.saturating_mul(2)));
    }
}

/// Does the next certificate have to come from the same intermediate?
fn lone_issuer(host: &MailHost, judgements: &mut Judgements) {
    let mut chains = host.calls.iter().flat_map(|call| &call.chains);
    let Some(issuer) = chains.find_map(|chain| chain.lone_issuer.as_ref()) else { return };
    judgements.find(
        State::Warning,
        format!("TLSA of {} names the intermediate {issuer} alone: a renewal by a sibling of it stops mail", host.name),
    );
    judgements.advise(format!("add a TLSA 2 1 1 for each intermediate that the authority issues from, or a 3 1 1 for the key of {}", host.name));
}

/// What only senders without DANE mind; told behind what is well.
pub(super) fn expired(facts: &Facts, judgements: &mut Judgements) {
    for host in &facts.hosts {
        expired_at(host, judgements);
    }
}

fn expired_at(host: &MailHost, judgements: &mut Judgements) {
    let TlsaSet::Secure(records) = &host.tlsa else { return };
    let is_named_itself = records.iter().all(|record| record.usage == 3);
    let is_expired = |chain: &Presented| {
        chain.proof.faults.iter().any(|fault| matches!(fault, Fault::Expired(_)))
    };
    if is_named_itself && host.calls.iter().flat_map(|call| &call.chains).any(is_expired) {
        judgements.find(
            State::Ok,
            format!("the certificate of {} has expired, which DANE does not look at", host.name),
        );
    }
}

/// Whoever can block the servers with records gets the mail from those without.
fn some_only(facts: &Facts, judgements: &mut Judgements) {
    let has = |host: &&MailHost| matches!(host.tlsa, TlsaSet::Secure(_));
    let without = facts.hosts.iter().find(|host| host.tlsa == TlsaSet::None);
    if let (true, Some(without)) = (facts.hosts.iter().any(|host| has(&host)), without) {
        judgements.find(State::Warning, format!("{} has no TLSA record, other MX hosts have: who blocks those gets the mail unproven", without.name));
        judgements.advise(format!("publish TLSA records for {} too", without.name));
    }
}

/// Whether senders cannot encrypt there.
pub(super) fn lacks_tls(call: &Call) -> bool {
    match &call.problem {
        _ if !call.chains.is_empty() => false,
        Some(
            NoSession::NoStarttls
            | NoSession::StarttlsMasked
            | NoSession::Refused(Stage::Command(Command::Starttls), _),
        ) => true,
        Some(NoSession::Handshake(error)) => !error.is_ours(),
        _ => false,
    }
}

/// Whether senders with DANE cannot deliver there.
fn is_barred(host: &MailHost) -> bool {
    match &host.tlsa {
        TlsaSet::Failed(NoLookup::Bogus(_)) => true,
        TlsaSet::Secure(_) => mismatched(host).is_some() || host.calls.iter().any(lacks_tls),
        _ => false,
    }
}

/// Whether DANE stops mail somewhere.
pub(super) fn is_broken(facts: &Facts) -> bool {
    facts.hosts.iter().any(is_barred)
}

/// Whether every address of a host shows what its records name.
pub(super) fn is_proven(host: &MailHost) -> bool {
    let is_call = |call: &Call| {
        !call.chains.is_empty()
            && call.problem.is_none()
            && call.chains.iter().all(|chain| chain.dane == Some(Dane::Proven))
    };
    matches!(host.tlsa, TlsaSet::Secure(_))
        && host.is_called()
        && !host.calls.is_empty()
        && host.calls.iter().all(is_call)
}

/// Whether records are there that senders can use, looked at or not.
pub(super) fn is_published(host: &MailHost) -> bool {
    match &host.tlsa {
        TlsaSet::Secure(records) => records.iter().any(|record| unusable(record).is_none()),
        _ => false,
    }
}

/// Whether it is known of every host if it is proven.
pub(super) fn is_known(facts: &Facts) -> bool {
    facts.hosts.iter().all(|host| match &host.tlsa {
        TlsaSet::None | TlsaSet::Ignored(_) | TlsaSet::Failed(NoLookup::Bogus(_)) => true,
        TlsaSet::Secure(_) => {
            let is_seen = |call: &Call| lacks_tls(call) || call.problem.is_none();
            is_barred(host)
                || (facts.connects && host.is_called() && host.calls.iter().all(is_seen))
        }
        TlsaSet::NotAsked => {
            host.is_address
                || host.addresses.is_empty()
                    && host.unresolved.is_none()
                    && facts.cut_short.is_none()
        }
        TlsaSet::Unproven(_) | TlsaSet::Failed(_) => false,
    })
}
