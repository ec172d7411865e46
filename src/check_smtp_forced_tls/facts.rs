//! What was seen of a server that should refuse mail in the clear, and of the ways to partners.

mod canary;
mod standards;

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

pub(super) use canary::{
    CanaryFacts, Course, HandOver, SinkSeen, course, first, is_due, is_overdue, since,
};

pub(super) use standards::Standards;

use crate::connection::ResolveError;
use crate::program::{self, Gathered, OutOfTime};
use crate::smtp::{Command, Grounds, Reply, SessionError, Stage};
use crate::smtp_client::{NoSession, Security, certificate_words};
use crate::system_error::SystemError;
use crate::tls::Protocol;
use crate::tls::proof::Proof;

/// Everything one run saw. Grows while the probe works, so that a run that is cut short still has it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    /// Absent when no mail was offered.
    pub(super) inbound: Option<Inbound>,
    /// Absent when no canary mail is handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) canary: Option<CanaryFacts>,
    pub(super) partners: Vec<Partner>,
    /// The time it took; absent while it goes on.
    pub(super) seconds: Option<f64>,
    /// Where our own time ran out, if it did.
    #[serde(rename = "incomplete")]
    pub(super) cut_short: Option<OutOfTime>,
}

impl Facts {
    /// Whether our own time ran out before all was seen.
    pub(super) fn is_unfinished(&self) -> bool {
        let mut legs = self.inbound.iter().flat_map(|inbound| &inbound.legs);
        legs.any(|leg| leg.problem == Some(Problem::OutOfTime))
            || self.partners.iter().any(|partner| {
                let all = partner.hosts.len() + partner.not_looked_at;
                partner.mx.is_none() || partner.hosts.len() < all.min(MOST_HOSTS)
            })
    }
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short.get_or_insert(by);
    }
}

/// What the server did with mail that was offered to it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Inbound {
    pub(super) host: String,
    pub(super) recipient: String,
    pub(super) stage: LastStage,
    pub(super) senders: Vec<Sender>,
    /// The ways in that were tried, in this order.
    pub(super) legs: Vec<Leg>,
}

/// How far a mail is taken that nobody refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LastStage {
    /// To the recipient.
    Rcpt,
    /// To the server's wish for the content, of which nothing is sent.
    Data,
}

/// One sender whose mail was offered on several ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sender {
    /// As it goes over the wire; empty for the null sender.
    pub(super) address: String,
    /// The domain in lower case; empty for the null sender.
    pub(super) domain: String,
    pub(super) role: Role,
    /// By way; a way without an entry gave no answer.
    pub(super) answers: BTreeMap<Security, Answer>,
}

impl Sender {
    pub(super) fn new(address: String, domain: &str, role: Role) -> Self {
        Self { address, domain: domain.to_owned(), role, answers: BTreeMap::new() }
    }
}

/// What a sender is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// That the rule holds.
    Domain,
    /// That it holds whatever the case.
    UpperCase,
    /// That it holds for this domain as well.
    Also,
    /// That it leaves others alone.
    Control,
    /// What becomes of bounces.
    NullSender,
}

impl Role {
    /// Whether TLS would add nothing to what it shows.
    pub(super) fn is_clear_only(self) -> bool {
        self == Self::UpperCase
    }

    /// Whether the rule must catch this sender, with a verdict of its own.
    pub(super) fn is_tested(self) -> bool {
        matches!(self, Self::Domain | Self::Also)
    }
}

/// What became of one mail on one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// It would have been taken.
    Accepted,
    /// It was not.
    Refused(Refusal),
}

/// The answer that refused a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refusal {
    #[serde(serialize_with = "as_text")]
    pub(super) at: Command,
    pub(super) code: u16,
    /// All lines; foreign text as it came.
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(at: Command, reply: &Reply) -> Self {
        Self { at, code: reply.code, text: reply.text() }
    }

    /// RFC 5321 section 4.2.1, 4yz.
    pub(super) fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether it may be the rule's: for good (RFC 5321 section 4.2.1, 5yz), or for want of encryption.
    pub(super) fn may_be_the_rule(&self) -> bool {
        self.code / 100 == 5 || (self.is_temporary() && self.names_tls())
    }

    /// Why, as far as it tells.
    pub(super) fn grounds(&self) -> Grounds {
        Grounds::of_text(self.code, &self.text, Stage::Command(self.at))
    }

    /// Whether missing encryption is given as the reason.
    pub(super) fn names_tls(&self) -> bool {
        self.grounds() == Grounds::TlsDemanded
    }

    /// Whether the server is done with this connection (RFC 5321 section 3.8).
    pub(super) fn is_last(&self) -> bool {
        self.code == 421
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", format!("{} {}", self.code, self.text).trim_end())
    }
}

/// One way into the server.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Leg {
    pub(super) way: Security,
    pub(super) port: u16,
    pub(super) connections: u32,
    /// What the server proves on it; absent where there is no TLS.
    #[serde(serialize_with = "words_if_any")]
    pub(super) proof: Option<Proof>,
    /// Why senders went without an answer, if they did.
    pub(super) problem: Option<Problem>,
}

impl Leg {
    /// What people call a way in.
    pub(super) fn name(&self) -> String {
        match self.way {
            Security::Clear => "clear".to_owned(),
            Security::Starttls => "STARTTLS".to_owned(),
            Security::Tls => format!("TLS on {}", self.port),
        }
    }
}

