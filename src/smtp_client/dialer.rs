//! The steps from a server's name to a session. Each can be taken alone; [`Dialer::open`] takes them all.

use std::fmt;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use rustls::pki_types::{DnsName, ServerName};
use serde::{Serialize, Serializer};

use super::caller::Caller;
use super::channel::Patient;
use super::patience::Patience;
use super::proxy_header::proxy_header;
use crate::connection::{ConnectError, Connection, ResolveError, resolve};
use crate::deadline::Deadline;
use crate::smtp::{Cause, Command, Grounds, Reply, Session, SessionError, Stage};
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;
use crate::tls::lack::Lack;

/// One way into a mail server, and how long each step on it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialer<'a> {
    /// Its name or address.
    pub(crate) host: &'a str,
    /// The port.
    pub(crate) port: u16,
    /// Our end.
    pub(crate) caller: &'a Caller,
    /// The end of the run.
    pub(crate) deadline: &'a Deadline,
    /// The end of each step.
    pub(crate) patience: Patience,
    /// Whether a handshake names the server (RFC 6066 section 3), which some senders do not.
    pub(crate) names_server: bool,
}

/// A connection, and how it came about.
#[derive(Debug)]
pub(crate) struct Connected<'a> {
    /// The connection.
    pub(crate) connection: Connection<'a>,
    /// The address that answered.
    pub(crate) address: SocketAddr,
    /// The addresses that did not before it.
    pub(crate) skipped: Vec<(SocketAddr, ConnectError)>,
}

/// A session in which the server has greeted.
#[derive(Debug)]
pub(crate) struct Greeted<S> {
    /// The session.
    pub(crate) session: Session<S>,
    /// The server's first words.
    pub(crate) greeting: Reply,
    /// How long they took.
    pub(crate) after: Duration,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSession {
    /// The name leads to no address.
    #[error("cannot resolve: {0}")]
    Unresolved(ResolveError),
    /// No address answers.
    #[error(transparent)]
    Unreached(Unreached),
    /// Connected, and then no usable answer came.
    #[error(transparent)]
    NoAnswer(#[from] SessionError),
    /// The server answered, and let us not go on.
    #[error("{0} was {1}")]
    Refused(Stage, Reply),
    /// EHLO does not list STARTTLS.
    #[error("STARTTLS is not offered")]
    NoStarttls,
    /// EHLO lists a keyword that something on the way wrote over.
    #[error("STARTTLS is not offered: a firewall overwrites it (XXXXXXXA)")]
    StarttlsMasked,
    /// The server takes our PROXY header for a command.
    #[error("the listener expects no PROXY header")]
    NoProxyExpected,
    /// TLS did not come about.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// TLS did not come about for what our own side lacks, and no other.
    #[error("our side does not speak {0}")]
    Lacks(Lack),
    /// The run is over.
    #[error("no time left")]
    OutOfTime,
}

/// What to do where the greeting does not come.
pub(crate) const BEGINS_OTHERWISE: &str = "a port where TLS begins at once needs --tls, one behind a proxy --proxy-protocol; else look at the server";

/// What to do where the answer to a handshake is no TLS.
pub(crate) const BEGINS_CLEAR: &str =
    "a port that begins in the clear needs --starttls, or neither option";

/// What to do where [`NoSession::may_lack_proxy_header`].
pub(crate) const BEHIND_PROXY: &str =
    "look at the server's log; a listener behind a proxy needs --proxy-protocol";

impl NoSession {
    /// Whether a listener that waits for a PROXY header ends so: postfix says `421 4.3.0 Server local error`, others
    /// close without a word.
    #[must_use]
    pub(crate) fn may_lack_proxy_header(&self) -> bool {
        match self {
            Self::NoAnswer(error) => error.stage == Stage::Greeting,
            Self::Refused(at @ Stage::Greeting, reply) => {
                reply.code == 421 && Grounds::of(reply, *at) == Grounds::Sick
            }
            _ => false,
        }
    }
}

impl Serialize for NoSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The addresses of a server, none of which answers, each with its reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Unreached(pub(crate) Vec<(SocketAddr, ConnectError)>);

impl Unreached {
    /// Whether our own machine is the reason, so that nothing is known of the server.
    #[must_use]
    pub(crate) fn is_ours(&self) -> bool {
        self.0.iter().all(|(_, error)| matches!(error, ConnectError::Ours(_)))
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (address, error)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{address}: {error}")?;
        }
        Ok(())
    }
}

impl<'a> Dialer<'a> {
    /// A way into a server within a run.
    #[must_use]
    pub(crate) fn new(
        host: &'a str,
        port: u16,
        caller: &'a Caller,
        deadline: &'a Deadline,
    ) -> Self {
        let patience = Patience::within(deadline.limit());
        Self { host, port, caller, deadline, patience, names_server: true }
    }

