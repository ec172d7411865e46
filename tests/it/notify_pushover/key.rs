//! `--key`: what was told is not told again, and nothing that goes wrong with the memory of it swallows an alert.

use std::fs;
use std::path::PathBuf;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, own_name};
use crate::support::{Outcome, chmod};

fn tell(host: &Host, line: &str, more: &[&str]) -> Outcome {
    let mut options = vec!["--key=queue", "--host-name=mail01", "--output", line];
    options.extend_from_slice(more);
    host.run(&options)
}

/// The file in which the spool remembers the only key.
fn memory(host: &Host) -> PathBuf {
    let entries = fs::read_dir(host.spool()).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".told-");
    let found: Vec<PathBuf> = entries.filter(is_it).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// Moves everything that is remembered this far into the past.
fn let_pass(host: &Host, seconds: u64) {
    let text = fs::read_to_string(memory(host)).unwrap();
    let mut told: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in ["since", "at"] {
        told[key] = (told[key].as_u64().unwrap() - seconds).into();
    }
    fs::write(memory(host), told.to_string()).unwrap();
}

#[test]
fn a_change_is_told_a_repetition_when_it_is_due_and_the_recovery() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let often = &["--repeat=4h"][..];
    tell(&host, "Q OK - fine", often).expect(0, "PUSHOVER OK - nothing new for queue: still OK");
    tell(&host, "Q WARNING - 101", often).expect(0, "PUSHOVER OK - sent");
    tell(&host, "Q WARNING - 102", often)
        .expect(0, "PUSHOVER OK - nothing new for queue: WARNING for ");
    tell(&host, "Q CRITICAL - 501", often).expect(0, "PUSHOVER OK - sent");
    let_pass(&host, 4 * 3600);
    tell(&host, "Q CRITICAL - 502", &[]).expect(0, "PUSHOVER OK - nothing new for queue");
    tell(&host, "Q CRITICAL - 503", often).expect(0, "PUSHOVER OK - sent");
    tell(&host, "Q OK - 3", often).expect(0, "PUSHOVER OK - sent");
    tell(&host, "Q OK - 3", often).expect(0, "PUSHOVER OK - nothing new for queue: still OK");
    let texts = server.messages();
    let expected = ["101", "501\nwas WARNING", "503\n4h", "3\nwas CRITICAL · 4h"];
    assert_eq!(texts.len(), 4, "{texts:?}");
    assert!(texts.iter().zip(expected).all(|(text, start)| text.starts_with(start)), "{texts:?}");
    let titles: Vec<String> =
        server.requests().iter().map(|request| request.field("title").to_owned()).collect();
    assert_eq!(titles[0], "🟡 WARNING mail01: queue");
    assert_eq!(titles[3], "🟢 OK mail01: queue");
}

#[test]
fn keys_are_told_apart_whatever_they_are() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for key in ["a", "b", "../a", "a/b", "-x", &"k".repeat(5000), "ä\n"] {
        let line = ["--key", key, "--output=Q WARNING - x"];
        host.run(&line).expect(0, "PUSHOVER OK - sent");
        host.run(&line).expect(0, "PUSHOVER OK - nothing new for ");
    }
}

#[test]
fn an_emergency_ends_with_its_recovery() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let rings = &["--emergency=CRITICAL"][..];
    tell(&host, "Q CRITICAL - 501", rings).expect(0, "PUSHOVER OK - sent");
    tell(&host, "Q OK - 3", rings).expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert_eq!(requests[0].field("priority"), "2");
    let cancel = format!("/1/receipts/cancel_by_tag/{}.json", requests[0].field("tags"));
    assert_eq!(requests[1].path, cancel);
}

#[test]
fn what_says_nothing_of_a_state_is_unknown() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for line in ["", "sh: 1: check_axigen_queue: not found", "a note\nOK - below"] {
        tell(&host, line, &[]);
    }
    assert_eq!(server.messages().len(), 1, "the same state, told once");
    assert_eq!(server.requests()[0].field("title"), "🟣 UNKNOWN mail01: queue");
    tell(&host, "OK", &[]).expect(0, "PUSHOVER OK - sent");
}

#[test]
fn a_damaged_memory_swallows_nothing() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    tell(&host, "Q WARNING - 101", &[]).expect(0, "PUSHOVER OK - sent");
    let file = memory(&host);
    let good = fs::read_to_string(&file).unwrap();
    for damage in [
        "",
        "{",
        "[]",
        "\0\0\0",
        r#"{"state":"WARNING"}"#,
        r#"{"state":"well","since":1,"at":1}"#,
        r#"{"state":"WARNING","since":-1,"at":1}"#,
        &good.replace(r#""at":"#, r#""at":9"#),
    ] {
        fs::write(&file, damage).unwrap();
        let before = server.messages().len();
        tell(&host, "Q WARNING - 101", &[]).expect(0, "PUSHOVER OK - sent");
        assert_eq!(server.messages().len(), before + 1, "{damage}");
        tell(&host, "Q WARNING - 101", &[]).expect(0, "PUSHOVER OK - nothing new for queue");
    }
    // Something that is no file, and cannot be replaced by one.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fs::write(file.join("x"), "").unwrap();
    for _ in 0..2 {
        tell(&host, "Q WARNING - 101", &[]).expect(0, "PUSHOVER OK - sent");
    }
}

#[test]
fn what_waits_counts_as_told_and_what_is_lost_does_not() {
    let server = HttpServer::start(|_, _| Reply::json(500, ""));
    let host = Host::of(&server);
    tell(&host, "Q WARNING - 101", &["--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    tell(&host, "Q WARNING - 101", &["--timeout=2"])
        .expect(0, "PUSHOVER OK - nothing new for queue: WARNING");
    assert_eq!(host.waiting().len(), 1);
    // Everybody could write there, so nothing is kept.
    chmod(&host.spool(), 0o777);
    for _ in 0..2 {
        let lost = tell(&host, "Q CRITICAL - 501", &["--timeout=2"]);
        lost.expect(2, "PUSHOVER LOST - ");
    }
    chmod(&host.spool(), 0o700);
    tell(&host, "Q CRITICAL - 501", &["--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    for _ in 0..2 {
        tell(&host, "Q UNKNOWN - x", &["--timeout=2", "--no-spool"]).expect(2, "PUSHOVER LOST - ");
    }
}

#[test]
fn a_repetition_of_nothing_is_a_remark() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let outcome = host.run(&["--repeat=4h", "--output=Q WARNING - 101"]);
    outcome.expect(0, "PUSHOVER OK - sent; repeat '4h' ignored: needs --key");
}

#[test]
fn without_a_core_the_title_names_this_host() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    host.run(&["--output=AXIGEN QUEUE WARNING - 101 messages"]).expect(0, "PUSHOVER OK - sent");
    host.run(&["--message=hello"]).expect(0, "PUSHOVER OK - sent");
    let requests = server.requests();
    assert_eq!(requests[0].field("title"), format!("🟡 WARNING {}: AXIGEN QUEUE", own_name()));
    assert_eq!(requests[1].field("title"), "");
}
