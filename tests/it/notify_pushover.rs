//! What becomes of an alert, whatever Pushover and the network do.

use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::certificates::Certificate;
use crate::support::http_server::{HttpServer, Reply, start_proxy};
use crate::support::pushover::{ALICE, BOB, Host, TOKEN};
use crate::support::{Outcome, chmod};

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
    let outcome = host.send("AXIGEN Queue Alarm: 143 Mails in der Queue");
    outcome.expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("POST", "/1/messages.json")
    );
    assert_eq!(
        (requests[0].field("token"), requests[0].field("user")),
        (TOKEN, ALICE)
    );
    assert_eq!(
        requests[0].field("message"),
        "AXIGEN Queue Alarm: 143 Mails in der Queue"
    );
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
    assert_eq!(
        (requests[0].field("user"), requests[1].field("user")),
        (ALICE, BOB)
    );
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
        (
            "message",
            400,
            BAD_MESSAGE,
            "sound is invalid (400, request r)",
        ),
        ("user", 400, BAD_USER, "user identifier is invalid"),
        ("token", 400, BAD_TOKEN, "application token is invalid"),
        ("not JSON", 400, "Bad Request", "no reason given (400)"),
        (
            "status 0",
            200,
            r#"{"status":0,"errors":["no"]}"#,
            "no (200)",
        ),
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
        assert_eq!(
            (host.waiting().len(), host.failed().len()),
            (0, 1),
            "{case}"
        );
        host.run(&["flush"])
            .expect(0, "PUSHOVER OK - nothing waits");
        assert_eq!(server.requests().len(), 1, "{case}");
        assert!(host.everything_in_the_spool().contains(words), "{case}");
    }
}

#[test]
fn temporary_failures_keep_the_alert_within_the_deadline() {
    std::thread::scope(|scope| {
        for (case, reply, words) in [
            ("500", Reply::json(500, "{}"), "(500)"),
            (
                "503",
                Reply::Answer(503, "retry-after: 60\r\n", String::new()),
                "(503)",
            ),
            ("html", Reply::json(200, "<html>"), "no JSON"),
            ("truncated", Reply::Truncated, "broke off"),
            (
                "redirect",
                Reply::Answer(307, "location: http://127.0.0.1:1/\r\n", String::new()),
                "redirects",
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
                assert_eq!(
                    (host.waiting().len(), host.failed().len()),
                    (1, 0),
                    "{case}"
                );
                assert_eq!(
                    server.requests().len(),
                    1,
                    "{case}: no time for a second try"
                );
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
    host.run(&["--message=first", "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    host.run(&["--message=second", "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(server.requests().len(), 1);
    host.run(&["--message=third", "--timeout=10"])
        .expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["first", "first", "second", "third"]);
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(5));
}

#[test]
fn nobody_listens_and_no_name_is_found() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for url in [
        format!("http://127.0.0.1:{port}"),
        "https://no-such-host.invalid".to_owned(),
    ] {
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
        "X-Limit-App-Reset: 4102444800\r\n",
        QUOTA.to_owned(),
    )]);
    let host = Host::of(&server);
    let outcome = host.send("x");
    outcome.expect(1, "PUSHOVER QUEUED - application has exceeded");
    assert_eq!((host.waiting().len(), host.failed().len()), (1, 0));
    host.run(&["--message=y", "--spool-max-age=0s"])
        .expect(1, "PUSHOVER QUEUED - blocked for");
    host.run(&["flush", "--spool-max-age=0s"])
        .expect(1, "PUSHOVER QUEUED - blocked for");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(host.waiting().len(), 2);
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
    host.send("lost").expect(2, "PUSHOVER REJECTED - ");
    host.send("kept").expect(1, "PUSHOVER QUEUED - blocked for");
    assert_eq!(server.requests().len(), 1, "the breaker is open");
    let repaired = TOKEN.replace('a', "b");
    host.configure(&format!(
        "token = '{repaired}'\n[users]\nalice = '{ALICE}'\n"
    ));
    host.send("new").expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["lost", "kept", "new"]);
    host.run(&["flush", "--retry-failed"])
        .expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["lost", "kept", "new", "lost"]);
}

