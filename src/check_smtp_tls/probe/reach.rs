//! From an address to a connection on which TLS may begin, as often as the plan needs one, and gently.

use std::net::SocketAddr;
use std::time::Duration;

use crate::check_smtp_tls::facts::{
    Ban, CutShort, Fact, Loss, ProbeError, Progress, Start, WhyUnknown,
};
use crate::check_smtp_tls::target::Target;
use crate::connection::{ConnectError, Connection};
use crate::deadline::Deadline;
use crate::program::OutOfTime;
use crate::smtp::{Cause, Command, Grounds, Reply, Session, SessionError, Stage};
use crate::smtp_client::{Dialer, Greeted, NoSession, Patience, Unreached, leave};

/// How long a server that limits its clients is left alone, if there is time: their windows are a minute.
const BACK_OFF: Duration = Duration::from_secs(61);

/// Connections in a row without STARTTLS, after which there is none.
const MOST_MISSES: u32 = 3;

/// Why the look cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Halt {
    /// There is no TLS to be looked at; the facts say why.
    NoTls,
    /// More could have been seen.
    CutShort(CutShort),
    /// Nothing was seen.
    Unreached(ProbeError),
}

/// Why one question has no answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setback {
    /// This one only.
    Once(WhyUnknown),
    /// All that follow as well.
    Halt(Halt),
}

impl From<Halt> for Setback {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Opens connections, one at a time.
pub(super) struct Reach<'a> {
    pub(super) target: &'a Target,
    pub(super) deadline: &'a Deadline,
    pub(super) progress: &'a Progress,
    pub(super) dialer: Dialer<'a>,
    only: Option<SocketAddr>,
    address: Option<SocketAddr>,
    /// Whether TLS could begin once; after that, being kept out is a ban and no failure.
    was_in: bool,
    has_backed_off: bool,
    /// Connections in a row on which SMTP broke.
    broken: u32,
    /// Connections in a row on which STARTTLS was not listed.
    missed: u32,
}

impl<'a> Reach<'a> {
    /// To the address `only`, or to the first that answers.
    pub(super) fn new(
        target: &'a Target,
        only: Option<SocketAddr>,
        deadline: &'a Deadline,
        progress: &'a Progress,
    ) -> Self {
        Self {
            target,
            deadline,
            progress,
            dialer: Dialer::new(&target.host, target.port, &target.caller, deadline),
            only,
            address: None,
            was_in: false,
            has_backed_off: false,
            broken: 0,
            missed: 0,
        }
    }

