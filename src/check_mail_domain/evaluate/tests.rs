//! Each row of verdicts, on facts made by hand; the state is that of the whole report.

use super::*;
use crate::check_mail_domain::facts::{
    Delegation, DmarcAt, Door, MediaType, NoPolicy, Presented, Reports, SpfSum, Sts, TlsaSet,
};
use crate::check_mail_domain::policy::{Demand, Measure};
use crate::connection::ConnectError;
use crate::dns::{NoLookup, Rrsig, Tlsa, Validates, Validation, WhyUnvalidated};
use crate::published::NoRecord;
use crate::published::dkim::DkimKey;
use crate::published::dmarc::{Dmarc, Wish};
use crate::published::mta_sts::{StsFault, StsMode, StsPolicy};
use crate::published::spf::Qualifier;
use crate::published::tls_rpt::ReportsTo;
use crate::smtp::{Reply, Stage};
use crate::smtp_client::{NoSession, Unreached};
use crate::tls::dane::{Dane, TlsaFit, Unusable};
use crate::tls::proof::{Fault, Proof};

const NOW: i64 = 1_000_000;
const DAY: i64 = 86_400;

fn policy() -> Policy {
    Policy {
        demands: vec![Demand::Any, Demand::One(Measure::Spf), Demand::One(Measure::Dmarc)],
        missing: State::Warning,
        rollover: None,
        accepts_testing: false,
        accepts_none: false,
        expects_null_mx: false,
        on_timeout: State::Unknown,
    }
}

fn record(usage: u8) -> Tlsa {
    Tlsa { usage, selector: 1, matching: 1, data: vec![7; 32] }
}

fn chain(dane: Option<Dane>, fits: Vec<TlsaFit>) -> Presented {
    Presented { leaf: None, fits, dane, proof: Proof::default() }
}

fn host(name: &str, preference: u16) -> MailHost {
    let address = "192.0.2.1".parse().unwrap();
    MailHost {
        name: name.to_owned(),
        preference,
        is_address: false,
        is_alias: false,
        addresses: vec![address],
        unresolved: None,
        validation: Validation::Secure,
        base: name.to_owned(),
        tlsa: TlsaSet::Secure(vec![record(3)]),
        ttl: 60,
        doors: vec![Door {
            address,
            chains: vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits])],
            problem: None,
        }],
    }
}

fn enforced() -> Sts {
    let policy =
        StsPolicy { mode: StsMode::Enforce, max_age: 604_800, mx: vec!["*.a.example".to_owned()] };
    Sts {
        record: Published::Record("1".to_owned()),
        policy: Some(Fetched::Policy(policy, MediaType(Some("text/plain".to_owned())))),
    }
}

/// Two hosts with DANE, a policy, and everything else.
fn good() -> Facts {
    Facts {
        domain: "a.example".to_owned(),
        resolvers: vec!["127.0.0.1:53".parse().unwrap()],
        validates: Some(Validates::Yes),
        destination: Some(Destination::Hosts { has_null: false }),
        validation: Validation::Secure,
        delegation: None,
        hosts: vec![host("mx1.a.example", 10), host("mx2.a.example", 20)],
        left_out: 0,
        one_family: false,
        connects: true,
        sts: Some(enforced()),
        tls_rpt: Some(Reports {
            record: Published::Record(ReportsTo { domains: Vec::new(), uploads: 1 }),
            dead: Vec::new(),
        }),
        spf: Some(Published::Record(SpfSum {
            all: Some(Qualifier::Fail),
            lookups: 1,
            ..SpfSum::default()
        })),
        dmarc: Some(DmarcAt {
            domain: "a.example".to_owned(),
            record: Published::Record(Dmarc {
                p: Wish::Reject,
                sp: None,
                is_testing: false,
                report_domains: vec!["a.example".to_owned()],
            }),
            unwilling: Vec::new(),
        }),
        dkim: Vec::new(),
        signatures: vec![(
            "MX of a.example".to_owned(),
            Rrsig { inception: NOW - DAY, expiration: NOW + 20 * DAY },
        )],
        seconds: Some(0.1),
        cut_short: None,
    }
}

