use super::*;
use crate::check_smtp_forced_tls::facts::{Answer, LastStage, Refusal, Sender, Step};
use crate::monitoring::render::{Format, render};

const POLICY: Policy = Policy {
    allow_temporary: false,
    require_valid: false,
    on_timeout: State::Unknown,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "an answer that may be missing, as ACCEPTED is"
)]
fn refused(code: u16, text: &str) -> Option<Answer> {
    Some(Answer::Refused(Refusal {
        at: Step::Rcpt,
        code,
        text: text.to_owned(),
    }))
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
        inbound: Some(Inbound {
            host: "mail".to_owned(),
            recipient: "test@own.example".to_owned(),
            stage: LastStage::Rcpt,
            senders,
            legs,
        }),
        partners: Vec::new(),
        seconds: Some(0.5),
        incomplete: None,
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
        vec![
            leg(Security::Clear, None),
            leg(Security::Starttls, None),
            leg(Security::Tls, None),
        ],
    )
}

#[track_caller]
fn expect(case: &str, facts: &Facts, policy: &Policy, state: State, text: &str) {
    let report = evaluate(facts, policy);
    assert_eq!(report.state(), state, "{case}: {}", report.headline());
    assert!(
        report.headline().contains(text),
        "{case}: {text:?} expected: {}",
        report.headline()
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_domain_is_judged_by_what_its_answers_prove() {
    let no = || refused(550, "5.7.1 no");
    let tls = || refused(450, "4.7.1 Session encryption is required");
    let grey = || refused(451, "Temporary rejected by greylisting");
    for (case, answers, state, text) in [
        (
            "enforced",
            [no(), ACCEPTED, None],
            State::Ok,
            "x.example enforced (550 at RCPT)",
        ),
        (
            "enforced, three ways",
            [no(), ACCEPTED, ACCEPTED],
            State::Ok,
            "enforced",
        ),
        (
            "only implicit TLS answered",
            [no(), None, ACCEPTED],
            State::Ok,
            "enforced",
        ),
        (
            "softly",
            [tls(), ACCEPTED, None],
            State::Warning,
            "softly enforced (450 at RCPT)",
        ),
        (
            "greylisting",
            [grey(), ACCEPTED, None],
            State::Unknown,
            "undecided: 451 Temporary",
        ),
        (
            "greylisting everywhere",
            [grey(), grey(), grey()],
            State::Unknown,
            "undecided: 451",
        ),
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
        (
            "the same softly",
            [tls(), tls(), ACCEPTED],
            State::Critical,
            "shut out",
        ),
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
            "x.example open: accepted in clear up to RCPT",
        ),
        (
            "open, TLS refused",
            [ACCEPTED, no(), no()],
            State::Critical,
            "open",
        ),
        (
            "open, TLS not seen",
            [ACCEPTED, None, None],
            State::Critical,
            "open",
        ),
        (
            "no TLS answer",
            [no(), None, None],
            State::Unknown,
            "undecided: refused in clear, not offered over TLS",
        ),
        (
            "no answer",
            [None, ACCEPTED, None],
            State::Unknown,
            "undecided: not offered in clear",
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
    let allowing = Policy {
        allow_temporary: true,
        ..POLICY
    };
    expect(
        "allowed",
        &one([tls(), ACCEPTED, None]),
        &allowing,
        State::Ok,
        "softly enforced",
    );
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
        (
            "caught",
            [no(), ACCEPTED, None],
            no(),
            State::Ok,
            "enforced",
        ),
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

#[test]
fn each_way_in_that_does_not_serve_has_its_state() {
    let text = || "421 4.7.0 too many".to_owned();
    for (case, problem, state, start) in [
        (
            "no name",
            Problem::Unresolved("no such name".to_owned()),
            State::Unknown,
            "cannot look up mail: no such name",
        ),
        (
            "nobody there",
            Problem::Unreached("192.0.2.1:25: connection refused".to_owned()),
            State::Critical,
            "192.0.2.1:25",
        ),
        (
            "our own fault",
            Problem::Unable("192.0.2.1:25: cannot assign".to_owned()),
            State::Unknown,
            "192.0.2.1:25",
        ),
        (
            "silent",
            Problem::NoGreeting("no greeting in time".to_owned()),
            State::Critical,
            "mail:25: no greeting",
        ),
        (
            "limits",
            Problem::KeptOut(text()),
            State::Unknown,
            "port 25 keeps us out: 421 4.7.0 too many",
        ),
        (
            "no STARTTLS",
            Problem::NoStarttls(None),
            State::Critical,
            "STARTTLS is not offered",
        ),
        (
            "STARTTLS refused",
            Problem::NoStarttls(Some("502".to_owned())),
            State::Critical,
            "STARTTLS is refused: 502",
        ),
        (
            "login",
            Problem::DemandsAuth("530".to_owned()),
            State::Ok,
            "port 25 not tested: it demands a login",
        ),
        (
            "broken",
            Problem::Broken("closed".to_owned()),
            State::Unknown,
            "clear: closed",
        ),
    ] {
        let senders = vec![sender("x.example", Role::Domain, [None, None, None])];
        let facts = inbound(senders, vec![leg(Security::Clear, Some(problem))]);
        expect(case, &facts, &POLICY, state, start);
        let report = evaluate(&facts, &POLICY);
        assert_eq!(report.findings().len(), 1, "{case}: told once");
        assert_eq!(
            report.metrics()[3].value,
            Value::Uint(1),
            "{case}: undecided"
        );
    }
    // What the clear way showed outranks that another one did not serve.
    let mut facts = one([ACCEPTED, None, None]);
    facts.inbound.as_mut().unwrap().legs[1].problem = Some(Problem::KeptOut(text()));
    expect(
        "open and limited",
        &facts,
        &POLICY,
        State::Critical,
        "x.example open",
    );
    let mut facts = one([refused(550, "no"), None, None]);
    facts.inbound.as_mut().unwrap().legs[1].problem = Some(Problem::NoStarttls(None));
    expect(
        "refuses everybody",
        &facts,
        &POLICY,
        State::Critical,
        "STARTTLS is not offered",
    );
}

#[test]
fn controls_show_whether_the_rule_is_too_broad() {
    let no = || refused(550, "5.7.1 no");
    let tls = || refused(450, "4.7.1 encryption is required");
    for (case, answers, state, text) in [
        (
            "passes",
            [ACCEPTED, ACCEPTED, None],
            State::Ok,
            "control c.example passes",
        ),
        (
            "caught",
            [no(), ACCEPTED, None],
            State::Warning,
            "rule too broad: control c.example is refused in clear",
        ),
        (
            "caught softly",
            [tls(), ACCEPTED, None],
            State::Warning,
            "rule too broad",
        ),
        (
            "caught, TLS not seen",
            [no(), None, None],
            State::Warning,
            "rule too broad",
        ),
        (
            "another reason",
            [no(), no(), None],
            State::Unknown,
            "control c.example is refused over TLS too: 550",
        ),
        (
            "greylisted",
            [refused(451, "later"), ACCEPTED, None],
            State::Unknown,
            "control c.example undecided: 451 later",
        ),
    ] {
        let mut facts = one([no(), ACCEPTED, None]);
        let senders = &mut facts.inbound.as_mut().unwrap().senders;
        senders.push(sender("c.example", Role::Control, answers));
        expect(case, &facts, &POLICY, state, text);
    }
    for (case, answers, state, text) in [
        (
            "passes",
            [ACCEPTED, ACCEPTED, None],
            State::Ok,
            "null sender passes in clear",
        ),
        (
            "needs TLS",
            [no(), ACCEPTED, None],
            State::Ok,
            "null sender needs TLS as well",
        ),
        (
            "lost",
            [no(), no(), None],
            State::Warning,
            "bounces (null sender) are refused even over TLS: 550",
        ),
        (
            "greylisted",
            [refused(451, "later"), ACCEPTED, None],
            State::Unknown,
            "null sender undecided: 451 later",
        ),
    ] {
        let mut facts = one([no(), ACCEPTED, None]);
        let senders = &mut facts.inbound.as_mut().unwrap().senders;
        senders.push(sender("", Role::NullSender, answers));
        expect(case, &facts, &POLICY, state, text);
    }
    // Where nobody's mail is taken, the null sender is no finding of its own.
    let mut facts = one([no(), no(), None]);
    let senders = &mut facts.inbound.as_mut().unwrap().senders;
    senders.push(sender("", Role::NullSender, [no(), no(), None]));
    expect(
        "all refused",
        &facts,
        &POLICY,
        State::Unknown,
        "x.example undecided",
    );
}

#[test]
fn the_first_line_is_short_and_counts_what_was_tested() {
    let mut facts = one([refused(550, "no"), ACCEPTED, None]);
    let senders = &mut facts.inbound.as_mut().unwrap().senders;
    senders.push(sender("sub.x.example", Role::Also, [ACCEPTED, None, None]));
    let text = render(
        "SMTP FORCED TLS",
        &evaluate(&facts, &POLICY),
        Format::Nagios,
        0,
    );
    assert_eq!(
        text,
        "SMTP FORCED TLS CRITICAL - sub.x.example open: accepted in clear up to RCPT, x.example enforced (550 at RCPT); \
         look at the rule; if it acts at DATA only, test with --stage data | \
         domains=2;;;0 enforced=1;;;0 open=1;;;0 undecided=0;;;0 time=0.5s;;;0\n"
    );
}