    /// A connection on which TLS may begin.
    pub(super) fn ready(&mut self) -> Result<Connection<'a>, Setback> {
        let connection = match self.target.start {
            Start::Tls => {
                let mut connection = self.open()?;
                connection.allow(self.dialer.patience.tls);
                connection
            }
            Start::Starttls => self.start_tls()?,
        };
        self.was_in = true;
        self.broken = 0;
        Ok(connection)
    }

    /// A connection on which STARTTLS was answered with 220.
    fn start_tls(&mut self) -> Result<Connection<'a>, Setback> {
        loop {
            let mut session = self.greeted()?;
            if self.progress.read(|facts| !facts.smtp.starttls.is_yes()) {
                leave(&mut session);
                if self.may_be_another_server() {
                    continue;
                }
                return Err(self.without_starttls());
            }
            self.missed = 0;
            match self.dialer.start_tls(session) {
                Ok(connection) => return Ok(connection),
                Err(NoSession::Refused(_, answer)) => self.refused(answer)?,
                // Words behind an answer are those of a man in the middle, if any, and not behind each.
                Err(NoSession::NoAnswer(error)) if error.cause == Cause::TalksEarly => {
                    return Err(Setback::Once(WhyUnknown::NoSession(error.into())));
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// STARTTLS was answered with this: a limit is waited for, everything else is a no.
    fn refused(&mut self, answer: Reply) -> Result<(), Setback> {
        let is_limit =
            Grounds::of(&answer, Stage::Command(Command::Starttls)) != Grounds::TlsBroken;
        self.progress.note(|facts| {
            facts.smtp.starttls_answer = Some(answer.clone());
            if !is_limit {
                facts.smtp.starttls = Fact::No;
            }
        });
        if is_limit {
            self.kept_out(Stage::Command(Command::Starttls), answer)
        } else {
            Err(self.without_starttls())
        }
    }

    /// A session in which the server greeted and answered EHLO; what it said is noted.
    pub(super) fn greeted(&mut self) -> Result<Session<Connection<'a>>, Setback> {
        loop {
            let connection = self.open()?;
            let local = connection.local_address();
            let Greeted { mut session, greeting, after } = match self.dialer.greet(connection) {
                Ok(greeted) => greeted,
                Err(NoSession::Refused(_, greeting)) => {
                    self.kept_out(Stage::Greeting, greeting)?;
                    continue;
                }
                Err(error) => return Err(self.failed(error)),
            };
            let ehlo = self.dialer.ehlo(&mut session, local);
            if self.target.caller.proxy.is_some() && takes_header_for_command(&ehlo) {
                return Err(Halt::Unreached(ProbeError::NoProxyExpected).into());
            }
            let ehlo = ehlo.map_err(|error| self.failed(error.into()))?;
            if ehlo.is_last() {
                self.kept_out(Stage::Command(Command::Ehlo), ehlo)?;
                continue;
            }
            self.note(&greeting, &ehlo);
            self.expect_greeting_after(after);
            return Ok(session);
        }
    }

    /// A server that greeted in time is not waited for much longer later on.
    fn expect_greeting_after(&mut self, after: Duration) {
        let deadline = self.deadline;
        self.dialer.patience =
            Patience::for_leg(deadline.limit(), deadline.remaining(), 1, Some(after));
    }

    /// Of several servers behind one address one may lack STARTTLS: the next connection may meet another.
    fn may_be_another_server(&mut self) -> bool {
        self.missed += 1;
        self.missed < MOST_MISSES
            && self.progress.read(|facts| {
                facts.smtp.starttls.is_no()
                    && facts.smtp.ehlo_refused.is_none()
                    && !facts.smtp.is_masked
            })
    }

    fn without_starttls(&self) -> Setback {
        if self.was_in {
            // It was there a moment ago: a limit in other words, or servers of several minds behind one address.
            self.progress.note(|facts| facts.smtp.starttls = Fact::Yes);
            return Halt::CutShort(CutShort::Lost(Loss::Starttls)).into();
        }
        Halt::NoTls.into()
    }

    fn note(&self, greeting: &Reply, ehlo: &Reply) {
        self.progress.note(|facts| {
            let smtp = &mut facts.smtp;
            smtp.greeting.get_or_insert_with(|| greeting.lines.join(" ").trim().to_owned());
            smtp.auth_before = mechanisms(ehlo);
            smtp.is_masked = ehlo.has_masked_keyword();
            smtp.starttls = offers_starttls(ehlo);
            smtp.ehlo_answers += u32::from(ehlo.is_positive());
            smtp.starttls_offers += u32::from(smtp.starttls.is_yes());
            smtp.ehlo_refused = matches!(ehlo.code, 500 | 502).then(|| ehlo.clone());
        });
    }

    /// Connects, at first to whichever address answers, then to that one.
    pub(super) fn open(&mut self) -> Result<Connection<'a>, Setback> {
        if self.progress.read(|facts| facts.connections > 0) {
            self.deadline.pause(self.target.delay);
        }
        let addresses = if let Some(address) = self.address.or(self.only) {
            vec![address]
        } else {
            let addresses = self.dialer.addresses().map_err(|error| self.failed(error))?;
            self.progress.note(|facts| facts.addresses = addresses.len());
            addresses
        };
        self.check_time()?;
        self.progress.note(|facts| facts.connections += 1);
        match self.dialer.connect(&addresses) {
            Ok(connected) => {
                self.settle_on(connected.address, connected.skipped);
                Ok(connected.connection)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Keeps to the address that answered first; what was skipped for it is known from that one time.
    fn settle_on(&mut self, address: SocketAddr, skipped: Vec<(SocketAddr, ConnectError)>) {
        if self.address.replace(address).is_some() {
            return;
        }
        self.progress.note(|facts| {
            facts.connections += u32::try_from(skipped.len()).unwrap_or(u32::MAX);
            facts.address = Some(address.ip().to_string());
            facts.skipped_addresses = skipped;
        });
    }

    /// What a step that failed means, by how far earlier ones came.
    fn failed(&mut self, error: NoSession) -> Setback {
        match error {
            NoSession::Unresolved(reason) => {
                let host = self.target.host.clone();
                Halt::Unreached(ProbeError::Unresolved { host, reason }).into()
            }
            NoSession::Unreached(unreached) => self.unreached(unreached).into(),
            NoSession::NoAnswer(error) => self.broke(error),
            NoSession::OutOfTime => self.out_of_time(),
            other => Setback::Once(WhyUnknown::NoSession(other)),
        }
    }

    fn unreached(&self, unreached: Unreached) -> Halt {
        if let (Some(_), Some((_, error))) = (self.address, unreached.0.first()) {
            let after = self.progress.read(|facts| facts.connections).saturating_sub(1);
            let ban = Ban::Unconnected { error: error.clone(), after };
            return Halt::CutShort(CutShort::Banned(ban));
        }
        Halt::Unreached(ProbeError::Unreached(unreached))
    }

    /// Waits once for a limit to be forgotten; the second time it is the end. Waiting does not help a sick server.
    pub(super) fn kept_out(&mut self, at: Stage, limit: Reply) -> Result<(), Setback> {
        if Grounds::of(&limit, at) == Grounds::Sick {
            return Err(Halt::CutShort(CutShort::Sick(limit)).into());
        }
        let is_final = limit.code >= 500;
        if is_final || self.has_backed_off {
            return Err(Halt::CutShort(CutShort::Limited(limit)).into());
        }
        self.has_backed_off = true;
        self.deadline.enter(format!("waiting after \"{limit}\""));
        self.deadline.pause(BACK_OFF.min(self.deadline.remaining() / 2));
        self.check_time()
    }

    /// SMTP broke: the first time on the first connection nothing was seen, later it costs one answer, twice in a row
    /// all of them.
    fn broke(&mut self, error: SessionError) -> Setback {
        if let Err(setback) = self.check_time() {
            return setback;
        }
        if !self.was_in {
            return Halt::Unreached(ProbeError::Smtp(error)).into();
        }
        self.broken += 1;
        if self.broken > 1 {
            return Halt::CutShort(CutShort::Lost(Loss::Session(error))).into();
        }
        Setback::Once(WhyUnknown::NoSession(error.into()))
    }

    /// Whether there is time for another step.
    pub(super) fn check_time(&self) -> Result<(), Setback> {
        self.dialer.check_time().map_err(|_| self.out_of_time())
    }

    fn out_of_time(&self) -> Setback {
        Halt::CutShort(CutShort::OutOfTime(out_of_time(self.deadline))).into()
    }
}

/// Whether the answer to the PROXY header stands before that to EHLO, or in its place.
fn takes_header_for_command(ehlo: &Result<Reply, SessionError>) -> bool {
    match ehlo {
        Ok(ehlo) => matches!(ehlo.code, 500..=504),
        Err(error) => error.cause == Cause::TalksEarly,
    }
}

/// The end of the time that this look was given.
pub(super) fn out_of_time(deadline: &Deadline) -> OutOfTime {
    OutOfTime::Limit { limit: deadline.limit(), stage: deadline.stage() }
}

fn offers_starttls(ehlo: &Reply) -> Fact {
    match (ehlo.code, ehlo.has_keyword("STARTTLS")) {
        (..300, true) => Fact::Yes,
        // A server that does not know EHLO has no extensions at all (RFC 5321 section 3.2).
        (..300, false) | (500 | 502, _) => Fact::No,
        _ => {
            let refused = NoSession::Refused(Stage::Command(Command::Ehlo), ehlo.clone());
            Fact::Unknown(WhyUnknown::NoSession(refused))
        }
    }
}

/// The mechanisms behind AUTH (RFC 4954 section 3).
pub(super) fn mechanisms(ehlo: &Reply) -> Vec<String> {
    let parameters = ehlo.parameters("AUTH").unwrap_or_default();
    parameters.split_whitespace().map(str::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_ehlo_has_no_starttls_and_one_that_refuses_us_may_have() {
        let offers = |code, line: &str| {
            let lines = vec!["mail.example".to_owned(), line.to_owned()];
            offers_starttls(&Reply { code, lines })
        };
        assert_eq!(offers(250, "STARTTLS"), Fact::Yes);
        assert_eq!(offers(250, "SIZE"), Fact::No);
        assert_eq!(offers(502, "STARTTLS"), Fact::No);
        assert!(offers(550, "STARTTLS").is_unknown());
    }
}