/// What differs from a domain that is well.
type Change = fn(&mut Facts);

fn door(facts: &mut Facts, host: usize) -> &mut Door {
    &mut facts.hosts[host].doors[0]
}

fn unreached(facts: &mut Facts, host: usize, error: ConnectError) {
    let at = "192.0.2.1:25".parse().unwrap();
    let door = door(facts, host);
    door.chains.clear();
    door.problem = Some(NoSession::Unreached(Unreached(vec![(at, error)])));
}

fn no_tls(facts: &mut Facts, host: usize) {
    let door = door(facts, host);
    door.chains.clear();
    door.problem = Some(NoSession::NoStarttls);
}

fn dane(facts: &mut Facts, host: usize, dane: Dane, fit: TlsaFit) {
    door(facts, host).chains = vec![chain(Some(dane), vec![fit])];
}

/// A domain without TLSA records, which MTA-STS alone protects.
fn by_policy(facts: &mut Facts) {
    facts.validation = Validation::Insecure;
    facts.delegation = Some(Delegation::NoDs { has_keys: false });
    facts.signatures.clear();
    for host in &mut facts.hosts {
        host.validation = Validation::Insecure;
        host.tlsa = TlsaSet::None;
        host.doors[0].chains = vec![chain(None, Vec::new())];
    }
}

/// A domain without a policy, which DANE alone protects.
fn by_dane(facts: &mut Facts) {
    facts.sts = Some(Sts { record: Published::None(NoRecord::Absent), policy: None });
}

fn sts(facts: &mut Facts, change: impl FnOnce(&mut StsPolicy, &mut MediaType)) {
    if let Some(Sts { policy: Some(Fetched::Policy(policy, media)), .. }) = &mut facts.sts {
        change(policy, media);
    }
}

fn fetched(facts: &mut Facts, why: NoPolicy) {
    facts.sts =
        Some(Sts { record: Published::Record("1".to_owned()), policy: Some(Fetched::No(why)) });
}

fn spf(facts: &mut Facts, change: impl FnOnce(&mut SpfSum)) {
    if let Some(Published::Record(sum)) = &mut facts.spf {
        change(sum);
    }
}

fn dmarc(facts: &mut Facts, change: impl FnOnce(&mut Dmarc)) {
    if let Some(DmarcAt { record: Published::Record(record), .. }) = &mut facts.dmarc {
        change(record);
    }
}

fn greeting(facts: &mut Facts, code: u16) {
    let reply = Reply { code, lines: vec!["no".to_owned()] };
    let door = door(facts, 0);
    door.chains.clear();
    door.problem = Some(NoSession::Refused(Stage::Greeting, reply));
}

fn ended() -> Vec<Rrsig> {
    vec![Rrsig { inception: 0, expiration: NOW - 1 }]
}

const OK: State = State::Ok;
const WARNING: State = State::Warning;
const CRITICAL: State = State::Critical;
const UNKNOWN: State = State::Unknown;

