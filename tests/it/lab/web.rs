//! What Icinga DB Web makes of every check: its pages, and the limits that are left for its tables and graphs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::mail_server::{MailServer, Way};
use crate::support::mails;
use crate::support::pki::{Leaf, NAME};
use crate::support::pushover::Host;
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::{Outcome, open_tempdir, program, run, skipped_without_root};

const PACKAGES: [&str; 13] = [
    "curl",
    "icinga2",
    "icingadb",
    "icingadb-web",
    "icingaweb2",
    "iproute2",
    "mariadb-server",
    "monitoring-plugins-basic",
    "php-cli",
    "php-curl",
    "php-intl",
    "php-mysql",
    "redis-server",
];

type Said = Vec<(String, Outcome)>;

fn check(name: &str, options: &[&str]) -> Outcome {
    run(Command::new(program(name)).args(options).arg("-v"))
}

fn add(said: &mut Said, name: &str, code: i32, outcome: Outcome) {
    assert_eq!(outcome.code, code, "{name}: {}", outcome.stdout);
    said.push((name.to_owned(), outcome));
}

fn queue(said: &mut Said) {
    let queue = QueueTree::new();
    queue.messages(9);
    let path = queue.path().to_str().unwrap();
    for (name, code, options) in [
        ("queue-ok", 0, &["--queue-dir", path, "--warning-free=~:", "--critical-free=~:"][..]),
        ("queue-warning", 1, &["--queue-dir", path, "-w", "5", "--critical-free=0:"]),
        ("queue-critical", 2, &["--queue-dir", path, "--critical-free=100:", "-w", "5"]),
        ("queue-missing", 3, &["--queue-dir", "/nonexistent"]),
    ] {
        add(said, name, code, check("check_axigen_queue", options));
    }
}

fn smtp_tls(said: &mut Said) {
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let port = server.port().to_string();
    let at = ["-H", "127.0.0.1", "-p", &port, "--sni", NAME];
    for (name, code, more) in [
        ("tls-ok", 0, &[][..]),
        ("tls-warning", 1, &["--warning-certificate", "100%", "--critical-certificate", "1d"]),
        ("tls-critical", 2, &["--trust", "pkix"]),
    ] {
        add(said, name, code, check("check_smtp_tls", &[&at, more].concat()));
    }
    add(said, "tls-unknown", 3, check("check_smtp_tls", &["-H", "no-such-host.invalid"]));
}

fn smtp_forced_tls(said: &mut Said) {
    for (name, code, answer) in [
        ("forced-ok", 0, Some("550 5.7.1 Encryption needed")),
        ("forced-warning", 1, Some("450 4.7.1 Encryption needed")),
        ("forced-critical", 2, None),
        ("forced-unknown", 3, Some("451 4.7.1 Greylisted")),
    ] {
        let server = MailServer::start(move |way, command| {
            let is_caught = way == Way::Clear && command.to_lowercase().contains("@partner.test>");
            answer.filter(|_| is_caught)
        });
        let port = server.port().to_string();
        let options = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--domain",
            "partner.test",
            "--recipient",
            "a@lab.test",
        ];
        add(said, name, code, check("check_smtp_forced_tls", &options));
    }
}

fn smtp_malware(said: &mut Said) {
    for (name, code, answer) in [
        ("malware-ok", 0, Some("550 5.7.1 Infected\r\n")),
        ("malware-warning", 1, Some("451 4.7.1 scanner down\r\n")),
        ("malware-critical", 2, None),
        ("malware-unknown", 3, Some("354 [OK] go on\r\n")),
    ] {
        let server = mails::MailServer::start(move |command, mail| {
            answer.filter(|_| command == mails::DOT && mails::sample(mail) != "control")
        });
        let port = server.port().to_string();
        let options = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--recipient",
            "a@own.test",
            "--allow-recipient-domain",
            "own.test",
        ];
        add(said, name, code, check("check_smtp_malware", &options));
    }
}

fn pushover(said: &mut Said) {
    let limits = r#"{"limit":10000,"remaining":150,"reset":1393653600,"status":1,"request":"r"}"#;
    let server = HttpServer::start(move |_, request| match request.path.as_str() {
        "/1/apps/limits.json" => Reply::json(200, limits),
        _ => Reply::accepted(),
    });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    for (name, code, options) in [
        ("pushover-ok", 0, &[][..]),
        ("pushover-warning", 1, &["--quota", "--critical-quota=0:"]),
        ("pushover-critical", 2, &["--quota"]),
    ] {
        add(said, name, code, host.check(options));
    }
    add(said, "pushover-unknown", 3, check("check_pushover", &["--spool-dir", "/nonexistent"]));
}

#[test]
#[ignore = "lab: Icinga DB Web"]
fn icinga_db_web_shows_every_check_in_every_state_and_keeps_its_limits() {
    if skipped_without_root("Icinga DB Web") {
        return;
    }
    let mut said = Said::new();
    queue(&mut said);
    smtp_tls(&mut said);
    smtp_forced_tls(&mut said);
    smtp_malware(&mut said);
    pushover(&mut said);

    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab");
    let tree = open_tempdir();
    let laid = Command::new(tests.join("root.sh")).arg(tree.path()).args(PACKAGES).status();
    assert!(laid.unwrap().success());
    let lab = tree.path().join("lab");
    for (name, outcome) in &said {
        for (directory, text) in
            [("outputs", &outcome.stdout), ("codes", &outcome.code.to_string())]
        {
            fs::create_dir_all(lab.join(directory)).unwrap();
            fs::write(lab.join(directory).join(name), text).unwrap();
        }
    }
    fs::copy(tests.join("web.sh"), lab.join("web.sh")).unwrap();
    let ran = Command::new("unshare")
        .arg("--net")
        .arg(tests.join("inside.sh"))
        .arg(tree.path())
        .arg("/lab/web.sh")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");

    let read = |path: &str| fs::read_to_string(lab.join(path)).unwrap_or_default();
    assert_eq!(read("list.code"), "200", "the list: {}", read("list.html"));
    for (name, outcome) in &said {
        let page = read(&format!("pages/{name}.html"));
        assert_eq!(read(&format!("pages/{name}.code")), "200", "{name}: {page}");
        let (text, _) =
            outcome.first_line().split_once(" | ").unwrap_or((outcome.first_line(), ""));
        assert!(page.contains(&html(text)), "{name}: {text} is not in {page}");
        let kept = read(&format!("perfdata/{name}"));
        for (label, item) in outcome.perfdata() {
            limits_are_kept(name, label, item, &kept);
        }
    }
    let list = read("list.html");
    let missing: Vec<&str> =
        said.iter().map(|(name, _)| name.as_str()).filter(|name| !list.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in the list");
}

/// Text as the pages escape it.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

/// A limit that is a bare number stands in what is left for tables, pies and graphs.
#[track_caller]
fn limits_are_kept(name: &str, label: &str, item: &str, kept: &str) {
    let normalized =
        kept.split_whitespace().find_map(|item| item.strip_prefix(&format!("{label}=")));
    let normalized: Vec<&str> = normalized.unwrap_or_default().split(';').collect();
    for (place, limit) in item.split(';').enumerate().skip(1).take(2) {
        let Ok(limit) = limit.parse::<f64>() else { continue };
        let left = normalized.get(place).and_then(|limit| limit.parse::<f64>().ok());
        assert_eq!(left, Some(limit), "{name}: {label}={item} in {kept}");
    }
}