    /// The addresses of the server, in getaddrinfo's order.
    ///
    /// # Errors
    /// [`NoSession::Unresolved`].
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddr>, NoSession> {
        self.deadline.enter(format!("looking up {}", self.host));
        resolve(self.host, self.port, self.caller.family).map_err(NoSession::Unresolved)
    }

    /// A connection to whichever of the addresses answers first.
    ///
    /// # Errors
    /// [`NoSession::Unreached`], or [`NoSession::OutOfTime`] when the run was over before each had its time.
    pub(crate) fn connect(&self, addresses: &[SocketAddr]) -> Result<Connected<'a>, NoSession> {
        let mut skipped = Vec::new();
        for address in addresses.iter().copied() {
            self.check_time()?;
            self.deadline.enter(format!("connecting to {address}"));
            let source = self.caller.source;
            match Connection::open(address, source, self.deadline, self.patience.connect) {
                Ok(mut connection) => {
                    self.introduce(&mut connection, address);
                    return Ok(Connected { connection, address, skipped });
                }
                Err(error) => skipped.push((address, error)),
            }
        }
        self.check_time()?;
        Err(NoSession::Unreached(Unreached(skipped)))
    }

    /// Sends the PROXY header, before TLS as well. What goes wrong with it, the next answer shows.
    fn introduce(&self, connection: &mut Connection<'_>, to: SocketAddr) {
        if let Some(version) = self.caller.proxy
            && let Some(from) = connection.local_end()
        {
            let _ = connection.write_all(&proxy_header(version, from, to));
        }
    }

    /// Waits for the greeting.
    ///
    /// # Errors
    /// [`NoSession::NoAnswer`]; [`NoSession::Refused`] after taking leave.
    pub(crate) fn greet<S: Read + Write + Patient>(
        &self,
        mut stream: S,
    ) -> Result<Greeted<S>, NoSession> {
        stream.allow(self.patience.greeting);
        let mut session = Session::over(stream);
        self.deadline.enter("waiting for the greeting");
        let begin = self.deadline.elapsed();
        let greeting = session.greeting().map_err(|mut error| {
            if error.cause == Cause::Stream(StreamError::Silent) {
                let waited = self.deadline.elapsed().saturating_sub(begin);
                error.cause = Cause::SilentFor(waited);
            }
            error
        })?;
        session.stream_mut().allow(self.patience.smtp);
        if greeting.is_positive() {
            let after = self.deadline.elapsed().saturating_sub(begin);
            return Ok(Greeted { session, greeting, after });
        }
        leave(&mut session);
        Err(NoSession::Refused(Stage::Greeting, greeting))
    }

    /// Says who we are, by the name that belongs to `local`; whatever the answer, the session is still there.
    ///
    /// # Errors
    /// [`SessionError`].
    pub(crate) fn ehlo<S: Read + Write>(
        &self,
        session: &mut Session<S>,
        local: Option<IpAddr>,
    ) -> Result<Reply, SessionError> {
        self.deadline.enter("waiting for the answer to EHLO");
        session.ehlo(&self.caller.name(local))
    }

    /// Asks for TLS; the stream is ready for the handshake.
    ///
    /// # Errors
    /// [`NoSession::NoAnswer`]; [`NoSession::Refused`] after taking leave.
    pub(crate) fn start_tls<S: Read + Write + Patient>(
        &self,
        mut session: Session<S>,
    ) -> Result<S, NoSession> {
        self.deadline.enter("waiting for the answer to STARTTLS");
        let answer = session.starttls()?;
        if answer.code != 220 {
            leave(&mut session);
            return Err(NoSession::Refused(Stage::Command(Command::Starttls), answer));
        }
        let mut stream = session.into_stream()?;
        stream.allow(self.patience.tls);
        Ok(stream)
    }

    /// Whether there is time for another step.
    ///
    /// # Errors
    /// [`NoSession::OutOfTime`].
    pub(crate) fn check_time(&self) -> Result<(), NoSession> {
        if self.deadline.has_passed() { Err(NoSession::OutOfTime) } else { Ok(()) }
    }
}

