//! TCP to a mail server, where everything has an end: each wait has its own limit and all of them the run's deadline.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use crate::deadline::Deadline;
use crate::system_error::SystemError;

/// Which addresses of a name are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    /// Both, in the order the system gives them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Why a name leads to no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// The resolver gave no answer; it may when asked again.
    Unanswered,
    /// The answer is no, in the resolver's words.
    NoName(String),
    /// It has no address of this family.
    NoAddress(Family),
}

/// What the C libraries say for `EAI_AGAIN`: glibc, musl. The standard library hands over the words and keeps the code.
const NO_ANSWER: [&str; 2] = ["Temporary failure in name resolution", "Try again"];

impl From<io::Error> for ResolveError {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        if NO_ANSWER.contains(&text) { Self::Unanswered } else { Self::NoName(text.to_owned()) }
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unanswered => "Temporary failure in name resolution",
            Self::NoName(text) => text,
            Self::NoAddress(Family::Any) => "it has no address",
            Self::NoAddress(Family::V4) => "it has no IPv4 address",
            Self::NoAddress(Family::V6) => "it has no IPv6 address",
        })
    }
}

/// Looks a name up, in getaddrinfo's order. May hang; the watchdog covers that.
///
/// # Errors
/// [`ResolveError`].
pub(crate) fn resolve(
    host: &str,
    port: u16,
    family: Family,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut addresses = Vec::new();
    for address in (host, port).to_socket_addrs()? {
        let wanted = match family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        if wanted && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(ResolveError::NoAddress(family));
    }
    Ok(addresses)
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// Nobody listens, or a firewall says so.
    Refused,
    /// The network says that the host is not there.
    Unreachable,
    /// No answer in the time given.
    Silent,
    /// A reason of our own machine.
    Ours(SystemError),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Unreachable => f.write_str("host is unreachable"),
            Self::Silent => f.write_str("no answer to the connection attempt"),
            // In one line with the others: in lower case and without the number.
            Self::Ours(error) => {
                let text = error.to_string().to_lowercase();
                f.write_str(text.split(" (os error").next().unwrap_or_default())
            }
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::HostUnreachable => Self::Unreachable,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Silent,
            _ => Self::Ours((&error).into()),
        }
    }
}

/// A connection whose waits end.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    stream: TcpStream,
    deadline: &'a Deadline,
    /// How long the answer to one thing sent may take as a whole, so that a dripping server gains nothing.
    patience: Duration,
    /// What `deadline` has left when the present answer is too late.
    answer_end: Duration,
}

impl<'a> Connection<'a> {
    /// Connects, from `source` if given, within `patience`.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub(crate) fn open(
        address: SocketAddr,
        source: Option<IpAddr>,
        deadline: &'a Deadline,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let limit = patience.min(deadline.remaining());
        if limit.is_zero() {
            return Err(ConnectError::Silent);
        }
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if let Some(source) = source {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        socket.connect_timeout(&address.into(), limit)?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, deadline, patience, answer_end: Duration::ZERO };
        connection.allow(patience);
        Ok(connection)
    }

    /// A connection that somebody else accepted for us.
    ///
    /// # Errors
    /// What the system says when it is none.
    pub(crate) fn accepted(
        stream: TcpStream,
        deadline: &'a Deadline,
        patience: Duration,
    ) -> io::Result<Self> {
        stream.peer_addr()?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, deadline, patience, answer_end: Duration::ZERO };
        connection.allow(patience);
        Ok(connection)
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// What the system says of a connection that is over.
    pub(crate) fn peer_address(&self) -> io::Result<IpAddr> {
        Ok(self.stream.peer_addr()?.ip())
    }

    /// The next byte, which stays to be read; nothing at the end of the stream.
    ///
    /// # Errors
    /// That of the stream; when none came within `limit`, that it timed out.
    pub(crate) fn next_byte(&self, limit: Duration) -> io::Result<Option<u8>> {
        let mut byte = [0];
        self.stream.set_read_timeout(Some(limit.min(self.left()?)))?;
        let length = self.stream.peek(&mut byte)?;
        Ok(byte.first().copied().filter(|_| length > 0))
    }

    /// Our own address on it.
    #[must_use]
    pub(crate) fn local_address(&self) -> Option<IpAddr> {
        Some(self.local_end()?.ip())
    }

    /// The same with the port.
    #[must_use]
    pub(crate) fn local_end(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// From now on each answer may take this long.
    pub(crate) fn allow(&mut self, patience: Duration) {
        self.patience = patience;
        self.answer_end = self.deadline.remaining().saturating_sub(patience);
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.remaining().saturating_sub(self.answer_end);
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        // A server holds its answer back until the session tickets before it are acknowledged, which costs 40 ms; the
        // kernel forgets this wish at every turn. Without it the answer comes all the same.
        let _ = SockRef::from(&self.stream).set_tcp_quickack(true);
        self.stream.read(buffer)
    }
}

impl Write for Connection<'_> {
    /// Writing starts the wait for the next answer.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.allow(self.patience);
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_dripping_peer_is_cut_off_and_a_closed_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        let patience = Duration::from_millis(50);
        let mut connection = Connection::open(address, None, &deadline, patience).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let mut byte = [0];
        let ended = loop {
            peer.write_all(b"x").unwrap();
            if let Err(error) = connection.read(&mut byte) {
                break error;
            }
        };
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert!(deadline.elapsed() < Duration::from_secs(5));
        drop(listener);
        let refused = Connection::open(address, None, &deadline, patience).map(drop);
        assert_eq!(refused, Err(ConnectError::Refused));
    }

    #[test]
    fn a_source_address_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        let source = "127.0.0.9".parse().unwrap();
        let address = listener.local_addr().unwrap();
        let _connection =
            Connection::open(address, Some(source), &deadline, Duration::from_secs(5)).unwrap();
        assert_eq!(listener.accept().unwrap().1.ip(), source);
    }

    #[test]
    fn families_are_kept_apart() {
        assert!(resolve("127.0.0.1", 25, Family::V4).is_ok());
        let none = ResolveError::NoAddress(Family::V6);
        assert_eq!(resolve("127.0.0.1", 25, Family::V6), Err(none));
    }

    #[test]
    fn a_resolver_without_an_answer_is_told_from_its_no() {
        let says = |text: &str| {
            let whole = format!("failed to lookup address information: {text}");
            ResolveError::from(io::Error::other(whole))
        };
        assert_eq!(says("Temporary failure in name resolution"), ResolveError::Unanswered);
        assert_eq!(says("Try again"), ResolveError::Unanswered);
        let no = says("Name or service not known");
        assert_eq!(no.to_string(), "Name or service not known");
        assert!(matches!(no, ResolveError::NoName(_)));
        // The words are those of the C library at hand.
        let invalid = resolve("name.invalid", 25, Family::Any).unwrap_err();
        assert!(!invalid.to_string().contains("lookup"), "{invalid}");
    }

    #[test]
    fn a_reason_of_our_own_machine_is_told_in_the_systems_words() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        let foreign = Some("192.0.2.1".parse().unwrap());
        let address = listener.local_addr().unwrap();
        let ended = Connection::open(address, foreign, &deadline, Duration::from_secs(5));
        let error = ended.map(drop).unwrap_err();
        assert!(matches!(error, ConnectError::Ours(_)), "{error}");
        assert_eq!(error.to_string(), "cannot assign requested address");
    }
}
