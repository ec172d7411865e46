//! Typed reasons in words; the only place where they become text.

use std::net::SocketAddr;

use crate::check_smtp_tls::facts::{Ban, BeforeTls, CutShort, Loss, WhyUnknown};
use crate::connection::ConnectError;
use crate::smtp::Stage;
use crate::smtp_client::{NoSession, Unreached};

/// Why something is unknown, as in "unknown: ...".
pub(crate) fn unknown(why: &WhyUnknown) -> String {
    match why {
        WhyUnknown::NotAsked => "not asked".to_owned(),
        WhyUnknown::NoSession(error) => no_session(error),
        WhyUnknown::InsideTls(error) => format!("inside TLS: {error}"),
        WhyUnknown::EhloInsideTls(reply) => format!("EHLO inside TLS was answered with {reply}"),
        WhyUnknown::BeforeTls(what) => before_tls(what),
        WhyUnknown::Handshake(error) => error.to_string(),
        WhyUnknown::NoHandshake => "no handshake succeeded".to_owned(),
        WhyUnknown::Unreadable(error) => error.to_string(),
        WhyUnknown::Text(text) => format!("answered with text: {text}"),
        WhyUnknown::Malformed(what) => format!("answered with {what}"),
        WhyUnknown::Alert(alert) => format!("answered with {alert}"),
        WhyUnknown::Silent => "no answer to the hello".to_owned(),
        WhyUnknown::Broken(error) => format!("the connection broke: {error}"),
        WhyUnknown::ClosedEveryTime => {
            "connection closed without an answer, as to every hello".to_owned()
        }
        WhyUnknown::ClosedAsToTls => "connection closed, as to a TLS hello".to_owned(),
        WhyUnknown::NotOffered => "the server chose a suite that was not offered".to_owned(),
        WhyUnknown::NoCurve => "the answer does not name the curve".to_owned(),
        WhyUnknown::NoPrime => "the answer broke off before it".to_owned(),
    }
}

fn no_session(error: &NoSession) -> String {
    match error {
        NoSession::Unresolved(reason) => reason.to_string(),
        NoSession::Unreached(Unreached(failures)) => {
            failures.last().map(|(_, error)| error.to_string()).unwrap_or_default()
        }
        NoSession::Refused(Stage::Greeting, reply) => format!("it greeted with {reply}"),
        NoSession::Refused(Stage::Command(command), reply) => {
            format!("{command} was answered with {reply}")
        }
        other => other.to_string(),
    }
}

fn before_tls(what: &BeforeTls) -> String {
    match what {
        BeforeTls::Closed => "connection closed before TLS".to_owned(),
        BeforeTls::Silent => "no answer before TLS".to_owned(),
        BeforeTls::LongLine => "a line of more than 2048 bytes before TLS".to_owned(),
        BeforeTls::Starttls(line) => format!("STARTTLS was answered with {line}"),
        BeforeTls::Refused(line) => format!("TLS was refused: {line}"),
    }
}

/// Why a look was cut short.
pub(crate) fn cut_short(why: &CutShort) -> String {
    match why {
        CutShort::Limited(reply) | CutShort::Sick(reply) => reply.to_string(),
        CutShort::Banned(Ban::Unconnected { error, after }) => {
            let several = if *after == 1 { "" } else { "s" };
            format!("{error} after {after} connection{several}")
        }
        CutShort::Banned(Ban::Closes) => {
            "the server closes connections that it answered before".to_owned()
        }
        CutShort::OutOfTime(out_of_time) => out_of_time.to_string(),
        CutShort::Lost(Loss::Session(error)) => error.to_string(),
        CutShort::Lost(Loss::Starttls) => "STARTTLS is no longer offered".to_owned(),
    }
}

/// Addresses that did not answer, each with its reason.
pub(crate) fn unconnected(failures: &[(SocketAddr, ConnectError)]) -> Vec<String> {
    failures.iter().map(|(address, error)| format!("{address}: {error}")).collect()
}
