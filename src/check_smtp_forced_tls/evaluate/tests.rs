use super::*;
use crate::check_smtp_forced_tls::facts::{
    Answer, Inbound, LastStage, Leg, Problem, Refusal, Role, Sender,
};
use crate::monitoring::State;
use crate::monitoring::render::{Format, render};
use crate::smtp::Command;
use crate::smtp_client::Security;

const POLICY: Policy = Policy {
    allow_temporary: false,
    require_valid: false,
    verify: false,
    on_timeout: State::Unknown,
};

mod whole;

#[expect(clippy::unnecessary_wraps, reason = "an answer that may be missing, as ACCEPTED is")]
fn refused(code: u16, text: &str) -> Option<Answer> {
    Some(Answer::Refused(Refusal { at: Command::Rcpt, code, text: text.to_owned() }))
}

const ACCEPTED: Option<Answer> = Some(Answer::Accepted);

/// The answers in the clear, over STARTTLS and over TLS.
type Answers = [Option<Answer>; 3];

fn sender(domain: &str, role: Role, answers: Answers) -> Sender {
    let mut sender = Sender::new(format!("postmaster@{domain}"), domain, role);
    let ways = [Security::Clear, Security::Starttls, Security::Tls];
    for (way, answer) in ways.into_iter().zip(answers) {
        sender.answers.extend(answer.map(|answer| (way, answer)));
    }
    sender
}

fn leg(way: Security, problem: Option<Problem>) -> Leg {
    Leg {
        way,
        port: if way == Security::Tls { 465 } else { 25 },
        connections: 1,
        proof: None,
        problem,
    }
}

fn inbound(senders: Vec<Sender>, legs: Vec<Leg>) -> Facts {
    Facts {
        canary: None,
        inbound: Some(Inbound {
            host: "mail".to_owned(),
            recipient: "test@own.example".to_owned(),
            stage: LastStage::Rcpt,
            senders,
            legs,
        }),
        partners: Vec::new(),
        seconds: Some(0.5),
        cut_short: None,
    }
}

/// Facts about one domain, with its upper-case variant answered like itself.
fn one(answers: Answers) -> Facts {
    let clear = [answers[0].clone(), None, None];
    inbound(
        vec![
            sender("x.example", Role::Domain, answers),
            sender("x.example", Role::UpperCase, clear),
        ],
        vec![leg(Security::Clear, None), leg(Security::Starttls, None), leg(Security::Tls, None)],
    )
}

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

#[test]
fn a_domain_is_judged_by_what_its_answers_prove() {
    let no = || refused(550, "5.7.1 no");
    let tls = || refused(450, "4.7.1 Session encryption is required");
    let grey = || refused(451, "Temporary rejected by greylisting");
    for (case, answers, state, text) in [
        ("enforced", [no(), ACCEPTED, None], State::Ok, "x.example enforced (550 at RCPT)"),
        ("enforced, three ways", [no(), ACCEPTED, ACCEPTED], State::Ok, "enforced"),
        ("only implicit TLS answered", [no(), None, ACCEPTED], State::Ok, "enforced"),
        ("softly", [tls(), ACCEPTED, None], State::Warning, "softly enforced (450 at RCPT)"),
        ("greylisting", [grey(), ACCEPTED, None], State::Unknown, "undecided: 451 Temporary"),
        ("greylisting everywhere", [grey(), grey(), grey()], State::Unknown, "undecided: 451"),
        (
            "another reason",
            [no(), no(), None],
            State::Unknown,
            "refused over STARTTLS too: 550 5.7.1 no",
        ),
        (
            "another reason, three ways",
            [no(), no(), no()],
            State::Unknown,
            "refused over STARTTLS too",
        ),
        (
            "STARTTLS does not count",
            [no(), no(), ACCEPTED],
            State::Critical,
            "shut out: STARTTLS is not counted",
        ),
        ("the same softly", [tls(), tls(), ACCEPTED], State::Critical, "shut out"),
        (
            "softly for another reason",
            [tls(), tls(), None],
            State::Unknown,
            "refused over STARTTLS too: 450",
        ),
        (
            "another code over STARTTLS",
            [no(), refused(553, "x"), ACCEPTED],
            State::Unknown,
            "STARTTLS too: 553",
        ),
        (
            "greylisted over STARTTLS",
            [no(), grey(), None],
            State::Unknown,
            "refused over STARTTLS too: 451",
        ),
        (
            "refused on 465 only",
            [no(), ACCEPTED, no()],
            State::Unknown,
            "refused over TLS too: 550",
        ),
        (
            "open",
            [ACCEPTED, ACCEPTED, None],
            State::Critical,
            "x.example open: accepted in the clear up to RCPT",
        ),
        ("open, TLS refused", [ACCEPTED, no(), no()], State::Critical, "open"),
        ("open, TLS not seen", [ACCEPTED, None, None], State::Critical, "open"),
        (
            "no TLS answer",
            [no(), None, None],
            State::Unknown,
            "undecided: refused in the clear, not offered over TLS",
        ),
        (
            "no answer",
            [None, ACCEPTED, None],
            State::Unknown,
            "undecided: not offered in the clear",
        ),
        (
            "no code of SMTP",
            [refused(354, "what"), ACCEPTED, None],
            State::Unknown,
            "undecided: 354",
        ),
    ] {
        expect(case, &one(answers), &POLICY, state, text);
    }
    let allowing = Policy { allow_temporary: true, ..POLICY };
    expect("allowed", &one([tls(), ACCEPTED, None]), &allowing, State::Ok, "softly enforced");
    expect(
        "not greylisting",
        &one([grey(), ACCEPTED, None]),
        &allowing,
        State::Unknown,
        "undecided",
    );
}

#[test]
fn an_upper_case_domain_is_the_same_domain() {
    let no = || refused(550, "5.7.1 no");
    for (case, own, variant, state, text) in [
        ("caught", [no(), ACCEPTED, None], no(), State::Ok, "enforced"),
        (
            "slips",
            [no(), ACCEPTED, None],
            ACCEPTED,
            State::Critical,
            "x.example open in upper case",
        ),
        (
            "slips where the rest is undecided",
            [no(), no(), None],
            ACCEPTED,
            State::Critical,
            "open in upper case",
        ),
        (
            "another reason",
            [no(), ACCEPTED, None],
            refused(451, "later"),
            State::Unknown,
            "in upper case 451 later",
        ),
        (
            "softly",
            [no(), ACCEPTED, None],
            refused(450, "use TLS"),
            State::Warning,
            "softly enforced",
        ),
        (
            "no answer",
            [no(), ACCEPTED, None],
            None,
            State::Unknown,
            "undecided: not offered in upper case",
        ),
    ] {
        let mut facts = one(own);
        let variant = sender("x.example", Role::UpperCase, [variant, None, None]);
        facts.inbound.as_mut().unwrap().senders[1] = variant;
        expect(case, &facts, &POLICY, state, text);
    }
}