/// Takes leave of a server that has said all it will; whether it answers in time does not matter.
pub(crate) fn leave<S: Read + Write + Patient>(session: &mut Session<S>) {
    session.stream_mut().allow(Duration::from_secs(1));
    session.quit();
}

/// The name for a handshake. An address is never sent (RFC 6066 section 3), and neither is what is no name in DNS:
/// the address 0.0.0.0 stands for that.
#[must_use]
pub(crate) fn server_name(host: &str) -> ServerName<'static> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return ServerName::IpAddress(address.into());
    }
    let none = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into());
    DnsName::try_from(host.to_owned()).map_or(none, ServerName::DnsName)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::connection::Family;

    const CALLER: Caller = Caller { helo: None, source: None, family: Family::Any, proxy: None };

    /// A server that says these lines, each after a line of ours but the first.
    fn serve(says: &'static [&'static str]) -> (u16, thread::JoinHandle<Vec<String>>) {
        use std::io::{BufRead, BufReader};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut heard = Vec::new();
            for line in says {
                stream.write_all(line.as_bytes()).unwrap();
                heard.extend(lines.next().and_then(Result::ok));
            }
            heard
        });
        (port, heard)
    }

    #[test]
    fn each_step_can_be_taken_alone_and_the_settled_address_again() {
        let says = &["220 hi\r\n", "250-hi\r\n250 STARTTLS\r\n", "220 go\r\n"];
        let (port, heard) = serve(says);
        let deadline = Deadline::after(Duration::from_secs(10));
        let dialer = Dialer::new("127.0.0.1", port, &CALLER, &deadline);
        let connected = dialer.connect(&dialer.addresses().unwrap()).unwrap();
        assert_eq!((connected.address.port(), connected.skipped), (port, Vec::new()));
        let local = connected.connection.local_address();
        let Greeted { mut session, greeting, .. } = dialer.greet(connected.connection).unwrap();
        assert_eq!(greeting.to_string(), "220 hi");
        assert!(dialer.ehlo(&mut session, local).unwrap().has_keyword("STARTTLS"));
        drop(dialer.start_tls(session).unwrap());
        assert_eq!(heard.join().unwrap(), ["EHLO [127.0.0.1]", "STARTTLS"]);
        let refused = dialer.connect(&[connected.address]).unwrap_err();
        let failure = (connected.address, ConnectError::Refused);
        assert_eq!(refused, NoSession::Unreached(Unreached(vec![failure])));
    }

    #[test]
    fn a_refusal_carries_its_stage_and_leave_is_taken() {
        let (port, heard) = serve(&["554 no\r\n", "221 bye\r\n"]);
        let deadline = Deadline::after(Duration::from_secs(10));
        let dialer = Dialer::new("127.0.0.1", port, &CALLER, &deadline);
        let connected = dialer.connect(&dialer.addresses().unwrap()).unwrap();
        let refused = dialer.greet(connected.connection).unwrap_err();
        assert_eq!(refused.to_string(), "greeting was 554 no");
        assert!(matches!(refused, NoSession::Refused(Stage::Greeting, _)));
        assert_eq!(heard.join().unwrap(), ["QUIT"]);
    }

    #[test]
    fn addresses_are_tried_in_order_and_skipped_ones_are_told() {
        let (port, _heard) = serve(&["220 hi\r\n"]);
        let closed = TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        let dialer = Dialer::new("mail.example", port, &CALLER, &deadline);
        let open = SocketAddr::from(([127, 0, 0, 1], port));
        let connected = dialer.connect(&[closed, open]).unwrap();
        assert_eq!(connected.address, open);
        assert_eq!(connected.skipped, [(closed, ConnectError::Refused)]);
        let over = Deadline::after(Duration::ZERO);
        let late = Dialer { deadline: &over, ..dialer }.connect(&[open]);
        assert_eq!(late.map(drop), Err(NoSession::OutOfTime));
    }

    #[test]
    fn a_name_is_sent_an_address_and_what_is_no_name_never() {
        assert!(matches!(server_name("mail.example"), ServerName::DnsName(_)));
        for host in ["192.0.2.1", "2001:db8::1", "fe80::1%eth0", "-"] {
            assert!(matches!(server_name(host), ServerName::IpAddress(_)), "{host}");
        }
    }
}