/// Where mail goes, and what DNSSEC says of it.
const ROUTES: &[(&str, Change, State, &str)] = &[
    ("all is well", |_| {}, OK, "a.example: DNSSEC, DANE, MTA-STS, TLS-RPT, SPF, DMARC"),
    (
        "a resolver that does not validate",
        |f| {
            f.validates = Some(Validates::No(WhyUnvalidated::RootUnproven));
            f.validation = Validation::Unknown;
            for host in &mut f.hosts {
                host.validation = Validation::Unknown;
                host.tlsa = TlsaSet::Unproven(vec![record(3)]);
            }
        },
        UNKNOWN,
        "DNSSEC and DANE unknown: resolver 127.0.0.1 does not validate",
    ),
    (
        "MX bogus",
        |f| {
            f.destination = Some(Destination::Unknown(NoLookup::Bogus(ended())));
            f.hosts.clear();
        },
        CRITICAL,
        "DNSSEC of its MX is bogus (a signature ended 1970-01-12 13:46 UTC)",
    ),
    (
        "refused by a resolver that cannot prove the root",
        |f| f.destination = Some(Destination::Unknown(NoLookup::Doubtful)),
        UNKNOWN,
        "MX unknown: refused by a validating resolver that cannot be relied on",
    ),
    (
        "name servers that do not answer",
        |f| f.destination = Some(Destination::Unknown(NoLookup::ServFail)),
        UNKNOWN,
        "MX unknown: its name servers do not answer our resolver",
    ),
    ("no such domain", |f| f.destination = Some(Destination::NoDomain), CRITICAL, "no such domain"),
    (
        "no host has an address",
        |f| f.hosts.iter_mut().for_each(|host| host.addresses.clear()),
        CRITICAL,
        "MX mx1.a.example has no address",
    ),
    ("null MX", |f| f.destination = Some(Destination::Null), CRITICAL, "a null MX"),
    (
        "null MX beside others",
        |f| f.destination = Some(Destination::Hosts { has_null: true }),
        CRITICAL,
        "a null MX stands beside other MX records",
    ),
    ("MX is an address", |f| f.hosts[1].is_address = true, CRITICAL, "is an address"),
    (
        "no MX but an address",
        |f| f.destination = Some(Destination::Itself),
        WARNING,
        "no MX record: mail goes to the address of the domain itself",
    ),
    (
        "one MX without address",
        |f| {
            f.hosts[1].addresses.clear();
            f.hosts[1].doors.clear();
            f.hosts[1].tlsa = TlsaSet::NotAsked;
        },
        WARNING,
        "MX mx2.a.example has no address",
    ),
    ("MX is a CNAME", |f| f.hosts[1].is_alias = true, WARNING, "MX mx2.a.example is a CNAME"),
    (
        "IPv6 only",
        |f| {
            for host in &mut f.hosts {
                host.addresses = vec!["2001:db8::1".parse().unwrap()];
            }
        },
        WARNING,
        "IPv6 addresses only",
    ),
    ("unsigned, protected by a policy", by_policy, OK, "a.example: MTA-STS, TLS-RPT, SPF, DMARC"),
    (
        "signed with an algorithm nobody knows",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::Ds(vec![200]));
        },
        WARNING,
        "an algorithm that resolvers do not know",
    ),
    (
        "DS there, answers unproven",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::Ds(vec![13]));
        },
        UNKNOWN,
        "the domain is signed, and the resolver does not prove it",
    ),
    (
        "keys without DS, with TLSA",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::NoDs { has_keys: true });
            f.hosts[0].tlsa = TlsaSet::Ignored(vec![record(3)]);
        },
        WARNING,
        "no DS record says so",
    ),
    (
        "a signature near its end",
        |f| f.signatures[0].1.expiration = NOW + DAY / 10,
        WARNING,
        "the signature over MX of a.example ends in 2h 24m",
    ),
    (
        "more hosts than were looked at",
        |f| f.left_out = 980,
        UNKNOWN,
        "only 2 of 982 MX hosts were looked at",
    ),
];

