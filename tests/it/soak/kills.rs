//! Senders and flushes at work on two spools at once, with clocks that are wrong by days, and killed at any point: every
//! alert that was on disk arrives.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::phone::{Phone, flush_until_nothing_waits, is_in_failed};
use super::{Dice, is_whole};
use crate::support::daemon::fetched;
use crate::support::pushover::Host;

/// Processes at work at once.
const CROWD: usize = 8;

/// One process, and what becomes of it.
struct Act {
    spool: usize,
    /// What it sends; a flush sends nothing of its own.
    text: Option<String>,
    command: Command,
    killed_after: Duration,
}

/// How a process ended.
struct End {
    spool: usize,
    text: Option<String>,
    was_killed: bool,
    code: Option<i32>,
}

#[test]
#[ignore = "lab: killed processes on two spools"]
fn kills_amid_a_crowd_on_two_spools_lose_nothing() {
    let phone = Phone::slow(Duration::from_millis(3));
    let hosts = [Host::of(phone.server()), Host::of(phone.server())];
    for host in &hosts {
        host.send("before").expect(0, "PUSHOVER OK - sent");
    }
    let clock = false_clock();
    let mut dice = Dice::new();
    let (mut kills, mut rounds, mut ran) = (0, 0, 0);
    let mut due: BTreeSet<(usize, String)> = BTreeSet::new();
    let wanted = if is_whole() { 300 } else { 40 };
    while kills < wanted {
        rounds += 1;
        let acts = (0..CROWD).map(|number| act(&hosts, clock.as_ref(), rounds, number, &mut dice));
        for end in perform(acts.collect()) {
            ran += 1;
            kills += usize::from(end.was_killed);
            let Some(text) = end.text else { continue };
            let is_known = phone.count("alice", &text) > 0 || is_on_disk(&hosts[end.spool], &text);
            assert!(
                end.was_killed || is_known,
                "{text}: ended with {:?}, and is nowhere",
                end.code
            );
            if is_known {
                due.insert((end.spool, text));
            }
        }
        assert!(rounds < 100 * wanted, "nobody lives long enough to be killed");
    }
    for host in &hosts {
        flush_until_nothing_waits(host).unwrap();
    }
    let mut twice = 0;
    for (spool, text) in &due {
        match phone.count("alice", text) {
            0 => assert!(is_in_failed(&hosts[*spool], text), "{text} is lost"),
            count => twice += usize::from(count > 1),
        }
    }
    let clocks = if clock.is_some() { "" } else { ", with the right clock only" };
    eprintln!(
        "soak: kills: {kills} of {ran} processes{clocks}; {} alerts were on disk, {twice} came twice",
        due.len()
    );
    assert!(due.len() > kills / 4, "the points were badly chosen");
}

/// One of the crowd: a sender in three of four cases, on either spool, a few days off in half of them.
fn act(
    hosts: &[Host; 2],
    clock: Option<&PathBuf>,
    round: usize,
    number: usize,
    dice: &mut Dice,
) -> Act {
    let spool = dice.below(2);
    let mut command = hosts[spool].command();
    command.arg("--timeout=5");
    let text = (dice.below(4) > 0).then(|| format!("#kill {round}.{number}#"));
    match &text {
        Some(text) => command.args(["--message", text]),
        None => command.arg("flush"),
    };
    if let (Some(library), 0) = (clock, dice.below(2)) {
        let seconds = dice.below(6 * 86_400);
        command.env("LD_PRELOAD", library).env("NO_FAKE_STAT", "1");
        command
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME", format!("{:+}", i64::try_from(seconds).unwrap() - 3 * 86_400));
    }
    let killed_after = Duration::from_micros(u64::try_from(dice.below(500_000)).unwrap());
    Act { spool, text, command, killed_after }
}

/// Lets all of them run at once.
fn perform(acts: Vec<Act>) -> Vec<End> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = acts.into_iter().map(|act| scope.spawn(|| run(act))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

fn run(mut act: Act) -> End {
    let mut child = act.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (_never, wait) = mpsc::channel::<()>();
    let _ = wait.recv_timeout(act.killed_after);
    let _ = child.kill();
    let code = child.wait().unwrap().code();
    // What the library of a killed process leaves behind.
    for name in ["faketime_shm", "sem.faketime_sem"] {
        let _ = fs::remove_file(format!("/dev/shm/{name}_{}", child.id()));
    }
    End { spool: act.spool, text: act.text, was_killed: code.is_none(), code }
}

/// Whether a complete message stands in the spool, under whatever name.
fn is_on_disk(host: &Host, text: &str) -> bool {
    let spool = host.spool();
    [spool.join("failed"), spool].iter().filter_map(|path| fs::read_dir(path).ok()).flatten().any(
        |entry| {
            let content = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
            content.contains(text) && serde_json::from_str::<Value>(&content).is_ok()
        },
    )
}

/// A library that makes the clock wrong, where it is to be had.
fn false_clock() -> Option<PathBuf> {
    let packages = ["faketime", "libfaketime"];
    let place = fetched("clocks that are wrong", "faketime", "unpack.sh", &packages)?;
    let libraries = [place.join("usr/lib"), PathBuf::from("/usr/lib")];
    let entries = libraries.iter().filter_map(|path| fs::read_dir(path).ok()).flatten();
    let files = entries.map(|entry| entry.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    files.into_iter().find(|path| path.exists())
}
