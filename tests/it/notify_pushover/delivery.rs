//! What becomes of an alert, whatever Pushover and the network do.

use std::time::{Duration, Instant};

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{ALICE, BOB, Host, TOKEN};

const QUOTA: &str = r#"{"token":"invalid","errors":["application has exceeded current limit of 7500 messages"],"status":0,"request":"r"}"#;
const BAD_TOKEN: &str =
    r#"{"token":"invalid","errors":["application token is invalid"],"status":0,"request":"r"}"#;
const BAD_USER: &str =
    r#"{"user":"invalid","errors":["user identifier is invalid"],"status":0,"request":"r"}"#;
const BAD_MESSAGE: &str =
    r#"{"sound":"invalid","errors":["sound is invalid"],"status":0,"request":"r"}"#;

#[test]
fn the_one_line_of_the_origin_is_delivered() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let outcome = host.send("mail01: 143 messages wait in the queue");
    outcome.expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("POST", "/1/messages.json")
    );
    assert_eq!((requests[0].field("token"), requests[0].field("user")), (TOKEN, ALICE));
    assert_eq!(requests[0].field("message"), "mail01: 143 messages wait in the queue");
    assert_eq!((host.waiting().len(), host.failed().len()), (0, 0));
}

#[test]
fn a_notification_of_icinga_is_delivered_to_every_recipient() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let outcome = host.run(&[
        "--recipient=alice",
        "--recipient=bob",
        "--type=PROBLEM",
        "-H",
        "mail01",
        "--service-name=queue",
        "--service-state=critical",
        "--output=AXIGEN QUEUE CRITICAL - 143 messages | messages=143",
        "--comment=",
        "--author=",
    ]);
    outcome.expect(0, "PUSHOVER OK - 2 sent");
    let requests = server.requests();
    assert_eq!((requests[0].field("user"), requests[1].field("user")), (ALICE, BOB));
    assert_eq!(requests[0].field("title"), "🔴 CRITICAL mail01: queue");
    assert_eq!(
        (requests[0].field("message"), requests[0].field("priority")),
        ("143 messages", "1")
    );
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_is_rejected_stands_in_failed_and_is_never_asked_again() {
    for (case, status, body, words) in [
        ("message", 400, BAD_MESSAGE, "sound is invalid (400, request r)"),
        ("user", 400, BAD_USER, "user identifier is invalid"),
        ("no words", 400, r#"{"status":0}"#, "no reason given (400)"),
        ("status 0", 200, r#"{"status":0,"errors":["no"]}"#, "no (200)"),
        (
            "nobody",
            200,
            r#"{"status":1,"info":"no active devices to send to"}"#,
            "no active devices",
        ),
    ] {
        let server = HttpServer::with(vec![Reply::json(status, body)]);
        let host = Host::of(&server);
        let outcome = host.send("x");
        outcome.expect(2, "PUSHOVER REJECTED - ");
        assert!(outcome.stdout.contains(words), "{case}: {}", outcome.stdout);
        assert_eq!((host.waiting().len(), host.failed().len()), (0, 1), "{case}");
        host.run(&["flush"]).expect(0, "PUSHOVER OK - nothing is waiting");
        assert_eq!(server.requests().len(), 1, "{case}");
        assert!(host.everything_in_the_spool().contains(words), "{case}");
    }
}

#[test]
fn temporary_failures_keep_the_alert_within_the_deadline() {
    std::thread::scope(|scope| {
        for (case, reply, words) in [
            ("500", Reply::json(500, "{}"), "(500)"),
            ("503", Reply::Answer(503, "retry-after: 60\r\n", String::new()), "(503)"),
            ("html", Reply::json(200, "<html>"), "no JSON"),
            ("403", Reply::json(403, "<html>"), "answer 403 is not from Pushover"),
            ("404", Reply::json(404, "<html>"), "answer 404 is not from Pushover"),
            ("408", Reply::json(408, "<html>"), "answer 408 is not from Pushover"),
            ("413", Reply::json(413, "<html>"), "too large (413)"),
            ("421", Reply::json(421, "<html>"), "answer 421 is not from Pushover"),
            ("451", Reply::json(451, "<html>"), "answer 451 is not from Pushover"),
            ("truncated", Reply::Truncated, "broke off"),
            (
                "redirect",
                Reply::Answer(307, "location: http://127.0.0.1:1/\r\n", String::new()),
                "is a redirect",
            ),
            ("reset", Reply::Reset, "no answer"),
            ("close", Reply::Close, "no answer"),
            ("garbage", Reply::Garbage, "no answer"),
            ("silent", Reply::Silent, "no answer in time"),
            ("slow body", Reply::SlowBody, "broke off"),
            ("dripping", Reply::Dripping, "broke off"),
            ("500 MB", Reply::Huge(500 << 20), "no JSON"),
        ] {
            scope.spawn(move || {
                let server = HttpServer::start(move |_, _| reply.clone());
                let host = Host::of(&server);
                let start = Instant::now();
                let outcome = host.run(&["--message=x", "--timeout=4"]);
                assert!(
                    start.elapsed() < Duration::from_millis(4500),
                    "{case}: {:?}",
                    start.elapsed()
                );
                outcome.expect(1, "PUSHOVER QUEUED - ");
                assert!(outcome.stdout.contains(words), "{case}: {}", outcome.stdout);
                assert_eq!((host.waiting().len(), host.failed().len()), (1, 0), "{case}");
                assert_eq!(server.requests().len(), 1, "{case}: no time for a second try");
            });
        }
    });
}

#[test]
fn a_second_try_comes_five_seconds_later_and_delivers() {
    let server = HttpServer::with(vec![Reply::json(500, "{}")]);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(5));
    assert!(host.waiting().is_empty());
}

#[test]
fn two_tries_and_no_third() {
    let server = HttpServer::start(|_, _| Reply::json(500, "{}"));
    let host = Host::of(&server);
    let start = Instant::now();
    host.send("x").expect(1, "PUSHOVER QUEUED - ");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(server.requests().len(), 2);
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn the_silence_after_a_failure_holds_across_processes() {
    let server = HttpServer::with(vec![Reply::json(502, "")]);
    let host = Host::of(&server);
    host.run(&["--message=first", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    host.run(&["--message=second", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(server.requests().len(), 1);
    host.run(&["--message=third", "--timeout=10"]).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["first", "first", "second", "third"]);
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(5));
}

#[test]
fn nobody_listens_and_no_name_is_found() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("http://127.0.0.1:{port}"), "https://no-such-host.invalid".to_owned()] {
        let host = Host::at(&url);
        let outcome = host.run(&["--message=x", "--timeout=3", "--connect-timeout=1"]);
        outcome.expect(1, "PUSHOVER QUEUED - cannot connect");
        assert!(!outcome.stdout.contains("127.0.0.1") && !outcome.stdout.contains("no-such-host"));
        assert_eq!(host.waiting().len(), 1);
    }
}

#[test]
fn a_used_up_quota_keeps_the_alert_and_is_no_wrong_token() {
    let server = HttpServer::with(vec![Reply::Answer(
        429,
        "X-Limit-App-Limit: 7500\r\nX-Limit-App-Remaining: -1\r\nX-Limit-App-Reset: 4102444800\r\n",
        QUOTA.to_owned(),
    )]);
    let host = Host::of(&server);
    let outcome = host.send("x");
    outcome.expect(1, "PUSHOVER QUEUED - application has exceeded");
    assert_eq!((host.waiting().len(), host.failed().len()), (1, 0));
    host.run(&["--message=y", "--spool-max-age=0s"]).expect(1, "PUSHOVER QUEUED - blocked for");
    host.run(&["flush", "--spool-max-age=0s"]).expect(1, "PUSHOVER QUEUED - blocked for");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(host.waiting().len(), 2);
}

#[test]
fn too_many_requests_silence_nothing_while_there_is_quota() {
    let server = HttpServer::with(vec![Reply::Answer(
        429,
        "X-Limit-App-Limit: 10000\r\nX-Limit-App-Remaining: 7321\r\nX-Limit-App-Reset: 4102444800\r\n\
         Retry-After: 6\r\n",
        r#"{"status":0,"errors":["too many requests"],"request":"r"}"#.to_owned(),
    )]);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(6));
}

#[test]
fn a_quota_that_was_filled_up_is_used_at_once_after_validate_or_a_check() {
    for asks in ["validate", "check"] {
        let server = HttpServer::start(|number, request| match request.path.as_str() {
            _ if number == 0 => Reply::Answer(
                429,
                "X-Limit-App-Limit: 7500\r\nX-Limit-App-Remaining: -1\r\nX-Limit-App-Reset: 4102444800\r\n",
                QUOTA.to_owned(),
            ),
            "/1/apps/limits.json" => {
                Reply::json(200, r#"{"status":1,"limit":9000,"remaining":1500,"reset":4102444800}"#)
            }
            _ => Reply::accepted(),
        });
        let host = Host::of(&server);
        host.send("x").expect(1, "PUSHOVER QUEUED - ");
        host.check(&["--quota"]).expect(2, "PUSHOVER CRITICAL - ");
        host.run(&["flush"]).expect(1, "PUSHOVER QUEUED - blocked for");
        if asks == "validate" {
            host.run(&["validate", "--recipient=alice"]).expect(0, "PUSHOVER OK - ");
        } else {
            host.check(&["--validate", "--recipient=alice"]);
        }
        host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    }
}

#[test]
fn a_wrong_token_stops_all_and_a_repaired_one_starts_at_once() {
    let server = HttpServer::start(|_, request| {
        if request.field("token") == TOKEN {
            Reply::json(400, BAD_TOKEN)
        } else {
            Reply::accepted()
        }
    });
    let host = Host::of(&server);
    host.send("first")
        .expect(1, "PUSHOVER QUEUED - blocked for 300 s: application token is invalid");
    host.send("kept").expect(1, "PUSHOVER QUEUED - blocked for");
    host.check(&[]).expect(2, "PUSHOVER CRITICAL - nothing is sent, the token was refused, for ");
    assert_eq!(server.requests().len(), 1, "the breaker is open");
    let repaired = TOKEN.replace('a', "b");
    host.configure(&format!("token = '{repaired}'\n[users]\nalice = '{ALICE}'\n"));
    let outcome = host.check(&[]);
    assert_eq!(outcome.metric("blocked"), Some("0"), "of a token that is not in use any more");
    host.send("new").expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["first", "first", "kept", "new"]);
}

#[test]
fn a_wrong_recipient_stops_only_itself() {
    let server = HttpServer::start(|_, request| {
        if request.field("user") == BOB { Reply::json(400, BAD_USER) } else { Reply::accepted() }
    });
    let host = Host::of(&server);
    host.run(&["--message=1", "--recipient=bob"]).expect(2, "PUSHOVER REJECTED - ");
    host.run(&["--message=2", "--recipient=bob"]).expect(1, "PUSHOVER QUEUED - blocked for");
    host.run(&["--message=3", "--recipient=alice"]).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["1", "3"]);
}

#[test]
fn an_emergency_is_cancelled_before_the_recovery_is_told() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let object = ["--emergency=CRITICAL", "-Hmail01", "--service-name=queue", "--output=x"];
    let run = |more: &[&str]| host.run(&[&object[..], more].concat());
    run(&["--type=PROBLEM", "--service-state=CRITICAL"]).expect(0, "PUSHOVER OK - ");
    run(&["--type=RECOVERY", "--service-state=OK"]).expect(0, "PUSHOVER OK - ");
    host.run(&["cancel", "-Hmail01", "--service-name=queue"]).expect(0, "PUSHOVER OK - ");
    let requests = server.requests();
    let tag = requests[0].field("tags").to_owned();
    assert_eq!(requests[0].field("priority"), "2");
    let cancel = format!("/1/receipts/cancel_by_tag/{tag}.json");
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/1/messages.json", &cancel, "/1/messages.json", &cancel]);
}
