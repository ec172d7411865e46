//! What is to be said of our own server; pure.

use super::ruling::{Control, Inconclusive, Missing, Ruling, control, ruling};
use crate::check_smtp_forced_tls::facts::{
    Answer, Inbound, LastStage, Leg, Problem, Refusal, Role, Sender, starttls_refusal,
};
use crate::check_smtp_forced_tls::policy::Policy;
use crate::monitoring::{Metric, Range, Report, State, Thresholds, Unit, Value};
use crate::smtp::{Command, Grounds, Reply, Stage};
use crate::smtp_client::{BEHIND_PROXY, NoSession, Security};

/// Can the server be talked to, on each way in?
pub(super) fn legs(inbound: &Inbound, report: &mut Report) {
    for leg in &inbound.legs {
        let port = leg.port;
        match &leg.problem {
            Some(Problem::NoSession(error)) => no_session(inbound, leg, error, report),
            Some(Problem::LetInNoMore { before, error }) => {
                let how = format!("{error} after {before} connections");
                kept_out(port, &how, Grounds::Limited, report);
            }
            Some(Problem::PutOut(refusal)) => {
                kept_out(port, &refusal.to_string(), refusal.grounds(), report);
            }
            Some(Problem::DemandsAuth(_)) if leg.way == Security::Tls => {
                report.find(State::Ok, format!("port {port} not tested: it demands a login"));
            }
            Some(Problem::DemandsAuth(refusal)) => {
                report.find(State::Unknown, format!("port {port} demands a login: {refusal}"));
                report.advise("test port 25, where mail from others arrives");
            }
            Some(Problem::Broken(error)) => {
                report.find(State::Unknown, format!("{}: {error}", leg.name()));
            }
            Some(Problem::NothingOffered) => {
                report.find(State::Unknown, format!("{}: no mail could be offered", leg.name()));
            }
            // The run says so itself.
            Some(Problem::OutOfTime) | None => {}
        }
    }
}

fn no_session(inbound: &Inbound, leg: &Leg, error: &NoSession, report: &mut Report) {
    let (host, port) = (&inbound.host, leg.port);
    if let Some(reply) = starttls_refusal(error) {
        return starttls_refused(reply, report);
    }
    match error {
        NoSession::Unresolved(error) => {
            report.find(State::Unknown, format!("cannot look up {host}: {error}"));
        }
        NoSession::Unreached(unreached) => {
            let state = if unreached.is_ours() { State::Unknown } else { State::Critical };
            report.find(state, unreached.to_string());
        }
        NoSession::NoAnswer(error) if error.stage == Stage::Greeting => {
            report.find(State::Critical, format!("{host}:{port}: {error}"));
            report.advise(BEHIND_PROXY);
        }
        NoSession::StarttlsMasked => {
            report.find(State::Critical, format!("{error}: forced TLS would refuse everybody"));
            report.advise(INSPECTION);
        }
        NoSession::Refused(Stage::Command(Command::Ehlo), reply)
            if matches!(reply.code, 500 | 502) =>
        {
            let text = format!("EHLO is refused: {reply}, so there is no STARTTLS");
            report.find(State::Critical, text);
            report.advise(INSPECTION);
        }
        NoSession::NoAnswer(_) | NoSession::Handshake(_) | NoSession::Lacks(_) => {
            report.find(State::Unknown, format!("{}: {error}", leg.name()));
        }
        NoSession::NoProxyExpected => {
            report.find(State::Unknown, format!("{}: {error}", leg.name()));
            report.advise("leave --proxy-protocol out");
        }
        NoSession::NoStarttls => no_starttls("STARTTLS is not offered", report),
        NoSession::Refused(_, reply) if error.may_lack_proxy_header() => {
            report.find(State::Unknown, format!("port {port} takes no mail from anybody: {reply}"));
            report.advise(BEHIND_PROXY);
        }
        NoSession::Refused(at, reply) => {
            kept_out(port, &reply.to_string(), Grounds::of(reply, *at), report);
        }
        // The run says so itself.
        NoSession::OutOfTime => {}
    }
}

const INSPECTION: &str =
    "switch off the inspection of SMTP in the firewall between this host and the server";

