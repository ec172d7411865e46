//! What a mail server said to a mail that was offered.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::target::Target;
use crate::login::NoLogin;
use crate::program::{self, Gathered, OutOfTime};
use crate::smtp::{Command, Reply, SessionError};
use crate::smtp_client::{NoSession, Security, certificate_words};
use crate::tls::proof::Proof;

/// Everything one run saw.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// Empty is the null sender.
    pub(super) sender: String,
    /// Whether somebody logs in.
    pub(super) logs_in: bool,
    pub(super) recipients: Vec<Recipient>,
    /// What the content was answered with; absent when none was sent.
    pub(super) delivered: Option<Reply>,
    /// How long the greeting took; absent before it.
    pub(super) greeted_after: Option<f64>,
    /// From the connection to the last answer; absent when one did not come.
    pub(super) seconds: Option<f64>,
    /// What the certificate proves; absent unless it was asked for.
    #[serde(serialize_with = "words_if_any")]
    pub(super) proof: Option<Proof>,
    /// Why the session ended before all was asked, if it did.
    #[serde(skip)]
    pub(super) ended: Option<EarlyEnd>,
}

/// A mailbox, and what the server said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Recipient {
    pub(super) address: String,
    /// Absent when it was not named, or not answered.
    pub(super) reply: Option<Reply>,
}

impl Recipient {
    /// 251 and 252 are a yes as well (RFC 5321 section 4.3.2).
    pub(super) fn is_taken(&self) -> bool {
        self.reply.as_ref().is_some_and(Reply::is_positive)
    }

    /// The answer that was no yes.
    pub(super) fn refusal(&self) -> Option<&Reply> {
        self.reply.as_ref().filter(|reply| !reply.is_positive())
    }
}

/// Why a session ended before all was asked.
#[derive(Clone, Debug)]
pub(super) enum EarlyEnd {
    /// User and password could not be read.
    NoLogin(Arc<NoLogin>),
    /// No session came about.
    NoSession(NoSession),
    /// The certificate cannot be verified, as [`Facts::proof`] tells.
    NotProven,
    /// AUTH is not offered, or no mechanism of ours.
    NoMechanism(String),
    /// The server gave this answer.
    Refused(Command, Reply),
    /// The session broke.
    Lost(SessionError),
    /// The run's own time is over.
    OutOfTime(OutOfTime),
}

/// The facts as they grow.
pub(super) type Progress = program::Progress<Facts>;

impl Facts {
    /// Before the connection.
    pub(super) fn new(target: &Target) -> Self {
        let recipient = |address: &crate::smtp::address::Address| Recipient {
            address: address.to_string(),
            reply: None,
        };
        Self {
            host: target.host.clone(),
            port: target.port,
            security: target.security,
            sender: target.sender.to_string(),
            logs_in: target.auth_file.is_some(),
            recipients: target.recipients.iter().map(recipient).collect(),
            delivered: None,
            greeted_after: None,
            seconds: None,
            proof: None,
            ended: None,
        }
    }
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.ended = Some(EarlyEnd::OutOfTime(by));
    }
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn words_if_any<S: Serializer>(proof: &Option<Proof>, serializer: S) -> Result<S::Ok, S::Error> {
    match proof {
        Some(proof) => certificate_words::serialize(proof, serializer),
        None => serializer.serialize_none(),
    }
}
