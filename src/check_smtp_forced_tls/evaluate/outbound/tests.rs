use std::time::Duration;

use super::*;
use crate::check_smtp_forced_tls::evaluate::evaluate;
use crate::check_smtp_forced_tls::facts::{Facts, NoMx, Standards};
use crate::connection::ResolveError;
use crate::monitoring::render::{Format, render};
use crate::program::OutOfTime;
use crate::tls::Protocol;
use crate::tls::anchored::NoAnchors;
use crate::tls::proof::{Fault, Proof, Unproven};

const POLICY: Policy = Policy {
    allow_temporary: false,
    require_valid: false,
    verify: false,
    on_timeout: State::Unknown,
};

#[track_caller]
fn expect(case: &str, facts: &Facts, policy: &Policy, state: State, text: &str) {
    let report = evaluate(facts, policy);
    assert_eq!(report.state(), state, "{case}: {}", report.all_findings());
    assert!(
        report.all_findings().contains(text),
        "{case}: {text:?} expected: {}",
        report.all_findings()
    );
}

fn partner(mx: Mx, hosts: &[(&str, Contact)]) -> Partner {
    let hosts = hosts
        .iter()
        .map(|(name, contact)| Host { name: (*name).to_owned(), contact: contact.clone() });
    Partner {
        domain: "p.example".to_owned(),
        relay_host: None,
        way: Security::Tls,
        port: 465,
        mx: Some(mx),
        hosts: hosts.collect(),
        not_looked_at: 0,
        standards: Standards::default(),
    }
}

fn names(names: &[&str]) -> Mx {
    Mx::Hosts(names.iter().map(ToString::to_string).collect())
}

fn good() -> Contact {
    with_proof(&[], None)
}

fn with_proof(faults: &[Fault], unknown: Option<Unproven>) -> Contact {
    Contact::Tls { version: Protocol::Tls13, proof: Proof { faults: faults.to_vec(), unknown } }
}

fn outbound(partner: Partner) -> Facts {
    Facts {
        inbound: None,
        canary: None,
        partners: vec![partner],
        seconds: Some(0.5),
        cut_short: None,
    }
}

#[test]
fn what_forces_all_senders_is_said_and_changes_no_verdict() {
    for (dane, mta_sts, text) in [
        (Some(true), Some(true), "with TLS on 465; forced by standard (DANE, MTA-STS)"),
        (Some(true), None, "forced by standard (DANE)"),
        (Some(false), Some(true), "forced by standard (MTA-STS)"),
        (Some(false), Some(false), "with TLS on 465"),
        (None, None, "with TLS on 465"),
    ] {
        let mut good = partner(names(&["a"]), &[("a", good())]);
        good.standards = Standards { dane, mta_sts };
        expect(text, &outbound(good.clone()), &POLICY, State::Ok, text);
        let is_said =
            evaluate(&outbound(good.clone()), &POLICY).all_findings().contains("forced by");
        assert_eq!(is_said, text.contains("forced by"));
        good.relay_host = Some("b".to_owned());
        expect(text, &outbound(good), &POLICY, State::Warning, "b is no longer an MX");
    }
}

