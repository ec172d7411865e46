//! Asks the resolvers, one after the other, until one answers.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use serde::Serialize;

use super::lookup::{Lookup, NoLookup, ServerFault, Validation};
use super::message::{Inquest, Told};
use super::record::RecordKind;
use super::settings::ResolverSettings;
use crate::connection::{ConnectError, Connection};
use crate::deadline::Deadline;

/// Most bytes of an answer (RFC 1035 section 4.2.2).
const MOST_BYTES: usize = 65_535;

/// Whether a resolver validates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Validates {
    /// It does, and is believed.
    Yes,
    /// What it says of DNSSEC says nothing.
    No(WhyUnvalidated),
}

/// Why nothing is known about DNSSEC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhyUnvalidated {
    /// It is elsewhere on the net, and nobody vouches for the way there.
    NotBelieved,
    /// It does not say of the root that it is proven.
    RootUnproven,
    /// It cannot prove the root: its anchor or its clock is wrong.
    RootRefused,
    /// It knows no name server of the root.
    RootEmpty,
    /// It does not answer for the root.
    RootUnanswered,
}

/// The resolvers of one run.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    settings: ResolverSettings,
    deadline: &'a Deadline,
    /// What was found out of each resolver, in their order, once it was asked.
    known: RefCell<Vec<Option<Validates>>>,
}

impl<'a> Resolver<'a> {
    /// The resolvers of these settings, within a run.
    pub(crate) fn new(settings: ResolverSettings, deadline: &'a Deadline) -> Self {
        let known = RefCell::new(vec![None; settings.servers.len()]);
        Self { settings, deadline, known }
    }

    /// Whether the resolvers that were asked validate, the worst of them; nothing before the first.
    pub(crate) fn validates(&self) -> Option<Validates> {
        let known = self.known.borrow();
        let asked = known.iter().flatten();
        asked.copied().reduce(|one, other| if one == Validates::Yes { other } else { one })
    }

    /// The resolvers, in the order they are asked.
    pub(crate) fn servers(&self) -> &[SocketAddr] {
        &self.settings.servers
    }

    /// Looks up records of one type, CNAMEs followed.
    ///
    /// # Errors
    /// [`NoLookup`].
    pub(crate) fn look_up(&self, name: &str, kind: RecordKind) -> Result<Lookup, NoLookup> {
        self.deadline.enter(format!("looking up {name} {kind}"));
        let Some(inquest) = Inquest::new(name, kind) else {
            return Ok(Lookup::impossible(name));
        };
        let mut faults: Vec<(SocketAddr, ServerFault)> = Vec::new();
        for _ in 0..self.settings.attempts {
            for (place, server) in self.settings.servers.iter().enumerate() {
                let fault = match self.ask(*server, &inquest) {
                    Ok(told) => match self.settle(place, *server, &inquest, told) {
                        Ok(result) => return result,
                        Err(fault) => fault,
                    },
                    Err(fault) => fault,
                };
                match faults.iter_mut().find(|(known, _)| known == server) {
                    Some(known) => known.1 = fault,
                    None => faults.push((*server, fault)),
                }
            }
            // What is not there now is not there a moment later; only silence may be a lost packet.
            if self.deadline.has_passed()
                || !faults.iter().any(|(_, fault)| *fault == ServerFault::Silent)
            {
                break;
            }
        }
        Err(NoLookup::Unanswered(faults))
    }

    /// What an answer comes to; an error when the next resolver is to be asked.
    fn settle(
        &self,
        place: usize,
        server: SocketAddr,
        inquest: &Inquest,
        told: Told,
    ) -> Result<Result<Lookup, NoLookup>, ServerFault> {
        match told {
            Told::Answer(mut lookup) => {
                if self.judged(place, server) != Validates::Yes {
                    lookup.validation = Validation::Unknown;
                }
                Ok(Ok(*lookup))
            }
            Told::ServFail => Ok(Err(self.failed(place, server, inquest))),
            Told::AliasLoop => Ok(Err(NoLookup::AliasLoop)),
            Told::Code(code) => Err(ServerFault::Code(code)),
            Told::NotAResolver => Err(ServerFault::NotAResolver),
            Told::Malformed | Told::Truncated | Told::Stray => Err(ServerFault::Malformed),
        }
    }

    /// Why a resolver says that it failed: an answer without validation tells bogus from silent name servers.
    fn failed(&self, place: usize, server: SocketAddr, inquest: &Inquest) -> NoLookup {
        match self.ask(server, &inquest.unchecked()) {
            Ok(Told::Answer(lookup)) if self.judged(place, server) == Validates::Yes => {
                NoLookup::Bogus(lookup.signatures)
            }
            Ok(Told::Answer(_)) => NoLookup::Doubtful,
            _ => NoLookup::ServFail,
        }
    }

