//! `pushover_channel` with a daemon of Icinga Notifications and a stand-in of Pushover.

mod conversation;
mod delivery;
mod endings;

use serde_json::{Value, json};

use crate::support::bell::{ring_on_changes, wait_for};
use crate::support::chmod;
use crate::support::http_server::HttpServer;
use crate::support::pushover::{ALICE, Host, TOKEN};

/// A host whose channel has a configuration of its own: recipients, spool and the way to the stand-in, and no token.
fn host(server: &HttpServer) -> Host {
    let host = Host::of(server);
    ring_on_changes(&[&host.spool()]);
    chmod(&host.spool(), 0o700);
    configure(&host, server, "alice");
    host
}

fn configure(host: &Host, server: &HttpServer, recipient: &str) {
    let (spool, url) = (host.spool(), server.url());
    host.configure(&format!(
        "spool-dir = '{}'\napi-url = '{url}'\ndigest = 0\n[users]\n{recipient} = '{ALICE}'\n",
        spool.display()
    ));
}

fn token() -> Value {
    json!({ "token": TOKEN })
}

/// Waits until so many messages have arrived.
#[track_caller]
fn arrived(server: &HttpServer, count: usize) -> Vec<String> {
    wait_for("the message", || Some(server.messages()).filter(|all| all.len() >= count))
}

/// Waits until nothing waits any more.
#[track_caller]
fn emptied(host: &Host) {
    wait_for("the end of the queue", || host.waiting().is_empty().then_some(()));
}
