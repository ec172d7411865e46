//! The machine goes down after any call: whatever of it is on the disk then, the next run repairs it without a loss.
//!
//! A run is recorded by strace. Its calls are done again, up to each in turn, on a model of the disk, which is written out
//! as a crash may leave it; a clean run then finds that.

mod disk;
mod trace;

use std::fs;

use super::deeds::{DEEDS, Deed};
use super::phone::{Phone, flush_until_nothing_waits, is_in_failed};
use super::{Dice, for_each};
use crate::support::pushover::Host;
use crate::support::strace::{recorded, skipped_without_strace};
use disk::{ALL, Disk, Unsynced};
use trace::{Call, calls, describe};

/// A recorded run.
struct Recording<'a> {
    deed: &'a Deed,
    mark: String,
    host: Host,
    before: Disk,
    calls: Vec<Call>,
}

#[test]
#[ignore = "lab: crashes after each system call"]
fn a_crash_after_any_call_loses_no_alert() {
    if skipped_without_strace("crashes") {
        return;
    }
    let phone = Phone::start();
    let mut problems = Vec::new();
    for (deed, number) in DEEDS.iter().zip(1..) {
        let recording = record(deed, &phone, format!("#crash {number:08}#"));
        let cuts = 0..=recording.calls.len();
        let crashes: Vec<(usize, Unsynced)> =
            cuts.flat_map(|cut| ALL.map(|unsynced| (cut, unsynced))).collect();
        let crashes = Dice::new().sample(crashes, 12);
        let verdicts = for_each(&crashes, |number, (cut, unsynced)| {
            let mark = format!("#cr{number:04}.{:06}#", std::process::id() % 1_000_000);
            recover(&recording, &phone, *cut, *unsynced, &mark)
        });
        eprintln!("soak: crash of {}: {} crashes", deed.what, crashes.len());
        problems.extend(verdicts.into_iter().filter_map(Result::err));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn record<'a>(deed: &'a Deed, phone: &Phone, mark: String) -> Recording<'a> {
    let host = deed.host(phone, &mark);
    let before = Disk::of(host.path());
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = recorded(&deed.command(&host, &mark), log.path()).output().unwrap();
    assert!(output.status.code().is_some(), "{output:?}");
    let calls = calls(&fs::read_to_string(log.path()).unwrap());
    let is_ours = |call: &Call| match call {
        Call::Create(path)
        | Call::MakeDir(path)
        | Call::Write(path, _)
        | Call::Truncate(path, _)
        | Call::Rename(path, _)
        | Call::Link(path, _)
        | Call::Unlink(path)
        | Call::Sync(path) => path.starts_with(host.path()),
        Call::Connect | Call::Receive(_) => true,
    };
    let calls = calls.into_iter().filter(is_ours).collect();
    Recording { deed, mark, host, before, calls }
}

/// Repairs what one crash leaves.
fn recover(
    recording: &Recording<'_>,
    phone: &Phone,
    cut: usize,
    unsynced: Unsynced,
    mark: &str,
) -> Result<(), String> {
    let Recording { deed, mark: old_mark, host: old_host, before, calls } = recording;
    let done = &calls[..cut];
    let host = Host::of(phone.server());
    let mut disk = before.clone();
    for call in done {
        disk.apply(call);
    }
    let path = |host: &Host| host.path().to_str().unwrap().to_owned();
    disk.crash(unsynced, host.path(), &|content| {
        // Nothing that is read here is anything but text.
        let text = String::from_utf8(content).unwrap();
        text.replace(&path(old_host), &path(&host)).replace(old_mark, mark).into_bytes()
    });
    // An answer comes in pieces.
    let heard = done.iter().filter_map(|call| match call {
        Call::Receive(piece) => Some(String::from_utf8_lossy(piece)),
        _ => None,
    });
    let mut delivered = phone.accepted(old_mark);
    delivered.truncate(heard.collect::<String>().matches("HTTP/1.1 200").count());
    let is_promised = done.iter().any(|call| matches!(call, Call::Connect));
    phone.mend(mark);
    let problem = |what: &str| {
        let done = describe(done, old_host.path());
        format!("{}, crash after call {cut}, {unsynced:?}: {what}:\n  {done}", deed.what)
    };
    flush_until_nothing_waits(&host).map_err(|why| problem(&why))?;
    for (alert, old) in deed.alerts(mark).into_iter().zip(deed.alerts(old_mark)) {
        let (recipient, text, is_fresh) = alert;
        let arrived = phone.count(recipient, &text) > 0
            || delivered.contains(&(old.0, old.1))
            || is_in_failed(&host, &text);
        // Until it is on disk nobody was told so.
        if !arrived && (is_promised || !is_fresh) {
            return Err(problem(&format!("LOST {text}")));
        }
    }
    Ok(())
}