/// TLSA records and what servers show.
const DANE: &[(&str, Change, State, &str)] = &[
    ("DANE alone", by_dane, OK, "DNSSEC, DANE, TLS-RPT, SPF, DMARC"),
    (
        "records at some hosts only",
        |f| {
            by_dane(f);
            f.hosts[1].tlsa = TlsaSet::None;
        },
        WARNING,
        "mx2.a.example has no TLSA record, other MX hosts have",
    ),
    (
        "unsigned records",
        |f| f.hosts[1].tlsa = TlsaSet::Ignored(vec![record(3)]),
        WARNING,
        "TLSA of mx2.a.example is ignored",
    ),
    (
        "bogus records at the best host",
        |f| f.hosts[0].tlsa = TlsaSet::Failed(NoLookup::Bogus(ended())),
        CRITICAL,
        "TLSA of mx1.a.example is bogus",
    ),
    (
        "bogus records at a backup",
        |f| f.hosts[1].tlsa = TlsaSet::Failed(NoLookup::Bogus(ended())),
        WARNING,
        "TLSA of mx2.a.example is bogus",
    ),
    (
        "records that name servers do not hand out",
        |f| f.hosts[0].tlsa = TlsaSet::Failed(NoLookup::ServFail),
        UNKNOWN,
        "TLSA of mx1.a.example unknown, and senders with DANE wait",
    ),
    (
        "no record matches at the best host",
        |f| dane(f, 0, Dane::Mismatch, TlsaFit::Differs),
        CRITICAL,
        "TLSA of mx1.a.example does not match its certificate",
    ),
    (
        "no record matches at a backup",
        |f| dane(f, 1, Dane::Mismatch, TlsaFit::Differs),
        WARNING,
        "TLSA of mx2.a.example does not match its certificate",
    ),
    (
        "no record matches at all hosts of equal rank",
        |f| {
            f.hosts[1].preference = 10;
            dane(f, 1, Dane::Mismatch, TlsaFit::Differs);
        },
        CRITICAL,
        "TLSA of mx2.a.example does not match its certificate",
    ),
    (
        "an authority whose certificate is for another name",
        |f| {
            let fault = Fault::OtherName { name: "mx1".to_owned(), whom: "b.example".to_owned() };
            dane(f, 0, Dane::Mismatch, TlsaFit::Unproven(fault));
        },
        CRITICAL,
        "(certificate is for b.example, not for mx1)",
    ),
    (
        "the second certificate is not named",
        |f| {
            let other = chain(Some(Dane::Mismatch), vec![TlsaFit::Differs]);
            door(f, 0).chains.push(other);
        },
        CRITICAL,
        "does not match its certificate",
    ),
    (
        "another combination fits nothing",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3), record(2)]);
            door(f, 0).chains =
                vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits, TlsaFit::Differs])];
        },
        WARNING,
        "TLSA 2 1 1 of mx1.a.example fits nothing the server shows",
    ),
    (
        "the next key beside the present one",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3), record(3)]);
            door(f, 0).chains =
                vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits, TlsaFit::Differs])];
        },
        OK,
        "DANE",
    ),
    (
        "records nobody can use",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(1)]);
            dane(f, 0, Dane::Unusable, TlsaFit::Unusable(Unusable::Usage(1)));
        },
        WARNING,
        "no sender can use the TLSA records of mx1.a.example (certificate usage 1 is not for mail)",
    ),
    (
        "records nobody can use, and no TLS",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(1)]);
            no_tls(f, 0);
        },
        CRITICAL,
        "TLSA of mx1.a.example demands TLS",
    ),
    (
        "TLSA but no STARTTLS",
        |f| {
            by_dane(f);
            no_tls(f, 0);
        },
        CRITICAL,
        "TLSA of mx1.a.example demands TLS, and mx1.a.example does not do it",
    ),
    (
        "an expired certificate that is named itself",
        |f| {
            by_dane(f);
            door(f, 0).chains[0].proof.refuse(Fault::Expired(DAY));
        },
        OK,
        "DANE",
    ),
    (
        "MX unsigned, records signed",
        |f| {
            by_dane(f);
            f.validation = Validation::Insecure;
            f.delegation = Some(Delegation::NoDs { has_keys: false });
        },
        WARNING,
        "its MX records are not signed",
    ),
    (
        "MX unsigned, signed records do not match",
        |f| {
            f.validation = Validation::Insecure;
            dane(f, 0, Dane::Mismatch, TlsaFit::Differs);
        },
        CRITICAL,
        "does not match its certificate",
    ),
];

/// Servers that answer or do not.
const DOORS: &[(&str, Change, State, &str)] = &[
    (
        "port 25 silent everywhere",
        |f| {
            unreached(f, 0, ConnectError::Silent);
            unreached(f, 1, ConnectError::Silent);
        },
        UNKNOWN,
        "no mail server answers on port 25",
    ),
    (
        "port 25 refused everywhere",
        |f| {
            unreached(f, 0, ConnectError::Refused);
            unreached(f, 1, ConnectError::Refused);
        },
        CRITICAL,
        "mx1.a.example takes no mail: connection refused",
    ),
    (
        "the backup refuses",
        |f| unreached(f, 1, ConnectError::Refused),
        WARNING,
        "mx2.a.example takes no mail: connection refused",
    ),
    (
        "421",
        |f| greeting(f, 421),
        UNKNOWN,
        "certificate of mx1.a.example unknown: greeting was 421 no",
    ),
    ("554", |f| greeting(f, 554), UNKNOWN, "certificate of mx1.a.example unknown"),
    (
        "no STARTTLS, and nothing demands it",
        |f| {
            by_policy(f);
            by_dane(f);
            no_tls(f, 0);
        },
        WARNING,
        "mx1.a.example does not encrypt (STARTTLS is not offered): mail goes in the clear",
    ),
];

