//! On disk, then answered, then sent; and who is told.

use std::fs;
use std::sync::{Mutex, mpsc};

use serde_json::json;

use super::{arrived, configure, emptied, host, token};
use crate::support::bell::wait_for;
use crate::support::chmod;
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::icinga_notifications::{Daemon, RELEASES, Release, notification};
use crate::support::pushover::{ALICE, BOB, TOKEN};

fn is_message(request: &Request) -> bool {
    request.path == "/1/messages.json"
}

/// A server that accepts a message when it is told to.
fn gated() -> (HttpServer, mpsc::Sender<()>) {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let server = HttpServer::start(move |_, request| {
        if is_message(request) {
            let _ = gone.lock().unwrap().recv();
        }
        Reply::accepted()
    });
    (server, go)
}

#[test]
fn the_answer_does_not_wait_for_pushover() {
    for release in RELEASES {
        let (server, go) = gated();
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        for number in 0..5 {
            daemon.call("SendNotification", notification("alice", number, "crit")).unwrap();
        }
        assert_eq!(host.waiting().len(), 5, "all are on disk, none was accepted");
        drop(go);
        emptied(&host);
        daemon.stop();
        assert_eq!(server.messages().len(), 5);
    }
}

#[test]
fn the_address_is_a_key_or_a_name_and_neither_secret_is_in_a_message() {
    let (server, go) = gated();
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::JsonRpc, &host.config(), token());
    daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap();
    daemon.call("SendNotification", notification(BOB, 1, "crit")).unwrap();
    assert_eq!(host.waiting().len(), 2);
    for name in host.waiting() {
        let item = fs::read_to_string(host.spool().join(name)).unwrap();
        assert!(!item.contains(TOKEN) && !item.contains(BOB) && !item.contains(ALICE), "{item}");
    }
    drop(go);
    emptied(&host);
    let sent = server.requests().into_iter().filter(is_message);
    assert_eq!(sent.map(|one| one.field("user").to_owned()).collect::<Vec<_>>(), [ALICE, BOB]);
    let said = daemon.stop();
    assert!(!said.contains(TOKEN) && !said.contains(BOB), "{said}");
}

#[test]
fn a_recipient_nobody_knows_is_an_error_and_the_alert_waits_until_somebody_does() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        let refused = daemon.call("SendNotification", notification("carol", 1, "crit"));
        assert_eq!(
            refused.unwrap_err(),
            "Alice: kept, not sent: unknown recipient 'carol': not in [users] of the configuration"
        );
        let strange = daemon.call("SendNotification", notification("no key, no name", 1, "crit"));
        assert!(strange.unwrap_err().contains("unknown recipient 'no key, no name'"));
        assert_eq!((host.waiting().len(), server.messages().len()), (2, 0));
        configure(&host, &server, "carol");
        arrived(&server, 1);
        daemon.stop();
        assert_eq!(host.waiting().len(), 1);
    }
}

#[test]
fn a_contact_without_an_address_is_the_default_recipient() {
    let server = HttpServer::with(vec![]);
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::Plain, &host.config(), token());
    daemon.call("SendNotification", notification("", 1, "crit")).unwrap();
    arrived(&server, 1);
    emptied(&host);
    host.configure(&format!(
        "spool-dir = '{}'\napi-url = '{}'\n",
        host.spool().display(),
        server.url()
    ));
    let refused = daemon.call("SendNotification", notification("", 1, "crit")).unwrap_err();
    assert!(refused.starts_with("Alice: kept, not sent: no recipient"), "{refused}");
    assert_eq!(host.waiting().len(), 1);
    daemon.stop();
}

#[test]
fn the_end_of_an_incident_cancels_its_emergency_before_it_is_told() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let options = json!({ "token": TOKEN, "priorities": "crit=2" });
        let mut daemon = Daemon::configured(release, &host.config(), options);
        daemon.call("SendNotification", notification("alice", 22, "crit")).unwrap();
        daemon.call("SendNotification", notification("alice", 23, "crit")).unwrap();
        // What is over before it is sent does not ring.
        emptied(&host);
        daemon.call("SendNotification", notification("alice", 22, "ok")).unwrap();
        arrived(&server, 3);
        daemon.stop();
        let requests = server.requests();
        let [.., first, second, cancel, end] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!((first.field("priority"), second.field("priority")), ("2", "2"));
        assert_ne!(first.field("tags"), second.field("tags"));
        let expected = format!("/1/receipts/cancel_by_tag/{}.json", first.field("tags"));
        assert_eq!(cancel.path, expected);
        assert_eq!((end.field("title"), end.field("priority")), ("🟢 OK mail01: queue", ""));
    }
}

#[test]
fn without_a_spool_the_alert_is_sent_before_it_is_answered() {
    for release in RELEASES {
        let down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_down = down.clone();
        let server = HttpServer::start(move |_, _| {
            if is_down.load(std::sync::atomic::Ordering::SeqCst) {
                Reply::json(500, "")
            } else {
                Reply::accepted()
            }
        });
        let host = host(&server);
        // Everybody could put something there.
        chmod(&host.spool(), 0o777);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        daemon.call("SendNotification", notification(BOB, 1, "crit")).unwrap();
        assert_eq!(server.messages().len(), 1);
        assert!(daemon.log().contains("writable by all users"), "{}", daemon.log());
        down.store(true, std::sync::atomic::Ordering::SeqCst);
        let lost = daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap_err();
        assert!(lost.contains("neither sent nor kept"), "{lost}");
        daemon.stop();
    }
}

#[test]
fn two_channels_share_a_spool_and_deliver_each_once_with_its_own_token() {
    let server = HttpServer::with(vec![]);
    let host = host(&server);
    let mut first = Daemon::configured(Release::Plain, &host.config(), token());
    let mut second = Daemon::configured(Release::JsonRpc, &host.config(), json!({ "token": BOB }));
    for number in 0..5 {
        for (daemon, name) in [(&mut first, "first"), (&mut second, "second")] {
            let mut params = notification("alice", number, "crit");
            params["event"]["message"] = json!(format!("{name} {number}"));
            daemon.call("SendNotification", params).unwrap();
        }
    }
    emptied(&host);
    first.stop();
    second.stop();
    let sent = server.requests().into_iter().filter(is_message);
    let mut sent: Vec<String> = sent
        .map(|one| {
            let by = if one.field("token") == TOKEN { "first" } else { "second" };
            assert!(one.field("message").starts_with(by), "{one:?}");
            one.field("message").to_owned()
        })
        .collect();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 10);
    assert_eq!(server.messages().len(), 10);
    assert!(server.most_connections_at_once() <= 2);
}

#[test]
fn what_waits_for_a_token_that_was_wrong_is_sent_with_the_right_one() {
    let server = HttpServer::start(|_, request| match request.field("token") {
        BOB => Reply::json(502, "out of order"),
        _ => Reply::accepted(),
    });
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::JsonRpc, &host.config(), json!({ "token": BOB }));
    daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap();
    wait_for("a warning", || daemon.log().contains("warn: kept, to be tried again").then_some(()));
    daemon.call("SetConfig", token()).unwrap();
    emptied(&host);
    let last = server.requests().pop().unwrap();
    assert_eq!((last.path.as_str(), last.field("token")), ("/1/messages.json", TOKEN));
    daemon.stop();
}
