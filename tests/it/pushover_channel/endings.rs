//! The end of the process, asked for or not: nothing is lost, and nothing is sent twice without need.

use std::sync::{Mutex, mpsc};

use rustix::process::Signal;

use super::{emptied, host, token};
use crate::support::http_server::{HttpServer, Reply};
use crate::support::icinga_notifications::{Daemon, RELEASES, Release, notification};
use crate::support::pushover::{BOB, TOKEN};

/// A server that says when a message has come, and accepts it when it is told to.
fn gated() -> (HttpServer, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let server = HttpServer::start(move |_, request| {
        if request.path == "/1/messages.json" {
            let _ = reached.send(());
            let _ = gone.lock().unwrap().recv();
        }
        Reply::accepted()
    });
    (server, seen, go)
}

#[test]
fn an_end_in_the_middle_of_a_request_lets_it_finish() {
    for by_signal in [false, true] {
        for release in RELEASES {
            let (server, seen, go) = gated();
            let host = host(&server);
            let mut daemon = Daemon::configured(release, &host.config(), token());
            for number in 0..3 {
                let sent = daemon.call("SendNotification", notification("alice", number, "crit"));
                sent.unwrap();
            }
            seen.recv().unwrap();
            if by_signal {
                daemon.signal(Signal::TERM);
            } else {
                daemon.close();
            }
            go.send(()).unwrap();
            // Nobody lets the others pass.
            daemon.ended();
            drop(go);
            let sent = server.messages().len();
            assert!(sent == 3 - host.waiting().len() || sent == 4 - host.waiting().len());
            let next = Daemon::configured(release, &host.config(), token());
            emptied(&host);
            next.stop();
        }
    }
}

#[test]
fn a_closed_input_and_a_signal_end_an_idle_channel_at_once() {
    let server = HttpServer::with(vec![]);
    let host = host(&server);
    for signal in [None, Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP)] {
        let daemon = Daemon::configured(Release::JsonRpc, &host.config(), token());
        match signal {
            None => daemon.stop(),
            Some(signal) => {
                daemon.signal(signal);
                daemon.ended()
            }
        };
    }
}

#[test]
fn half_an_object_at_the_end_is_told_and_costs_nothing_else() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        let (_, whole) = daemon.request("SendNotification", notification("alice", 1, "crit"));
        let (_, half) = daemon.request("SendNotification", notification("alice", 2, "crit"));
        daemon.write(format!("{whole}{}", &half[..half.len() / 2]).as_bytes());
        let said = daemon.stop();
        assert!(said.contains("the input ends within an object"), "{said}");
        assert_eq!(host.waiting().len() + server.messages().len(), 1);
    }
}

#[test]
fn what_a_killed_channel_left_is_sent_by_the_next_one() {
    let (server, seen, go) = gated();
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::Plain, &host.config(), token());
    daemon.call("SendNotification", notification(BOB, 1, "crit")).unwrap();
    seen.recv().unwrap();
    drop(daemon);
    drop(go);
    // It needs nothing to be sent for that, and not even its settings.
    let next = Daemon::start(Release::Plain, &host.config());
    emptied(&host);
    next.stop();
    assert!((1..=2).contains(&server.messages().len()));
}

#[test]
fn the_timer_sends_what_waits_for_a_channel_that_is_gone() {
    let (server, seen, go) = gated();
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::JsonRpc, &host.config(), token());
    daemon.call("SendNotification", notification(BOB, 1, "crit")).unwrap();
    seen.recv().unwrap();
    drop(daemon);
    drop(go);
    assert_eq!(host.waiting().len(), 1);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    let last = server.requests().pop().unwrap();
    assert_eq!((last.field("token"), last.field("user")), (TOKEN, BOB));
}

#[test]
fn what_was_written_before_a_signal_is_still_a_request() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        let mut all = String::new();
        for number in 0..20 {
            all.push_str(
                &daemon.request("SendNotification", notification("alice", number, "crit")).1,
            );
        }
        daemon.write(all.as_bytes());
        daemon.signal(Signal::TERM);
        let said = daemon.ended();
        assert_eq!(host.waiting().len() + server.messages().len(), 20, "{said}");
    }
}