/// MTA-STS and TLS reports.
const STS: &[(&str, Change, State, &str)] = &[
    (
        "no policy and no records",
        |f| {
            by_policy(f);
            by_dane(f);
        },
        WARNING,
        "neither DANE nor MTA-STS protects mail to it",
    ),
    (
        "record twice",
        |f| f.sts = Some(Sts { record: Published::None(NoRecord::Several(2)), policy: None }),
        WARNING,
        "the MTA-STS record is void: there are 2, which count as none",
    ),
    ("301", |f| fetched(f, NoPolicy::Status(301)), WARNING, "answered with HTTP status 301"),
    (
        "bad certificate",
        |f| fetched(f, NoPolicy::Certificate("it has expired".to_owned())),
        WARNING,
        "the certificate does not count: it has expired",
    ),
    (
        "bad syntax",
        |f| fetched(f, NoPolicy::Syntax(StsFault::EmptyLine(3))),
        WARNING,
        "line 3 is empty",
    ),
    (
        "policy host not looked up",
        |f| fetched(f, NoPolicy::Unresolved(NoLookup::ServFail)),
        UNKNOWN,
        "MTA-STS policy of mta-sts.a.example unknown",
    ),
    ("policy host silent", |f| fetched(f, NoPolicy::Silent), UNKNOWN, "no answer in time"),
    (
        "policy host absent",
        |f| fetched(f, NoPolicy::NoHost("mta-sts.a.example".to_owned())),
        WARNING,
        "has no address",
    ),
    ("policy host refuses", |f| fetched(f, NoPolicy::Refused), WARNING, "nobody listens"),
    (
        "enforce, MX not named",
        |f| sts(f, |policy, _| policy.mx = vec!["mx2.a.example".to_owned()]),
        CRITICAL,
        "the MTA-STS policy does not name MX mx1.a.example: senders with MTA-STS cannot deliver",
    ),
    (
        "enforce, backup not named",
        |f| sts(f, |policy, _| policy.mx = vec!["mx1.a.example".to_owned()]),
        WARNING,
        "the MTA-STS policy does not name MX mx2.a.example",
    ),
    (
        "enforce, certificate not trusted",
        |f| door(f, 0).chains[0].proof.refuse(Fault::SelfSigned),
        CRITICAL,
        "certificate of mx1.a.example does not count for MTA-STS: certificate is self-signed",
    ),
    (
        "enforce, no STARTTLS",
        |f| {
            by_policy(f);
            no_tls(f, 0);
        },
        CRITICAL,
        "the MTA-STS policy demands TLS, and mx1.a.example does not do it",
    ),
    (
        "testing, MX not named",
        |f| {
            sts(f, |policy, _| {
                policy.mode = StsMode::Testing;
                policy.mx = vec!["mx2.a.example".to_owned()];
            });
        },
        WARNING,
        "does not name MX mx1.a.example: senders report it",
    ),
    ("testing", |f| sts(f, |policy, _| policy.mode = StsMode::Testing), WARNING, "in mode testing"),
    ("none", |f| sts(f, |policy, _| policy.mode = StsMode::None), WARNING, "in mode none"),
    ("short max_age", |f| sts(f, |policy, _| policy.max_age = 86_399), WARNING, "for 86399 s only"),
    (
        "long max_age",
        |f| sts(f, |policy, _| policy.max_age = 31_557_601),
        WARNING,
        "is above 31557600",
    ),
    (
        "media type",
        |f| sts(f, |_, media| media.0 = Some("text/html".to_owned())),
        WARNING,
        "is text/html, not text/plain",
    ),
    (
        "media type with a character set",
        |f| sts(f, |_, media| media.0 = Some("text/plain; charset=utf-8".to_owned())),
        OK,
        "MTA-STS",
    ),
    (
        "no TLS-RPT",
        |f| f.tls_rpt.as_mut().unwrap().record = Published::None(NoRecord::Absent),
        OK,
        "a.example: DNSSEC, DANE, MTA-STS, SPF, DMARC",
    ),
    (
        "TLS-RPT twice",
        |f| f.tls_rpt.as_mut().unwrap().record = Published::None(NoRecord::Several(2)),
        WARNING,
        "the TLS-RPT record is void",
    ),
    (
        "nobody reads TLS reports",
        |f| f.tls_rpt.as_mut().unwrap().dead.push("b.example".to_owned()),
        WARNING,
        "TLS reports go to b.example, which takes no mail",
    ),
];

