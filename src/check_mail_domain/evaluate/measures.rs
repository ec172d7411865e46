//! What is there of the seven measures, and what it means that one is missing.

use serde::Serialize;

use super::judgement::{Judgements, ResultType};
use super::rank::has_hosts;
use super::{dane, routes, sts};
use crate::check_mail_domain::facts::{
    Delegation, Destination, Facts, MailHost, Published, TlsaSet,
};
use crate::check_mail_domain::policy::{Measure, Policy, Requirement};
use crate::dns::{NoLookup, Validation};
use crate::monitoring::State;
use crate::published::mta_sts::StsMode;
use crate::published::policy_file::Fetched;

/// How it is with one measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Taken {
    /// It is there and works.
    Yes,
    /// It is not there, or does not work, and no mail is stopped by that.
    No(String),
    /// It stops mail, as is told elsewhere.
    Broken,
    /// Not known, as is told elsewhere.
    Unknown,
}

/// One row for each.
pub(super) type Table = Vec<(Measure, Taken)>;

pub(super) fn table(facts: &Facts, policy: &Policy) -> Table {
    Measure::ALL
        .into_iter()
        .map(|measure| {
            let taken = match measure {
                Measure::Dnssec => dnssec(facts),
                Measure::Dane => dane(facts),
                Measure::MtaSts => mta_sts(facts, policy),
                Measure::TlsRpt => published(facts.tls_rpt.as_ref().map(|reports| &reports.record)),
                Measure::Spf => spf(facts),
                Measure::Dkim => dkim(facts),
                Measure::Dmarc => published(facts.dmarc.as_ref().map(|dmarc| &dmarc.record)),
            };
            (measure, taken)
        })
        .collect()
}

pub(super) fn judge(facts: &Facts, policy: &Policy, table: &Table, judgements: &mut Judgements) {
    // Where mail goes nowhere, or that is not known, nothing of it is missing.
    let is_null = facts.destination == Some(Destination::Null);
    if !is_null && !has_hosts(facts) {
        return;
    }
    let has_nobody = facts.cut_short.is_none() && facts.hosts.iter().all(MailHost::is_void);
    let mut missing = Vec::new();
    let mut unknown = Vec::new();
    for requirement in &policy.requirements {
        let (name, taken) = match requirement {
            Requirement::None => continue,
            Requirement::Any => ("DANE or MTA-STS", any(table)),
            Requirement::One(measure) => (measure.name(), of(table, *measure)),
        };
        let is_for_hosts = !matches!(
            requirement,
            Requirement::One(Measure::Spf | Measure::Dkim | Measure::Dmarc | Measure::Dnssec)
        );
        match taken {
            _ if (is_null || has_nobody) && is_for_hosts => {}
            Taken::No(why) => missing.push((*requirement, name, why)),
            Taken::Unknown => unknown.push(name),
            Taken::Yes | Taken::Broken => {}
        }
    }
    for (requirement, name, why) in missing {
        let text = match requirement {
            Requirement::Any => format!("neither DANE nor MTA-STS protects mail to it: {why}"),
            _ if policy.missing == State::Critical => {
                format!("{name} is required and missing: {why}")
            }
            _ => format!("no {name}: {why}"),
        };
        judgements.find(policy.missing, text);
        judgements.advise(advice(requirement, &facts.domain));
        if requirement == Requirement::One(Measure::Dane) {
            judgements.result(ResultType::DaneRequired, &facts.domain);
        }
    }
    if !unknown.is_empty() && facts.cut_short.is_none() && !judgements.has(State::Unknown) {
        judgements.find(State::Unknown, format!("{} unknown", unknown.join(", ")));
    }
    let taken: Vec<&str> =
        table.iter().filter(|(_, taken)| *taken == Taken::Yes).map(|(one, _)| one.name()).collect();
    if !taken.is_empty() {
        let how = if facts.connects { "" } else { " (published; no mail server was called)" };
        judgements.find(State::Ok, format!("{}{how}", taken.join(", ")));
    }
}

fn advice(requirement: Requirement, domain: &str) -> String {
    match requirement {
        Requirement::Any | Requirement::One(Measure::MtaSts) => format!(
            "publish TXT _mta-sts.{domain}: v=STSv1; id=1; and serve https://mta-sts.{domain}/.well-known/mta-sts.txt"
        ),
        Requirement::One(Measure::Dane) => {
            "publish TLSA records for each MX host, in signed zones".to_owned()
        }
        Requirement::One(Measure::Dnssec) => {
            "sign the zone and have the registrar publish its DS record".to_owned()
        }
        Requirement::One(Measure::TlsRpt) => {
            format!("publish TXT _smtp._tls.{domain}: v=TLSRPTv1; rua=mailto:ADDRESS")
        }
        Requirement::One(Measure::Spf) => format!("publish TXT {domain}: v=spf1 mx -all"),
        Requirement::One(Measure::Dmarc) => {
            format!("publish TXT _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:ADDRESS")
        }
        Requirement::One(Measure::Dkim) => "publish the key with which mail is signed".to_owned(),
        Requirement::None => String::new(),
    }
}

/// DANE or MTA-STS; what stops mail by one is not healed by the other (RFC 8461 section 2).
fn any(table: &Table) -> Taken {
    match (of(table, Measure::Dane), of(table, Measure::MtaSts)) {
        (Taken::Broken, _) | (_, Taken::Broken) => Taken::Broken,
        (Taken::Yes, _) | (_, Taken::Yes) => Taken::Yes,
        (Taken::Unknown, _) | (_, Taken::Unknown) => Taken::Unknown,
        (Taken::No(one), Taken::No(other)) => Taken::No(format!("{one}, {other}")),
    }
}

