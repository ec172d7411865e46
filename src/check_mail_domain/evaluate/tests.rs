//! Each row of verdicts, on facts made by hand; the state is that of the whole report.

#[path = "tests/dane.rs"]
mod dane_rows;
mod routes;
mod texts;

use super::*;
use crate::check_mail_domain::facts::{
    Call, Delegation, DmarcAt, MailHost, Presented, Reports, SpfSum, Sts, TlsChoice, TlsLook,
    TlsSubject, TlsaSet,
};
use crate::check_mail_domain::policy::{Measure, Requirement};
use crate::connection::ConnectError;
use crate::dns::{NoLookup, Rrsig, ServerFault, Tlsa, Validates, Validation, WhyUnvalidated};
use crate::monitoring::State;
use crate::published::NoRecord;
use crate::published::dkim::DkimKey;
use crate::published::dmarc::{Dmarc, Wish};
use crate::published::mta_sts::{StsFault, StsMode, StsPolicy};
use crate::published::policy_file::{MediaType, NoPolicy};
use crate::published::spf::Qualifier;
use crate::published::tls_rpt::ReportsTo;
use crate::smtp::{Reply, Stage};
use crate::smtp_client::{NoSession, Unreached};
use crate::tls::certificate::{self, Certificate};
use crate::tls::dane::{Dane, TlsaFit, Unusable};
use crate::tls::proof::{Fault, Proof};

const NOW: i64 = 1_000_000;
const DAY: i64 = 86_400;

fn policy() -> Policy {
    Policy {
        requirements: vec![
            Requirement::Any,
            Requirement::One(Measure::Spf),
            Requirement::One(Measure::Dmarc),
        ],
        missing: State::Warning,
        rollover: None,
        accepts_testing: false,
        accepts_none: false,
        expects_null_mx: false,
        rates_tls: false,
        on_timeout: State::Unknown,
    }
}

fn record(usage: u8) -> Tlsa {
    Tlsa { usage, selector: 1, matching: 1, data: vec![7; 32] }
}

/// A certificate with a key of ECDSA.
fn leaf() -> Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["mx1.a.example".to_owned()]).unwrap();
    certificate::read(params.self_signed(&key).unwrap().der()).unwrap()
}

fn chain(dane: Option<Dane>, fits: Vec<TlsaFit>) -> Presented {
    Presented {
        leaf: None,
        above: Vec::new(),
        fits,
        dane,
        lone_issuer: None,
        proof: Proof::default(),
    }
}