#[test]
fn the_way_to_a_partner_is_judged_by_all_its_hosts() {
    let failed = || {
        Contact::NoSession(NoSession::Unresolved(ResolveError::NoName("no such name".to_owned())))
    };
    let unknown = || Contact::NoSession(NoSession::Unresolved(ResolveError::Unanswered));
    let two = || names(&["a", "b"]);
    let expired = || with_proof(&[Fault::Expired(3 * 86_400)], None);
    for (case, partner, state, text) in [
        (
            "one",
            partner(names(&["a"]), &[("a", good())]),
            State::Ok,
            "p.example reachable: its mail exchanger with TLS on 465",
        ),
        (
            "all",
            partner(two(), &[("a", good()), ("b", good())]),
            State::Ok,
            "all 2 mail exchangers",
        ),
        ("no MX", partner(Mx::Implicit, &[("p.example", good())]), State::Ok, "reachable"),
        (
            "some",
            partner(two(), &[("a", good()), ("b", failed())]),
            State::Warning,
            "p.example: mail may queue: b: no such name (1 of 2 MX)",
        ),
        (
            "none",
            partner(two(), &[("a", failed()), ("b", failed())]),
            State::Critical,
            "p.example: mail would queue: a: no such name (and 1 more)",
        ),
        (
            "failed and unknown",
            partner(two(), &[("a", failed()), ("b", unknown())]),
            State::Warning,
            "mail may queue: a: no such name (1 of 2 MX); b: Temporary",
        ),
        (
            "unknown",
            partner(two(), &[("a", good()), ("b", unknown())]),
            State::Unknown,
            "p.example: b: Temporary failure",
        ),
        (
            "DNS is silent",
            partner(Mx::Unknown(NoMx::Silent), &[]),
            State::Unknown,
            "p.example: MX unknown: no answer",
        ),
        ("NXDOMAIN", partner(Mx::NoDomain, &[]), State::Unknown, "p.example: no such domain"),
        (
            "null MX",
            partner(Mx::Null, &[]),
            State::Critical,
            "p.example: takes no mail at all (null MX)",
        ),
        (
            "no proof",
            partner(two(), &[("a", good()), ("b", expired())]),
            State::Warning,
            "p.example: b: certificate expired 3d ago (1 of 2 hosts)",
        ),
        (
            "no anchors",
            partner(
                names(&["a"]),
                &[("a", with_proof(&[], Some(Unproven::NoAnchors(NoAnchors::System))))],
            ),
            State::Unknown,
            "trust unknown: this system has no trusted",
        ),
    ] {
        expect(case, &outbound(partner), &POLICY, state, text);
    }
    let strict = Policy { require_valid: true, ..POLICY };
    let facts = outbound(partner(names(&["a"]), &[("a", expired())]));
    expect("must be valid", &facts, &strict, State::Critical, "a: certificate expired 3d ago");
}

#[test]
fn what_was_not_looked_at_is_no_pass() {
    let mut many = partner(names(&["a", "b"]), &[("a", good())]);
    many.not_looked_at = 30;
    expect(
        "too many",
        &outbound(many.clone()),
        &POLICY,
        State::Unknown,
        "only 20 of 31 MX were tested",
    );
    many.hosts[0].contact = Contact::IsAddress;
    expect(
        "and failed",
        &outbound(many),
        &POLICY,
        State::Warning,
        "mail may queue: a: an address, which an MX must not be (RFC 5321 section 5.1) (1 of 31 MX)",
    );
    let mut facts = outbound(partner(Mx::Implicit, &[]));
    facts.partners[0].mx = None;
    facts.cut_short =
        Some(OutOfTime::Limit { limit: Duration::from_secs(30), stage: "looking".to_owned() });
    expect("cut short", &facts, &POLICY, State::Unknown, "timed out after 30s");
    let policy = Policy { on_timeout: State::Critical, ..POLICY };
    expect("as wanted", &facts, &policy, State::Critical, "timed out after 30s");
}

#[test]
fn the_host_of_a_rule_must_be_an_mx_still() {
    let mut seen = partner(names(&["a", "b"]), &[("B.", good())]);
    seen.relay_host = Some("B.".to_owned());
    expect(
        "still",
        &outbound(seen.clone()),
        &POLICY,
        State::Ok,
        "p.example reachable: B. with TLS on 465",
    );
    seen.mx = Some(names(&["new", "newer"]));
    expect(
        "no more",
        &outbound(seen.clone()),
        &POLICY,
        State::Warning,
        "p.example: B is no longer an MX; current MX: new",
    );
    seen.mx = Some(Mx::Unknown(NoMx::Rcode(2)));
    expect(
        "not known",
        &outbound(seen),
        &POLICY,
        State::Unknown,
        "MX unknown: DNS answers SERVFAIL",
    );
}

#[test]
fn without_a_domain_nothing_is_counted() {
    let facts = outbound(partner(Mx::Null, &[]));
    let text = render("SMTP FORCED TLS", &evaluate(&facts, &POLICY), Format::Nagios, 0);
    assert!(!text.contains("domains="), "not asked for is not zero: {text}");
}