fn kept_out(port: u16, how: &str, grounds: Grounds, report: &mut Report) {
    if grounds == Grounds::Sick {
        report.find(State::Unknown, format!("port {port} takes no mail from anybody: {how}"));
        report.advise("see the server's log for the reason, and check its disk");
        return;
    }
    report.find(State::Unknown, format!("port {port} blocks this host: {how}"));
    report.advise("exempt this host from the server's limits and lists");
}

/// For now it is the server's own trouble, for good its will.
fn starttls_refused(reply: &Reply, report: &mut Report) {
    if reply.is_permanent() {
        return no_starttls(&format!("STARTTLS is refused: {reply}"), report);
    }
    report.find(State::Critical, format!("TLS is broken on the server: {reply}"));
    report.advise("see the server's log for the reason; certificate and key must match");
}

fn no_starttls(how: &str, report: &mut Report) {
    report.find(State::Critical, format!("{how}: forced TLS would refuse everybody"));
    report.advise(
        "switch STARTTLS on before you force it; Axigen: Security and Filtering, Acceptance and Routing, Allow StartTLS; postfix: smtpd_tls_security_level = may; exim: tls_advertise_hosts = *",
    );
}

/// How many domains there are of each kind.
#[derive(Default)]
struct Counts {
    domains: u64,
    enforced: u64,
    open: u64,
    undecided: u64,
}

/// Is mail from each domain refused unless it is encrypted?
pub(super) fn domains(inbound: &Inbound, policy: &Policy, report: &mut Report) {
    let mut counts = Counts::default();
    // A way in that gave no answer has told why already.
    let is_told = inbound.legs.iter().any(|leg| leg.problem.is_some());
    for sender in inbound.senders.iter().filter(|sender| sender.role.is_tested()) {
        let ruling = ruling(inbound, sender);
        counts.domains += 1;
        *match &ruling {
            Ruling::Enforced(_) | Ruling::EnforcedSoftly(_) | Ruling::StarttlsNotCounted(_) => {
                &mut counts.enforced
            }
            Ruling::Open | Ruling::OpenInUpperCase => &mut counts.open,
            Ruling::Undecided(_) | Ruling::NotOffered(_) => &mut counts.undecided,
        } += 1;
        if !(is_told && matches!(ruling, Ruling::NotOffered(_))) {
            domain(&sender.domain, &ruling, inbound.stage, policy, report);
        }
    }
    let metric = |label, count| Metric::new(label, Value::Uint(count), Unit::None);
    // None may be open.
    let none = Some(Range::up_to(0));
    let limits = Thresholds { warning: none, critical: none };
    report.measure(metric("domains", counts.domains));
    report.measure(metric("enforced", counts.enforced));
    report.measure(metric("open", counts.open).judged_by(&limits).at_most(counts.domains));
    report.measure(metric("undecided", counts.undecided));
}

fn domain(domain: &str, ruling: &Ruling, last: LastStage, policy: &Policy, report: &mut Report) {
    let (state, text) = match ruling {
        Ruling::Enforced(Refusal { code, at, .. }) => {
            (State::Ok, format!("enforced ({code} at {at})"))
        }
        Ruling::EnforcedSoftly(Refusal { code, at, .. }) if policy.allow_temporary => {
            (State::Ok, format!("softly enforced ({code} at {at})"))
        }
        Ruling::EnforcedSoftly(Refusal { code, at, .. }) => {
            (State::Warning, format!("softly enforced ({code} at {at}): senders only try again"))
        }
        Ruling::Open => {
            let command = match last {
                LastStage::Rcpt => Command::Rcpt,
                LastStage::Data => Command::Data,
            };
            (State::Critical, format!("open: accepted in the clear up to {command}"))
        }
        Ruling::OpenInUpperCase => {
            (State::Critical, "open in upper case: the rule is case-sensitive".to_owned())
        }
        Ruling::StarttlsNotCounted(refusal) => {
            (State::Critical, format!("shut out: STARTTLS is not counted as encrypted ({refusal})"))
        }
        Ruling::Undecided(answers) => (State::Unknown, format!("undecided: {}", in_words(answers))),
        Ruling::NotOffered(missing) => {
            (State::Unknown, format!("undecided: {}", missing_in_words(*missing)))
        }
    };
    report.find(state, format!("{domain} {text}"));
    if let Some(advice) = advice(ruling, last).filter(|_| state != State::Ok) {
        report.advise(advice);
    }
}

