//! The ways into the server, one after the other: on each the same mails are offered, and none is ever sent.

use std::collections::VecDeque;
use std::time::Duration;

use crate::check_smtp_forced_tls::facts::{
    Answer, LastStage, Leg, Problem, Progress, Refusal, Sender,
};
use crate::check_smtp_forced_tls::target::InboundTarget;
use crate::deadline::Deadline;
use crate::smtp::{Cause, Command, Grounds, Reply, Session, SessionError, Stage};
use crate::smtp_client::{Caller, Channel, Client, Dialer, NoSession, Patience, Security};
use crate::stream::StreamError;
use crate::tls::proof::proof;
use crate::tls::trust::Anchors;

/// Senders offered on one connection. Each refusal counts as an error, and servers slow down from 10 on (postfix,
/// `smtpd_soft_error_limit`).
const PER_CONNECTION: usize = 8;

/// Offers every sender on every way, until one way shows that the server is not to be had.
pub(super) struct Legs<'a> {
    pub(super) target: &'a InboundTarget,
    pub(super) caller: &'a Caller,
    pub(super) anchors: &'a Anchors,
    /// Seconds since the epoch.
    pub(super) now: i64,
    pub(super) deadline: &'a Deadline,
    pub(super) progress: &'a Progress,
    /// Partners to be looked at afterwards.
    pub(super) later: usize,
}

impl Legs<'_> {
    pub(super) fn look(&self) {
        let mut known = None;
        let ways: Vec<_> = self.target.ways().collect();
        for (done, (way, port)) in ways.iter().copied().enumerate() {
            let left = u32::try_from(ways.len() - done + self.later).unwrap_or(u32::MAX);
            let number = self.note(|legs| {
                legs.push(Leg { way, port, connections: 0, proof: None, problem: None });
                legs.len() - 1
            });
            let end = WayIn { legs: self, number, way, port, left }.look(&mut known);
            let Err(problem) = end else {
                continue;
            };
            let is_over = problem.is_of_all_ways();
            self.note(|legs| {
                if let Some(leg) = legs.get_mut(number) {
                    leg.problem = Some(problem);
                }
            });
            if is_over {
                return;
            }
        }
    }

    fn note<T>(&self, note: impl FnOnce(&mut Vec<Leg>) -> T) -> T
    where
        T: Default,
    {
        self.progress.note(|facts| {
            facts.inbound.as_mut().map(|inbound| note(&mut inbound.legs)).unwrap_or_default()
        })
    }
}

struct WayIn<'a> {
    legs: &'a Legs<'a>,
    number: usize,
    way: Security,
    port: u16,
    /// Ways that are still to be looked at, with this one.
    left: u32,
}

