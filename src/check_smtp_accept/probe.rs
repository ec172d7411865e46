//! The one session: as far as the recipients, or to the end of a mail. All I/O starts here.

use std::sync::Arc;

use super::facts::{EarlyEnd, Facts, Progress};
use super::target::Target;
use crate::clock;
use crate::login::Login;
use crate::program::Run;
use crate::smtp::{Cause, Command, Reply, Session, SessionError};
use crate::smtp_client::auth::{self, Mechanism};
use crate::smtp_client::{Channel, Client, Dialer, NoSession, Patience, Patient};
use crate::stream::StreamError;
use crate::tls::proof::proof;
use crate::tls::trust::Anchors;

/// Offers the mail and takes leave.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress) {
    let visit = Visit { target, run, progress };
    if let Err(ended) = visit.look() {
        progress.note(|facts| facts.ended = Some(ended));
    }
}

struct Visit<'a> {
    target: &'a Target,
    run: &'a Run,
    progress: &'a Progress,
}

impl<'a> Visit<'a> {
    fn look(&self) -> Result<(), EarlyEnd> {
        let login = self.target.auth_file.as_deref().map(Login::read).transpose();
        let login = login.map_err(|error| EarlyEnd::NoLogin(Arc::new(error)))?;
        let begin = self.run.deadline.elapsed();
        let mut client = self.open()?;
        self.progress.note(|facts| facts.greeted_after = Some(client.greeted_after.as_secs_f64()));
        let end = self.converse(&mut client, login.as_ref());
        let took = self.run.deadline.elapsed().saturating_sub(begin);
        if matches!(end, Err(EarlyEnd::Lost(_) | EarlyEnd::OutOfTime(_))) {
            return end;
        }
        self.progress.note(|facts| facts.seconds = Some(took.as_secs_f64()));
        client.quit();
        end
    }

    fn open(&self) -> Result<Client<'a>, EarlyEnd> {
        let (target, deadline) = (self.target, &self.run.deadline);
        let dialer = Dialer::new(&target.host, target.port, &target.caller, deadline);
        dialer.open(target.security).map_err(|error| {
            if error == NoSession::OutOfTime || deadline.has_passed() {
                EarlyEnd::OutOfTime(self.run.out_of_time())
            } else {
                EarlyEnd::NoSession(error)
            }
        })
    }

    fn converse(&self, client: &mut Client<'_>, login: Option<&Login>) -> Result<(), EarlyEnd> {
        if self.target.require_valid {
            self.verify(client)?;
        }
        if let Some(login) = login {
            self.log_in(client, login)?;
        }
        let session = &mut client.session;
        let sender = self.target.sender.to_string();
        let reply = self.ask(session, Command::Mail, |session| session.mail(&sender))?;
        if !reply.is_positive() {
            return Err(EarlyEnd::Refused(Command::Mail, reply));
        }
        self.name_recipients(session)?;
        if self.target.mail.is_some() && self.progress.read(takes_any) {
            return self.deliver(session);
        }
        // Whatever is answered, nothing more is wanted.
        let _ = session.reset();
        Ok(())
    }

    fn verify(&self, client: &Client<'_>) -> Result<(), EarlyEnd> {
        let now = clock::seconds(self.run.now);
        let anchors = Anchors::load(self.target.ca_file.as_deref(), now);
        let shown = client.tls.as_ref().map(|shake| shake.shown.clone()).unwrap_or_default();
        let proof = proof(&shown, &self.target.host, &anchors, now);
        let is_whole = proof.is_whole();
        self.progress.note(|facts| facts.proof = Some(proof));
        if is_whole { Ok(()) } else { Err(EarlyEnd::NotProven) }
    }

    fn log_in(&self, client: &mut Client<'_>, login: &Login) -> Result<(), EarlyEnd> {
        let offered = client.ehlo.parameters("AUTH").unwrap_or_default();
        let Some(mechanism) = Mechanism::of(offered) else {
            return Err(EarlyEnd::NoMechanism(offered.to_owned()));
        };
        for line in auth::lines(login, mechanism) {
            let reply = self.ask(&mut client.session, Command::Auth, |session| {
                session.command(Command::Auth, line.expose())
            })?;
            match reply.code {
                235 => return Ok(()),
                334 => {}
                _ => return Err(EarlyEnd::Refused(Command::Auth, reply)),
            }
        }
        // A further question is none that user and password answer.
        Err(EarlyEnd::NoMechanism(offered.to_owned()))
    }

    fn name_recipients(&self, session: &mut Session<Channel<'_>>) -> Result<(), EarlyEnd> {
        for (place, recipient) in self.target.recipients.iter().enumerate() {
            let recipient = recipient.to_string();
            let reply = self.ask(session, Command::Rcpt, |session| session.rcpt(&recipient))?;
            let is_last = reply.is_last();
            self.progress.note(|facts| {
                if let Some(recipient) = facts.recipients.get_mut(place) {
                    recipient.reply = Some(reply.clone());
                }
            });
            if is_last && place + 1 < self.target.recipients.len() {
                return Err(EarlyEnd::Refused(Command::Rcpt, reply));
            }
        }
        Ok(())
    }

    fn deliver(&self, session: &mut Session<Channel<'_>>) -> Result<(), EarlyEnd> {
        let Some(mail) = self.target.mail else {
            return Ok(());
        };
        let reply = self.ask(session, Command::Data, Session::data)?;
        if reply.code != 354 {
            return Err(EarlyEnd::Refused(Command::Data, reply));
        }
        let text = mail.text(&self.target.sender, &self.target.recipients);
        let reply = self.ask(session, Command::FinalDot, |session| session.content(&text))?;
        if !reply.is_positive() {
            return Err(EarlyEnd::Refused(Command::FinalDot, reply));
        }
        self.progress.note(|facts| facts.delivered = Some(reply));
        Ok(())
    }

    /// Each answer may take what is left of the time, for scanners and for servers that ask others.
    fn ask<'c>(
        &self,
        session: &mut Session<Channel<'c>>,
        command: Command,
        ask: impl FnOnce(&mut Session<Channel<'c>>) -> Result<Reply, SessionError>,
    ) -> Result<Reply, EarlyEnd> {
        let deadline = &self.run.deadline;
        deadline.enter(format!("waiting for the answer to {command}"));
        session.stream_mut().allow(Patience::longest(deadline.remaining()));
        let begin = deadline.elapsed();
        ask(session).map_err(|mut error| {
            if deadline.has_passed() {
                return EarlyEnd::OutOfTime(self.run.out_of_time());
            }
            if error.cause == Cause::Stream(StreamError::Silent) {
                error.cause = Cause::SilentFor(deadline.elapsed().saturating_sub(begin));
            }
            EarlyEnd::Lost(error)
        })
    }
}

fn takes_any(facts: &Facts) -> bool {
    facts.recipients.iter().any(super::facts::Recipient::is_taken)
}
