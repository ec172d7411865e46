//! Connects to the CLI service and asks it for its version.

mod cli;

use std::net::SocketAddr;
use std::time::Duration;

use super::facts::{Awaited, NoVersion, Progress, ServerVersion};
use super::target::Target;
use crate::connection::{Connection, resolve};
use crate::program::Run;
use crate::smtp_client::{Channel, Patient, Unreached, server_name};
use crate::tls::handshake::{Wanted, handshake};

/// Asks, and notes what came of it.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress) {
    let asked = ask(target, run, progress);
    progress.note(|facts| match asked {
        Ok(version) => {
            facts.version = Some(version);
            facts.seconds = Some(run.deadline.elapsed().as_secs_f64());
        }
        // What ends when our own time does is no silence of the server.
        Err(_) if run.deadline.has_passed() => facts.cut_short = Some(run.out_of_time()),
        Err(error) => facts.no_version = Some(error),
    });
}

/// How long one step may take. Not all the time there is, so that a silent server is told from a slow run.
fn patience(run: &Run) -> Duration {
    (run.deadline.limit() / 3).min(Duration::from_secs(5))
}

fn ask(target: &Target, run: &Run, progress: &Progress) -> Result<ServerVersion, NoVersion> {
    run.deadline.enter(format!("looking up {}", target.host));
    let addresses =
        resolve(&target.host, target.port, target.family).map_err(NoVersion::Unresolved)?;
    let (connection, address) = connect(&addresses, run)?;
    progress.note(|facts| facts.address = Some(address));
    let mut channel =
        if target.tls { secure(connection, target, run)? } else { Channel::Clear(connection) };
    channel.allow(patience(run));
    cli::ask(&mut channel, |awaited| {
        run.deadline.enter(match awaited {
            Awaited::Prompt => "waiting for the prompt",
            Awaited::Version => "waiting for the answer to GET VERSION",
        });
    })
}

fn connect<'a>(
    addresses: &[SocketAddr],
    run: &'a Run,
) -> Result<(Connection<'a>, SocketAddr), NoVersion> {
    let mut failures = Vec::new();
    for address in addresses.iter().copied() {
        run.deadline.enter(format!("connecting to {address}"));
        match Connection::open(address, None, &run.deadline, patience(run)) {
            Ok(connection) => return Ok((connection, address)),
            Err(error) => failures.push((address, error)),
        }
    }
    Err(NoVersion::Unreached(Unreached(failures)))
}

/// What the certificate proves does not matter: nothing secret is sent.
fn secure<'a>(
    mut connection: Connection<'a>,
    target: &Target,
    run: &Run,
) -> Result<Channel<'a>, NoVersion> {
    run.deadline.enter("waiting for the TLS handshake");
    connection.allow(patience(run));
    let (_, result) = handshake(connection, server_name(&target.host), Wanted::Any);
    let (_, secured) = result.map_err(NoVersion::Handshake)?;
    Ok(Channel::Tls(Box::new(secured)))
}
