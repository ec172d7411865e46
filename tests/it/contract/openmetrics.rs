//! `OpenMetrics` of every check, as a strict reader takes them.

use std::process::Command;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::mail_server::MailServer;
use crate::support::pki::{Leaf, NAME};
use crate::support::pushover::Host;
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::{labels, openmetrics, program, run};

#[test]
fn every_check_prints_series_that_a_strict_reader_takes() {
    let (full, empty) = (QueueTree::new(), QueueTree::new());
    full.messages(9).file("00/x.tmp");
    let (full, empty) = (full.path().to_str().unwrap(), empty.path().to_str().unwrap());
    let tls = Scripted::start({
        let config = Leaf::self_signed(NAME).server_config();
        move |stream, _| {
            if let Some(stream) = until_tls(stream) {
                speak_tls(stream, &config, false);
            }
        }
    });
    let mail = MailServer::start(|_, _| None);
    let (tls, mail) = (tls.port().to_string(), mail.port().to_string());
    let own = ["--recipient", "probe@own.test", "--allow-recipient-domain", "own.test"];
    for (name, options, code, prefix, some) in [
        ("check_axigen_queue", vec!["--queue-dir", full], 0, "axigen_queue", "oldest_seconds"),
        (
            "check_axigen_queue",
            vec!["--queue-dir", full, "--queue-dir", empty, "--size", "-c", "@5:10", "-w", "1:2"],
            2,
            "axigen_queue",
            "used_bytes_limit_ratio",
        ),
        (
            "check_axigen_queue",
            vec!["--queue-dir", "/non\\\"exist\n|ent"],
            3,
            "axigen_queue",
            "state",
        ),
        (
            "check_smtp_tls",
            vec!["-H", "127.0.0.1", "-p", &tls, "--sni", NAME],
            0,
            "smtp_tls",
            "certificate_used_ratio",
        ),
        ("check_smtp_tls", vec!["-H", "127.0.0.1", "-p", "1"], 2, "smtp_tls", "state"),
        ("check_axigen_version", vec!["-H", "127.0.0.1", "-p", "1"], 2, "axigen_version", "state"),
        (
            "check_smtp_forced_tls",
            vec![
                "-H",
                "127.0.0.1",
                "-p",
                &mail,
                "--domain",
                "partner.test",
                "--recipient",
                "probe@own.test",
            ],
            2,
            "smtp_forced_tls",
            "open",
        ),
        (
            "check_smtp_malware",
            [&["-H", "127.0.0.1", "-p", &mail][..], &own].concat(),
            2,
            "smtp_malware",
            "time_seconds",
        ),
        (
            "check_smtp_accept",
            vec!["-H", "127.0.0.1", "-p", &mail, "--recipient", "probe@own.test"],
            0,
            "smtp_accept",
            "refused_limit",
        ),
        (
            "check_mail_domain",
            vec!["-d", "a.example", "--dns-server", "127.0.0.1:1"],
            3,
            "mail_domain",
            "state",
        ),
        ("check_pushover", vec!["--spool-dir", "/nonexistent"], 2, "pushover", "state"),
    ] {
        let outcome = run(Command::new(program(name))
            .args(["--output-format", "openmetrics"])
            .args(&options));
        assert_eq!(outcome.code, code, "{options:?}: {}", outcome.stdout);
        let series = openmetrics::read(&outcome.stdout);
        let is = |id: &str, name: &str| id.split('{').next() == Some(&format!("{prefix}_{name}"));
        let state = series.iter().find(|(id, _)| is(id, "state")).map(|(_, value)| *value);
        assert_eq!(state, Some(f64::from(code)), "{}", outcome.stdout);
        assert!(series.keys().any(|id| is(id, some)), "{some}: {}", outcome.stdout);
        assert!(series.keys().all(|id| id.contains('{')), "told apart: {}", outcome.stdout);
        has_meanings_of_the_page(name, prefix, &outcome.stdout);
    }
}

#[test]
fn the_way_to_the_phone_has_meanings_too() {
    let limits = r#"{"limit":10000,"remaining":150,"reset":1393653600,"status":1,"request":"r"}"#;
    let server = HttpServer::start(move |_, request| match request.path.as_str() {
        "/1/apps/limits.json" => Reply::json(200, limits),
        _ => Reply::accepted(),
    });
    let host = Host::of(&server);
    host.send("x").expect(0, "PUSHOVER OK - ");
    let outcome = host.check(&["--output-format", "openmetrics", "--quota"]);
    assert!(openmetrics::read(&outcome.stdout).len() > 6, "{}", outcome.stdout);
    has_meanings_of_the_page("check_pushover", "pushover", &outcome.stdout);
}

/// Every HELP but that of the state says what the page of the program says, as far as its first semicolon.
#[track_caller]
fn has_meanings_of_the_page(program: &str, prefix: &str, printed: &str) {
    for line in printed.lines().filter(|line| line.starts_with("# HELP ")) {
        let (start, help) = line.split_once(": ").unwrap();
        if start.contains(&format!(" {prefix}_state ")) {
            continue;
        }
        let meaning = help.strip_prefix("limits of ").unwrap_or(help).strip_suffix('.').unwrap();
        let known = labels::documented(program).into_iter().any(|row| row.meaning == meaning);
        assert!(known, "docs/{program}.md does not say {meaning}");
    }
}

#[test]
fn a_mistake_on_the_command_line_has_no_end_of_metrics() {
    // So that the line for cron keeps the file it has.
    let options = ["--output-format", "openmetrics", "--no-such-option"];
    let outcome = run(Command::new(program("check_axigen_queue")).args(options));
    outcome.expect(3, "AXIGEN QUEUE UNKNOWN - ");
}
