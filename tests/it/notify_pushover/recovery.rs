//! A recovery says how long it lasted and what is still open, and is as quiet as its problem was.

use crate::support::http_server::{HttpServer, Request};
use crate::support::pushover::{Host, make_spool, now};

fn tell(host: &Host, kind: &str, service: &str, state: &str, at: u64, more: &[&str]) {
    let (kind, at) = (format!("--type={kind}"), at.to_string());
    let options =
        [&kind, "--host-name=mail01", "--output=it hurts", "--timestamp", &at, "--service-name"];
    let state_of = if service.is_empty() { "--host-state" } else { "--service-state" };
    host.run(&[&options[..], &[service, state_of, state], more].concat())
        .expect(0, "PUSHOVER OK - sent");
}

fn last(server: &HttpServer) -> Request {
    server.requests().pop().unwrap()
}

#[test]
fn a_recovery_says_how_long_it_lasted_and_what_is_still_open() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let start = now() - 3600;
    tell(&host, "PROBLEM", "disk", "WARNING", start, &[]);
    tell(&host, "PROBLEM", "queue", "WARNING", start + 60, &[]);
    tell(&host, "PROBLEM", "queue", "CRITICAL", start + 120, &[]);
    tell(&host, "PROBLEM", "smtp", "CRITICAL", start + 180, &[]);
    tell(&host, "RECOVERY", "queue", "OK", start + 960, &[]);
    let text = last(&server).field("message").to_owned();
    assert_eq!(text, "it hurts\nwas CRITICAL · 15m\nstill open: smtp CRITICAL, disk WARNING");
    // The core knows better what it was.
    tell(&host, "RECOVERY", "smtp", "OK", start + 960, &["--last-state=UNKNOWN", "--duration=0"]);
    let text = last(&server).field("message").to_owned();
    assert_eq!(text, "it hurts\nwas UNKNOWN · 13m\nstill open: disk WARNING");
    tell(&host, "RECOVERY", "disk", "OK", start + 960, &[]);
    assert_eq!(last(&server).field("message"), "it hurts\nwas WARNING · 16m");
    // Nothing is known any more.
    tell(&host, "RECOVERY", "disk", "OK", start + 960, &[]);
    assert_eq!(last(&server).field("message"), "it hurts");
    assert!(!host.everything_in_the_spool().contains(".open-"));
}

#[test]
fn a_recovery_is_as_quiet_as_its_problem_was() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for (problem, recovery, wanted) in [
        (&["--priority=WARNING=-1"][..], &[][..], "-1"),
        (&[][..], &[][..], ""),
        (&["--priority=WARNING=1"][..], &[][..], ""),
        (&["--emergency=WARNING"][..], &[][..], ""),
        (&["--priority=WARNING=-2"][..], &["--priority=RECOVERY=1"][..], "1"),
    ] {
        tell(&host, "PROBLEM", "disk", "WARNING", now(), problem);
        tell(&host, "RECOVERY", "disk", "OK", now(), recovery);
        assert_eq!(last(&server).field("priority"), wanted, "{problem:?} {recovery:?}");
    }
    // Louder in between: no louder than the loudest, no quieter than that.
    tell(&host, "PROBLEM", "disk", "WARNING", now(), &["--priority=-1"]);
    tell(&host, "PROBLEM", "disk", "CRITICAL", now(), &[]);
    tell(&host, "RECOVERY", "disk", "OK", now(), &[]);
    assert_eq!(last(&server).field("priority"), "");
}

#[test]
fn each_contact_has_a_run_and_a_recovery_of_its_own() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let start = now() - 3600;
    for whom in ["alice", "bob"] {
        tell(&host, "PROBLEM", "", "DOWN", start, &["--recipient", whom]);
        tell(&host, "PROBLEM", "disk", "WARNING", start, &["--recipient", whom]);
    }
    for whom in ["alice", "bob"] {
        tell(&host, "RECOVERY", "disk", "OK", start + 120, &["--recipient", whom]);
        assert_eq!(last(&server).field("message"), "it hurts\nwas WARNING · 2m\nstill open: DOWN");
    }
}

#[test]
fn a_dry_run_and_a_memory_of_no_use_change_nothing() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let start = now() - 60;
    tell(&host, "PROBLEM", "disk", "WARNING", start, &[]);
    let dry = ["--dry-run", "--type=RECOVERY", "--host-name=mail01", "--service-name=disk"];
    let outcome = host.run(&[&dry[..], &["--service-state=OK", "--output=x"]].concat());
    assert!(outcome.stdout.contains("was WARNING · 1m"), "{}", outcome.stdout);
    let notes = std::fs::read_dir(host.spool()).unwrap().map(|entry| entry.unwrap().path());
    let is_note = |path: &std::path::PathBuf| path.to_str().unwrap().contains(".open-");
    let notes: Vec<_> = notes.filter(is_note).collect();
    assert_eq!(notes.len(), 1);
    std::fs::write(&notes[0], "{\"service\":[").unwrap();
    tell(&host, "RECOVERY", "disk", "OK", start, &[]);
    assert_eq!(last(&server).field("message"), "it hurts");
}