/// Why a way in did not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Problem {
    /// No session came about.
    NoSession(NoSession),
    /// The server let us in so often before and no more: it limits its clients.
    LetInNoMore { before: u32, error: NoSession },
    /// It puts us out in the midst of a session.
    PutOut(Refusal),
    /// A login is asked for first.
    DemandsAuth(Refusal),
    /// A session broke.
    Broken(#[serde(serialize_with = "as_text")] SessionError),
    /// No mail could be offered in a whole session.
    NothingOffered,
    /// Our own time ran out.
    OutOfTime,
}

impl Problem {
    /// Whether the other ways in lead no further.
    pub(super) fn is_of_all_ways(&self) -> bool {
        match self {
            Self::NoSession(NoSession::NoAnswer(error)) => error.stage == Stage::Greeting,
            Self::NoSession(
                NoSession::NoStarttls
                | NoSession::StarttlsMasked
                | NoSession::Handshake(_)
                | NoSession::Lacks(_),
            )
            | Self::DemandsAuth(_)
            | Self::Broken(_)
            | Self::NothingOffered => false,
            Self::NoSession(error) => starttls_refusal(error).is_none(),
            Self::LetInNoMore { .. } | Self::PutOut(_) | Self::OutOfTime => true,
        }
    }
}

/// The answer that refused STARTTLS for no limit.
pub(super) fn starttls_refusal(error: &NoSession) -> Option<&Reply> {
    match error {
        NoSession::Refused(at @ Stage::Command(Command::Starttls), reply)
            if Grounds::of(reply, *at) == Grounds::TlsBroken =>
        {
            Some(reply)
        }
        _ => None,
    }
}

/// Hosts looked at for one partner, the most preferred ones. Honest domains have up to a dozen; more would make this
/// check a flood on the word of somebody else's DNS.
pub(super) const MOST_HOSTS: usize = 20;

/// The way to a partner.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Partner {
    pub(super) domain: String,
    /// The host that the rule names, which is looked at in place of the mail exchangers.
    pub(super) relay_host: Option<String>,
    pub(super) way: Security,
    pub(super) port: u16,
    /// Absent when the time ran out before.
    pub(super) mx: Option<Mx>,
    /// The hosts that were looked at.
    pub(super) hosts: Vec<Host>,
    /// Hosts that were not.
    pub(super) not_looked_at: usize,
    /// What forces senders beside any rule.
    pub(super) standards: Standards,
}

/// Where DNS sends mail for a domain (RFC 5321 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mx {
    /// To these hosts, most preferred first.
    Hosts(Vec<String>),
    /// There is no MX record, so to the domain itself.
    Implicit,
    /// Nowhere: the domain takes no mail (RFC 7505).
    Null,
    /// The domain does not exist.
    NoDomain,
    /// That is not known.
    Unknown(NoMx),
}

/// Why it is not known where DNS sends mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NoMx {
    /// DNS gave no answer in time.
    Silent,
    /// DNS answered with this code (RFC 1035 section 4.1.1), which is neither yes nor no.
    Rcode(u16),
    /// The answer is no proper one.
    Malformed,
    /// Our own system is the reason.
    Ours(#[serde(serialize_with = "as_text")] SystemError),
}

/// One host on the way to a partner.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Host {
    pub(super) name: String,
    #[serde(rename = "seen")]
    pub(super) contact: Contact,
}

/// What came of a call at a partner's host.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Contact {
    /// It speaks SMTP inside TLS, however TLS began.
    Tls {
        version: Protocol,
        #[serde(serialize_with = "certificate_words::serialize")]
        proof: Proof,
    },
    /// It let no session come about.
    NoSession(NoSession),
    /// It is an address in place of a name, which an MX must not be.
    IsAddress,
}

/// Whether nothing is known of a partner's host for it: no answer from DNS, our own network or TLS, or a host that does
/// not let us in and may let our mail server in.
pub(super) fn is_undetermined(error: &NoSession) -> bool {
    match error {
        NoSession::Unresolved(error) => *error == ResolveError::Unanswered,
        NoSession::Unreached(unreached) => unreached.is_ours(),
        // Nobody gets TLS there, whoever asks.
        NoSession::Refused(Stage::Command(Command::Ehlo), reply) => {
            !matches!(reply.code, 500 | 502)
        }
        NoSession::Refused(..) => starttls_refusal(error).is_none(),
        NoSession::Handshake(error) => error.is_ours(),
        NoSession::Lacks(_) => true,
        _ => false,
    }
}

fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn words_if_any<S: Serializer>(proof: &Option<Proof>, serializer: S) -> Result<S::Ok, S::Error> {
    match proof {
        Some(proof) => certificate_words::serialize(proof, serializer),
        None => serializer.serialize_none(),
    }
}

/// The facts as they grow.
pub(super) type Progress = program::Progress<Facts>;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u16, text: &str) -> Refusal {
        let text = text.to_owned();
        Refusal { at: Command::Rcpt, code, text }
    }

    #[test]
    fn a_temporary_refusal_is_the_rules_when_it_demands_tls() {
        for (code, text, expected) in [
            (550, "5.7.1 no", true),
            (450, "4.7.1 Session encryption is required", true),
            (421, "4.7.0 TLS required for RCPT domain, closing connection", true),
            (454, "4.7.0 TLS not available due to local problem", false),
            (451, "Temporary rejected by greylisting", false),
            (354, "what", false),
        ] {
            assert_eq!(refusal(code, text).may_be_the_rule(), expected, "{text}");
        }
    }
}