/// SPF, DMARC and DKIM.
const TEXTS: &[(&str, Change, State, &str)] = &[
    (
        "no SPF",
        |f| f.spf = Some(Published::None(NoRecord::Absent)),
        WARNING,
        "no SPF: there is none",
    ),
    ("SPF twice", |f| f.spf = Some(Published::None(NoRecord::Several(2))), CRITICAL, "SPF is void"),
    (
        "SPF includes a domain without",
        |f| spf(f, |sum| sum.fault = Some(("b.example".to_owned(), NoRecord::Absent))),
        CRITICAL,
        "SPF is void for every reader: of b.example: there is none",
    ),
    ("SPF of 11 look-ups", |f| spf(f, |sum| sum.lookups = 11), CRITICAL, "more than 10 look-ups"),
    ("SPF of 10 look-ups", |f| spf(f, |sum| sum.lookups = 10), WARNING, "SPF takes 10 of 10"),
    ("SPF of 8 look-ups", |f| spf(f, |sum| sum.lookups = 8), OK, "SPF"),
    (
        "+all",
        |f| spf(f, |sum| sum.open = Some("b.example".to_owned())),
        CRITICAL,
        "allows everybody",
    ),
    ("?all", |f| spf(f, |sum| sum.all = Some(Qualifier::Neutral)), WARNING, "(?all)"),
    ("no all", |f| spf(f, |sum| sum.all = None), WARNING, "it ends without all"),
    ("~all", |f| spf(f, |sum| sum.all = Some(Qualifier::SoftFail)), OK, "SPF"),
    ("ptr", |f| spf(f, |sum| sum.has_ptr = true), WARNING, "SPF asks with ptr"),
    (
        "three void look-ups",
        |f| spf(f, |sum| sum.voids = 3),
        WARNING,
        "3 terms of SPF lead nowhere",
    ),
    (
        "SPF not looked up",
        |f| f.spf = Some(Published::Unknown(NoLookup::ServFail)),
        UNKNOWN,
        "SPF unknown",
    ),
    (
        "no DMARC",
        |f| f.dmarc.as_mut().unwrap().record = Published::None(NoRecord::Absent),
        WARNING,
        "no DMARC: there is none",
    ),
    (
        "DMARC twice",
        |f| f.dmarc.as_mut().unwrap().record = Published::None(NoRecord::Several(2)),
        WARNING,
        "DMARC is void",
    ),
    (
        "p=none",
        |f| dmarc(f, |record| record.p = Wish::None),
        WARNING,
        "DMARC asks for nothing (p=none)",
    ),
    ("t=y", |f| dmarc(f, |record| record.is_testing = true), WARNING, "DMARC is only tested"),
    ("sp=none", |f| dmarc(f, |record| record.sp = Some(Wish::None)), WARNING, "(sp=none)"),
    (
        "no rua",
        |f| dmarc(f, |record| record.report_domains.clear()),
        WARNING,
        "names nobody for reports",
    ),
    (
        "rua elsewhere without consent",
        |f| f.dmarc.as_mut().unwrap().unwilling.push("b.example".to_owned()),
        WARNING,
        "DMARC reports to b.example are dropped",
    ),
    (
        "DKIM key missing",
        |f| f.dkim.push(("s1".to_owned(), Some(Published::None(NoRecord::Absent)))),
        CRITICAL,
        "DKIM key s1 is void for every reader: there is none",
    ),
    (
        "short DKIM key",
        |f| {
            let key = DkimKey { rsa_bits: Some(1024), is_testing: false };
            f.dkim.push(("s1".to_owned(), Some(Published::Record(key))));
        },
        WARNING,
        "DKIM key s1 is RSA 1024",
    ),
    (
        "DKIM tested",
        |f| {
            let key = DkimKey { rsa_bits: None, is_testing: true };
            f.dkim.push(("s1".to_owned(), Some(Published::Record(key))));
        },
        WARNING,
        "DKIM key s1 is only tested",
    ),
];