impl WayIn<'_> {
    /// `known` is how long the greeting took before, on whichever way.
    fn look(&self, known: &mut Option<Duration>) -> Result<(), Problem> {
        let mut waiting: VecDeque<(usize, Sender)> = self.legs.progress.read(|facts| {
            let senders = facts.inbound.iter().flat_map(|inbound| &inbound.senders);
            let all = senders.cloned().enumerate();
            all.filter(|(_, sender)| self.way == Security::Clear || !sender.role.is_clear_only())
                .collect()
        });
        while !waiting.is_empty() {
            let before = waiting.len();
            let client = self.open(*known)?;
            known.get_or_insert(client.greeted_after);
            self.offer_some(client, &mut waiting)?;
            if waiting.len() == before {
                return Err(Problem::NothingOffered);
            }
        }
        Ok(())
    }

    fn open(&self, known: Option<Duration>) -> Result<Client<'_>, Problem> {
        if self.legs.deadline.has_passed() {
            return Err(Problem::OutOfTime);
        }
        let legs = self.legs;
        let (limit, left) = (legs.deadline.limit(), legs.deadline.remaining());
        let mut dialer = Dialer::new(&legs.target.host, self.port, legs.caller, legs.deadline);
        dialer.patience = Patience::for_leg(limit, left, self.left, known);
        let opened = dialer.open(self.way);
        self.note(|leg| leg.connections += 1);
        match opened {
            Ok(client) => {
                if let Some(shake) = &client.tls {
                    let (name, now) = (&self.legs.target.host, self.legs.now);
                    let proof = proof(&shake.shown, name, self.legs.anchors, now);
                    self.note(|leg| leg.proof = Some(proof));
                }
                Ok(client)
            }
            Err(error) => Err(self.no_session(error)),
        }
    }

    /// Whoever was let in before and is not now is being limited.
    fn no_session(&self, error: NoSession) -> Problem {
        if self.legs.deadline.has_passed() {
            return Problem::OutOfTime;
        }
        let connections = self.legs.progress.read(|facts| {
            let legs = facts.inbound.iter().flat_map(|inbound| &inbound.legs);
            let same = legs.filter(|leg| leg.port == self.port);
            same.map(|leg| leg.connections).sum::<u32>()
        });
        let is_shut = match &error {
            NoSession::Unreached(unreached) => !unreached.is_ours(),
            NoSession::NoAnswer(error) => error.stage == Stage::Greeting,
            _ => false,
        };
        if is_shut && connections > 1 {
            return Problem::LetInNoMore { before: connections - 1, error };
        }
        Problem::NoSession(error)
    }

    /// Offers mails until the connection has had its share or is used up.
    fn offer_some(
        &self,
        mut client: Client<'_>,
        waiting: &mut VecDeque<(usize, Sender)>,
    ) -> Result<(), Problem> {
        let mut last = None;
        for _ in 0..PER_CONNECTION {
            let Some((place, sender)) = waiting.front() else {
                break;
            };
            if let Some(last) = &last
                && !self.begin_again(&mut client, last)?
            {
                break;
            }
            let answer = self.offer(&mut client.session, &sender.address)?;
            self.legs.progress.note(|facts| {
                let mut senders = facts.inbound.iter_mut().flat_map(|inbound| &mut inbound.senders);
                if let Some(sender) = senders.nth(*place) {
                    sender.answers.insert(self.way, answer.clone());
                }
            });
            waiting.pop_front();
            if answer == Answer::Accepted && self.legs.target.stage == LastStage::Data {
                // The server waits for content now; leaving without the final dot is the way out (RFC 5321 section
                // 4.1.1.4: nothing is delivered).
                return Ok(());
            }
            last = Some(answer);
        }
        client.quit();
        Ok(())
    }

    /// Gives the last mail up; no when another connection is needed, as where the server hung up over the refusal.
    fn begin_again(&self, client: &mut Client<'_>, last: &Answer) -> Result<bool, Problem> {
        if matches!(last, Answer::Refused(refusal) if refusal.is_last()) {
            return Ok(false);
        }
        match client.session.reset() {
            Ok(reply) if reply.is_positive() => Ok(true),
            Ok(reply) if reply.is_last() => {
                Err(Problem::PutOut(Refusal::new(Command::Rset, &reply)))
            }
            // A server that takes no command before STARTTLS takes no RSET; a mail refused at MAIL is none to give up.
            Ok(_) => Ok(matches!(last, Answer::Refused(refusal) if refusal.at == Command::Mail)),
            Err(error) if error.cause == Cause::Stream(StreamError::Closed) => Ok(false),
            Err(error) => Err(self.broken(error)),
        }
    }

    fn offer(&self, session: &mut Session<Channel<'_>>, sender: &str) -> Result<Answer, Problem> {
        let recipient = self.legs.target.recipient.to_string();
        self.enter(Command::Mail, sender);
        let reply = session.mail(sender).map_err(|error| self.broken(error))?;
        if !reply.is_positive() {
            return self.refused(Command::Mail, &reply);
        }
        self.enter(Command::Rcpt, sender);
        let reply = session.rcpt(&recipient).map_err(|error| self.broken(error))?;
        if !reply.is_positive() {
            return self.refused(Command::Rcpt, &reply);
        }
        if self.legs.target.stage == LastStage::Data {
            self.enter(Command::Data, sender);
            let reply = session.data().map_err(|error| self.broken(error))?;
            if reply.code != 354 {
                return self.refused(Command::Data, &reply);
            }
        }
        Ok(Answer::Accepted)
    }

    fn refused(&self, at: Command, reply: &Reply) -> Result<Answer, Problem> {
        let refusal = Refusal::new(at, reply);
        match refusal.grounds() {
            // In the clear it may be the rule that speaks so.
            Grounds::AuthDemanded if self.way != Security::Clear => {
                Err(Problem::DemandsAuth(refusal))
            }
            // A rule may hang up as well, as that of Google does.
            Grounds::TlsDemanded => Ok(Answer::Refused(refusal)),
            _ if refusal.is_last() => Err(Problem::PutOut(refusal)),
            _ => Ok(Answer::Refused(refusal)),
        }
    }

    fn broken(&self, error: SessionError) -> Problem {
        if self.legs.deadline.has_passed() {
            return Problem::OutOfTime;
        }
        Problem::Broken(error)
    }

    fn enter(&self, command: Command, sender: &str) {
        let port = self.port;
        self.legs
            .deadline
            .enter(format!("waiting for the answer to {command} of <{sender}>, port {port}"));
    }

    fn note(&self, note: impl FnOnce(&mut Leg)) {
        self.legs.note(|legs| {
            if let Some(leg) = legs.get_mut(self.number) {
                note(leg);
            }
        });
    }
}
