//! All the steps in one: a session in which mail may be offered.

use std::io::{Read, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::channel::{Channel, Patient};
use super::dialer::{Dialer, NoSession, leave, server_name};
use crate::connection::Connection;
use crate::smtp::{Command, Reply, Session, Stage};
use crate::tls::handshake::{Agreed, Shown, Wanted, handshake};

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Security {
    /// Not at all.
    Clear,
    /// By STARTTLS (RFC 3207).
    Starttls,
    /// By TLS from the first byte on (RFC 8314).
    Tls,
}

/// What was seen of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shake {
    /// What the server showed.
    pub(crate) shown: Shown,
    /// What was agreed on.
    pub(crate) agreed: Agreed,
}

/// A session in which EHLO was answered; of STARTTLS, the EHLO after it.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    /// The session, to offer mail in.
    pub(crate) session: Session<Channel<'a>>,
    /// The handshake, if there was one.
    pub(crate) tls: Option<Shake>,
}

impl Client<'_> {
    /// Takes leave and waits a moment for the answer; what it says does not matter.
    pub(crate) fn quit(mut self) {
        leave(&mut self.session);
    }
}

impl<'a> Dialer<'a> {
    /// Connects to whichever address answers first in getaddrinfo's order, and goes as far as EHLO.
    ///
    /// # Errors
    /// [`NoSession`], after taking leave where the server still listens.
    pub(crate) fn open(&self, security: Security) -> Result<Client<'a>, NoSession> {
        let connection = self.connect(&self.addresses()?)?.connection;
        let local = connection.local_address();
        let (mut session, tls) = match security {
            Security::Clear => (self.greet(Channel::Clear(connection))?.0, None),
            Security::Tls => {
                let (channel, shake) = self.secure(connection)?;
                (self.greet(channel)?.0, Some(shake))
            }
            Security::Starttls => {
                let (mut session, _) = self.greet(connection)?;
                if !self.hello(&mut session, local)?.has_keyword("STARTTLS") {
                    leave(&mut session);
                    return Err(NoSession::NoStarttls);
                }
                let (mut channel, shake) = self.secure(self.start_tls(session)?)?;
                channel.allow(self.patience.smtp);
                (Session::over(channel), Some(shake))
            }
        };
        self.hello(&mut session, local)?;
        Ok(Client { session, tls })
    }

    /// A server that does not answer EHLO with yes lets us not go on.
    fn hello<S: Read + Write + Patient>(
        &self,
        session: &mut Session<S>,
        local: Option<IpAddr>,
    ) -> Result<Reply, NoSession> {
        let ehlo = self.ehlo(session, local)?;
        if ehlo.is_positive() {
            return Ok(ehlo);
        }
        leave(session);
        Err(NoSession::Refused(Stage::Command(Command::Ehlo), ehlo))
    }

    fn secure(&self, mut connection: Connection<'a>) -> Result<(Channel<'a>, Shake), NoSession> {
        self.deadline.enter("waiting for the TLS handshake");
        connection.allow(self.patience.tls);
        let (shown, result) = handshake(connection, server_name(self.host), Wanted::Any);
        let (agreed, secured) = result?;
        Ok((Channel::Tls(Box::new(secured)), Shake { shown, agreed }))
    }
}