#[test]
fn each_row_of_verdicts_has_its_state_and_is_named() {
    for (case, change, state, text) in
        ROUTES.iter().chain(DANE).chain(DOORS).chain(STS).chain(TEXTS)
    {
        let mut facts = good();
        change(&mut facts);
        let report = evaluate(&facts, &policy(), NOW);
        let all = report.all_findings();
        assert_eq!(report.state(), *state, "{case}: {all}");
        assert!(all.contains(text), "{case}: {all}");
        // A problem says what to do, unless there is nothing.
        assert!(*state != CRITICAL || report.next_step().is_some(), "{case}: {all}");
    }
}

#[test]
fn what_is_asked_for_decides_what_its_lack_means() {
    let demand =
        |demands: &[Demand], missing| Policy { demands: demands.to_vec(), missing, ..policy() };
    let mut bare = good();
    by_policy(&mut bare);
    by_dane(&mut bare);
    for (demands, state) in [
        (&[Demand::None][..], OK),
        (&[Demand::One(Measure::Spf)], OK),
        (&[Demand::Any], CRITICAL),
        (&[Demand::One(Measure::Dane)], CRITICAL),
        (&[Demand::One(Measure::Dnssec)], CRITICAL),
        (&[Demand::One(Measure::TlsRpt)], OK),
    ] {
        let report = evaluate(&bare, &demand(demands, CRITICAL), NOW);
        assert_eq!(report.state(), state, "{demands:?}: {}", report.all_findings());
    }
    let mut tested = good();
    sts(&mut tested, |policy, _| policy.mode = StsMode::Testing);
    dmarc(&mut tested, |record| record.p = Wish::None);
    let tolerant = Policy { accepts_testing: true, accepts_none: true, ..policy() };
    assert_eq!(evaluate(&tested, &tolerant, NOW).state(), OK);
    let mut null = good();
    null.destination = Some(Destination::Null);
    null.hosts.clear();
    null.sts = None;
    let expected = Policy { expects_null_mx: true, ..policy() };
    assert_eq!(evaluate(&null, &expected, NOW).state(), OK);
    assert_eq!(evaluate(&good(), &expected, NOW).state(), CRITICAL);
}

#[test]
fn nothing_that_was_not_looked_at_is_ok() {
    for (case, change) in [
        ("a server that was not called", (|f| f.hosts[0].doors.clear()) as Change),
        ("one address of two", |f| f.hosts[0].addresses.push("192.0.2.2".parse().unwrap())),
        ("a second certificate", |f| door(f, 0).problem = Some(NoSession::OutOfTime)),
        ("texts", |f| f.spf = None),
        ("the policy", |f| {
            by_policy(f);
            f.sts = None;
        }),
        ("TLSA", |f| f.hosts[0].tlsa = TlsaSet::NotAsked),
        ("everything", |f| {
            f.destination = None;
            f.hosts.clear();
        }),
    ] {
        let mut facts = good();
        if case != "the policy" {
            by_dane(&mut facts);
        }
        change(&mut facts);
        let report = evaluate(&facts, &policy(), NOW);
        assert_eq!(report.state(), UNKNOWN, "{case}: {}", report.all_findings());
    }
}
