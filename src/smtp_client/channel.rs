//! What a session runs over, in the clear or in TLS.

use std::io::{self, Read, Write};
use std::time::Duration;

use crate::connection::Connection;
use crate::tls::handshake::Secured;

/// What a session runs over.
#[derive(Debug)]
pub(crate) enum Channel<'a> {
    /// Bytes as they are.
    Clear(Connection<'a>),
    /// TLS.
    Tls(Box<Secured<Connection<'a>>>),
}

/// A stream whose waits can be set.
pub(crate) trait Patient {
    /// From now on each answer may take this long.
    fn allow(&mut self, patience: Duration);
}

impl Patient for Connection<'_> {
    fn allow(&mut self, patience: Duration) {
        Connection::allow(self, patience);
    }
}

impl Patient for Secured<Connection<'_>> {
    fn allow(&mut self, patience: Duration) {
        self.sock.allow(patience);
    }
}

impl Patient for Channel<'_> {
    fn allow(&mut self, patience: Duration) {
        match self {
            Self::Clear(connection) => connection.allow(patience),
            Self::Tls(secured) => secured.sock.allow(patience),
        }
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
