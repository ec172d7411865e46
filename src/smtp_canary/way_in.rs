//! The way from a connection to a session: in the clear, by STARTTLS, or in TLS from the first byte on.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::Acceptor;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::args::Args;
use super::keys;
use super::talk::{Cover, Post, SessionEnd, Talk, Visitor};
use crate::canary::{Sight, Step, TlsUsed};
use crate::connection::Connection;
use crate::program::Served;
use crate::tls::Alert;

/// How long a client on a port where TLS begins at once may say nothing before it is greeted in the clear.
const GREETED_AFTER: Duration = Duration::from_secs(5);
/// The first byte of a TLS record with a handshake (RFC 8446 section 5.1), and of an SSLv2 hello.
const TLS: [u8; 2] = [0x16, 0x80];
/// A whole record: the fatal alert `handshake_failure` (RFC 8446 section 6.2).
const REFUSAL: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// Turns a server away for a reason of our own.
pub(super) fn closed(mut connection: Connection<'_>, args: &Args, why: &str) -> Served {
    if !args.tls {
        let _ = write!(connection, "421 {} 4.3.0 out of order; try later\r\n", args.domain);
    }
    Served::Failed(why.to_owned())
}

/// How a handshake ended.
enum Shaken<'a> {
    Done(Box<StreamOwned<ServerConnection, Connection<'a>>>, TlsUsed),
    /// The server did not like what it was shown.
    Refused(String),
    /// Anything else: from it nothing follows.
    Broken(String),
}

/// What all ways in need.
pub(super) struct WayIn<'a> {
    pub(super) post: &'a Post<'a>,
    pub(super) right: Arc<ServerConfig>,
}

impl WayIn<'_> {
    /// Greets in the clear. Returns what happened, for the journal.
    pub(super) fn starttls(&self, connection: Connection<'_>) -> String {
        let mut talk = Talk::in_the_clear(self.post, connection);
        match talk.run(true) {
            SessionEnd::StartTls(visitor) => self.secure(talk.into_stream(), visitor),
            SessionEnd::Left | SessionEnd::Broken(_) => told(&talk.story),
        }
    }

    /// Waits for TLS; what is no TLS is greeted in the clear, so that a server that falls back shows itself.
    pub(super) fn tls_at_once(&self, connection: Connection<'_>) -> String {
        let visitor = match self.post.visitor(None) {
            Ok(visitor) => visitor,
            Err(error) => return error.to_string(),
        };
        let is_tls = match connection.next_byte(GREETED_AFTER) {
            Ok(Some(first)) => TLS.contains(&first),
            Ok(None) => return "left at once".to_owned(),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                false
            }
            Err(error) => return error.to_string(),
        };
        if is_tls {
            return self.secure(connection, visitor);
        }
        let mut talk = Talk::as_known(self.post, connection, Cover::Clear, visitor);
        talk.run(true);
        told(&talk.story)
    }

    /// Shakes hands as the step of the visitor asks for, and talks inside TLS.
    fn secure(&self, connection: Connection<'_>, visitor: Visitor) -> String {
        let step = visitor.step.as_ref().map_or(Step::Right, |(_, step)| *step);
        let config = match step {
            Step::NoTls => return self.refuse(connection, &visitor),
            Step::Wrong => match keys::wrong() {
                Ok(config) => config,
                Err(error) => return error.to_string(),
            },
            Step::Right => self.right.clone(),
        };
        // By STARTTLS the greeting is over.
        let greets = visitor.peer.helo.is_none();
        let sight = if step == Step::Wrong { Sight::WrongRefused } else { Sight::RightRefused };
        match shake(connection, config) {
            Shaken::Done(stream, tls) => {
                let cover = if step == Step::Wrong { Cover::Wrong(tls) } else { Cover::Right(tls) };
                let mut talk = Talk::as_known(self.post, *stream, cover, visitor);
                talk.run(greets);
                told(&talk.story)
            }
            Shaken::Refused(why) => self.kept(&visitor, sight, &why),
            Shaken::Broken(why) => why,
        }
    }

    /// Refuses every handshake, once there is a whole hello to refuse.
    fn refuse(&self, mut connection: Connection<'_>, visitor: &Visitor) -> String {
        match hello(&mut connection) {
            Ok(_) => {
                let story = self.kept(visitor, Sight::Waited, "was refused TLS");
                let _ = connection.write_all(&REFUSAL);
                story
            }
            Err(why) => why,
        }
    }

    fn kept(&self, visitor: &Visitor, sight: Sight, why: &str) -> String {
        let Some((token, _)) = &visitor.step else {
            return why.to_owned();
        };
        let noted = self.post.note(token, sight, &visitor.peer, visitor.peer.helo.as_deref(), None);
        noted.err().map_or_else(|| why.to_owned(), |error| error.to_string())
    }
}

fn told(story: &[String]) -> String {
    if story.is_empty() { "nothing to note".to_owned() } else { story.join(", ") }
}

/// Reads a whole hello.
fn hello(connection: &mut Connection<'_>) -> Result<rustls::server::Accepted, String> {
    let mut acceptor = Acceptor::default();
    loop {
        match acceptor.read_tls(connection) {
            Ok(0) => return Err("left during its hello".to_owned()),
            Ok(_) => {}
            Err(error) => return Err(format!("no hello: {error}")),
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => {}
            Err((error, mut alert)) => {
                let _ = alert.write_all(connection);
                return Err(format!("no hello: {error}"));
            }
        }
    }
}

fn shake(mut connection: Connection<'_>, config: Arc<ServerConfig>) -> Shaken<'_> {
    let accepted = match hello(&mut connection) {
        Ok(accepted) => accepted,
        Err(why) => return Shaken::Broken(why),
    };
    let mut server = match accepted.into_connection(config) {
        Ok(server) => server,
        Err((error, mut alert)) => {
            let _ = alert.write_all(&mut connection);
            return Shaken::Broken(format!("no handshake: {error}"));
        }
    };
    while server.is_handshaking() {
        if let Err(error) = server.complete_io(&mut connection) {
            return unshaken(&error);
        }
    }
    let version = server.protocol_version().map_or(0, u16::from);
    let suite = server.negotiated_cipher_suite().map_or(0, |suite| suite.suite().into());
    Shaken::Done(Box::new(StreamOwned::new(server, connection)), TlsUsed { version, suite })
}

/// Only an alert says that the server refused: a connection may be cut for any reason.
fn unshaken(error: &io::Error) -> Shaken<'static> {
    let reason = error.get_ref().and_then(|reason| reason.downcast_ref());
    if let Some(rustls::Error::AlertReceived(alert)) = reason {
        let alert = Alert(u8::from(*alert));
        return Shaken::Refused(format!("refused the certificate with {alert}"));
    }
    Shaken::Broken(format!("no handshake: {error}"))
}
