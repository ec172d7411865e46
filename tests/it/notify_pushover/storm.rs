//! The hour in which everything fails: the loudest first, few messages, and nobody stands in line for long.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Outcome;
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::pushover::{Host, make_spool, name, now};

/// A host on which more than three are too many.
fn host(server: &HttpServer, digest: &str) -> Host {
    let host = Host::of(server);
    let text = fs::read_to_string(host.config()).unwrap();
    host.configure(&text.replace("digest = 0\n", digest));
    make_spool(&host);
    host
}

/// A message about a service, as `notify_pushover` writes it.
fn waiting(host: &Host, number: u64, service: &str, state: &str, priority: i8) -> Value {
    let tag = (state == "OK").then(|| format!("tag-{service}"));
    let mut item = json!({
        "address": {
            "config": host.config(), "token": "configured", "user": "configured", "recipient": "alice"
        },
        "fields": [["message", format!("{service} hurts")], ["title", format!("{state} {service}")]],
        "object": service,
        "created": now() - 1000 + number,
        "about": {
            "host": "mail01", "service": service, "state": state, "ends": state == "OK",
            "text": format!("{service} hurts")
        }
    });
    if priority != 0 {
        item["fields"].as_array_mut().unwrap().push(json!(["priority", priority.to_string()]));
    }
    if let Some(tag) = tag {
        item["cancel"] = json!(tag);
    }
    fs::write(host.spool().join(name(number)), item.to_string()).unwrap();
    item
}

fn titles(server: &HttpServer) -> Vec<String> {
    let is_message = |request: &Request| request.path == "/1/messages.json";
    let requests = server.requests().into_iter().filter(is_message);
    requests.map(|request| request.field("title").to_owned()).collect()
}

/// A server that says when the first message has come, and accepts it when it is told to.
fn gated() -> (HttpServer, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            reached.send(()).unwrap();
            let _ = gone.lock().unwrap().recv();
        }
        Reply::accepted()
    });
    (server, seen, go)
}

