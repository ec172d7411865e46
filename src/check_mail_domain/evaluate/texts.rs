//! TLS reports, SPF, DMARC and DKIM: what is wrong with what is there. That something is missing is told by measure.

use super::judgement::Judgements;
use crate::check_mail_domain::facts::{DmarcAt, Facts, Published, SpfSum};
use crate::check_mail_domain::policy::Policy;
use crate::monitoring::State;
use crate::published::NoRecord;
use crate::published::dkim::DkimKey;
use crate::published::dmarc::Wish;
use crate::published::spf::Qualifier;

/// Look-ups above which readers give up (RFC 7208 section 4.6.4).
const MOST_LOOKUPS: usize = 10;
/// Look-ups from which the next change breaks it.
const MANY_LOOKUPS: usize = 9;
/// Look-ups without a result above which readers may give up.
const MOST_VOIDS: usize = 2;

pub(super) fn judge(facts: &Facts, policy: &Policy, judgements: &mut Judgements) {
    tls_rpt(facts, judgements);
    spf(facts, judgements);
    if let Some(dmarc) = &facts.dmarc {
        self::dmarc(facts, dmarc, policy, judgements);
    }
    for (selector, found) in &facts.dkim {
        if let Some(found) = found {
            dkim(selector, found, judgements);
        }
    }
}

fn tls_rpt(facts: &Facts, judgements: &mut Judgements) {
    let Some(reports) = &facts.tls_rpt else { return };
    match &reports.record {
        Published::Record(_) | Published::None(NoRecord::Absent) => {}
        Published::None(why) => {
            judgements.find(State::Warning, format!("the TLS-RPT record is invalid: {why}"));
            judgements.advise(
                "publish exactly one TXT record at _smtp._tls: v=TLSRPTv1; rua=mailto:ADDRESS",
            );
        }
        Published::Unknown(why) => {
            judgements.find(State::Unknown, format!("TLS-RPT unknown: {why}"));
        }
    }
    if let Some(dead) = reports.dead.first() {
        judgements.find(State::Warning, format!("TLS reports go to {dead}, which takes no mail"));
        judgements.advise("name another address in rua= at _smtp._tls");
    }
}

fn spf(facts: &Facts, judgements: &mut Judgements) {
    match &facts.spf {
        None | Some(Published::None(NoRecord::Absent | NoRecord::OldType)) => {}
        Some(Published::None(why)) => {
            judgements.find(State::Critical, format!("SPF is invalid for every receiver: {why}"));
            judgements.advise("publish exactly one TXT record that begins with v=spf1");
        }
        Some(Published::Unknown(why)) => {
            judgements.find(State::Unknown, format!("SPF unknown: {why}"));
        }
        Some(Published::Record(sum)) => sum_of(sum, judgements),
    }
}

fn sum_of(sum: &SpfSum, judgements: &mut Judgements) {
    if let Some((domain, why)) = &sum.fault {
        judgements.find(
            State::Critical,
            format!("SPF is invalid for every receiver: of {domain}: {why}"),
        );
        judgements
            .advise(format!("remove {domain} from the record, or ask its owner to correct it"));
    }
    if let Some((domain, why)) = &sum.unknown {
        judgements.find(State::Unknown, format!("SPF unknown: {domain}: {why}"));
    }
    if sum.lookups > MOST_LOOKUPS {
        judgements.find(
            State::Critical,
            format!(
                "SPF takes more than {MOST_LOOKUPS} look-ups, so it is invalid for every receiver"
            ),
        );
        judgements.advise("name networks (ip4, ip6) in place of includes that are not needed");
    } else if sum.lookups >= MANY_LOOKUPS {
        judgements.find(State::Warning, format!("SPF takes {} of {MOST_LOOKUPS} look-ups: the next change of an included domain makes it invalid", sum.lookups));
        judgements.advise("name networks (ip4, ip6) in place of includes that are not needed");
    }
    if let Some(open) = &sum.open {
        judgements.find(
            State::Critical,
            format!("SPF of {open} allows everybody to send (+all, or a network of /0)"),
        );
        judgements.advise("end it with -all or ~all, and name networks of its own");
    }
    if sum.voids > MOST_VOIDS {
        judgements.find(
            State::Warning,
            format!(
                "{} terms of SPF find nothing, which many receivers treat as an error",
                sum.voids
            ),
        );
        judgements.advise("remove the terms whose names have no records");
    }
    if let Some(slip) = &sum.slip {
        judgements.find(
            State::Warning,
            format!("SPF of {slip} has = where : must stand, so receivers overlook that term"),
        );
        judgements.advise("write include:DOMAIN, ip4:ADDRESS and the like with a colon");
    }
    if sum.has_ptr {
        judgements.find(State::Warning, "SPF uses ptr, which many receivers no longer evaluate");
        judgements.advise("name addresses or hosts in place of ptr");
    }
    match sum.all {
        Some(Qualifier::Fail | Qualifier::SoftFail | Qualifier::Pass) => {}
        Some(Qualifier::Neutral) => {
            judgements.find(State::Warning, "SPF says nothing about other senders (?all)");
            judgements.advise("end it with -all or ~all");
        }
        None if sum.fault.is_some() || sum.unknown.is_some() => {}
        None => {
            judgements
                .find(State::Warning, "SPF says nothing about other senders: it ends without all");
            judgements.advise("end it with -all or ~all");
        }
    }
}