fn host(name: &str, preference: u16) -> MailHost {
    let address = "192.0.2.1".parse().unwrap();
    MailHost {
        name: name.to_owned(),
        preference,
        is_address: false,
        is_alias: false,
        addresses: vec![address],
        left_out: 0,
        unresolved: None,
        validation: Validation::Secure,
        base: name.to_owned(),
        tlsa: TlsaSet::Secure(vec![record(3)]),
        ttl: 60,
        calls: vec![Call {
            address,
            chains: vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits])],
            problem: None,
            tls: None,
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
        alias_of: None,
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

fn call(facts: &mut Facts, host: usize) -> &mut Call {
    &mut facts.hosts[host].calls[0]
}

fn unreached(facts: &mut Facts, host: usize, error: ConnectError) {
    let at = "192.0.2.1:25".parse().unwrap();
    let call = call(facts, host);
    call.chains.clear();
    call.problem = Some(NoSession::Unreached(Unreached(vec![(at, error)])));
}

fn no_tls(facts: &mut Facts, host: usize) {
    let call = call(facts, host);
    call.chains.clear();
    call.problem = Some(NoSession::NoStarttls);
}

fn dane(facts: &mut Facts, host: usize, dane: Dane, fit: TlsaFit) {
    call(facts, host).chains = vec![chain(Some(dane), vec![fit])];
}

/// A domain without TLSA records, which MTA-STS alone protects.
fn by_policy(facts: &mut Facts) {
    facts.validation = Validation::Insecure;
    facts.delegation = Some(Delegation::NoDs { has_keys: false });
    facts.signatures.clear();
    for host in &mut facts.hosts {
        host.validation = Validation::Insecure;
        host.tlsa = TlsaSet::None;
        host.calls[0].chains = vec![chain(None, Vec::new())];
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
    let call = call(facts, 0);
    call.chains.clear();
    call.problem = Some(NoSession::Refused(Stage::Greeting, reply));
}

fn ended() -> Vec<Rrsig> {
    vec![Rrsig { inception: 0, expiration: NOW - 1 }]
}

const OK: State = State::Ok;
const WARNING: State = State::Warning;
const CRITICAL: State = State::Critical;
const UNKNOWN: State = State::Unknown;

#[test]
fn each_row_of_verdicts_has_its_state_and_is_named() {
    for (case, change, state, text) in
        [routes::ROUTES, dane_rows::DANE, routes::CALLS, texts::STS, texts::TEXTS]
            .into_iter()
            .flatten()
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
    let requirement = |requirements: &[Requirement], missing| Policy {
        requirements: requirements.to_vec(),
        missing,
        ..policy()
    };
    let mut bare = good();
    by_policy(&mut bare);
    by_dane(&mut bare);
    for (requirements, state) in [
        (&[Requirement::None][..], OK),
        (&[Requirement::One(Measure::Spf)], OK),
        (&[Requirement::Any], CRITICAL),
        (&[Requirement::One(Measure::Dane)], CRITICAL),
        (&[Requirement::One(Measure::Dnssec)], CRITICAL),
        (&[Requirement::One(Measure::TlsRpt)], OK),
    ] {
        let report = evaluate(&bare, &requirement(requirements, CRITICAL), NOW);
        assert_eq!(report.state(), state, "{requirements:?}: {}", report.all_findings());
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
fn a_certificate_near_its_end_wants_the_record_of_the_next_one() {
    let policy = Policy { rollover: Some(std::time::Duration::from_secs(14 * 86_400)), ..policy() };
    for (days, records, state) in [(20, 1, OK), (10, 1, WARNING), (10, 2, OK)] {
        let mut facts = good();
        let mut leaf = leaf();
        leaf.not_after = NOW + days * DAY;
        facts.hosts[0].tlsa = TlsaSet::Secure(vec![record(3); records]);
        let chain = &mut call(&mut facts, 0).chains[0];
        chain.fits = vec![TlsaFit::Fits; records];
        chain.leaf = Some(leaf);
        let report = evaluate(&facts, &policy, NOW);
        assert_eq!(report.state(), state, "{days}: {}", report.all_findings());
    }
}

/// What differs from a look that found nothing bad.
type LookChange = fn(&mut TlsLook);

#[test]
fn tls_is_rated_where_that_is_asked_for() {
    let rating = Policy { rates_tls: true, ..policy() };
    let choice = TlsChoice {
        version: 0x0303,
        suite: 0xc02f,
        group: Some(0x001d),
        prime: None,
        signature: Some(0x0804),
        compression: false,
        secure_renegotiation: true,
        extended_master_secret: true,
    };
    let cases: [(&str, LookChange, State, &str); 9] = [
        ("sound", |_| {}, OK, "DANE"),
        ("SSLv2", |look| look.speaks_ssl2 = true, CRITICAL, "insufficient by NCSC-NL: SSLv2"),
        ("old", |look| look.choices[0].version = 0x0301, CRITICAL, "NCSC-NL: TLS 1.0"),
        ("CBC", |look| look.choices[0].suite = 0xc027, WARNING, "phased out by NCSC-NL: TLS_ECDHE"),
        ("P-224", |look| look.choices[0].group = Some(0x15), WARNING, "NCSC-NL: P-224"),
        (
            "a named prime",
            |look| look.choices[0].prime = Some((3072, Some(0x0101))),
            WARNING,
            "NCSC-NL: ffdhe3072",
        ),
        ("compression", |look| look.choices[0].compression = true, CRITICAL, "compression"),
        (
            "no extended master secret",
            |look| look.choices[0].extended_master_secret = false,
            CRITICAL,
            "no extended master secret",
        ),
        (
            "a question without an answer",
            |look| look.unknown.push((TlsSubject::Curves, NoSession::OutOfTime)),
            UNKNOWN,
            "TLS of mx1.a.example is not known whole: no time left",
        ),
    ];
    for (case, change, state, text) in cases {
        let mut facts = good();
        let mut look = TlsLook { choices: vec![choice.clone()], ..TlsLook::default() };
        change(&mut look);
        call(&mut facts, 0).tls = Some(look);
        let report = evaluate(&facts, &rating, NOW);
        assert_eq!(report.state(), state, "{case}: {}", report.all_findings());
        assert!(report.all_findings().contains(text), "{case}: {}", report.all_findings());
        assert_eq!(evaluate(&facts, &policy(), NOW).state(), OK, "{case}, and nobody asked");
    }
}

#[test]
fn nothing_that_was_not_looked_at_is_ok() {
    for (case, change) in [
        ("a server that was not called", (|f| f.hosts[0].calls.clear()) as Change),
        ("one address of two", |f| f.hosts[0].addresses.push("192.0.2.2".parse().unwrap())),
        ("an address too many", |f| f.hosts[0].left_out = 1),
        ("a second certificate", |f| call(f, 0).problem = Some(NoSession::OutOfTime)),
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