#[test]
fn a_wrong_recipient_stops_only_itself() {
    let server = HttpServer::start(|_, request| {
        if request.field("user") == BOB {
            Reply::json(400, BAD_USER)
        } else {
            Reply::accepted()
        }
    });
    let host = Host::of(&server);
    host.run(&["--message=1", "--recipient=bob"])
        .expect(2, "PUSHOVER REJECTED - ");
    host.run(&["--message=2", "--recipient=bob"])
        .expect(1, "PUSHOVER QUEUED - blocked for");
    host.run(&["--message=3", "--recipient=alice"])
        .expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["1", "3"]);
}

#[test]
fn the_token_does_not_follow_a_redirect() {
    let other = HttpServer::with(vec![]);
    let port = other.port();
    let location: &'static str =
        Box::leak(format!("location: http://127.0.0.1:{port}/\r\n").into_boxed_str());
    let server = HttpServer::start(move |_, _| Reply::Answer(307, location, String::new()));
    let host = Host::of(&server);
    host.run(&["--message=x", "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    assert!(other.requests().is_empty());
}

#[test]
fn secrets_and_recipients_are_judged_after_the_alert_is_safe() {
    let server = HttpServer::with(vec![]);
    let good = format!("token = '{TOKEN}'\n[users]\nalice = '{ALICE}'\n");
    for (case, config, options, words) in [
        ("broken TOML", "token = ".to_owned(), vec![], "line 1"),
        (
            "unknown key",
            format!("tokne = '{TOKEN}'\n"),
            vec![],
            "tokne",
        ),
        (
            "no token",
            format!("[users]\nalice = '{ALICE}'\n"),
            vec![],
            "no token",
        ),
        (
            "short token",
            format!("token = 'abc'\n[users]\nalice = '{ALICE}'\n"),
            vec![],
            "the token must be 30",
        ),
        (
            "short key",
            format!("token = '{TOKEN}'\n[users]\nalice = 'abc'\n"),
            vec![],
            "the key of 'alice' must be 30",
        ),
        (
            "unknown recipient",
            good.clone(),
            vec!["--recipient=carol"],
            "unknown recipient 'carol'",
        ),
        (
            "no recipient",
            format!("token = '{TOKEN}'\n"),
            vec![],
            "no recipient",
        ),
        (
            "missing token file",
            good.clone(),
            vec!["--token-file=/nonexistent/token"],
            "/nonexistent/token",
        ),
        (
            "plain http",
            good,
            vec!["--api-url=http://192.0.2.1"],
            "must be https",
        ),
    ] {
        let host = Host::of(&server);
        host.configure(&config);
        let mut command = std::process::Command::new(crate::support::program("notify_pushover"));
        command
            .arg("--config")
            .arg(host.config())
            .arg("--spool-dir")
            .arg(host.spool())
            .arg("--message=x");
        if !options.iter().any(|option| option.starts_with("--api-url")) {
            command.args(["--api-url", &server.url()]);
        }
        let outcome = Outcome::of(&command.args(options).env_clear().output().unwrap());
        outcome.expect(3, "PUSHOVER UNKNOWN - ");
        assert!(outcome.stdout.contains(words), "{case}: {}", outcome.stdout);
        assert!(
            outcome.stdout.contains("the alert is kept in"),
            "{case}: {}",
            outcome.stdout
        );
        assert_eq!(host.waiting().len(), 1, "{case}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_configuration_that_all_can_read_is_refused_but_the_alert_kept() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    chmod(&host.config(), 0o644);
    let outcome = host.send("x");
    outcome.expect(3, "PUSHOVER UNKNOWN - ");
    assert!(outcome.stdout.contains("0644"), "{}", outcome.stdout);
    chmod(&host.config(), 0o640);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn secrets_come_from_files_the_environment_and_credentials() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    host.configure("");
    let file = |name: &str, text: &str| {
        let path = host.path().join(name);
        std::fs::write(&path, text).unwrap();
        chmod(&path, 0o600);
        path
    };
    let token_option = format!(
        "--token-file={}",
        file("token", &format!("{TOKEN}\n")).display()
    );
    let user_option = format!("--user-file={}", file("user", BOB).display());
    host.run(&["--message=1", &token_option, &user_option])
        .expect(0, "PUSHOVER OK - ");
    let environment = host
        .command()
        .arg("--message=2")
        .env("PUSHOVER_TOKEN", TOKEN)
        .env("PUSHOVER_USER", ALICE)
        .output()
        .unwrap();
    Outcome::of(&environment).expect(0, "PUSHOVER OK - ");
    file("pushover_token", TOKEN);
    file("pushover_user", BOB);
    let credentials = host
        .command()
        .arg("--message=3")
        .env("CREDENTIALS_DIRECTORY", host.path())
        .output()
        .unwrap();
    Outcome::of(&credentials).expect(0, "PUSHOVER OK - ");
    let users: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.field("user").to_owned())
        .collect();
    assert_eq!(users, [BOB, ALICE, BOB]);
}

#[test]
fn another_process_never_sends_to_its_own_recipient() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let mut first = host.command();
    first
        .args(["--message=for bob", "--timeout=2"])
        .env("PUSHOVER_USER", BOB);
    Outcome::of(&first.output().unwrap()).expect(1, "PUSHOVER QUEUED - ");
    let mut second = host.command();
    second
        .args(["--message=for alice"])
        .env("PUSHOVER_USER", ALICE);
    Outcome::of(&second.output().unwrap()).expect(0, "PUSHOVER OK - ");
    let requests = server.requests();
    assert_eq!(
        (requests[1].field("message"), requests[1].field("user")),
        ("for alice", ALICE)
    );
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn no_secret_shows_anywhere() {
    let server = HttpServer::with(vec![Reply::json(500, ""), Reply::json(400, BAD_USER)]);
    let host = Host::of(&server);
    let mut seen = host.run(&["--message=x", "-v", "--timeout=2"]).stdout;
    seen += &host.run(&["--message=y", "-v", "--timeout=10"]).stdout;
    seen += &host.run(&["--message=y", "-v", "--dry-run"]).stdout;
    seen += &host.run(&["validate", "-v"]).stdout;
    seen += &host.everything_in_the_spool();
    for secret in [TOKEN, ALICE, BOB] {
        assert!(!seen.contains(secret), "{seen}");
    }
    assert!(seen.contains("\"failure\""), "{seen}");
}

#[test]
fn an_emergency_is_cancelled_before_the_recovery_is_told() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let object = [
        "--emergency=CRITICAL",
        "-Hmail01",
        "--service-name=queue",
        "--output=x",
    ];
    let run = |more: &[&str]| host.run(&[&object[..], more].concat());
    run(&["--type=PROBLEM", "--service-state=CRITICAL"]).expect(0, "PUSHOVER OK - ");
    run(&["--type=RECOVERY", "--service-state=OK"]).expect(0, "PUSHOVER OK - ");
    host.run(&["cancel", "-Hmail01", "--service-name=queue"])
        .expect(0, "PUSHOVER OK - ");
    let requests = server.requests();
    let tag = requests[0].field("tags").to_owned();
    assert_eq!(requests[0].field("priority"), "2");
    let cancel = format!("/1/receipts/cancel_by_tag/{tag}.json");
    let paths: Vec<&str> = requests
        .iter()
        .map(|request| request.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["/1/messages.json", &cancel, "/1/messages.json", &cancel]
    );
}

#[test]
fn texts_may_be_anything() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for text in [
        "-x",
        "--help",
        "@/etc/passwd",
        "<file",
        "a&b=c+d%20",
        "ünï 🔴",
    ] {
        host.run(&["--message", text]).expect(0, "PUSHOVER OK - ");
        assert_eq!(server.messages().last().unwrap(), text);
    }
    let mut broken = host.command();
    broken
        .arg("--message")
        .arg(std::ffi::OsString::from_vec(b"a\xffb".to_vec()));
    Outcome::of(&broken.output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "a\u{fffd}b");
    host.run(&["--type=PROBLEM", "--host-name=h", "--output=", "--comment="])
        .expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "(no output)");
}

