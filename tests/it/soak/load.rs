//! Many notifications at once, and a spool full of files.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::is_whole;
use super::phone::{Phone, flush_until_nothing_waits};
use crate::support::machine::manifest;
use crate::support::pushover::{Host, item, make_spool, now};
use crate::support::{Outcome, chmod};

#[test]
#[ignore = "lab: 200 notifications in a second"]
fn two_hundred_notifications_in_a_second_all_arrive() {
    let (count, pause) = if is_whole() { (200, 300) } else { (40, 100) };
    let phone = Phone::slow(Duration::from_millis(pause));
    let host = Host::of(phone.server());
    let begun = Instant::now();
    let (_never, tick) = mpsc::channel::<()>();
    let children: Vec<_> = (0..count)
        .map(|number| {
            let _ = tick.recv_timeout(Duration::from_millis(4));
            let mut command = host.command();
            command.args(["--message", &text_of(number)]).stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let started = begun.elapsed();
    let mut sent = 0;
    for child in children {
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        assert!([0, 1].contains(&outcome.code), "{}", outcome.stdout);
        sent += usize::from(outcome.code == 0);
    }
    while flush_until_nothing_waits(&host).is_err() {}
    let counts: Vec<usize> =
        (0..count).map(|number| phone.count("alice", &text_of(number))).collect();
    let lost = counts.iter().filter(|count| **count == 0).count();
    let twice = counts.iter().filter(|count| **count > 1).count();
    eprintln!(
        "soak: load: {count} notifications in {:.1} s: {sent} sent within their limit, the last after {} s, \
         {lost} lost, {twice} came twice",
        started.as_secs_f32(),
        begun.elapsed().as_secs()
    );
    assert_eq!(lost, 0);
    assert!(phone.server().most_connections_at_once() <= 2);
}

fn text_of(number: usize) -> String {
    format!("#load# number {number}.")
}

const EMERGENCY: [&str; 3] = ["--emergency=DOWN", "--retry=60", "--expire=300"];

#[test]
#[ignore = "soak: 100,000 files in the spool"]
fn a_hundred_thousand_files_in_the_spool_hold_no_alert_up() {
    let mut slow = Vec::new();
    for kind in ["foreign", "set aside", "waiting in an outage", "waiting"] {
        let phone = Phone::start();
        let host = Host::of(phone.server());
        let count = if is_whole() { 100_000 } else { 20_000 };
        fill(&host, kind, count);
        // What rings is worth a look at all that waits. After a failure nobody asks for five seconds.
        let runs = [("a send", &[][..], 1), ("an emergency", &EMERGENCY, 2)];
        let runs = runs.into_iter().take(if kind.ends_with("outage") { 1 } else { 2 });
        for (what, options, most) in runs {
            let mut command = released(&host);
            let text = format!("#load# fresh, {what}.");
            command.args(["--type=PROBLEM", "-Hmail01", "--host-state=DOWN", "--output", &text]);
            let begun = Instant::now();
            let outcome = Outcome::of(&command.args(options).output().unwrap());
            let taken = begun.elapsed();
            let word = outcome.first_line().split(" - ").next().unwrap().to_owned();
            eprintln!(
                "soak: load: {what} beside {count} files {kind}: {} ms, {word}",
                taken.as_millis()
            );
            let is_on_its_way = if options.is_empty() {
                [0, 1].contains(&outcome.code)
            } else {
                phone.count("alice", &text) == 1
            };
            if !is_on_its_way || taken > Duration::from_secs(most) {
                slow.push(format!("{what}: {kind}: {} ms: {}", taken.as_millis(), outcome.stdout));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

fn fill(host: &Host, kind: &str, count: u64) {
    make_spool(host);
    let failed = host.spool().join("failed");
    fs::create_dir(&failed).unwrap();
    chmod(&failed, 0o700);
    let since = now() - 3600;
    for number in 0..count {
        let name = format!("{:020}-1-{number:016x}.json", since * 1_000_000_000 + number);
        let (path, content) = match kind {
            "foreign" => (host.spool().join(format!("foreign {number}")), String::new()),
            "set aside" => (failed.join(name), item(host, "refused", since, 1)),
            "waiting" => (host.spool().join(name), item(host, "waits", since, 0)),
            _ => (host.spool().join(name), item(host, "down", since, 1)),
        };
        fs::write(path, content).unwrap();
    }
}

/// `notify_pushover` as it is installed: this is about time.
fn released(host: &Host) -> Command {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let program = manifest(&target).join("release/notify_pushover");
    assert!(program.exists(), "make comes first");
    let command = host.command();
    let mut same = Command::new(program);
    same.env_clear().stdin(Stdio::null()).args(command.get_args());
    for (name, value) in command.get_envs() {
        same.envs(value.map(|value| (name, value)));
    }
    same
}
