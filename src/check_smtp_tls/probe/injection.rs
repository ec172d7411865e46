//! Whether what was sent before TLS is obeyed inside it (CVE-2011-0411).

use std::time::Duration;

use super::ask::Asker;
use super::reach::{Halt, Setback};
use crate::check_smtp_tls::facts::{Fact, Start, WhyUnknown};
use crate::smtp::{Command, Session, Stage};
use crate::smtp_client::NoSession;
use crate::tls::handshake::{HandshakeError, Wanted, handshake};

/// Sends a word behind STARTTLS and before TLS; a server that answers it inside TLS obeys a man in the middle.
pub(super) fn look(asker: &mut Asker<'_>) -> Result<(), Halt> {
    let fact = match inject(asker) {
        Ok(fact) => fact,
        Err(Setback::Once(why)) => Fact::Unknown(why),
        Err(Setback::Halt(halt)) => {
            asker.reach.progress.note(|facts| facts.injection = Some(Fact::not_asked()));
            return Err(halt);
        }
    };
    asker.reach.progress.note(|facts| facts.injection = Some(fact));
    Ok(())
}

fn inject(asker: &mut Asker<'_>) -> Result<Fact, Setback> {
    /// How long an answer to the injected word may take.
    const WAIT: Duration = Duration::from_secs(1);
    if asker.reach.target.start == Start::Tls {
        return Ok(Fact::No);
    }
    // What the server answers inside TLS is not to be heard.
    if asker.reach.progress.read(|facts| facts.handshake.is_none()) {
        return Ok(Fact::Unknown(WhyUnknown::NoHandshake));
    }
    let mut session = asker.reach.greeted()?;
    let answer = session
        .command(Command::Starttls, "STARTTLS\r\nNOOP")
        .map_err(|error| Setback::Once(WhyUnknown::NoSession(error.into())))?;
    // A refusal as such is no obedience, but a limit says nothing of what would be obeyed.
    if (400..500).contains(&answer.code) {
        let refused = NoSession::Refused(Stage::Command(Command::Starttls), answer);
        return Ok(Fact::Unknown(WhyUnknown::NoSession(refused)));
    }
    if answer.code != 220 || session.has_more() {
        return Ok(Fact::No);
    }
    let mut connection = session
        .into_stream()
        .map_err(|error| Setback::Once(WhyUnknown::NoSession(error.into())))?;
    connection.allow(asker.reach.dialer.patience.tls);
    let (_, result) = handshake(connection, asker.server_name(), Wanted::Any);
    let mut secured = match result {
        Ok((_, secured)) => secured,
        Err(HandshakeError::Silent) => {
            return Ok(Fact::Unknown(WhyUnknown::Handshake(HandshakeError::Silent)));
        }
        // The word was taken for TLS.
        Err(_) => return Ok(Fact::No),
    };
    secured.sock.allow(WAIT);
    let mut session = Session::over(secured);
    match session.greeting() {
        Ok(answer) if answer.is_positive() => Ok(Fact::Yes),
        // Silence is the right answer, if there was time to hear another.
        _ => asker.reach.check_time().map(|()| Fact::No),
    }
}
