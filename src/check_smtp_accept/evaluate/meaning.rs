//! What a refusal means for whether the server takes mail; pure.

use crate::check_smtp_accept::facts::Facts;
use crate::monitoring::State;
use crate::smtp::{Command, Grounds, Reply, Stage};
use crate::smtp_client::Security;

/// What is thought of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) state: State,
    /// What it is, in a few words.
    pub(super) what: &'static str,
    pub(super) advice: Option<&'static str>,
}

/// Judges a reply that is no yes, at the stage it was given.
pub(super) fn meaning(reply: &Reply, at: Stage, facts: &Facts) -> Meaning {
    let is_dot = at == Stage::Command(Command::FinalDot);
    let rule = |state, what, advice| Meaning { state, what, advice: Some(advice) };
    match Grounds::of(reply, at) {
        Grounds::Greylisted if is_dot => rule(
            State::Critical,
            "greylisted after the content",
            "let the filter greylist before the content, or exempt this host",
        ),
        Grounds::Greylisted if at == Stage::Greeting => UNDECIDED,
        Grounds::Greylisted => Meaning { state: State::Ok, what: "greylisted", advice: None },
        Grounds::Sick if at == Stage::Command(Command::Auth) => rule(
            State::Critical,
            "nobody can log in",
            "check the service that verifies passwords, such as dovecot or saslauthd, and its log",
        ),
        Grounds::Sick => rule(
            State::Critical,
            "no mail is taken",
            "see the server's log for the reason; check its disk and its filters",
        ),
        Grounds::Limited => rule(
            State::Unknown,
            "this host is limited or blocked",
            "exempt this host from the server's limits and lists",
        ),
        Grounds::TlsBroken => rule(
            State::Critical,
            "TLS is broken on the server",
            "see the server's log for the reason; certificate and key must match",
        ),
        Grounds::TlsDemanded if facts.security == Security::Clear => {
            rule(State::Unknown, "TLS is demanded", "use --starttls, or --tls on the port for it")
        }
        Grounds::TlsDemanded => {
            rule(State::Critical, "TLS is demanded inside TLS", "check the server's rule for TLS")
        }
        Grounds::AuthDemanded if at == Stage::Command(Command::Auth) => rule(
            State::Critical,
            "the login is refused",
            "compare the file of --auth-file with the server; the server's log tells a wrong password from a broken login",
        ),
        Grounds::AuthDemanded if !facts.logs_in => {
            rule(State::Unknown, "a login is demanded", "use --auth-file, or port 25")
        }
        Grounds::AuthDemanded => {
            rule(State::Critical, "a login is demanded after one", "check the server's rules")
        }
        Grounds::NoMailbox => rule(
            State::Critical,
            "the mailbox takes no mail",
            "check that it exists, is not full and may be written to",
        ),
        Grounds::NoRelay => rule(
            State::Critical,
            "relaying is denied",
            "check that the server knows the domain of the recipient as its own",
        ),
        Grounds::Undecided => undecided(reply, at),
    }
}

/// Nothing is known of whether mail is taken.
const UNDECIDED: Meaning = Meaning {
    state: State::Unknown,
    what: "refused, which may be about this host or the sender",
    advice: Some("exempt this host from the server's lists, or try another --sender"),
};

/// Up to MAIL it may be about us; behind that it is about the mail.
fn undecided(reply: &Reply, at: Stage) -> Meaning {
    let is_late = matches!(at, Stage::Command(Command::Rcpt | Command::Data | Command::FinalDot));
    match at {
        Stage::Command(Command::FinalDot) => Meaning {
            state: State::Critical,
            what: "refused after the content",
            advice: Some("check the server's filters and their log"),
        },
        _ if is_late && !reply.is_temporary() => Meaning {
            state: State::Critical,
            what: "refused",
            advice: Some("see the server's log for the reason"),
        },
        _ => UNDECIDED,
    }
}
