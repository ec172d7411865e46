//! One call of `notify_pushover` fails: every alert is delivered, or in failed/, or the run said that it is not.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::calls::{Fault, faults_of};
use super::phone::{Phone, flush_until_nothing_waits, is_in_failed};
use super::{Dice, for_each};
use crate::support::chmod;
use crate::support::pushover::{Host, item, name, now};
use crate::support::strace::{skipped_without_strace, with_fault};

/// What a run may take, in seconds, and what it may take longer under strace.
const LIMIT: u64 = 4;
const GRACE: Duration = Duration::from_secs(8);

/// Something to do with alerts, each named by the end of its text.
#[derive(Default)]
struct Deed {
    what: &'static str,
    options: &'static [&'static str],
    /// The one that comes with the run, and to whom.
    fresh: Option<(&'static str, &'static [&'static str])>,
    /// Those that wait, are left behind by a killed writer, or stand in failed/ before the run.
    waiting: &'static [&'static str],
    orphan: Option<&'static str>,
    failed: &'static [&'static str],
}

const DEEDS: [Deed; 6] = [
    Deed { what: "send", fresh: Some(("fresh", &["alice"])), ..NOTHING },
    Deed {
        what: "send in an outage",
        fresh: Some(("down", &["alice"])),
        waiting: &["older"],
        ..NOTHING
    },
    Deed {
        what: "send to two",
        fresh: Some(("fresh", &["alice", "bob"])),
        waiting: &["refused"],
        ..NOTHING
    },
    Deed {
        what: "flush",
        options: &["flush"],
        waiting: &["first", "refused", "second"],
        orphan: Some("orphan"),
        ..NOTHING
    },
    Deed {
        what: "flush of more than may wait",
        options: &["flush", "--spool-max-number=1"],
        waiting: &["down 1", "down 2", "down 3"],
        ..NOTHING
    },
    Deed {
        what: "flush --retry-failed",
        options: &["flush", "--retry-failed"],
        waiting: &["first"],
        failed: &["set aside", "refused"],
        ..NOTHING
    },
];

const NOTHING: Deed =
    Deed { what: "", options: &[], fresh: None, waiting: &[], orphan: None, failed: &[] };

impl Deed {
    /// A host with everything that is there before the run.
    fn host(&self, phone: &Phone, mark: &str) -> Host {
        let host = Host::of(phone.server());
        host.run(&["--message=before"]).expect(0, "PUSHOVER OK - sent");
        let names = (1..).map(name);
        let put = |path: &str, text: &str| {
            let path = host.spool().join(path);
            fs::write(path, item(&host, &text_of(mark, text), now(), 0)).unwrap();
        };
        for (name, text) in names.clone().zip(self.waiting) {
            put(&name, text);
        }
        if let Some(text) = self.orphan {
            put(&format!(".tmp-{}", name(99)), text);
        }
        if !self.failed.is_empty() {
            fs::create_dir(host.spool().join("failed")).unwrap();
            chmod(&host.spool().join("failed"), 0o700);
        }
        for (name, text) in names.skip(50).zip(self.failed) {
            put(&format!("failed/{name}"), text);
        }
        host
    }

    fn command(&self, host: &Host, mark: &str) -> Command {
        let mut command = host.command();
        command.args(self.options).arg(format!("--timeout={LIMIT}"));
        if let Some((text, recipients)) = self.fresh {
            command.args(["--type=PROBLEM", "-Hmail01", "--host-state=DOWN"]);
            command.arg(format!("--output={}", text_of(mark, text)));
            command.args(recipients.iter().map(|name| format!("--recipient={name}")));
        }
        command
    }

    /// Recipient and text of everything that must not be lost.
    fn alerts(&self, mark: &str) -> Vec<(&'static str, String, bool)> {
        let old = self.waiting.iter().chain(self.orphan.iter()).chain(self.failed);
        let old = old.map(|text| ("alice", text_of(mark, text), false));
        let fresh = self.fresh.iter().flat_map(|(text, recipients)| {
            recipients.iter().map(|recipient| (*recipient, text_of(mark, text), true))
        });
        old.chain(fresh).collect()
    }
}

fn text_of(mark: &str, text: &str) -> String {
    format!("{mark} {text}")
}

/// How alerts ended, for the figures.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<&'static str, usize>>);

impl Tally {
    fn count(&self, end: &'static str) {
        *self.0.lock().unwrap().entry(end).or_default() += 1;
    }

    fn print(&self, what: &str, runs: usize) {
        let ends = self.0.lock().unwrap();
        let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        eprintln!("soak: {what}: {runs} faults; alerts: {}", ends.join(", "));
    }
}

#[test]
#[ignore = "lab: a fault in each system call of a send"]
fn a_fault_in_any_call_of_a_send_loses_no_alert_silently() {
    try_all(&DEEDS[..3]);
}

#[test]
#[ignore = "lab: a fault in each system call of a flush"]
fn a_fault_in_any_call_of_a_flush_loses_no_alert() {
    try_all(&DEEDS[3..]);
}

fn try_all(deeds: &[Deed]) {
    if skipped_without_strace("faults of notify_pushover") {
        return;
    }
    let phone = Phone::start();
    let mut problems = Vec::new();
    for deed in deeds {
        let mark = format!("#{}#", deed.what);
        let faults = faults_of(&deed.command(&deed.host(&phone, &mark), &mark));
        let faults = Dice::new().sample(faults, 20);
        let tally = Tally::default();
        let verdicts = for_each(&faults, |number, fault| {
            let mark = format!("#{}.{number}#", deed.what);
            try_it(deed, &phone, &mark, fault, &tally)
        });
        problems.extend(verdicts.into_iter().filter_map(Result::err));
        tally.print(deed.what, faults.len());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn try_it(
    deed: &Deed,
    phone: &Phone,
    mark: &str,
    fault: &Fault,
    tally: &Tally,
) -> Result<(), String> {
    let host = deed.host(phone, mark);
    let started = Instant::now();
    let output = with_fault(&deed.command(&host, mark), &fault.to_string()).output().unwrap();
    let taken = started.elapsed();
    let problem = |what: &str| format!("{}: {fault}: {what}: {}", deed.what, end_of(&output));
    if taken > Duration::from_secs(LIMIT) + GRACE {
        return Err(problem(&format!("took {} s", taken.as_secs())));
    }
    let alerts = deed.alerts(mark);
    for (recipient, text, is_fresh) in &alerts {
        if *is_fresh && output.status.code() == Some(0) && phone.count(recipient, text) == 0 {
            return Err(problem("it said that this was sent"));
        }
    }
    phone.mend(mark);
    flush_until_nothing_waits(&host).map_err(|why| problem(&why))?;
    for (recipient, text, is_fresh) in &alerts {
        let end = match phone.count(recipient, text) {
            1 => "delivered",
            2.. => "delivered twice",
            0 if is_in_failed(&host, text) => "in failed/",
            0 if *is_fresh => declared(&output).ok_or_else(|| problem(&format!("LOST {text}")))?,
            0 => return Err(problem(&format!("LOST {text}"))),
        };
        tally.count(end);
    }
    Ok(())
}

/// How the run said that its alert is neither sent nor kept.
fn declared(output: &Output) -> Option<&'static str> {
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(2 | 3) if !said.contains("is kept") => Some("declared lost"),
        // The shell says 128 and the number of the signal; nobody takes that for success.
        None | Some(128..) => Some("ended by a signal"),
        Some(_) => None,
    }
}

fn end_of(output: &Output) -> String {
    let words = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{} {}", output.status, words.join(" ").trim())
}
