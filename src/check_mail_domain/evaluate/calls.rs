//! Whether mail servers answer at all, and whether they encrypt.

use super::dane::lacks_tls;
use super::judgement::{Judgements, ResultType};
use super::rank::host_rule;
use super::sts;
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::{Call, Facts, MailHost, TlsaSet};
use crate::connection::ConnectError;
use crate::monitoring::State;
use crate::smtp::{Command, Stage};
use crate::smtp_client::{NoSession, Unreached};

/// What an address that does not let us see its certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// No answer from the net: it may well be us who are blocked.
    Silent,
    /// Nobody takes mail there.
    Dead,
    /// Not known, for a reason that is not the server's, or that passes.
    Unknown,
}

pub(super) fn judge(facts: &Facts, judgements: &mut Judgements) {
    let calls = || facts.hosts.iter().flat_map(|host| &host.calls);
    let is_silent = |call: &Call| trouble(call) == Some(Trouble::Silent);
    if calls().next().is_some() && calls().all(is_silent) && facts.cut_short.is_none() {
        judgements.find(State::Unknown, "no mail server answers on port 25: certificates unknown");
        judgements.advise(
            "outgoing port 25 is often blocked: try nc -vz HOST 25 from here, or use --no-connect",
        );
        return;
    }
    for host in &facts.hosts {
        for call in &host.calls {
            if let Some(trouble) = trouble(call) {
                unreached(facts, host, call, trouble, judgements);
            } else if lacks_tls(call) && !is_told(facts, host) {
                let place = words::call(host, call);
                judgements.find(
                    State::Warning,
                    format!(
                        "{place} does not encrypt{}: mail goes in the clear",
                        words::why_no_tls(call)
                    ),
                );
                judgements.advise("switch STARTTLS on");
                judgements.result(ResultType::StarttlsNotSupported, &host.name);
            } else if let (false, Some(problem)) = (call.chains.is_empty(), &call.problem) {
                let place = words::call(host, call);
                judgements.find(
                    State::Unknown,
                    format!("a second certificate of {place} unknown: {problem}"),
                );
            }
        }
    }
}

/// Whether DANE or a policy demands TLS of it, so that its lack is told there.
fn is_told(facts: &Facts, host: &MailHost) -> bool {
    matches!(host.tlsa, TlsaSet::Secure(_)) || sts::policy(facts).is_some()
}

fn unreached(
    facts: &Facts,
    host: &MailHost,
    call: &Call,
    trouble: Trouble,
    judgements: &mut Judgements,
) {
    let place = words::call(host, call);
    let why = call.problem.as_ref().map(words::no_session).unwrap_or_default();
    match trouble {
        Trouble::Unknown => {
            judgements.find(State::Unknown, format!("certificate of {place} unknown: {why}"));
            judgements
                .advise("exempt this host from the server's limits; without IPv6 here use -4");
        }
        Trouble::Silent | Trouble::Dead => {
            let state =
                if is_down(host) { host_rule(facts, host, is_down) } else { State::Warning };
            judgements.find(state, format!("{place} takes no mail: {why}"));
            judgements
                .advise("check the server and its firewall, or remove it from the MX records");
        }
    }
}

/// Whether no address of a host takes mail.
fn is_down(host: &MailHost) -> bool {
    let is_dead = |call: &Call| matches!(trouble(call), Some(Trouble::Silent | Trouble::Dead));
    !host.calls.is_empty() && host.calls.iter().all(is_dead)
}

fn trouble(call: &Call) -> Option<Trouble> {
    if !call.chains.is_empty() || lacks_tls(call) {
        return None;
    }
    Some(match call.problem.as_ref()? {
        NoSession::Unreached(Unreached(reasons)) => match reasons.first() {
            Some((_, ConnectError::Refused)) => Trouble::Dead,
            Some((_, ConnectError::Silent | ConnectError::Unreachable)) => Trouble::Silent,
            _ => Trouble::Unknown,
        },
        NoSession::NoAnswer(_) => Trouble::Dead,
        NoSession::Refused(Stage::Command(Command::Starttls), _)
        | NoSession::NoStarttls
        | NoSession::StarttlsMasked => return None,
        NoSession::Refused(..)
        | NoSession::Unresolved(_)
        | NoSession::Handshake(_)
        | NoSession::Lacks(_)
        | NoSession::NoProxyExpected
        | NoSession::OutOfTime => Trouble::Unknown,
    })
}
