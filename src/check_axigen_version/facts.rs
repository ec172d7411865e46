//! What a server said when it was asked for its version.

use std::net::SocketAddr;

use serde::Serialize;

use super::release::Release;
use crate::connection::ResolveError;
use crate::program::{self, Gathered, OutOfTime};
use crate::smtp_client::Unreached;
use crate::stream::StreamError;
use crate::tls::handshake::HandshakeError;

/// Everything one run saw.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    /// The address that answered.
    pub(super) address: Option<SocketAddr>,
    /// From the first attempt to connect to the answer.
    pub(super) seconds: Option<f64>,
    pub(super) version: Option<ServerVersion>,
    #[serde(skip)]
    pub(super) no_version: Option<NoVersion>,
    /// Where our own time ran out, if it did.
    #[serde(rename = "incomplete")]
    pub(super) cut_short: Option<OutOfTime>,
}

impl Facts {
    /// Before anything was asked.
    pub(super) fn new(host: &str, port: u16, tls: bool) -> Self {
        Self {
            host: host.to_owned(),
            port,
            tls,
            address: None,
            seconds: None,
            version: None,
            no_version: None,
            cut_short: None,
        }
    }
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short.get_or_insert(by);
    }
}

/// What a server says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ServerVersion {
    pub(super) release: Release,
    /// The whole answer, as `10.6.30|Linux|x86_64`.
    pub(super) text: String,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The server's first prompt.
    Prompt,
    /// The answer to GET VERSION, with the prompt behind it.
    Version,
}

/// Why the version is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoVersion {
    /// The name leads to no address.
    Unresolved(ResolveError),
    /// No address answers.
    Unreached(Unreached),
    /// TLS did not come about.
    Handshake(HandshakeError),
    /// The server said nothing, and then the stream ended.
    NoWord(Awaited, StreamError),
    /// The server said this, and no prompt behind it.
    NoPrompt(Awaited, String),
    /// The server said more than any CLI would.
    TooLong(Awaited),
    /// The answer is an error.
    Refused(String),
    /// The answer holds no release.
    NoRelease(String),
}

/// The facts as they grow.
pub(super) type Progress = program::Progress<Facts>;