fn dmarc(facts: &Facts, at: &DmarcAt, policy: &Policy, judgements: &mut Judgements) {
    let place = format!("_dmarc.{}", at.domain);
    let record = match &at.record {
        Published::None(NoRecord::Absent) => return,
        Published::None(why) => {
            judgements.find(State::Warning, format!("DMARC is invalid for every receiver: {why}"));
            judgements.advise(format!("publish exactly one TXT record at {place}: v=DMARC1; p=quarantine; rua=mailto:ADDRESS"));
            return;
        }
        Published::Unknown(why) => {
            judgements.find(State::Unknown, format!("DMARC unknown: {why}"));
            return;
        }
        Published::Record(record) => record,
    };
    let is_above = at.domain != facts.domain;
    let wish = if is_above { record.sp.unwrap_or(record.p) } else { record.p };
    let none = if policy.accepts_none { State::Ok } else { State::Warning };
    if wish == Wish::None {
        judgements.find(none, "DMARC asks for nothing (p=none)");
        judgements.advise("once reports are clean, publish p=quarantine or p=reject; or accept it with --dmarc-policy none");
    } else if record.is_testing {
        judgements.find(none, "DMARC is only tested (t=y, or pct below 100)");
        judgements.advise(format!("once reports are clean, remove t= and pct= from {place}"));
    }
    if !is_above && record.sp == Some(Wish::None) && record.p != Wish::None {
        judgements.find(none, "DMARC asks for nothing below the domain (sp=none)");
        judgements.advise(format!(
            "take sp= out of {place}: mail from names below the domain can be forged"
        ));
    }
    if record.report_domains.is_empty() {
        judgements.find(State::Warning, "DMARC names nobody for reports (rua)");
        judgements.advise(format!("add rua=mailto:ADDRESS to {place}"));
    }
    if let Some(unwilling) = at.unwilling.first() {
        judgements.find(
            State::Warning,
            format!("DMARC reports to {unwilling} are dropped: it does not say that it wants them"),
        );
        judgements.advise(format!(
            "have the TXT record v=DMARC1 published at {}._report._dmarc.{unwilling}",
            at.domain
        ));
    }
}

fn dkim(selector: &str, found: &Published<DkimKey>, judgements: &mut Judgements) {
    match found {
        Published::Unknown(why) => {
            judgements.find(State::Unknown, format!("DKIM key {selector} unknown: {why}"));
        }
        Published::None(why) => {
            judgements.find(
                State::Critical,
                format!("DKIM key {selector} is invalid for every receiver: {why}"),
            );
            judgements
                .advise("publish the key with which mail is signed, or take --dkim-selector away");
        }
        Published::Record(key) => {
            let weak = key.rsa_bits.filter(|bits| *bits < 2048);
            if let Some(bits) = weak.or(key.rsa_bits.filter(|bits| *bits > 4096)) {
                judgements.find(
                    State::Warning,
                    format!("DKIM key {selector} is RSA {bits}: readers want 2048 to 4096"),
                );
                judgements.advise(
                    "sign with a key of RSA 2048 under a new selector, then take the old one away",
                );
            }
            if key.is_testing {
                judgements.find(
                    State::Warning,
                    format!(
                        "DKIM key {selector} is only tested (t=y): readers take mail for unsigned"
                    ),
                );
                judgements.advise("take t=y away");
            }
        }
    }
}
