//! Does anybody learn that alerts do not get through?

use std::fs;
use std::process::Command;

use crate::support::filesystem::{DeadMount, HungMount};
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::pushover::{ALICE, BOB, Host, TOKEN, now};
use crate::support::{Outcome, chmod, labels, program, run, skipped_without_root};

const LIMITS: &str =
    r#"{"limit":10000,"remaining":7496,"reset":1393653600,"status":1,"request":"r"}"#;
const VALID: &str =
    r#"{"status":1,"group":0,"devices":["iphone"],"licenses":["iOS"],"request":"r"}"#;
const BAD_USER: &str =
    r#"{"user":"invalid","errors":["user key is invalid"],"status":0,"request":"r"}"#;
const BAD_TOKEN: &str =
    r#"{"token":"invalid","errors":["application token is invalid"],"status":0,"request":"r"}"#;

fn healthy(_: usize, request: &Request) -> Reply {
    match request.path.as_str() {
        "/1/apps/limits.json" => Reply::json(200, LIMITS),
        "/1/users/validate.json" => Reply::json(200, VALID),
        _ => Reply::accepted(),
    }
}

fn put_aged(host: &Host, seconds: u64) {
    let name = format!("{:020}-1-0123456789abcdef.json", (now() - seconds) * 1_000_000_000);
    fs::write(host.spool().join(name), "{}").unwrap();
}

#[test]
fn a_way_that_works_is_ok() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let outcome = host.check(&[]);
    outcome.expect(0, "PUSHOVER OK - nothing is waiting, last sent 0s ago; Pushover was not asked");
    let labels: Vec<&str> = outcome.perfdata().into_keys().collect();
    assert_eq!(
        labels,
        [
            "blocked",
            "failed",
            "future",
            "last_success",
            "lost",
            "oldest",
            "remarks",
            "spool_free",
            "waiting"
        ]
    );
    assert_eq!(server.requests().len(), 1, "the spool alone");
}

#[test]
fn a_missing_spool_and_no_success_ever_are_unknown() {
    let host = Host::at("http://127.0.0.1:1");
    host.check(&[]).expect(3, "PUSHOVER UNKNOWN - spool ");
    fs::create_dir(host.spool()).unwrap();
    host.check(&[]).expect(3, "PUSHOVER UNKNOWN - nothing was ever sent");
}

#[test]
fn the_age_of_the_oldest_message_is_judged() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    put_aged(&host, 700);
    put_aged(&host, 5);
    host.check(&[]).expect(1, "PUSHOVER WARNING - 2 waiting, oldest 11m 4");
    host.check(&["-w", "3600"]).expect(0, "PUSHOVER OK - ");
    put_aged(&host, 2000);
    let outcome = host.check(&[]);
    outcome.expect(2, "PUSHOVER CRITICAL - 3 waiting, oldest 33m");
    assert_eq!(outcome.metric("waiting"), Some("3"));
    assert!(outcome.perfdata()["oldest"].ends_with("s;600;1800;0"), "{}", outcome.stdout);
}