fn start(host: &Host, options: &[&str]) -> Child {
    let mut command = host.command();
    command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn the_loudest_is_next_whatever_waits_and_whenever_it_came() {
    let (server, seen, go) = gated();
    let host = host(&server, "digest = 0\n");
    for number in 0..5 {
        waiting(&host, number, &format!("s{number}"), "WARNING", 0);
    }
    waiting(&host, 5, "loud", "CRITICAL", 1);
    let flush = start(&host, &["flush"]);
    seen.recv().unwrap();
    waiting(&host, 6, "s1", "CRITICAL", 2);
    waiting(&host, 7, "later", "DOWN", 2);
    drop(go);
    Outcome::of(&flush.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - 8 sent");
    // What is about one service stays in order, and is as loud as the loudest of it.
    let expected = [
        "CRITICAL loud",
        "WARNING s1",
        "CRITICAL s1",
        "DOWN later",
        "WARNING s0",
        "WARNING s2",
        "WARNING s3",
        "WARNING s4",
    ];
    assert_eq!(titles(&server), expected);
}

#[test]
fn a_storm_is_one_message_and_its_emergencies_stay_single() {
    let server = HttpServer::with(vec![]);
    let host = host(&server, "");
    for number in 0..200 {
        let state = if number % 4 == 0 { "CRITICAL" } else { "WARNING" };
        waiting(&host, number, &format!("s{number}"), state, i8::from(number % 4 == 0));
    }
    waiting(&host, 200, "mail01", "DOWN", 2);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 201 sent");
    assert_eq!(titles(&server), ["DOWN mail01", "🔴 50 CRITICAL, 150 WARNING"]);
    let digest = server.requests().pop().unwrap();
    assert_eq!((digest.field("priority"), digest.field("retry")), ("1", ""));
    let text = digest.field("message");
    assert!(text.starts_with("mail01: 200\nCRITICAL mail01: s"), "{text}");
    assert!(text.lines().last().unwrap().ends_with("CRITICAL, 150 WARNING"), "{text}");
    assert!(host.waiting().is_empty());
}

#[test]
fn ten_are_no_storm_and_each_recipient_has_its_own() {
    let server = HttpServer::with(vec![]);
    let host = host(&server, "");
    for number in 0..10 {
        waiting(&host, number, &format!("s{number}"), "WARNING", 0);
    }
    let mut bobs = waiting(&host, 10, "bobs", "WARNING", 0);
    bobs["address"]["recipient"] = json!("bob");
    fs::write(host.spool().join(name(10)), bobs.to_string()).unwrap();
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 11 sent");
    assert_eq!(titles(&server).len(), 11);
}

#[test]
fn an_emergency_that_is_over_never_rings() {
    let server = HttpServer::with(vec![]);
    let host = host(&server, "");
    waiting(&host, 1, "queue", "CRITICAL", 2);
    waiting(&host, 2, "other", "WARNING", 0);
    waiting(&host, 400, "queue", "OK", 0);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 3 sent");
    let requests = server.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    let cancel = "/1/receipts/cancel_by_tag/tag-queue.json";
    assert_eq!(paths, ["/1/messages.json", cancel, "/1/messages.json"]);
    assert!(requests.iter().all(|request| request.field("priority") != "2"), "{requests:?}");
    let note = &requests[2];
    assert_eq!((note.field("title"), note.field("priority")), ("OK queue", "-1"));
    assert!(note.field("message").starts_with("was CRITICAL "), "{}", note.field("message"));
    assert!(note.field("message").contains(" to "), "{}", note.field("message"));
}

#[test]
fn what_rang_and_ended_ten_times_is_cancelled_once() {
    let server = HttpServer::with(vec![]);
    let host = host(&server, "digest = 3\n");
    for number in 0..10 {
        waiting(&host, 2 * number, "queue", "CRITICAL", 2);
        waiting(&host, 2 * number + 1, "queue", "OK", 0);
    }
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 20 sent");
    let requests = server.requests();
    let cancelled = requests.iter().filter(|request| request.path.contains("cancel_by_tag"));
    assert_eq!(cancelled.count(), 1, "{requests:?}");
    assert!(requests.iter().all(|request| request.field("priority") != "2"), "{requests:?}");
}

#[test]
fn a_digest_that_fails_costs_nothing() {
    // Not now; then refused for what it is, so that each goes by itself.
    let refused = r#"{"status":0,"errors":["message is odd"]}"#;
    let server = HttpServer::with(vec![Reply::json(500, ""), Reply::json(400, refused)]);
    let host = host(&server, "digest = 3\n");
    for number in 0..5 {
        waiting(&host, number, &format!("s{number}"), "WARNING", 0);
    }
    let first = host.run(&["flush", "--timeout=3"]);
    first.expect(1, "PUSHOVER QUEUED - Pushover failed (500); 5 waiting");
    assert_eq!(host.waiting().len(), 5);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 5 sent");
    let titles = titles(&server);
    assert_eq!(titles[..2], ["🟡 5 WARNING", "🟡 5 WARNING"]);
    assert_eq!(titles[2..], ["WARNING s0", "WARNING s1", "WARNING s2", "WARNING s3", "WARNING s4"]);
    assert!(host.failed().is_empty());
}

#[test]
fn a_kill_before_the_answer_to_a_digest_loses_nothing() {
    let (server, seen, go) = gated();
    let host = host(&server, "digest = 3\n");
    for number in 0..5 {
        waiting(&host, number, &format!("s{number}"), "WARNING", 0);
    }
    let mut flush = start(&host, &["flush"]);
    seen.recv().unwrap();
    flush.kill().unwrap();
    flush.wait().unwrap();
    drop(go);
    assert_eq!(host.waiting().len(), 5);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - 5 sent");
    assert_eq!(titles(&server), ["🟡 5 WARNING", "🟡 5 WARNING"]);
}

#[test]
fn who_is_in_line_of_a_living_process_leaves_soon_and_its_alert_is_sent() {
    let (server, seen, go) = gated();
    let host = host(&server, "digest = 0\n");
    let first = start(&host, &["--message=first", "--timeout=60"]);
    seen.recv().unwrap();
    let begun = Instant::now();
    let second = host.run(&["--message=second", "--timeout=60"]);
    second.expect(1, "PUSHOVER QUEUED - another process is sending");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    drop(go);
    Outcome::of(&first.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["first", "second"]);
}

#[test]
fn nobody_waits_for_a_crowd_but_an_emergency_is_heard_at_once() {
    let (_keep, never) = mpsc::channel::<()>();
    let never = Mutex::new(never);
    let server = HttpServer::start(move |_, _| {
        let _ = never.lock().unwrap().recv_timeout(Duration::from_millis(100));
        Reply::accepted()
    });
    let host = host(&server, "digest = 0\n");
    for number in 0..1100 {
        // One of them rings, and what ends it waits far behind.
        let (service, state, priority) = match number {
            0 => ("over", "CRITICAL", 2),
            1099 => ("over", "OK", 0),
            _ => ("queue", "WARNING", 0),
        };
        waiting(&host, number, service, state, priority);
    }
    host.send("one more").expect(1, "PUSHOVER QUEUED - waits; 1");
    let sent = server.messages();
    assert!((1..20).contains(&sent.len()), "{sent:?}");
    assert!(!sent.iter().any(|text| text.contains("over") || text.contains("one more")));
    host.run(&[
        "--type=PROBLEM",
        "-Hmail01",
        "--host-state=DOWN",
        "--output=gone",
        "--emergency=DOWN",
    ])
    .expect(0, "PUSHOVER OK - sent");
    let then = server.messages();
    assert_eq!((then.len(), then.last().map(String::as_str)), (sent.len() + 1, Some("gone")));
}