fn in_words(answers: &Inconclusive) -> String {
    match answers {
        Inconclusive::InClear(refusal) => format!("{refusal} in the clear"),
        Inconclusive::InUpperCase { own, other } => {
            format!("{own} in the clear, but in upper case {other}")
        }
        Inconclusive::OverStarttls(refusal) => format!("refused over STARTTLS too: {refusal}"),
        Inconclusive::OverTls(refusal) => format!("refused over TLS too: {refusal}"),
    }
}

fn missing_in_words(missing: Missing) -> &'static str {
    match missing {
        Missing::Clear => "not offered in the clear",
        Missing::UpperCase => "not offered in upper case",
        Missing::Tls => "refused in the clear, not offered over TLS",
    }
}

/// What to do about it.
fn advice(ruling: &Ruling, stage: LastStage) -> Option<&'static str> {
    Some(match (ruling, stage) {
        (Ruling::EnforcedSoftly(_), _) => {
            "refuse with 5xx (postfix: plaintext_reject_code = 550), or --allow-temporary"
        }
        (Ruling::Open, LastStage::Rcpt) => {
            "check the rule; if it acts at DATA only, test with --stage data"
        }
        (Ruling::Open, LastStage::Data) => "check the rule and its place among the others",
        (Ruling::OpenInUpperCase, _) => "write the rule so that case does not matter",
        (Ruling::StarttlsNotCounted(_), _) => {
            "mail servers use STARTTLS: make the rule accept it, or remove the rule"
        }
        (Ruling::Undecided(_), _) => {
            "exempt this host from SPF, greylisting and lists, and use a mailbox that exists"
        }
        (Ruling::Enforced(_) | Ruling::NotOffered(_), _) => return None,
    })
}

/// Does the rule leave others alone?
pub(super) fn controls(inbound: &Inbound, report: &mut Report) {
    for sender in &inbound.senders {
        match sender.role {
            Role::Control => control_domain(&sender.domain, control(sender), report),
            Role::NullSender => null_sender(inbound, control(sender), report),
            Role::Domain | Role::UpperCase | Role::Also => {}
        }
    }
}

fn control_domain(domain: &str, seen: Control, report: &mut Report) {
    match seen {
        Control::Passes => report.find(State::Ok, format!("control {domain} passes")),
        Control::Caught(refusal) => {
            report.find(
                State::Warning,
                format!("rule too broad: control {domain} is refused in the clear ({refusal})"),
            );
            report.advise("narrow the rule to the partner's domain");
        }
        Control::Refused(refusal) => report
            .find(State::Unknown, format!("control {domain} is refused over TLS too: {refusal}")),
        Control::Undecided(text) => {
            report.find(State::Unknown, format!("control {domain} undecided: {text}"));
        }
        Control::NotSeen => {}
    }
}

/// A rule for the sender's domain cannot catch bounces, which have none (RFC 5321 section 4.5.5).
fn null_sender(inbound: &Inbound, seen: Control, report: &mut Report) {
    match seen {
        Control::Passes => report.find(State::Ok, "null sender passes in the clear"),
        Control::Caught(_) => report.find(State::Ok, "null sender needs TLS as well"),
        Control::Undecided(text) => {
            report.find(State::Unknown, format!("null sender undecided: {text}"));
        }
        Control::Refused(refusal) => {
            // Where nobody's mail is taken, bounces show nothing of their own.
            let is_taken = |sender: &Sender| {
                [Security::Starttls, Security::Tls]
                    .iter()
                    .any(|way| sender.answers.get(way) == Some(&Answer::Accepted))
            };
            if inbound.senders.iter().any(is_taken) {
                report.find(
                    State::Warning,
                    format!("bounces (null sender) are refused even over TLS: {refusal}"),
                );
                report.advise("let the null sender pass: the partner's bounces are lost");
            }
        }
        Control::NotSeen => {}
    }
}