#[test]
fn failed_messages_warn_and_say_why() {
    let server = HttpServer::with(vec![
        Reply::accepted(),
        Reply::json(400, r#"{"errors":["sound is invalid"],"status":0}"#),
    ]);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    host.send("y").expect(2, "PUSHOVER REJECTED - ");
    let outcome = host.check(&[]);
    outcome.expect(1, "PUSHOVER WARNING - 1 failed, the last one: sound is invalid (400)");
    host.check(&["--critical-failed=0"]).expect(2, "PUSHOVER CRITICAL - 1 failed");
    host.check(&["--warning-failed=5"]).expect(0, "PUSHOVER OK - ");
}

#[test]
fn an_open_breaker_is_reported_without_asking() {
    for (status, body, options, code, start) in [
        (
            400,
            BAD_TOKEN,
            "--recipient=alice",
            2,
            "PUSHOVER CRITICAL - nothing is sent, the token was refused",
        ),
        (400, BAD_USER, "--recipient=bob", 1, "PUSHOVER WARNING - "),
        (
            429,
            r#"{"status":0,"errors":["application has exceeded current limit of 7500 messages"]}"#,
            "--recipient=alice",
            2,
            "PUSHOVER CRITICAL - nothing is sent, the quota is used up",
        ),
    ] {
        let server = HttpServer::with(vec![Reply::accepted(), Reply::json(status, body)]);
        let host = Host::of(&server);
        host.send("x").expect(0, "PUSHOVER OK - ");
        host.run(&["--message=y", options]);
        let outcome = host.check(&[]);
        outcome.expect(code, start);
        assert_eq!(outcome.metric("blocked"), Some("1"));
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn the_quota_is_asked_once_an_hour() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for _ in 0..3 {
        let outcome = host.check(&["--quota"]);
        outcome.expect(0, "PUSHOVER OK - ");
        assert_eq!(outcome.perfdata()["quota_used"], "2504;9000;9800;0;10000");
        labels::prints_all("check_pushover", &outcome, &["last_flush", "standstill"]);
    }
    host.check(&["--quota", "--warning-quota=8000:"])
        .expect(1, "PUSHOVER WARNING - 7496 of 10000 messages left");
    host.check(&["--quota", "--critical-quota=8000:"])
        .expect(2, "PUSHOVER CRITICAL - 7496 of 10000");
    assert_eq!(server.requests().len(), 2, "the message and one question");
    assert_eq!(server.requests()[1].field("token"), TOKEN);
}

#[test]
fn the_quota_in_the_answer_to_a_message_needs_no_question() {
    let headers = "X-Limit-App-Limit: 10000\r\nX-Limit-App-Remaining: 150\r\nx-limit-app-reset: 1393653600\r\n";
    let body = r#"{"status":1,"request":"r"}"#.to_owned();
    let server = HttpServer::with(vec![Reply::Answer(200, headers, body)]);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    host.check(&["--quota"]).expect(2, "PUSHOVER CRITICAL - 150 of 10000 messages left");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_quota_of_one_token_is_not_taken_for_that_of_another() {
    let headers = "X-Limit-App-Limit: 10000\r\nX-Limit-App-Remaining: 150\r\nx-limit-app-reset: 1393653600\r\n";
    let body = r#"{"status":1,"request":"r"}"#.to_owned();
    let server =
        HttpServer::with(vec![Reply::Answer(200, headers, body), Reply::json(200, LIMITS)]);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let other = host.path().join("token");
    fs::write(&other, ALICE).unwrap();
    chmod(&other, 0o600);
    let option = format!("--token-file={}", other.display());
    for (options, used) in [(vec!["--quota", &option], "2504"), (vec!["--quota"], "9850")] {
        let outcome = host.check(&options);
        assert_eq!(outcome.metric("quota_used"), Some(used), "{options:?}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_quota_that_cannot_be_asked_is_undetermined() {
    let server =
        HttpServer::start(
            |number, _| {
                if number == 0 { Reply::accepted() } else { Reply::json(500, "") }
            },
        );
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for _ in 0..2 {
        let outcome = host.check(&["--quota"]);
        outcome.expect(3, "PUSHOVER UNKNOWN - quota unknown: ");
        assert_eq!(outcome.perfdata()["quota_used"], "U");
    }
    assert_eq!(server.requests().len(), 2, "five seconds of silence hold for the check, too");
}

#[test]
fn credentials_are_validated_once_an_hour() {
    let server = HttpServer::start(|number, request| {
        if request.field("user") == BOB && number > 0 {
            Reply::json(400, BAD_USER)
        } else {
            healthy(number, request)
        }
    });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for _ in 0..3 {
        host.check(&["--validate"])
            .expect(2, "PUSHOVER CRITICAL - bob: user key is invalid (400, request r)");
    }
    host.check(&["--validate", "--recipient=alice"])
        .expect(1, "PUSHOVER WARNING - nothing is sent to bob");
    let asked: Vec<String> =
        server.requests()[1..].iter().map(|request| request.field("user").to_owned()).collect();
    assert_eq!(asked, [ALICE, BOB]);
    host.run(&["--message=y", "--recipient=bob"]).expect(1, "PUSHOVER QUEUED - blocked for");
}

#[test]
fn a_bad_token_asked_every_minute_is_asked_once() {
    let server = HttpServer::start(|number, _| {
        if number == 0 { Reply::accepted() } else { Reply::json(400, BAD_TOKEN) }
    });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for _ in 0..3 {
        host.check(&["--validate", "--quota"]).expect(2, "PUSHOVER CRITICAL - ");
    }
    host.send("y").expect(1, "PUSHOVER QUEUED - blocked for");
    assert_eq!(server.requests().len(), 2, "one question, shared with the notifier");
}

#[test]
fn a_malformed_token_or_key_is_critical_without_asking_anybody() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let sent = server.requests().len();
    for (config, problem) in [
        (format!("token = 'abc'\n[users]\nalice = '{ALICE}'\n"), "alice: the token must be 30"),
        (format!("token = '{TOKEN}'\n[users]\nalice = 'abc'\n"), "alice: "),
    ] {
        host.configure(&config);
        for options in [&[][..], &["--validate"]] {
            host.check(options).expect(2, &format!("PUSHOVER CRITICAL - {problem}"));
        }
    }
    assert_eq!(server.requests().len(), sent, "nothing to ask about");
}

#[test]
fn no_secret_shows() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for format in ["nagios", "json"] {
        let seen = host.check(&["--validate", "--quota", "-vvv", "--output-format", format]).stdout;
        for secret in [TOKEN, ALICE, BOB] {
            assert!(!seen.contains(secret), "{seen}");
        }
    }
}

#[test]
fn it_fits_into_its_time_when_pushover_is_silent() {
    let server =
        HttpServer::start(|number, _| if number == 0 { Reply::accepted() } else { Reply::Silent });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let outcome = host.check(&["--quota", "-t", "2"]);
    outcome.expect(3, "PUSHOVER UNKNOWN - ");
    assert_eq!(outcome.metric("waiting"), Some("0"), "{}", outcome.stdout);
}

#[test]
fn a_spool_that_hangs_is_unknown_and_has_no_figures() {
    if skipped_without_root("a spool that hangs") {
        return;
    }
    let hung = HungMount::new();
    let host = Host::at("http://127.0.0.1:1");
    let outcome = host.check_at(hung.path(), &["-t", "1"]);
    outcome.expect(3, "PUSHOVER UNKNOWN - timed out after 1s while reading the spool");
    assert_eq!(outcome.metric("waiting"), None, "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("nothing is waiting"), "{}", outcome.stdout);
}

#[test]
fn a_loss_is_told_while_the_spool_hangs_however_often_it_is_looked_at() {
    if skipped_without_root("a loss beside a spool that hangs") {
        return;
    }
    let dead = DeadMount::new();
    let (host, spool) = (Host::at("http://127.0.0.1:1"), dead.path().join("spool"));
    run(host.command_at(&spool).args(["--message=x", "--timeout=1"])).expect(2, "PUSHOVER LOST - ");
    for said in ["timed out after 1s while reading the spool", "still hanging since 20"] {
        let outcome = host.check_at(&spool, &["-t", "1", "-v"]);
        outcome.expect(2, "PUSHOVER CRITICAL - 1 alert was lost, ");
        assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    }
}

#[test]
fn a_configuration_of_no_use_is_never_ok() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    host.configure("token = ");
    host.check(&[]).expect(2, "PUSHOVER CRITICAL - ");
    host.configure(&format!("token = '{TOKEN}'\n[users]\nalice = '{ALICE}'\n"));
    chmod(&host.config(), 0o644);
    host.check(&[]).expect(2, "PUSHOVER CRITICAL - ");
}

#[test]
fn an_alert_from_a_clock_that_was_ahead_grows_old_all_the_same() {
    let server = HttpServer::start(healthy);
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let name = format!("{:020}-1-0123456789abcdef.json", (now() + 1_000_000) * 1_000_000_000);
    let item = format!(
        r#"{{"address":{{"config":"/c","token":"configured","user":"configured","recipient":""}},"fields":[["message","x"]],"created":{}}}"#,
        now() - 7200
    );
    fs::write(host.spool().join(name), item).unwrap();
    host.check(&[]).expect(2, "PUSHOVER CRITICAL - 1 waiting, oldest 2h");
}

#[test]
fn a_usage_error_is_one_line() {
    let outcome =
        Outcome::of(&Command::new(program("check_pushover")).arg("-w=5:1").output().unwrap());
    outcome.expect(3, "PUSHOVER UNKNOWN - option --warning");
}
