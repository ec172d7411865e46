//! A relay before a server: puts STARTTLS before one that has none, and keeps what both sides say.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::scripted::until_tls;

/// What one connection carried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk {
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
}

impl Talk {
    /// What both sides said behind STARTTLS; nothing where they did not get there.
    pub(crate) fn tls(&self) -> Option<(&[u8], &[u8])> {
        let client = behind(&self.client, b"STARTTLS\r\n")?;
        // The greeting is a 220 too, but nothing stands before it.
        let server = behind(behind(&self.server, b"\r\n220 ")?, b"\r\n")?;
        Some((client, server))
    }
}

fn behind<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(mark.len()).position(|found| found == mark)?;
    bytes.get(at + mark.len()..)
}

type Talks = Arc<Mutex<Vec<Talk>>>;

/// The relay; it ends with the test process.
pub(crate) struct Relay {
    address: SocketAddr,
    talks: Talks,
}

impl Relay {
    /// Greets, takes STARTTLS, and lets the TLS server on `port` speak from there on.
    pub(crate) fn with_starttls(port: u16) -> Self {
        Self::start(port, until_tls)
    }

    /// Lets the server on `port` speak from the first byte on.
    pub(crate) fn to(port: u16) -> Self {
        Self::start(port, Some)
    }

    fn start(port: u16, begin: fn(TcpStream) -> Option<TcpStream>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let talks = Talks::default();
        let all = talks.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let talks = all.clone();
                std::thread::spawn(move || {
                    if let Some(client) = begin(client.unwrap()) {
                        carry(&client, port, &talks);
                    }
                });
            }
        });
        Self { address, talks }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was said so far, connection by connection.
    pub(crate) fn talks(&self) -> Vec<Talk> {
        let talks = self.talks.lock().unwrap_or_else(PoisonError::into_inner);
        talks.clone()
    }
}

fn carry(client: &TcpStream, port: u16, talks: &Talks) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let number = note(talks, |talks| {
        talks.push(Talk::default());
        talks.len() - 1
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            copy(client, &server, |bytes| {
                note(talks, |talks| talks[number].client.extend(bytes));
            });
        });
        copy(&server, client, |bytes| {
            note(talks, |talks| talks[number].server.extend(bytes));
        });
    });
}

fn note<T>(talks: &Talks, note: impl FnOnce(&mut Vec<Talk>) -> T) -> T {
    note(&mut talks.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Copies until one side has ended, then ends the other: a scanner waits for that.
fn copy(mut from: &TcpStream, mut to: &TcpStream, mut keep: impl FnMut(&[u8])) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        keep(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
