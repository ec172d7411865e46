//! From an address to a connection on which TLS may begin, as often as the plan needs one, and gently.

use std::net::SocketAddr;
use std::time::Duration;

use crate::check_smtp_tls::facts::{
    Ban, CutShort, Fact, Loss, ProbeError, Progress, Start, WhyUnknown,
};
use crate::check_smtp_tls::target::Target;
use crate::connection::{ConnectError, Connection, resolve};
use crate::program::Run;
use crate::smtp::{Reply, Session, SessionError};
use crate::smtp_client::{Patience, Unreached};

/// How long a server that limits its clients is left alone, if there is time: their windows are a minute.
const BACK_OFF: Duration = Duration::from_secs(61);

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
    pub(super) run: &'a Run,
    pub(super) progress: &'a Progress,
    pub(super) patience: Patience,
    address: Option<SocketAddr>,
    /// Whether TLS could begin once; after that, being kept out is a ban and no failure.
    was_in: bool,
    has_backed_off: bool,
    /// Connections in a row on which SMTP broke.
    broken: u32,
}

impl<'a> Reach<'a> {
    pub(super) fn new(target: &'a Target, run: &'a Run, progress: &'a Progress) -> Self {
        Self {
            target,
            run,
            progress,
            patience: Patience::within(run.deadline.limit()),
            address: None,
            was_in: false,
            has_backed_off: false,
            broken: 0,
        }
    }

