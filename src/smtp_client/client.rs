//! From a server's name to a session in which mail may be offered.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde::Serialize;

use super::caller::Caller;
use super::patience::Patience;
use crate::connection::{ConnectError, Connection, resolve};
use crate::deadline::Deadline;
use crate::smtp::{Reply, Session, SessionError, Stage};
use crate::tls::handshake::{Agreed, HandshakeError, Secured, Shown, Wanted, handshake};

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Not at all.
    Clear,
    /// By STARTTLS (RFC 3207).
    Starttls,
    /// By TLS from the first byte on (RFC 8314).
    Tls,
}

/// One way into a mail server.
#[derive(Clone, Copy, Debug)]
pub struct SmtpServer<'a> {
    /// Its name or address; a name is sent as SNI, and nothing is checked here.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// Our end.
    pub caller: &'a Caller,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// The name leads to no address.
    #[error("cannot resolve: {0}")]
    Unresolved(String),
    /// No address answers, each with its reason; never empty.
    #[error("{}", each(.0))]
    Unreached(Vec<(SocketAddr, ConnectError)>),
    /// Connected, and then no usable answer came.
    #[error(transparent)]
    NoAnswer(#[from] SessionError),
    /// The server answered, and let us not go on.
    #[error("{0} was {1}")]
    Refused(Stage, Reply),
    /// EHLO does not list STARTTLS.
    #[error("STARTTLS is not offered")]
    NoStarttls,
    /// TLS did not come about.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The run is over.
    #[error("no time left")]
    OutOfTime,
}

fn each(failures: &[(SocketAddr, ConnectError)]) -> String {
    let texts: Vec<String> =
        failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    texts.join(", ")
}

/// What was seen of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shake {
    /// What the server showed.
    pub shown: Shown,
    /// What was agreed on.
    pub agreed: Agreed,
}

/// A session in which EHLO was answered; of STARTTLS, the EHLO after it.
#[derive(Debug)]
pub struct Client<'a> {
    /// The session, to offer mail in.
    pub session: Session<Channel<'a>>,
    /// The answer to the last EHLO.
    pub ehlo: Reply,
    /// The handshake, if there was one.
    pub tls: Option<Shake>,
}

