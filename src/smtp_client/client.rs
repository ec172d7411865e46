//! All the steps in one: a session in which mail may be offered.

use std::io::{Read, Write};
use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde::Serialize;

use super::channel::{Channel, Patient};
use super::dialer::{Dialer, Greeted, NoSession, leave, server_name};
use crate::connection::Connection;
use crate::smtp::{Cause, Command, Reply, Session, Stage, reply};
use crate::tls::handshake::{Agreed, HandshakeError, Shown, Wanted, handshake};
use crate::tls::lack::Lack;
use crate::tls::second_hello::second_hello;

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

impl Security {
    /// What two options choose; without them the port does.
    #[must_use]
    pub(crate) fn chosen(tls: bool, starttls: bool, port: u16) -> Self {
        match (tls, starttls) {
            (true, _) => Self::Tls,
            (false, true) => Self::Starttls,
            (false, false) if port == 465 => Self::Tls,
            (false, false) => Self::Clear,
        }
    }
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
    /// What EHLO was answered with.
    pub(crate) ehlo: Reply,
    /// How long the greeting took.
    pub(crate) greeted_after: Duration,
}

/// A connection before its first words of TLS, or of SMTP where there is none.
struct Ready<'a> {
    connection: Connection<'a>,
    local: Option<IpAddr>,
    /// How long the greeting took, where one came already.
    greeted_after: Duration,
}

impl Client<'_> {
    /// Takes leave and waits a moment for the answer; what it says does not matter.
    pub(crate) fn quit(mut self) {
        leave(&mut self.session);
    }
}

impl<'a> Dialer<'a> {
    /// Connects to whichever address answers first in getaddrinfo's order, and goes as far as EHLO. Where TLS fails for
    /// what our own side may lack, a second connection tells.
    ///
    /// # Errors
    /// [`NoSession`], after taking leave where the server still listens.
    pub(crate) fn open(&self, security: Security) -> Result<Client<'a>, NoSession> {
        match self.open_once(security) {
            Err(NoSession::Handshake(error)) if Lack::may_explain(&error) => {
                Err(self.lack(security, &error).map_or(error.into(), NoSession::Lacks))
            }
            other => other,
        }
    }

    fn open_once(&self, security: Security) -> Result<Client<'a>, NoSession> {
        let Ready { connection, local, greeted_after } = self.ready(security)?;
        let (mut session, tls, greeted_after) = match security {
            Security::Clear => {
                let greeted = self.greet(Channel::Clear(connection))?;
                (greeted.session, None, greeted.after)
            }
            Security::Tls => {
                let (channel, shake) = self.secure(connection)?;
                let greeted = self.greet(channel)?;
                (greeted.session, Some(shake), greeted.after)
            }
            Security::Starttls => {
                let (mut channel, shake) = self.secure(connection)?;
                channel.allow(self.patience.smtp);
                (Session::over(channel), Some(shake), greeted_after)
            }
        };
        let ehlo = self.hello(&mut session, local)?;
        Ok(Client { session, tls, ehlo, greeted_after })
    }

    /// A connection on which the server's greeting is next, or a TLS handshake.
    fn ready(&self, security: Security) -> Result<Ready<'a>, NoSession> {
        let mut connection = self.connect(&self.addresses()?)?.connection;
        let local = connection.local_address();
        if security != Security::Starttls {
            if security == Security::Tls {
                connection.allow(self.patience.tls);
            }
            return Ok(Ready { connection, local, greeted_after: Duration::ZERO });
        }
        let Greeted { mut session, after, .. } = self.greet(connection)?;
        let ehlo = self.hello(&mut session, local)?;
        if !ehlo.has_keyword("STARTTLS") {
            leave(&mut session);
            return Err(without_starttls(&ehlo));
        }
        Ok(Ready { connection: self.start_tls(session)?, local, greeted_after: after })
    }

    /// What our own side lacks, where the server chooses from a hello of more than our handshake has.
    fn lack(&self, security: Security, error: &HandshakeError) -> Option<Lack> {
        let mut connection = self.ready(security).ok()?.connection;
        self.deadline.enter("waiting for the answer to a second TLS hello");
        second_hello(&mut connection, &self.server_name(), error).map(|look| look.lack)
    }

    /// The name that the handshake is for, where it is to name one.
    fn server_name(&self) -> ServerName<'static> {
        server_name(if self.names_server { self.host } else { "" })
    }

    /// A server that does not answer EHLO with yes lets us not go on.
    fn hello<S: Read + Write + Patient>(
        &self,
        session: &mut Session<S>,
        local: Option<IpAddr>,
    ) -> Result<Reply, NoSession> {
        let ehlo = match self.ehlo(session, local) {
            // The answer to the header, before ours or in its place.
            Err(error) if self.caller.proxy.is_some() && error.cause == Cause::TalksEarly => {
                return Err(NoSession::NoProxyExpected);
            }
            Ok(ehlo) if self.caller.proxy.is_some() && matches!(ehlo.code, 500..=504) => {
                return Err(NoSession::NoProxyExpected);
            }
            other => other?,
        };
        if ehlo.is_positive() {
            return Ok(ehlo);
        }
        leave(session);
        Err(NoSession::Refused(Stage::Command(Command::Ehlo), ehlo))
    }

    fn secure(&self, mut connection: Connection<'a>) -> Result<(Channel<'a>, Shake), NoSession> {
        self.deadline.enter("waiting for the TLS handshake");
        connection.allow(self.patience.tls);
        let (shown, result) = handshake(connection, self.server_name(), Wanted::Any);
        let (agreed, secured) = result.map_err(|error| match plain_refusal(&error) {
            Some(reply) => NoSession::Refused(Stage::Greeting, reply),
            None => error.into(),
        })?;
        Ok((Channel::Tls(Box::new(secured)), Shake { shown, agreed }))
    }
}

/// What a server says in the clear where TLS begins at once, as at its limit of connections.
#[must_use]
pub(crate) fn plain_refusal(error: &HandshakeError) -> Option<Reply> {
    match error {
        HandshakeError::Text(text) => reply::read(text).filter(|reply| !reply.is_positive()),
        _ => None,
    }
}

fn without_starttls(ehlo: &Reply) -> NoSession {
    if ehlo.has_masked_keyword() { NoSession::StarttlsMasked } else { NoSession::NoStarttls }
}
