//! One hello, one answer, noted as facts.

use rustls::pki_types::ServerName;

use super::chains;
use super::question::Question;
use super::reach::{Halt, Reach, Setback};
use super::reaction::{Reaction, Ssl2Reaction, reaction, ssl2_reaction};
use crate::check_smtp_tls::facts::{Ban, CutShort, Fact, Start, WhyUnknown};
use crate::smtp_client::server_name;
use crate::tls::exchange::{Stop, ask};
use crate::tls::flight::{Flight, KeyExchange, Parser};
use crate::tls::suite::Suite;
use crate::tls::trust::Anchors;
use crate::tls::{Protocol, ssl2};

/// Asks one question a connection.
pub(super) struct Asker<'a> {
    pub(super) reach: Reach<'a>,
    anchors: &'a Anchors,
    /// Whether TLS was answered once: only then is a connection closed without a word a refusal.
    pub(super) had_control: bool,
    /// The last question that was answered with a choice.
    control: Option<Question>,
    /// What the last answer wants to agree on a key with.
    pub(super) key_exchange: Option<KeyExchange>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(reach: Reach<'a>, anchors: &'a Anchors) -> Self {
        Self { reach, anchors, had_control: false, control: None, key_exchange: None }
    }

    /// The name for the handshake.
    pub(super) fn server_name(&self) -> ServerName<'static> {
        server_name(&self.reach.target.name)
    }

    pub(super) fn add_chain(&self, chain: &[Vec<u8>]) {
        self.reach.progress.note(|facts| chains::add(self.anchors, facts, chain));
    }

    /// Asks, and notes all that the answer shows.
    ///
    /// Without SMTP in front, a connection closed without a word may also be a limit: then what was answered before is
    /// asked again.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Reaction, Halt> {
        let reaction = self.ask_once(question)?;
        if reaction == Reaction::Closed && self.had_control {
            self.check_control()?;
        }
        Ok(reaction)
    }

    fn check_control(&mut self) -> Result<(), Halt> {
        if self.reach.target.start != Start::Tls {
            return Ok(());
        }
        let control = self.control.clone().unwrap_or_else(Question::modern);
        if let Reaction::Chosen(_) = self.ask_once(&control)? {
            return Ok(());
        }
        Err(Halt::CutShort(CutShort::Banned(Ban::Closes)))
    }

    fn ask_once(&mut self, question: &Question) -> Result<Reaction, Halt> {
        let mut random = [0; 96];
        // Zeros would do as well: nothing is ever encrypted with them.
        let _ = aws_lc_rs::rand::fill(&mut random);
        let server_name = self.server_name();
        let name = match &server_name {
            ServerName::DnsName(name) => Some(name.as_ref()),
            _ => None,
        };
        let bytes = question.hello(name, random);
        let mut parser = Parser::default();
        let stop = match self.send(&bytes, |received| parser.push(received))? {
            Ok(stop) => stop,
            Err(why) => return Ok(Reaction::Unclear(why)),
        };
        let answer = parser.finish();
        let reaction = reaction(&answer, &stop);
        self.key_exchange = answer.key_exchange;
        if let Reaction::Chosen(_) = reaction {
            self.note(question, &answer);
        }
        Ok(reaction)
    }

    /// Asks for SSLv2.
    pub(super) fn ask_ssl2(&mut self) -> Result<Ssl2Reaction, Halt> {
        let reaction = self.ask_ssl2_once()?;
        if reaction == Ssl2Reaction::Other(Reaction::Closed) && self.had_control {
            self.check_control()?;
        }
        Ok(reaction)
    }

    fn ask_ssl2_once(&mut self) -> Result<Ssl2Reaction, Halt> {
        let mut challenge = [0; 16];
        let _ = aws_lc_rs::rand::fill(&mut challenge);
        let mut parser = ssl2::Parser::default();
        let sent = self.send(&ssl2::hello(challenge), |received| parser.push(received))?;
        Ok(match sent {
            Ok(stop) => ssl2_reaction(parser.finish().as_ref(), &stop),
            Err(why) => Ssl2Reaction::Other(Reaction::Unclear(why)),
        })
    }

    fn send(
        &mut self,
        hello: &[u8],
        take: impl FnMut(&[u8]) -> bool,
    ) -> Result<Result<Stop, WhyUnknown>, Halt> {
        let mut connection = match self.reach.ready() {
            Ok(connection) => connection,
            Err(Setback::Once(why)) => return Ok(Err(why)),
            Err(Setback::Halt(halt)) => return Err(halt),
        };
        self.reach.deadline.enter("waiting for the answer to a TLS hello");
        let stop = ask(&mut connection, hello, take);
        match self.reach.check_time() {
            Err(Setback::Halt(halt)) if stop != Stop::Finished => Err(halt),
            _ => Ok(Ok(stop)),
        }
    }

    fn note(&mut self, question: &Question, answer: &Flight) {
        let Some(hello) = &answer.hello else {
            return;
        };
        self.had_control = true;
        self.control = Some(question.clone());
        self.add_chain(&answer.certificates);
        // A version outside the known ones is no answer.
        let Some(version) = Protocol::from_wire(hello.version) else {
            return;
        };
        let is_anonymous = Suite::by_id(hello.suite).is_some_and(Suite::is_anonymous);
        self.reach.progress.note(|facts| {
            facts.set_protocol(version, Fact::Yes);
            facts.accepted.insert((version, hello.suite));
            facts.groups.extend(hello.group);
            match answer.key_exchange {
                Some(KeyExchange::Curve(curve)) => {
                    facts.groups.insert(curve);
                }
                // OpenSSL takes a shorter prime for anonymous suites, which are judged as such.
                Some(KeyExchange::Prime(bits)) if !is_anonymous => {
                    let known = facts.prime_bits.unwrap_or(bits);
                    facts.prime_bits = Some(known.min(bits));
                }
                Some(KeyExchange::Prime(_) | KeyExchange::Other) | None => {}
            }
            if version < Protocol::Tls13 {
                if !facts.secure_renegotiation.is_no() {
                    facts.secure_renegotiation =
                        if hello.secure_renegotiation { Fact::Yes } else { Fact::No };
                }
                if question.compression && !facts.compression.is_yes() {
                    facts.compression = if hello.compression { Fact::Yes } else { Fact::No };
                }
            }
        });
    }
}