#[test]
fn a_megabyte_of_output_arrives_on_stdin_and_is_cut() {
    use std::io::Write;
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let mut child = host
        .command()
        .args(["--output", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!(
        "AXIGEN QUEUE CRITICAL - 143 messages | messages=143\n{}",
        "🔴".repeat(300_000)
    );
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - ");
    let message = server.messages().pop().unwrap();
    assert!(
        message.starts_with("143 messages\n🔴") && message.ends_with('…'),
        "{message}"
    );
    assert_eq!(message.chars().count(), 1023);
    assert_eq!(
        server.requests()[0].field("title"),
        "🔴 CRITICAL AXIGEN QUEUE"
    );
}

#[test]
fn empty_options_are_unset() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let all = [
        "--token-file",
        "--recipient",
        "--ca-file",
        "--proxy",
        "--device",
        "--title",
        "--type",
        "--host-name",
        "--host-display-name",
        "--host-address",
        "--host-state",
        "--service-name",
        "--service-display-name",
        "--service-state",
        "--output",
        "--long-output",
        "--author",
        "--comment",
        "--timestamp",
        "--last-state",
        "--duration",
        "--notification-number",
        "--icingaweb-url",
        "--url",
        "--url-title",
        "--priority",
        "--sound",
        "--ttl",
        "--emergency",
        "--instance",
    ];
    let options: Vec<&str> = all
        .iter()
        .flat_map(|option| [*option, ""])
        .chain(["--message", "x"])
        .collect();
    host.run(&options).expect(0, "PUSHOVER OK - ");
    let fields: Vec<String> = server.requests()[0].fields.keys().cloned().collect();
    assert_eq!(fields, ["message", "timestamp", "token", "user"]);
}

#[test]
fn nothing_to_send_is_a_usage_error() {
    let host = Host::at("http://127.0.0.1:1");
    host.run(&[])
        .expect(3, "PUSHOVER UNKNOWN - nothing to send");
    host.run(&["cancel"])
        .expect(3, "PUSHOVER UNKNOWN - cancel needs --host-name");
    assert!(!host.spool().exists());
}

#[test]
fn tls_is_verified() {
    let host = Host::at("unused");
    let run = |certificate: &Certificate, with_ca: bool| {
        let server = HttpServer::start_tls(certificate, |_, _| Reply::accepted());
        let mut options = vec![
            "--message=x".to_owned(),
            "--no-spool".to_owned(),
            "--timeout=2".to_owned(),
        ];
        if with_ca {
            options.push(format!(
                "--ca-file={}",
                certificate.ca_file(host.path()).display()
            ));
        }
        let mut command = std::process::Command::new(crate::support::program("notify_pushover"));
        command
            .arg("--config")
            .arg(host.config())
            .args(["--api-url", &server.url()])
            .args(options);
        (
            Outcome::of(&command.env_clear().output().unwrap()),
            server.requests().len(),
        )
    };
    let (outcome, _) = run(&Certificate::good(), true);
    outcome.expect(0, "PUSHOVER OK - ");
    for (case, certificate, with_ca) in [
        ("unknown CA", Certificate::good(), false),
        ("expired", Certificate::expired(), true),
        ("wrong name", Certificate::of_another_host(), true),
    ] {
        let (outcome, requests) = run(&certificate, with_ca);
        assert_eq!(outcome.code, 1, "{case}: {}", outcome.stdout);
        assert_eq!(requests, 0, "{case}");
    }
}

#[test]
fn a_proxy_is_used_and_its_refusal_keeps_the_alert() {
    let certificate = Certificate::good();
    let server = HttpServer::start_tls(&certificate, |_, _| Reply::accepted());
    let host = Host::of(&server);
    let ca = format!("--ca-file={}", certificate.ca_file(host.path()).display());
    let (url, tunnels) = start_proxy(false);
    host.run(&["--message=x", &ca, "--proxy", &url])
        .expect(0, "PUSHOVER OK - ");
    assert_eq!(tunnels.load(std::sync::atomic::Ordering::SeqCst), 1);
    let (url, _) = start_proxy(true);
    host.run(&["--message=y", &ca, "--proxy", &url, "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 1);
}