impl SmtpServer<'_> {
    /// Connects to whichever address answers first in getaddrinfo's order, and goes as far as EHLO.
    ///
    /// # Errors
    /// [`NoSession`], after taking leave where the server still listens.
    pub fn open<'d>(
        &self,
        security: Security,
        deadline: &'d Deadline,
    ) -> Result<Client<'d>, NoSession> {
        let patience = Patience::within(deadline.limit());
        let mut connection = self.connect(deadline, patience)?;
        let own_name = self.caller.name(connection.local_address());
        let (channel, tls) = match security {
            Security::Clear => (Channel::Clear(connection), None),
            Security::Tls => self.secure(connection, patience, deadline)?,
            Security::Starttls => {
                connection.allow(patience.smtp);
                let mut session = Session::over(connection);
                let ehlo = hello(&mut session, &own_name, Greeted::NotYet, deadline)?;
                connection = start_tls(session, &ehlo, deadline)?;
                self.secure(connection, patience, deadline)?
            }
        };
        let mut session = Session::over(channel);
        session.stream_mut().allow(patience.smtp);
        let greeted = match security {
            Security::Starttls => Greeted::Already,
            Security::Clear | Security::Tls => Greeted::NotYet,
        };
        let ehlo = hello(&mut session, &own_name, greeted, deadline)?;
        Ok(Client { session, ehlo, tls })
    }

    /// A connection to whichever address answers first.
    ///
    /// # Errors
    /// [`NoSession`].
    pub fn connect<'d>(
        &self,
        deadline: &'d Deadline,
        patience: Patience,
    ) -> Result<Connection<'d>, NoSession> {
        deadline.enter(format!("looking up {}", self.host));
        let addresses =
            resolve(self.host, self.port, self.caller.family).map_err(NoSession::Unresolved)?;
        let mut failures = Vec::new();
        for address in addresses {
            if deadline.has_passed() {
                return Err(NoSession::OutOfTime);
            }
            deadline.enter(format!("connecting to {address}"));
            match Connection::open(address, self.caller.source, deadline, patience.connect) {
                Ok(connection) => return Ok(connection),
                Err(error) => failures.push((address, error)),
            }
        }
        if deadline.has_passed() {
            return Err(NoSession::OutOfTime);
        }
        Err(NoSession::Unreached(failures))
    }

    fn secure<'d>(
        &self,
        mut connection: Connection<'d>,
        patience: Patience,
        deadline: &Deadline,
    ) -> Result<(Channel<'d>, Option<Shake>), NoSession> {
        deadline.enter("waiting for the TLS handshake");
        connection.allow(patience.tls);
        let name = ServerName::try_from(self.host.to_owned())
            .map_err(|_| NoSession::Unresolved("it is not a host name".to_owned()))?;
        let (shown, result) = handshake(connection, name, Wanted::Any);
        let (agreed, secured) = result?;
        let channel = Channel::Tls(Box::new(secured));
        Ok((channel, Some(Shake { shown, agreed })))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Greeted {
    NotYet,
    Already,
}

/// Waits for the greeting and says who we are.
fn hello<S: Read + Write + Allow>(
    session: &mut Session<S>,
    own_name: &str,
    greeted: Greeted,
    deadline: &Deadline,
) -> Result<Reply, NoSession> {
    if greeted == Greeted::NotYet {
        deadline.enter("waiting for the greeting");
        let greeting = session.greeting()?;
        if !greeting.is_positive() {
            return Err(refused(session, Stage::Greeting, greeting));
        }
    }
    deadline.enter("waiting for the answer to EHLO");
    let ehlo = session.ehlo(own_name)?;
    if !ehlo.is_positive() {
        return Err(refused(session, Stage::Command("EHLO"), ehlo));
    }
    Ok(ehlo)
}

fn start_tls<'d>(
    mut session: Session<Connection<'d>>,
    ehlo: &Reply,
    deadline: &Deadline,
) -> Result<Connection<'d>, NoSession> {
    if !ehlo.has_keyword("STARTTLS") {
        leave(&mut session);
        return Err(NoSession::NoStarttls);
    }
    deadline.enter("waiting for the answer to STARTTLS");
    let answer = session.starttls()?;
    if answer.code != 220 {
        return Err(refused(&mut session, Stage::Command("STARTTLS"), answer));
    }
    Ok(session.into_stream()?)
}

fn refused<S: Read + Write + Allow>(
    session: &mut Session<S>,
    stage: Stage,
    reply: Reply,
) -> NoSession {
    leave(session);
    NoSession::Refused(stage, reply)
}

/// Takes leave of a server that has said all it will; whether it answers in time does not matter.
fn leave<S: Read + Write + Allow>(session: &mut Session<S>) {
    session.stream_mut().allow(Duration::from_secs(1));
    session.quit();
}

/// A stream whose waits can be set.
trait Allow {
    fn allow(&mut self, patience: Duration);
}

impl Allow for Connection<'_> {
    fn allow(&mut self, patience: Duration) {
        Connection::allow(self, patience);
    }
}

impl Allow for Channel<'_> {
    fn allow(&mut self, patience: Duration) {
        Channel::allow(self, patience);
    }
}

/// What a session runs over.
#[derive(Debug)]
pub enum Channel<'a> {
    /// Bytes as they are.
    Clear(Connection<'a>),
    /// TLS.
    Tls(Box<Secured<Connection<'a>>>),
}

impl Channel<'_> {
    /// From now on each answer may take this long.
    pub fn allow(&mut self, patience: Duration) {
        match self {
            Self::Clear(connection) => connection.allow(patience),
            Self::Tls(secured) => secured.sock.allow(patience),
        }
    }
}

impl Client<'_> {
    /// Takes leave and waits a moment for the answer; what it says does not matter.
    pub fn quit(mut self) {
        leave(&mut self.session);
    }
}

impl Read for Channel<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(connection) => connection.read(buffer),
            Self::Tls(secured) => secured.read(buffer),
        }
    }
}

impl Write for Channel<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(connection) => connection.write(bytes),
            Self::Tls(secured) => secured.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(connection) => connection.flush(),
            Self::Tls(secured) => secured.flush(),
        }
    }
}
