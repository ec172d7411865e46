//! One canary mail handed to our own server, as any mail of ours is.

use std::path::Path;
use std::sync::Arc;

use crate::canary::Token;
use crate::check_smtp_forced_tls::facts::HandOver;
use crate::check_smtp_forced_tls::target::CanaryTarget;
use crate::clock;
use crate::login::Login;
use crate::program::Run;
use crate::smtp::{Command, Reply, Session, SessionError, date};
use crate::smtp_client::auth::{self, Mechanism};
use crate::smtp_client::{Caller, Channel, Client, Dialer, Patience, Patient};
use crate::tls::proof::proof;
use crate::tls::trust::Anchors;

/// Whether our server has the mail now.
pub(super) enum HandedOver {
    Yes(Reply),
    No(HandOver),
    /// It was sent, and no answer came.
    Perhaps(HandOver),
}

/// What is handed over, and to whom.
pub(super) struct Submission<'a> {
    pub(super) target: &'a CanaryTarget,
    pub(super) caller: &'a Caller,
    /// The authorities to trust in place of the system's.
    pub(super) ca_file: Option<&'a Path>,
    pub(super) run: &'a Run,
    pub(super) token: &'a Token,
}

impl<'a> Submission<'a> {
    /// Hands it over.
    pub(super) fn hand_over(&self) -> HandedOver {
        let mut client = match self.open() {
            Ok(client) => client,
            Err(why) => return HandedOver::No(why),
        };
        let handed_over = match self.offer(&mut client) {
            Ok(()) => self.content(&mut client.session),
            Err(why) => HandedOver::No(why),
        };
        if !matches!(handed_over, HandedOver::No(HandOver::Lost(_)) | HandedOver::Perhaps(_)) {
            client.quit();
        }
        handed_over
    }

    /// A session in which a mail may be offered, logged in if that is asked for.
    fn open(&self) -> Result<Client<'a>, HandOver> {
        let login = self.target.auth_file.as_deref().map(Login::read).transpose();
        let login = login.map_err(|error| HandOver::NoLogin(Arc::new(error)))?;
        let (host, port) = (&self.target.host, self.target.port);
        let dialer = Dialer::new(host, port, self.caller, &self.run.deadline);
        let mut client = dialer.open(self.target.security).map_err(HandOver::NoSession)?;
        if let Some(login) = login {
            let logged_in = self.verify(&client).and_then(|()| self.log_in(&mut client, &login));
            if let Err(why) = logged_in {
                client.quit();
                return Err(why);
            }
        }
        Ok(client)
    }

    /// A password is for the one server that it is for.
    fn verify(&self, client: &Client<'_>) -> Result<(), HandOver> {
        let shown = client.tls.as_ref().map(|shake| shake.shown.clone()).unwrap_or_default();
        let now = clock::seconds(self.run.now);
        let anchors = Anchors::load(self.ca_file, now);
        let proof = proof(&shown, &self.target.host, &anchors, now);
        if proof.is_whole() { Ok(()) } else { Err(HandOver::NotProven(proof)) }
    }

    fn log_in(&self, client: &mut Client<'_>, login: &Login) -> Result<(), HandOver> {
        let offered = client.ehlo.parameters("AUTH").unwrap_or_default().to_owned();
        let Some(mechanism) = Mechanism::of(&offered) else {
            return Err(HandOver::NoMechanism(offered));
        };
        for line in auth::lines(login, mechanism) {
            let reply = self.ask(&mut client.session, Command::Auth, |session| {
                session.command(Command::Auth, line.expose())
            })?;
            match reply.code {
                235 => return Ok(()),
                334 => {}
                _ => return Err(HandOver::Refused(Command::Auth, reply)),
            }
        }
        Err(HandOver::NoMechanism(offered))
    }

    fn offer(&self, client: &mut Client<'_>) -> Result<(), HandOver> {
        let sender = self.target.sender.to_string();
        let recipient = self.recipient();
        let session = &mut client.session;
        let reply = self.ask(session, Command::Mail, |session| session.mail(&sender))?;
        yes(Command::Mail, reply.is_positive(), reply)?;
        let reply = self.ask(session, Command::Rcpt, |session| session.rcpt(&recipient))?;
        yes(Command::Rcpt, reply.is_positive(), reply)?;
        let reply = self.ask(session, Command::Data, Session::data)?;
        yes(Command::Data, reply.code == 354, reply)
    }

    fn content(&self, session: &mut Session<Channel<'_>>) -> HandedOver {
        let text = self.text();
        match self.ask(session, Command::FinalDot, |session| session.content(&text)) {
            Ok(reply) if reply.is_positive() => HandedOver::Yes(reply),
            Ok(reply) => HandedOver::No(HandOver::Refused(Command::FinalDot, reply)),
            Err(why) => HandedOver::Perhaps(why),
        }
    }

    fn recipient(&self) -> String {
        format!("{}@{}", self.token, self.target.domain)
    }

    fn text(&self) -> String {
        let since_1970 = self.run.now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        format!(
            "Date: {date}\r\n\
             From: <{sender}>\r\n\
             To: <{recipient}>\r\n\
             Subject: Canary: does this mail leave encrypted?\r\n\
             Message-ID: <canary.{token}@{own}>\r\n\
             Auto-Submitted: auto-generated\r\n\
             X-Monitoring: check_smtp_forced_tls {version}\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=us-ascii\r\n\
             \r\n\
             This mail of the monitoring of this mail server shows whether mail leaves encrypted.\r\n\
             It goes to smtp_canary, which offers no TLS at first: until then it must wait.\r\n",
            date = date(since_1970),
            sender = self.target.sender,
            recipient = self.recipient(),
            token = self.token,
            own = self.target.sender.domain,
            version = env!("CARGO_PKG_VERSION"),
        )
    }

    /// Each answer may take what is left of the time.
    fn ask<'c>(
        &self,
        session: &mut Session<Channel<'c>>,
        command: Command,
        ask: impl FnOnce(&mut Session<Channel<'c>>) -> Result<Reply, SessionError>,
    ) -> Result<Reply, HandOver> {
        let deadline = &self.run.deadline;
        deadline.enter(format!("waiting for the answer to {command}"));
        session.stream_mut().allow(Patience::longest(deadline.remaining()));
        ask(session).map_err(HandOver::Lost)
    }
}

fn yes(at: Command, is_yes: bool, reply: Reply) -> Result<(), HandOver> {
    if is_yes { Ok(()) } else { Err(HandOver::Refused(at, reply)) }
}
