//! The look itself: one handshake for the certificate, then one hello for each question. All I/O starts here.

mod ask;
mod chains;
mod drown;
mod injection;
mod plan;
mod question;
mod reach;
mod reaction;

use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;

use super::facts::{
    CutShort, Fact, Facts, Handshake, Looks, ProbeError, Progress, Start, Unnamed, WhyUnknown,
};
use super::target::Target;
use crate::clock;
use crate::connection::{Connection, resolve};
use crate::deadline::Deadline;
use crate::program::{self, Run};
use crate::smtp::{Session, Stage};
use crate::smtp_client::{Patient, plain_refusal};
use crate::tls::certificate::{self, Algorithm};
use crate::tls::handshake::{HandshakeError, Secured, Wanted, handshake};
use crate::tls::trust::Anchors;
use ask::Asker;
use reach::{Halt, Reach, Setback, mechanisms, out_of_time};

/// Looks at a server until all is seen, the time is over or it refuses us; at each of its addresses, if that is asked
/// for.
pub(super) fn probe(
    target: &Target,
    run: &Run,
    looks: &program::Progress<Looks>,
) -> Result<(), ProbeError> {
    let anchors = Anchors::load(target.ca_file.as_deref(), clock::seconds(run.now));
    if target.every_address {
        let addresses = addresses(target, run)?;
        looks.note(|looks| looks.at_each(&addresses));
    }
    let each = looks.read(|looks| looks.each.clone());
    for (place, look) in each.iter().enumerate() {
        // No address takes the time of those behind it, nor of the other listeners.
        let left = each.len() - place + target.drown.len().min(1);
        let share = look.address.and_then(|_| u32::try_from(left).ok());
        let share = share.map(|left| Deadline::after(run.deadline.remaining() / left));
        let deadline = share.as_ref().unwrap_or(&run.deadline);
        let reach = Reach::new(target, look.address, deadline, &look.progress);
        let ended = look_at(reach, &anchors);
        looks.note(|looks| {
            if let Some(look) = looks.each.get_mut(place) {
                look.ended = Some(ended);
            }
        });
    }
    // The other listeners need not be behind a proxy.
    let caller = target.caller.without_proxy();
    for listener in &target.drown {
        let seen = drown::look(listener, &caller, &run.deadline);
        for look in &each {
            look.progress.note(|facts| facts.drown.push(seen.clone()));
        }
    }
    Ok(())
}

fn addresses(target: &Target, run: &Run) -> Result<Vec<SocketAddr>, ProbeError> {
    run.deadline.enter(format!("looking up {}", target.host));
    resolve(&target.host, target.port, target.caller.family)
        .map_err(|reason| ProbeError::Unresolved { host: target.host.clone(), reason })
}

fn look_at(reach: Reach<'_>, anchors: &Anchors) -> Result<(), ProbeError> {
    let progress = reach.progress;
    match (Probe { asker: Asker::new(reach, anchors) }).look() {
        Ok(()) | Err(Halt::NoTls) => Ok(()),
        Err(Halt::Unreached(error)) => Err(error),
        Err(Halt::CutShort(why)) => {
            progress.note(|facts| facts.cut_short = Some(why));
            Ok(())
        }
    }
}

struct Probe<'a> {
    asker: Asker<'a>,
}