fn of(table: &Table, measure: Measure) -> Taken {
    let found = table.iter().find(|(known, _)| *known == measure);
    found.map_or(Taken::Unknown, |(_, taken)| taken.clone())
}

fn dnssec(facts: &Facts) -> Taken {
    match (&facts.destination, facts.validation) {
        (Some(Destination::Unknown(NoLookup::Bogus(_))), _) => Taken::Broken,
        (None | Some(Destination::Unknown(_)), _) | (_, Validation::Unknown) => Taken::Unknown,
        (_, Validation::Secure) => Taken::Yes,
        (_, Validation::Insecure) => match &facts.delegation {
            Some(Delegation::Unknown(_)) => Taken::Unknown,
            Some(found) if found.is_to_be_proven() => Taken::Unknown,
            _ => Taken::No("the domain is not signed".to_owned()),
        },
    }
}

fn dane(facts: &Facts) -> Taken {
    if dane::is_broken(facts) {
        return Taken::Broken;
    }
    let is_doubtful = facts.delegation.as_ref().is_some_and(Delegation::is_to_be_proven);
    let is_untold =
        |host: &MailHost| host.validation == Validation::Unknown && !host.addresses.is_empty();
    let is_doubtful = is_doubtful || facts.hosts.iter().any(is_untold);
    if facts.validation == Validation::Unknown || is_doubtful || facts.hosts.is_empty() {
        let is_nowhere = facts.destination == Some(Destination::Null);
        return if is_nowhere { Taken::No("no mail host".to_owned()) } else { Taken::Unknown };
    }
    let no = |host: &&MailHost| {
        matches!(host.tlsa, TlsaSet::None | TlsaSet::Ignored(_))
            || (matches!(host.tlsa, TlsaSet::Secure(_)) && !dane::is_published(host))
    };
    if let Some(host) = facts.hosts.iter().find(no) {
        return Taken::No(match &host.tlsa {
            TlsaSet::None => format!("{} has no TLSA record", host.name),
            TlsaSet::Ignored(_) => format!("TLSA of {} is not signed", host.name),
            _ => format!("TLSA of {} cannot be used", host.name),
        });
    }
    let is_there = |host: &MailHost| {
        if facts.connects { dane::is_proven(host) } else { dane::is_published(host) }
    };
    let mut real = facts.hosts.iter().filter(|host| !host.is_void()).peekable();
    let is_seen = facts.cut_short.is_none() && facts.left_out == 0 && real.peek().is_some();
    if !is_seen || !real.all(is_there) {
        return Taken::Unknown;
    }
    if routes::is_secure(facts) {
        Taken::Yes
    } else {
        Taken::No("its MX records are not signed, so not every sender looks at TLSA".to_owned())
    }
}

fn mta_sts(facts: &Facts, policy: &Policy) -> Taken {
    if sts::is_broken(facts) {
        return Taken::Broken;
    }
    let Some(found) = &facts.sts else { return Taken::Unknown };
    match (&found.record, &found.policy) {
        (Published::None(why), _) => Taken::No(format!("no MTA-STS record: {why}")),
        (Published::Unknown(_), _) | (_, None) => Taken::Unknown,
        (_, Some(Fetched::No(why))) => {
            let text = format!("no MTA-STS policy: {why}");
            if sts::is_unknown(why) { Taken::Unknown } else { Taken::No(text) }
        }
        (_, Some(Fetched::Policy(policy_found, _))) => match policy_found.mode {
            StsMode::None => Taken::No("the MTA-STS policy is in mode none".to_owned()),
            StsMode::Testing if !policy.accepts_testing => {
                Taken::No("the MTA-STS policy is in mode testing".to_owned())
            }
            _ if sts::is_kept(facts, policy_found) => Taken::Yes,
            StsMode::Testing => {
                Taken::No("its mail servers do not keep the MTA-STS policy".to_owned())
            }
            StsMode::Enforce => Taken::Unknown,
        },
    }
}

fn published<T>(found: Option<&Published<T>>) -> Taken {
    match found {
        None | Some(Published::Unknown(_)) => Taken::Unknown,
        Some(Published::Record(_)) => Taken::Yes,
        Some(Published::None(why)) => Taken::No(why.to_string()),
    }
}

fn spf(facts: &Facts) -> Taken {
    match &facts.spf {
        Some(Published::Record(sum)) if sum.fault.is_some() => {
            Taken::No("it is invalid".to_owned())
        }
        Some(Published::Record(sum)) if sum.unknown.is_some() => Taken::Unknown,
        other => published(other.as_ref()),
    }
}

/// All of the selectors that were named.
fn dkim(facts: &Facts) -> Taken {
    if facts.dkim.is_empty() {
        return Taken::No("no selector was named (--dkim-selector)".to_owned());
    }
    let each = facts.dkim.iter().map(|(selector, found)| match published(found.as_ref()) {
        Taken::No(why) => Taken::No(format!("{selector}: {why}")),
        other => other,
    });
    let worst = each.max_by_key(|taken| match taken {
        Taken::Yes => 0,
        Taken::Unknown => 1,
        Taken::No(_) | Taken::Broken => 2,
    });
    worst.unwrap_or(Taken::Unknown)
}

/// The table in words, a line each, and the count before them.
pub(super) fn lines(table: &Table) -> Vec<String> {
    let taken = table.iter().filter(|(_, taken)| *taken == Taken::Yes).count();
    let mut lines = vec![format!("{taken} of {} measures", table.len())];
    lines.extend(table.iter().map(|(measure, taken)| {
        let how = match taken {
            Taken::Yes => "yes".to_owned(),
            Taken::No(why) => format!("no: {why}"),
            Taken::Broken => "broken: stops mail".to_owned(),
            Taken::Unknown => "unknown".to_owned(),
        };
        format!("{}: {how}", measure.name())
    }));
    lines
}
