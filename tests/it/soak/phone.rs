//! The stand-in for Pushover of many hosts at once, and clean runs until nothing waits.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::pushover::{ALICE, BOB, Host};

/// Longer than the longest pause between two tries that a run of a few seconds can leave behind.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Default)]
struct Seen {
    /// Name of the recipient and text of what was accepted.
    accepted: Vec<(&'static str, String)>,
    /// Marks of the hosts for which the outage is over.
    mended: BTreeSet<String>,
}

/// Accepts every text but two kinds: `refused` never, `down` only when the outage is over.
pub(super) struct Phone {
    server: HttpServer,
    seen: Arc<Mutex<Seen>>,
}

impl Phone {
    pub(super) fn start() -> Self {
        Self::slow(Duration::ZERO)
    }

    /// Every answer takes that long.
    pub(super) fn slow(pause: Duration) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = seen.clone();
        let server = HttpServer::start(move |_, request| {
            let (_never, wait) = mpsc::channel::<()>();
            let _ = wait.recv_timeout(pause);
            answer(request, &shared)
        });
        Self { server, seen }
    }

    pub(super) fn server(&self) -> &HttpServer {
        &self.server
    }

    /// Ends the outage for texts with this mark.
    pub(super) fn mend(&self, mark: &str) {
        self.seen.lock().unwrap().mended.insert(mark.to_owned());
    }

    /// Recipient and text of what was accepted with this mark, in order.
    pub(super) fn accepted(&self, mark: &str) -> Vec<(&'static str, String)> {
        let seen = self.seen.lock().unwrap();
        seen.accepted.iter().filter(|(_, text)| text.contains(mark)).cloned().collect()
    }

    /// How often a text was accepted for a recipient.
    pub(super) fn count(&self, recipient: &str, text: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.accepted.iter().filter(|(to, message)| *to == recipient && message == text).count()
    }
}

fn answer(request: &Request, seen: &Mutex<Seen>) -> Reply {
    let text = request.field("message");
    let mut seen = seen.lock().unwrap();
    let is_down = text.contains("down") && !seen.mended.iter().any(|mark| text.contains(mark));
    if is_down {
        return Reply::json(500, "");
    }
    if text.contains("refused") {
        return Reply::json(400, r#"{"status":0,"errors":["message is not wanted"]}"#);
    }
    let recipient = match request.field("user") {
        ALICE => "alice",
        BOB => "bob",
        _ => "nobody",
    };
    seen.accepted.push((recipient, text.to_owned()));
    Reply::accepted()
}

/// Clean runs until nothing waits; after a failure each message has a pause.
pub(super) fn flush_until_nothing_waits(host: &Host) -> Result<(), String> {
    let (_never, pause) = mpsc::channel::<()>();
    let started = Instant::now();
    loop {
        let outcome = host.run(&["flush"]);
        if host.waiting().is_empty() {
            break;
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("still waiting after {}", outcome.stdout));
        }
        let _ = pause.recv_timeout(Duration::from_secs(1));
    }
    let left: Vec<String> = fs::read_dir(host.spool())
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // A second name of the lock is locked with it, and harmless.
        .filter(|name| name.starts_with(".tmp-") && !name.starts_with(".tmp-lock-"))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left over: {left:?}")) }
}

/// Whether the text of an alert stands in failed/.
pub(super) fn is_in_failed(host: &Host, text: &str) -> bool {
    let failed = host.spool().join("failed");
    host.failed()
        .iter()
        .any(|name| fs::read_to_string(failed.join(name)).is_ok_and(|item| item.contains(text)))
}
