//! One call of `notify_pushover` fails: every alert is delivered, or in failed/, or the run said that it is not.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::calls::{Fault, faults_of};
use super::deeds::{DEEDS, Deed, LIMIT};
use super::phone::{Phone, flush_until_nothing_waits, is_in_failed};
use super::{Dice, for_each};
use crate::support::pushover::Host;
use crate::support::strace::{skipped_without_strace, with_fault};

/// What a run may take longer under strace than its limit.
const GRACE: Duration = Duration::from_secs(8);

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
fn a_fault_in_any_call_loses_no_alert_silently_send() {
    try_all(&DEEDS[0]);
}

#[test]
#[ignore = "lab: a fault in each system call of the first send, in an outage"]
fn a_fault_in_any_call_loses_no_alert_silently_first_send_in_an_outage() {
    try_all(&DEEDS[1]);
}

#[test]
#[ignore = "lab: a fault in each system call of a send in an outage"]
fn a_fault_in_any_call_loses_no_alert_silently_send_in_an_outage() {
    try_all(&DEEDS[2]);
}

#[test]
#[ignore = "lab: a fault in each system call of a send to two"]
fn a_fault_in_any_call_loses_no_alert_silently_send_to_two() {
    try_all(&DEEDS[3]);
}

#[test]
#[ignore = "lab: a fault in each system call of a flush"]
fn a_fault_in_any_call_loses_no_alert_silently_flush() {
    try_all(&DEEDS[4]);
}

#[test]
#[ignore = "lab: a fault in each system call of a flush of more than may wait"]
fn a_fault_in_any_call_loses_no_alert_silently_flush_of_more_than_may_wait() {
    try_all(&DEEDS[5]);
}

#[test]
#[ignore = "lab: a fault in each system call of a flush of failed alerts"]
fn a_fault_in_any_call_loses_no_alert_silently_flush_of_failed_alerts() {
    try_all(&DEEDS[6]);
}

fn try_all(deed: &Deed) {
    if skipped_without_strace("faults of notify_pushover") {
        return;
    }
    let phone = Phone::start();
    let mark = format!("#{}#", deed.what);
    let host = deed.host(&phone, &mark);
    let faults = faults_of(|record| record(&deed.command(&host, &mark)));
    let faults = Dice::new().sample(faults, 12);
    let tally = Tally::default();
    let verdicts = for_each(&faults, |number, fault| {
        let mark = format!("#{}.{number}#", deed.what);
        try_it(deed, &phone, &mark, fault, &tally)
    });
    tally.print(deed.what, faults.len());
    let problems: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
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
            0 if *is_fresh => declared(&host, fault, &output).map_err(problem)?,
            0 => return Err(problem(&format!("LOST {text}"))),
        };
        tally.count(end);
    }
    Ok(())
}

/// How the run said that its alert is neither sent nor kept: by its end and the mark, which a fault that stays may hit, too.
fn declared(host: &Host, fault: &Fault, output: &Output) -> Result<&'static str, &'static str> {
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        // The shell says 128 and the number of the signal; nobody takes that for success.
        None | Some(128..) => Ok("ended by a signal"),
        Some(2 | 3) if said.contains("is kept") => Err("LOST and said to be kept"),
        Some(2 | 3) if host.check(&[]).stdout.contains(" lost, ") => Ok("declared lost"),
        Some(2 | 3) if fault.stays() => Ok("declared lost without a mark"),
        Some(2 | 3) => Err("LOST without a mark"),
        Some(_) => Err("LOST"),
    }
}

fn end_of(output: &Output) -> String {
    let words = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{} {}", output.status, words.join(" ").trim())
}