impl Probe<'_> {
    /// The most valuable first: whatever ends the look, that much is known.
    fn look(&mut self) -> Result<(), Halt> {
        self.handshake(Wanted::Any)?;
        if self.target().quick {
            return self.second_look();
        }
        plan::versions(&mut self.asker)?;
        plan::suites(&mut self.asker)?;
        self.second_certificate()?;
        self.without_name()?;
        plan::post_quantum(&mut self.asker)?;
        if self.target().injection {
            injection::look(&mut self.asker)?;
        }
        Ok(())
    }

    fn target(&self) -> &Target {
        self.asker.reach.target
    }

    fn progress(&self) -> &Progress {
        self.asker.reach.progress
    }

    /// Where the first connection showed no certificate, a hello of an older client may; else the other certificate of
    /// a server with two.
    fn second_look(&mut self) -> Result<(), Halt> {
        if self.progress().read(|facts| facts.certificates.is_empty()) {
            return plan::certificate(&mut self.asker);
        }
        self.second_certificate()
    }

    /// One real handshake, and SMTP inside it.
    fn handshake(&mut self, wanted: Wanted) -> Result<(), Halt> {
        let connection = match self.asker.reach.ready() {
            Ok(connection) => connection,
            Err(Setback::Halt(halt)) => return Err(halt),
            Err(Setback::Once(why)) => {
                self.progress().note(|facts| no_handshake(facts, wanted, why));
                return Ok(());
            }
        };
        let own_name = self.target().caller.name(connection.local_address());
        let deadline = self.asker.reach.deadline;
        deadline.enter("shaking hands");
        let begin = deadline.elapsed();
        let (shown, result) = handshake(connection, self.asker.server_name(), wanted);
        let seconds = deadline.elapsed().saturating_sub(begin).as_secs_f64();
        self.asker.add_chain(&shown.chain);
        match result {
            Ok((agreed, secured)) => {
                self.asker.had_control = true;
                self.progress().note(|facts| {
                    facts.set_protocol(agreed.version, Fact::Yes);
                    facts.accepted.insert((agreed.version, agreed.suite));
                    facts.groups.extend(agreed.group);
                    if wanted != Wanted::Any {
                        facts.second_certificate = Fact::Yes;
                    }
                    facts.handshake.get_or_insert(Handshake {
                        version: agreed.version,
                        suite: agreed.suite,
                        seconds,
                        stapled: shown.stapled,
                        signature_fault: shown.signature_fault,
                        unchecked: shown.unchecked,
                    });
                });
                if wanted == Wanted::Any {
                    self.inside(secured, &own_name);
                } else {
                    leave(secured, self.target().start, &own_name);
                }
            }
            // A server without such a certificate refuses, and that is the answer.
            Err(error) if wanted != Wanted::Any && error != HandshakeError::Silent => {
                self.progress().note(|facts| facts.second_certificate = Fact::No);
            }
            Err(error) => {
                if deadline.has_passed() {
                    return Err(Halt::CutShort(CutShort::OutOfTime(out_of_time(deadline))));
                }
                if self.target().start == Start::Tls
                    && let Some(reply) = plain_refusal(&error)
                {
                    return match self.asker.reach.kept_out(Stage::Greeting, reply) {
                        Ok(()) => self.handshake(wanted),
                        Err(Setback::Halt(halt)) => Err(halt),
                        Err(Setback::Once(why)) => {
                            self.progress().note(|facts| no_handshake(facts, wanted, why));
                            Ok(())
                        }
                    };
                }
                self.progress()
                    .note(|facts| no_handshake(facts, wanted, WhyUnknown::Handshake(error)));
            }
        }
        Ok(())
    }

    /// SMTP inside TLS: what is offered may differ (RFC 3207 section 4.2).
    fn inside(&self, secured: Secured<Connection<'_>>, own_name: &str) {
        let deadline = self.asker.reach.deadline;
        let mut session = Session::over(secured);
        deadline.enter("speaking SMTP inside TLS");
        if self.target().start == Start::Tls {
            let patience = self.asker.reach.dialer.patience;
            session.stream_mut().allow(patience.greeting);
            let greeting = session.greeting();
            session.stream_mut().allow(patience.tls);
            match greeting {
                Ok(greeting) => self
                    .progress()
                    .note(|facts| facts.smtp.greeting = Some(greeting.lines.join(" "))),
                Err(error) => {
                    return self.progress().note(|facts| {
                        facts.smtp.starttls_again =
                            Fact::Unknown(WhyUnknown::NoSession(error.into()));
                    });
                }
            }
        }
        let ehlo = session.ehlo(own_name);
        self.progress().note(|facts| match ehlo {
            Ok(ehlo) if ehlo.is_positive() => {
                facts.smtp.auth_after = mechanisms(&ehlo);
                facts.smtp.starttls_again =
                    if ehlo.has_keyword("STARTTLS") { Fact::Yes } else { Fact::No };
            }
            Ok(other) => {
                facts.smtp.starttls_again = Fact::Unknown(WhyUnknown::EhloInsideTls(other));
            }
            Err(error) => facts.smtp.starttls_again = Fact::Unknown(WhyUnknown::InsideTls(error)),
        });
        session.quit();
    }

    /// What clients get that name nobody, as older mail servers do. A refusal, or no answer, is not judged: the others
    /// are served.
    fn without_name(&mut self) -> Result<(), Halt> {
        let is_named = matches!(self.asker.server_name(), ServerName::DnsName(_));
        if !is_named || self.progress().read(|facts| facts.handshake.is_none()) {
            return Ok(());
        }
        let connection = match self.asker.reach.ready() {
            Ok(connection) => connection,
            Err(Setback::Halt(halt)) => return Err(halt),
            Err(Setback::Once(_)) => return Ok(()),
        };
        let own_name = self.target().caller.name(connection.local_address());
        self.asker.reach.deadline.enter("shaking hands without a name");
        let (shown, result) = handshake(connection, nobody(), Wanted::Any);
        if let Ok((_, secured)) = result {
            leave(secured, self.target().start, &own_name);
        }
        let Some(leaf) = shown.chain.first().and_then(|der| certificate::read(der).ok()) else {
            return Ok(());
        };
        self.progress().note(|facts| {
            if facts.leaves().all(|known| known.sha256 != leaf.sha256) {
                let fit = leaf.fit(&facts.name);
                facts.without_name = Some(Box::new(Unnamed { leaf, fit }));
            }
        });
        Ok(())
    }

    /// The certificate with the other kind of key, if the server has two.
    fn second_certificate(&mut self) -> Result<(), Halt> {
        let first =
            self.progress().read(|facts| facts.leaves().next().map(|leaf| leaf.key.algorithm));
        let has_shaken_hands = self.progress().read(|facts| facts.handshake.is_some());
        match first.filter(|_| has_shaken_hands) {
            Some(Algorithm::Rsa | Algorithm::RsaPss) => self.handshake(Wanted::Ecdsa),
            Some(_) => self.handshake(Wanted::Rsa),
            None => Ok(()),
        }
    }
}

/// The handshake of a client that names nobody: an address is never sent.
fn nobody() -> ServerName<'static> {
    ServerName::IpAddress(IpAddr::from([0, 0, 0, 0]).into())
}

fn no_handshake(facts: &mut Facts, wanted: Wanted, why: WhyUnknown) {
    if wanted != Wanted::Any {
        facts.second_certificate = Fact::Unknown(why);
        return;
    }
    if facts.certificates.is_empty() {
        facts.no_certificate.get_or_insert(why.clone());
    }
    facts.no_handshake = Some(why);
}

/// Ends a session of which nothing more is wanted, in the way the server expects.
fn leave(secured: Secured<Connection<'_>>, start: Start, own_name: &str) {
    let mut session = Session::over(secured);
    if start == Start::Tls && session.greeting().is_err() {
        return;
    }
    if session.ehlo(own_name).is_ok() {
        session.quit();
    }
}
