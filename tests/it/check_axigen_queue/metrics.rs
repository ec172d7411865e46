//! A server's own metrics, asked over HTTPS with a password.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::openmetrics::promtool;
use crate::support::pki::{Authority, Leaf, ecdsa};
use crate::support::scripted::{Scripted, keeps_waiting, line, until_closed};
use crate::support::{Outcome, chmod, open_tempdir, program, run};

/// As the vendor describes them; no real sample is public.
const METRICS: &str = "\
# HELP queue_size Number of messages in the server queue.
# TYPE queue_size gauge
queue_size 12
# HELP load_average Load of the last minute.
# TYPE load_average gauge
load_average 0.25
# HELP uptime Seconds since the server was started.
# TYPE uptime counter
uptime 86400
# HELP users_count Number of users.
# TYPE users_count gauge
users_count{domain=\"own.example\"} 3
users_count{domain=\"other.example\"} 4
";

/// A server with metrics behind TLS, and what a monitoring host has of it.
struct WebAdmin {
    server: Scripted,
    dir: tempfile::TempDir,
    heard: Arc<Mutex<String>>,
}

impl WebAdmin {
    /// Answers each request with the same bytes.
    fn start(answer: impl Into<Vec<u8>>) -> Self {
        let authority = Authority::root();
        let leaf = authority.leaf("127.0.0.1", -1, 90, ecdsa());
        Self::start_with(&authority, &leaf, answer)
    }

    fn start_with(authority: &Authority, leaf: &Leaf, answer: impl Into<Vec<u8>>) -> Self {
        let dir = open_tempdir();
        authority.write(dir.path());
        std::fs::write(dir.path().join("login"), "monitor:p:w d\n").unwrap();
        chmod(&dir.path().join("login"), 0o600);
        let heard = Arc::new(Mutex::new(String::new()));
        let server = Scripted::start({
            let (config, answer, heard) = (leaf.server_config(), answer.into(), heard.clone());
            move |stream, _| {
                let connection = rustls::ServerConnection::new(config.clone()).unwrap();
                let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|count| count > 2) {
                    heard.lock().unwrap().push_str(&line);
                    line.clear();
                }
                let _ = stream.get_mut().write_all(&answer);
                stream.get_mut().conn.send_close_notify();
                let _ = stream.get_mut().flush();
                let _ = stream.get_mut().sock.shutdown(std::net::Shutdown::Write);
                until_closed(&mut stream.get_mut().sock);
            }
        });
        Self { server, dir, heard }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn check(&self, options: &[&str]) -> Outcome {
        let url = format!("https://127.0.0.1:{}/metrics", self.server.port());
        let ca_file = self.file("ca.pem");
        self.check_at(&url, &[&["--ca-file", ca_file.to_str().unwrap()], options].concat())
    }

    fn check_at(&self, url: &str, options: &[&str]) -> Outcome {
        check(url, &self.file("login"), options)
    }
}

fn check(url: &str, login: &Path, options: &[&str]) -> Outcome {
    run(Command::new(program("check_axigen_queue"))
        .args(["--metrics-url", url, "--auth-file"])
        .arg(login)
        .args(options))
}

/// A whole answer of a server.
fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn the_number_is_asked_with_the_password_and_judged() {
    let server = WebAdmin::start(answer("200 OK", METRICS));
    let outcome = server.check(&[]);
    outcome.expect(0, "AXIGEN QUEUE OK - 12 messages | messages=12;100;500;0 uptime=86400s;;;0 load=0.25;;;0 users=7;;;0");
    let heard = server.heard.lock().unwrap().clone();
    assert!(heard.starts_with("GET /metrics HTTP/1.1\r\n"), "{heard}");
    let expected = format!("authorization: Basic {}\r\n", STANDARD.encode("monitor:p:w d"));
    assert!(heard.contains(&expected), "{heard}");
    server.check(&["-w", "11"]).expect(1, "AXIGEN QUEUE WARNING - 12 messages (warning 11)");
    server.check(&["-c", "20:"]).expect(2, "AXIGEN QUEUE CRITICAL - 12 messages (critical 20:)");
}

#[test]
fn a_census_names_metrics_and_no_values() {
    let server = WebAdmin::start(answer("200 OK", &METRICS.replace("86400", "59")));
    let outcome = server.check(&["--census", "-v"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    for line in [
        "queue_size: gauge, 1 series, no labels",
        "users_count: gauge, 2 series, labels domain",
        "note: the server was started 59s ago",
    ] {
        assert!(outcome.stdout.contains(line), "{line}: {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("own.example"), "{}", outcome.stdout);
}

#[test]
fn an_answer_that_is_none_is_unknown_and_says_why() {
    let cut_off = METRICS.split("queue_size 12").next().unwrap().to_owned() + "queue_size 1";
    for (case, bytes, said) in [
        ("no number", answer("200 OK", "uptime 5\nload_average 1\n"), "there is no queue_size"),
        ("no number in it", answer("200 OK", "queue_size NaN\n"), "queue_size is NaN, no count"),
        ("page", answer("200 OK", "<!DOCTYPE html><title>Login</title>"), "is a web page"),
        ("other text", answer("200 OK", "hello world\n"), "the answer is not metrics: line 1"),
        ("nothing", answer("200 OK", ""), "there is no queue_size"),
        ("cut off", answer("200 OK", &cut_off), "the answer is not metrics: the last line, 3,"),
        ("wrong password", answer("401 Unauthorized", ""), "answer 401, the name or password"),
        ("no right", answer("403 Forbidden", ""), "answer 403"),
        ("no such page", answer("404 Not Found", "queue_size 0\n"), "answer 404"),
        (
            "elsewhere",
            answer("302 Found\r\nLocation: https://127.0.0.1:1/", ""),
            "answer 302 is a redirect; not followed",
        ),
        ("failure", answer("500 Internal Server Error", "queue_size 0\n"), "answer 500"),
        ("no HTTP", "220 mail.own.example ESMTP\r\n".to_owned(), "no answer: "),
        (
            "less than announced",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nqueue_size 1\n".to_owned(),
            "no answer: ",
        ),
    ] {
        let outcome = WebAdmin::start(bytes).check(&[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:");
        assert!(outcome.stdout.contains(said), "{case}: {}", outcome.stdout);
        assert_eq!(outcome.metric("messages"), Some("U"), "{case}");
        assert!(!outcome.stdout.contains("p:w d"), "{case}: {}", outcome.stdout);
    }
    let outcome = WebAdmin::start(answer("200 OK", "uptime 5\nload_average 1\n")).check(&[]);
    assert!(outcome.stdout.contains("metrics: uptime, load_average"), "{}", outcome.stdout);
}

#[test]
fn a_hundred_megabytes_and_a_drip_end() {
    let huge = WebAdmin::start(answer("200 OK", &"# x\n".repeat(5 << 20)));
    let outcome = huge.check(&[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:");
    assert!(outcome.stdout.contains("larger than 4 MiB"), "{}", outcome.stdout);

    // In the clear, as is allowed on this host.
    let drip = Scripted::start(|stream, _| {
        // Nothing is said before it is asked for: the client would take that for another answer.
        let mut stream = BufReader::new(stream);
        while !matches!(line(&mut stream).as_str(), "\r\n" | "") {}
        let mut stream = stream.into_inner();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
        while stream.write_all(b"#").is_ok() && keeps_waiting(&stream, Duration::from_millis(50)) {}
    });
    let silent = Scripted::start(|stream, _| until_closed(stream));
    let server = WebAdmin::start("");
    for (port, code, said) in
        [(drip.port(), 3, "timed out"), (silent.port(), 2, "no answer in time")]
    {
        let began = Instant::now();
        let url = format!("http://127.0.0.1:{port}/metrics");
        let outcome = server.check_at(&url, &["-t", "2"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
        assert!(began.elapsed().as_secs_f64() < 4.0);
    }
}

#[test]
fn no_password_reaches_a_server_that_proves_nothing() {
    let authority = Authority::root();
    for (case, leaf, said) in [
        ("expired", authority.leaf("127.0.0.1", -90, -1, ecdsa()), "has expired"),
        ("other name", authority.leaf("mail.lab.test", -1, 90, ecdsa()), "is for another name"),
        ("self-signed", Leaf::self_signed("127.0.0.1"), "issuer that is not trusted"),
    ] {
        let server = WebAdmin::start_with(&authority, &leaf, answer("200 OK", METRICS));
        let outcome = server.check(&[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:");
        assert!(outcome.stdout.contains(said), "{case}: {}", outcome.stdout);
        assert_eq!(*server.heard.lock().unwrap(), "", "{case}");
    }
}

#[test]
fn a_server_that_is_not_there_is_critical_and_an_unknown_name_is_not() {
    let server = WebAdmin::start("");
    server
        .check_at("https://127.0.0.1:1/metrics", &[])
        .expect(2, "AXIGEN QUEUE CRITICAL - 127.0.0.1:1: connection refused");
    server
        .check_at("https://[::1]:1/metrics", &[])
        .expect(2, "AXIGEN QUEUE CRITICAL - [::1]:1: connection refused");
    server
        .check_at("https://x.invalid/metrics", &[])
        .expect(3, "AXIGEN QUEUE UNKNOWN - x.invalid:443: cannot resolve: ");
}

#[test]
fn a_login_that_others_may_read_or_that_is_none_is_unknown() {
    let server = WebAdmin::start(answer("200 OK", METRICS));
    let login = server.file("login");
    for text in ["monitor", "monitor:", ":secret", "a:b\nc:d\n", "a:b\n\n", ""] {
        std::fs::write(&login, text).unwrap();
        let outcome = server.check(&[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:");
        assert!(
            outcome.stdout.contains("must hold user:password in one line"),
            "{}",
            outcome.stdout
        );
    }
    std::fs::write(&login, "monitor:secret\r\n").unwrap();
    server.check(&[]).expect(0, "AXIGEN QUEUE OK - 12 messages");
    chmod(&login, 0o644);
    let outcome = server.check(&[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:");
    assert!(outcome.stdout.contains("is open to all users (mode 0644)"), "{}", outcome.stdout);
    let link = server.file("link");
    symlink("/nonexistent", &link).unwrap();
    let outcome = check("https://127.0.0.1:1/", &link, &[]);
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:1: cannot read ");
    chmod(&login, 0o600);
    let missing = server.check_at("https://127.0.0.1:1/", &["--ca-file", "/nonexistent"]);
    missing.expect(3, "AXIGEN QUEUE UNKNOWN - 127.0.0.1:1: cannot read the CA file /nonexistent");
}

#[test]
fn mistakes_say_why_and_never_repeat_a_password() {
    let login = Path::new("/nonexistent");
    for (url, said) in [
        ("https://monitor:secret@mail/metrics", "process list; put them into --auth-file"),
        ("https://monitor@mail/metrics", "process list; put them into --auth-file"),
        ("http://mail.example/metrics", "must begin with https, or the password"),
        ("ftp://monitor-secret/metrics", "must begin with https"),
        ("mail.example/secret", "is not a URL"),
    ] {
        let outcome = check(url, login, &[]);
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - option --metrics-url: the URL ");
        assert!(outcome.stdout.contains(said), "{url}: {}", outcome.stdout);
        assert!(!outcome.stdout.contains("secret"), "{url}: {}", outcome.stdout);
    }
    for option in [
        "--older-than=4h",
        "--warning-older=25",
        "--critical-oldest=1",
        "--warning-free=10:",
        "--size",
    ] {
        let outcome = check("https://mail/metrics", login, &[option]);
        let option = option.split('=').next().unwrap();
        outcome.expect(
            3,
            &format!("AXIGEN QUEUE UNKNOWN - option --metrics-url: metrics have the number of messages, but no ages, sizes or free space; leave out {option}"),
        );
    }
}

/// What stands for a server's answer in these tests is what Prometheus takes.
#[test]
#[ignore = "lab: fetches Prometheus"]
fn promtool_finds_no_fault_in_the_metrics_that_are_read() {
    let Some(promtool) = promtool("promtool_finds_no_fault_in_the_metrics_that_are_read") else {
        return;
    };
    let mut promtool = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(METRICS.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // Names are the vendor's: a counter without _total, and a word of its own for counts.
    let faults = said.lines().filter(|line| !line.contains("_total") && !line.contains("_count"));
    assert_eq!(faults.collect::<Vec<_>>(), [""; 0], "{said}");
}