    /// A connection on which TLS may begin.
    pub(super) fn ready(&mut self) -> Result<Connection<'a>, Setback> {
        let connection = match self.target.start {
            Start::Tls => self.open()?,
            Start::Starttls => self
                .session()?
                .into_stream()
                .map_err(|error| Setback::Once(WhyUnknown::Session(error)))?,
        };
        self.was_in = true;
        self.broken = 0;
        Ok(with_patience(connection, self.patience.tls))
    }

    /// A session in which STARTTLS was answered with 220.
    fn session(&mut self) -> Result<Session<Connection<'a>>, Setback> {
        loop {
            let mut session = self.greeted()?;
            match self.start_tls(&mut session)? {
                None => return Ok(session),
                Some(limit) => {
                    leave(&mut session);
                    self.back_off(&limit)?;
                }
            }
        }
    }

    /// A session in which the server greeted and answered EHLO; what it said is noted.
    pub(super) fn greeted(&mut self) -> Result<Session<Connection<'a>>, Setback> {
        loop {
            let connection = self.open()?;
            let name = self.target.caller.name(connection.local_address());
            let mut session = Session::over(with_patience(connection, self.patience.smtp));
            self.run.deadline.enter("waiting for the greeting");
            let greeting = session.greeting().map_err(|error| self.broke(error))?;
            if !greeting.is_positive() {
                leave(&mut session);
                self.back_off(&greeting)?;
                continue;
            }
            self.run.deadline.enter("waiting for the answer to EHLO");
            let ehlo = session.ehlo(&name).map_err(|error| self.broke(error))?;
            if ehlo.code == 421 {
                self.back_off(&ehlo)?;
                continue;
            }
            self.note(&greeting, &ehlo);
            return Ok(session);
        }
    }

    /// Asks for TLS; the answer if it limits us, nothing if TLS may begin.
    fn start_tls(
        &mut self,
        session: &mut Session<Connection<'a>>,
    ) -> Result<Option<Reply>, Setback> {
        if self.progress.read(|facts| !facts.smtp.starttls.is_yes()) {
            leave(session);
            return Err(self.without_starttls());
        }
        self.run.deadline.enter("waiting for the answer to STARTTLS");
        let answer = session.starttls().map_err(|error| self.broke(error))?;
        match answer.code {
            220 => Ok(None),
            400..500 => {
                self.progress.note(|facts| facts.smtp.starttls_answer = Some(answer.clone()));
                Ok(Some(answer))
            }
            _ => {
                leave(session);
                self.progress.note(|facts| {
                    facts.smtp.starttls = Fact::No;
                    facts.smtp.starttls_answer = Some(answer);
                });
                Err(self.without_starttls())
            }
        }
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
            smtp.is_masked = ehlo.lines.iter().any(|line| is_masked(line));
            smtp.starttls = offers_starttls(ehlo);
        });
    }

    /// Connects, at first to whichever address answers, then to that one.
    pub(super) fn open(&mut self) -> Result<Connection<'a>, Setback> {
        if self.progress.read(|facts| facts.connections > 0) {
            self.run.deadline.pause(self.target.delay);
        }
        let addresses = match self.address {
            Some(address) => vec![address],
            None => self.addresses()?,
        };
        let mut failures = Vec::new();
        for address in addresses {
            self.check_time()?;
            self.run.deadline.enter(format!("connecting to {address}"));
            self.progress.note(|facts| facts.connections += 1);
            match Connection::open(
                address,
                self.target.caller.source,
                &self.run.deadline,
                self.patience.connect,
            ) {
                Ok(connection) => {
                    self.settle_on(address, failures);
                    return Ok(connection);
                }
                Err(error) => failures.push((address, error)),
            }
        }
        self.check_time()?;
        Err(self.unreached(failures).into())
    }

    /// Keeps to the address that answered first; what was skipped for it is known from that one time.
    fn settle_on(&mut self, address: SocketAddr, failures: Vec<(SocketAddr, ConnectError)>) {
        if self.address.replace(address).is_some() {
            return;
        }
        self.progress.note(|facts| {
            facts.address = Some(address.ip().to_string());
            facts.skipped_addresses = failures;
        });
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Setback> {
        let (host, port) = (&self.target.host, self.target.port);
        self.run.deadline.enter(format!("looking up {host}"));
        resolve(host, port, self.target.caller.family).map_err(|reason| {
            let host = host.clone();
            Halt::Unreached(ProbeError::Unresolved { host, reason }).into()
        })
    }

    fn unreached(&self, failures: Vec<(SocketAddr, ConnectError)>) -> Halt {
        if let (Some(_), Some((_, error))) = (self.address, failures.first()) {
            let after = self.progress.read(|facts| facts.connections).saturating_sub(1);
            let ban = Ban::Unconnected { error: error.clone(), after };
            return Halt::CutShort(CutShort::Banned(ban));
        }
        Halt::Unreached(ProbeError::Unreached(Unreached(failures)))
    }

    /// Waits once for a limit to be forgotten; the second time it is the end.
    fn back_off(&mut self, limit: &Reply) -> Result<(), Setback> {
        let is_final = limit.code >= 500;
        if is_final || self.has_backed_off {
            return Err(Halt::CutShort(CutShort::Limited(limit.clone())).into());
        }
        self.has_backed_off = true;
        self.run.deadline.enter(format!("waiting after \"{limit}\""));
        self.run.deadline.pause(BACK_OFF.min(self.run.deadline.remaining() / 2));
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
        Setback::Once(WhyUnknown::Session(error))
    }

    /// Whether there is time for another step.
    pub(super) fn check_time(&self) -> Result<(), Setback> {
        if self.run.deadline.has_passed() {
            return Err(Halt::CutShort(CutShort::OutOfTime(self.run.out_of_time())).into());
        }
        Ok(())
    }
}

fn with_patience(mut connection: Connection<'_>, patience: Duration) -> Connection<'_> {
    connection.allow(patience);
    connection
}

/// Takes leave of a server that has said all it will; whether it answers in time does not matter.
fn leave(session: &mut Session<Connection<'_>>) {
    session.stream_mut().allow(Duration::from_secs(1));
    session.quit();
}

fn offers_starttls(ehlo: &Reply) -> Fact {
    match (ehlo.code, ehlo.has_keyword("STARTTLS")) {
        (..300, true) => Fact::Yes,
        // A server that does not know EHLO has no extensions at all (RFC 5321 section 3.2).
        (..300, false) | (500 | 502, _) => Fact::No,
        _ => Fact::Unknown(WhyUnknown::Ehlo(ehlo.clone())),
    }
}

/// The mechanisms behind AUTH (RFC 4954 section 3).
pub(super) fn mechanisms(ehlo: &Reply) -> Vec<String> {
    let parameters = ehlo.parameters("AUTH").unwrap_or_default();
    parameters.split_whitespace().map(str::to_ascii_uppercase).collect()
}

/// A keyword that a firewall wrote over: `XXXXXXXA`.
fn is_masked(line: &str) -> bool {
    let word = line.trim();
    word.len() == "STARTTLS".len()
        && word.starts_with("XXXX")
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
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
