//! Why a fact is neither yes nor no.

use crate::smtp::{Reply, SessionError};
use crate::smtp_client::NoSession;
use crate::system_error::SystemError;
use crate::tls::certificate::Unreadable;
use crate::tls::handshake::HandshakeError;
use crate::tls::{Alert, Malformed};

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WhyUnknown {
    /// Nobody asked, or not yet.
    NotAsked,
    /// SMTP did not get as far as it had to.
    NoSession(NoSession),
    /// SMTP inside TLS broke off.
    InsideTls(SessionError),
    /// EHLO inside TLS was answered with something that says neither yes nor no.
    EhloInsideTls(Reply),
    /// IMAP or POP3 did not get as far as TLS.
    BeforeTls(BeforeTls),
    /// The one real handshake failed.
    Handshake(HandshakeError),
    /// It can only be seen in a handshake, and there was none.
    NoHandshake,
    /// The certificate was sent and cannot be read.
    Unreadable(Unreadable),
    /// A hello was answered with text, which is the server's own.
    Text(String),
    /// A hello was answered with something that is no TLS.
    Malformed(Malformed),
    /// A hello was answered with an alert that refuses nothing.
    Alert(Alert),
    /// A hello was not answered.
    Silent,
    /// The connection broke.
    Broken(SystemError),
    /// Every hello ended in a closed connection, so that a close means nothing.
    ClosedEveryTime,
    /// The same, of another listener.
    ClosedAsToTls,
    /// The server chose what nobody offered.
    NotOffered,
    /// The curve was chosen, and not named.
    NoCurve,
    /// The suite was chosen, and the answer ended before the prime.
    NoPrime,
}

/// What kept IMAP or POP3 from beginning TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BeforeTls {
    /// The peer closed the connection.
    Closed,
    /// The peer did not say what it had to.
    Silent,
    /// A line went on and on.
    LongLine,
    /// STARTTLS was answered with this line.
    Starttls(String),
    /// POP3's `-ERR`, with the whole line.
    Refused(String),
}
