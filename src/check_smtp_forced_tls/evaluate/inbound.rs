//! What is to be said of our own server; pure.

use super::verdict::{Control, Verdict, control, verdict};
use crate::check_smtp_forced_tls::facts::{Answer, Inbound, LastStage, Problem, Role, Sender};
use crate::check_smtp_forced_tls::policy::Policy;
use crate::monitoring::{Metric, Report, State, Unit, Value};
use crate::smtp_client::Security;

/// Can the server be talked to, on each way in?
pub(super) fn legs(inbound: &Inbound, report: &mut Report) {
    for leg in &inbound.legs {
        let Some(problem) = &leg.problem else {
            continue;
        };
        let (host, port) = (&inbound.host, leg.port);
        match problem {
            Problem::Unresolved(reason) => {
                report.find(State::Unknown, format!("cannot look up {host}: {reason}"));
            }
            Problem::Unreached(text) => report.find(State::Critical, text.as_str()),
            Problem::Unable(text) => report.find(State::Unknown, text.as_str()),
            Problem::NoGreeting(text) => {
                report.find(State::Critical, format!("{host}:{port}: {text}"));
            }
            Problem::KeptOut(text) => {
                report.find(State::Unknown, format!("port {port} keeps us out: {text}"));
                report.advise("exempt this host from the server's limits and lists");
            }
            Problem::NoStarttls(reply) => {
                let text = match reply {
                    None => "STARTTLS is not offered".to_owned(),
                    Some(reply) => format!("STARTTLS is refused: {reply}"),
                };
                report.find(State::Critical, format!("{text}: forced TLS would refuse everybody"));
                report.advise("switch STARTTLS on before you force it");
            }
            Problem::DemandsAuth(_) => {
                report.find(State::Ok, format!("port {port} not tested: it demands a login"));
            }
            Problem::Broken(text) => report.find(State::Unknown, format!("{}: {text}", leg.name())),
            // The run says so itself.
            Problem::OutOfTime => {}
        }
    }
}

/// Is mail from each domain refused unless it is encrypted?
pub(super) fn domains(inbound: &Inbound, policy: &Policy, report: &mut Report) {
    let (mut all, mut enforced, mut open, mut undecided) = (0, 0, 0, 0);
    // A way in that gave no answer has told why already.
    let is_told = inbound.legs.iter().any(|leg| leg.problem.is_some());
    for sender in inbound.senders.iter().filter(|sender| sender.role.is_tested()) {
        let domain = &sender.domain;
        all += 1;
        match verdict(inbound, sender) {
            Verdict::Enforced(refusal) => {
                enforced += 1;
                let (code, at) = (refusal.code, refusal.at);
                report.find(State::Ok, format!("{domain} enforced ({code} at {at})"));
            }
            Verdict::EnforcedSoftly(refusal) => {
                enforced += 1;
                let (code, at) = (refusal.code, refusal.at);
                let text = format!("{domain} softly enforced ({code} at {at})");
                if policy.allow_temporary {
                    report.find(State::Ok, text);
                } else {
                    report.find(State::Warning, format!("{text}: senders only try again"));
                    report.advise(
                        "refuse with 5xx (postfix: plaintext_reject_code), or --allow-temporary",
                    );
                }
            }
            Verdict::Open => {
                open += 1;
                let stage = match inbound.stage {
                    LastStage::Rcpt => "RCPT",
                    LastStage::Data => "DATA",
                };
                report.find(
                    State::Critical,
                    format!("{domain} open: accepted in clear up to {stage}"),
                );
                report.advise(match inbound.stage {
                    LastStage::Rcpt => {
                        "look at the rule; if it acts at DATA only, test with --stage data"
                    }
                    LastStage::Data => "look at the rule and its place among the others",
                });
            }
            Verdict::OpenInUpperCase => {
                open += 1;
                report.find(
                    State::Critical,
                    format!("{domain} open in upper case: the rule minds the case"),
                );
                report.advise("write the rule so that case does not matter");
            }
            Verdict::StarttlsNotCounted(refusal) => {
                enforced += 1;
                report.find(
                    State::Critical,
                    format!("{domain} shut out: STARTTLS is not counted as encrypted ({refusal})"),
                );
                report.advise(
                    "mail servers use STARTTLS: let the rule count it, or take the rule out",
                );
            }
            Verdict::Undecided(text) => {
                undecided += 1;
                report.find(State::Unknown, format!("{domain} undecided: {text}"));
                report.advise(
                    "exempt this host from SPF, greylisting and lists, and use a mailbox that exists",
                );
            }
            Verdict::NotSeen(why) => {
                undecided += 1;
                if !is_told {
                    report.find(State::Unknown, format!("{domain} undecided: {why}"));
                }
            }
        }
    }
    for (label, count) in
        [("domains", all), ("enforced", enforced), ("open", open), ("undecided", undecided)]
    {
        report.measure(Metric::new(label, Value::Uint(count), Unit::None));
    }
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
                format!("rule too broad: control {domain} is refused in clear ({refusal})"),
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
        Control::Passes => report.find(State::Ok, "null sender passes in clear"),
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