    /// Whether a resolver validates, found out once: the root is signed, so its name servers must be proven (as
    /// postfix's `dnssec_probe = ns:.`), and there must be some: systemd-resolved without a network calls an empty answer
    /// proven. Those that keep a root of their own prove what is below it.
    fn judged(&self, place: usize, server: SocketAddr) -> Validates {
        if let Some(known) = self.known.borrow().get(place).copied().flatten() {
            return known;
        }
        let root = Inquest::new(".", RecordKind::Ns).filter(|_| self.settings.is_believed);
        let validates = match root.map(|root| self.ask(server, &root)) {
            None => Validates::No(WhyUnvalidated::NotBelieved),
            Some(Ok(Told::Answer(root))) if root.data.is_empty() => {
                Validates::No(WhyUnvalidated::RootEmpty)
            }
            Some(Ok(Told::Answer(root))) if root.validation == Validation::Secure => Validates::Yes,
            Some(Ok(Told::Answer(_))) if self.proves(server, "com.") => Validates::Yes,
            Some(Ok(Told::Answer(_))) => Validates::No(WhyUnvalidated::RootUnproven),
            Some(Ok(Told::ServFail)) => Validates::No(WhyUnvalidated::RootRefused),
            _ => Validates::No(WhyUnvalidated::RootUnanswered),
        };
        if let Some(known) = self.known.borrow_mut().get_mut(place) {
            *known = Some(validates);
        }
        validates
    }

    /// Whether a resolver knows name servers of a zone, proven.
    fn proves(&self, server: SocketAddr, zone: &str) -> bool {
        let told = Inquest::new(zone, RecordKind::Ns).map(|inquest| self.ask(server, &inquest));
        matches!(told, Some(Ok(Told::Answer(found))) if found.validation == Validation::Secure && !found.data.is_empty())
    }

    fn ask(&self, server: SocketAddr, inquest: &Inquest) -> Result<Told, ServerFault> {
        let Some((id, bytes)) = inquest.bytes() else {
            return Err(ServerFault::Malformed);
        };
        match self.ask_by_udp(server, inquest, id, &bytes)? {
            Told::Truncated => self.ask_by_tcp(server, inquest, id, &bytes),
            told => Ok(told),
        }
    }

    /// A socket for each question, so that the port is one nobody can guess, connected, so that the kernel drops what
    /// others send.
    fn ask_by_udp(
        &self,
        server: SocketAddr,
        inquest: &Inquest,
        id: u16,
        bytes: &[u8],
    ) -> Result<Told, ServerFault> {
        let any: SocketAddr = if server.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any).map_err(|error| fault(&error))?;
        socket.connect(server).map_err(|error| fault(&error))?;
        socket.send(bytes).map_err(|error| fault(&error))?;
        let end = self.deadline.remaining().saturating_sub(self.patience());
        let mut buffer = vec![0; MOST_BYTES];
        loop {
            let left = self.deadline.remaining().saturating_sub(end);
            if left.is_zero() {
                return Err(ServerFault::Silent);
            }
            socket.set_read_timeout(Some(left)).map_err(|error| fault(&error))?;
            let length = socket.recv(&mut buffer).map_err(|error| fault(&error))?;
            match inquest.read(id, buffer.get(..length).unwrap_or_default()) {
                Told::Stray => {}
                told => return Ok(told),
            }
        }
    }

    fn ask_by_tcp(
        &self,
        server: SocketAddr,
        inquest: &Inquest,
        id: u16,
        bytes: &[u8],
    ) -> Result<Told, ServerFault> {
        let mut connection = Connection::open(server, None, self.deadline, self.patience())
            .map_err(|error| match error {
                ConnectError::Refused => ServerFault::Closed,
                ConnectError::Silent | ConnectError::Unreachable => ServerFault::Silent,
                ConnectError::Ours(error) => ServerFault::Ours(error),
            })?;
        let length = u16::try_from(bytes.len()).map_err(|_| ServerFault::Malformed)?;
        let framed = [&length.to_be_bytes(), bytes].concat();
        connection.write_all(&framed).map_err(|error| fault(&error))?;
        let mut length = [0; 2];
        connection.read_exact(&mut length).map_err(|error| fault(&error))?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        connection.read_exact(&mut answer).map_err(|error| fault(&error))?;
        Ok(inquest.read(id, &answer))
    }

    /// For one answer: what the system gives it, but never so much that one silent resolver takes the whole run.
    fn patience(&self) -> Duration {
        self.settings.patience.min(self.deadline.remaining() / 3)
    }
}

fn fault(error: &io::Error) -> ServerFault {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ServerFault::Silent,
        io::ErrorKind::ConnectionRefused => ServerFault::Closed,
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => ServerFault::Malformed,
        _ => ServerFault::Ours(error.into()),
    }
}
