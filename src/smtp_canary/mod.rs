//! `smtp_canary`: a mail exchanger in miniature that takes canary mails only. Each server that comes is first shown no TLS,
//! then, if asked for, a wrong certificate, and then TLS as it should be.

mod args;
mod keys;
mod lines;
mod talk;
mod way_in;

pub use args::Args;

use crate::canary::SinkState;
use crate::connection::Connection;
use crate::program::{Served, Service};
use talk::Post;
use way_in::WayIn;

/// How long each line of a client may take (RFC 5321 section 4.5.3.2 asks for minutes, of servers that hold real mail).
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Serves one connection.
#[must_use]
pub fn serve(args: &Args, service: &Service) -> Served {
    let connection = service
        .connection()
        .and_then(|stream| Connection::accepted(stream, &service.deadline, PATIENCE))
        // A socket for both families shows IPv4 addresses as IPv6 ones.
        .and_then(|connection| Ok((connection.peer_address()?.to_canonical(), connection)));
    let (from, connection) = match connection {
        Ok(accepted) => accepted,
        Err(error) => {
            return Served::Failed(format!(
                "standard input is not a connection ({error}); systemd must start this program"
            ));
        }
    };
    let state = match SinkState::open(&args.state) {
        Ok(state) => state,
        Err(error) => return way_in::closed(connection, args, &error.to_string()),
    };
    let right = match keys::right(args.pem.as_deref(), &state, &args.domain) {
        Ok(right) => right,
        Err(error) => return way_in::closed(connection, args, &error.to_string()),
    };
    let clock = || service.now();
    let post = Post { domain: &args.domain, state: &state, clock: &clock, from };
    let way_in = WayIn { post: &post, right };
    let story = if args.tls { way_in.tls_at_once(connection) } else { way_in.starttls(connection) };
    Served::Whole(format!("{from}: {story}"))
}
