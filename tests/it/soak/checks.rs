//! One call of a check fails: it never says less than is there, unless it says "at least" or UNKNOWN.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::Duration;

use super::calls::{Fault, faults_of};
use super::phone::Phone;
use super::{Dice, for_each};
use crate::support::pushover::{Host, item, name, now};
use crate::support::queue::QueueTree;
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, chmod, program, skipped_without_root};

/// A check, the labels of what it counts, and what is to be true of it without a fault.
struct Question {
    what: &'static str,
    command: Command,
    labels: &'static [&'static str],
    state: i32,
    /// Where the check is to run, as options of unshare(1) and a script before it.
    place: Option<String>,
}

impl Question {
    fn of(
        what: &'static str,
        command: Command,
        labels: &'static [&'static str],
        state: i32,
    ) -> Self {
        Self { what, command, labels, state, place: None }
    }

    fn command(&self, wrap: &dyn Fn(&Command) -> Command) -> Command {
        let inner = wrap(&self.command);
        let Some(place) = &self.place else { return inner };
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &format!("{place} && exec \"$0\" \"$@\"")]);
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }
}

#[test]
#[ignore = "lab: a fault in each system call of check_pushover"]
fn a_fault_in_any_call_of_check_pushover_hides_no_alert() {
    if skipped_without_strace("faults of check_pushover") {
        return;
    }
    let phone = Phone::start();
    let host = Host::of(phone.server());
    host.run(&["--message=before"]).expect(0, "PUSHOVER OK - sent");
    fs::create_dir(host.spool().join("failed")).unwrap();
    chmod(&host.spool().join("failed"), 0o700);
    for (number, age) in [(1, 7200), (2, 3600), (3, 10)] {
        let at = (now() - age) * 1_000_000_000 + number;
        fs::write(host.spool().join(name(at)), item(&host, "waits", now() - age, 0)).unwrap();
    }
    for number in [4, 5] {
        let path = host.spool().join("failed").join(name(number));
        fs::write(path, item(&host, "failed", now(), 0)).unwrap();
    }
    let labels = &["waiting", "oldest", "failed"];
    let before = (host.waiting(), host.failed());
    ask(&Question::of("check_pushover", host.check_command(), labels, 2));
    assert_eq!((host.waiting(), host.failed()), before, "a check moves nothing");
}

#[test]
#[ignore = "lab: a fault in each system call of check_axigen_queue"]
fn a_fault_in_any_call_of_check_axigen_queue_hides_no_message() {
    if skipped_without_strace("faults of check_axigen_queue") {
        return;
    }
    let queue = full_queue();
    let other = full_queue();
    let config = other.join("../axigen.cfg");
    fs::write(&config, config_naming(queue.path())).unwrap();
    let labels = &["messages", "older", "under_5m", "over_5d"];
    let check = |options: &[&str]| {
        let mut command = Command::new(program("check_axigen_queue"));
        command.args(options);
        command
    };
    let at = format!("--queue-dir={}", queue.path().display());
    let second = format!("--queue-dir={}", other.path().display());
    let config = format!("--config={}", config.display());
    for (what, options, state) in [
        ("check_axigen_queue", vec![&*at], 0),
        ("check_axigen_queue with limits", vec![&at, "-w=10", "-c=40", "--warning-older=1"], 2),
        ("check_axigen_queue --count-only", vec![&at, "--count-only"], 0),
        ("check_axigen_queue of two queues", vec![&at, &second], 0),
        ("check_axigen_queue --config", vec![&config], 0),
    ] {
        ask(&Question::of(what, check(&options), labels, state));
    }
}

#[test]
#[ignore = "lab: a fault in each system call of check_axigen_queue without options"]
fn a_fault_in_any_call_leads_to_no_other_queue() {
    if skipped_without_strace("faults without options")
        || skipped_without_root("a place of its own")
    {
        return;
    }
    let queue = full_queue();
    let dir = queue.join("..");
    fs::write(dir.join("axigen.cfg"), config_naming(queue.path())).unwrap();
    // Behind the queue that counts stands one of old times with a single message.
    let place = format!(
        "for dir in /var/opt /axigen; do mkdir -p $dir && mount -t tmpfs tmpfs $dir; done && \
         mkdir -p /var/opt/axigen/run /var/opt/axigen/queue/00 && : >/var/opt/axigen/queue/00/S1 && \
         cp {}/axigen.cfg /var/opt/axigen/run",
        dir.display()
    );
    let command = Command::new(program("check_axigen_queue"));
    let question = Question::of("check_axigen_queue without options", command, &["messages"], 0);
    ask(&Question { place: Some(place), ..question });
}

/// 41 messages, some of them old.
fn full_queue() -> QueueTree {
    let queue = QueueTree::new();
    let hour = Duration::from_secs(3600);
    queue.messages(33);
    for number in 100..106 {
        queue.aged(format!("0F/S{number}"), 5 * hour).aged(format!("0F/M{number}"), 5 * hour);
    }
    queue.aged("00/S200", 150 * hour).file("SABC");
    queue
}

fn config_naming(queue: &Path) -> String {
    format!("server = {{ processing = {{ queuePath = \"{}\" }} }}", queue.display())
}

fn ask(question: &Question) {
    let unchanged = |command: &Command| {
        let mut same = Command::new(command.get_program());
        same.args(command.get_args());
        same
    };
    let truth = Outcome::of(&question.command(&unchanged).output().unwrap());
    assert_eq!(truth.code, question.state, "{}", truth.stdout);
    let mut faults = faults_of(|wrap| question.command(wrap));
    faults.retain(|fault| {
        fault.is_no_answer() && (question.place.is_none() || !fault.is_of_rights())
    });
    let faults = Dice::new().sample(faults, 10);
    let ends = Mutex::new(BTreeMap::<&str, usize>::new());
    let verdicts = for_each(&faults, |_, fault| {
        let output = question.command(&|command| with_fault(command, &fault.to_string())).output();
        let end = honest(&truth, question.labels, fault, &output.unwrap())?;
        *ends.lock().unwrap().entry(end).or_default() += 1;
        Ok(())
    });
    let problems: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
    let ends: Vec<String> =
        ends.into_inner().unwrap().iter().map(|(end, count)| format!("{count} {end}")).collect();
    eprintln!("soak: {}: {} faults; {}", question.what, faults.len(), ends.join(", "));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// How a run with a fault told the truth.
fn honest(
    truth: &Outcome,
    labels: &[&'static str],
    fault: &Fault,
    output: &Output,
) -> Result<&'static str, String> {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let problem = |what: &str| Err(format!("{fault}: {what}: {} {stdout}{error}", output.status));
    let code = match output.status.code() {
        Some(137) => return problem("hangs"),
        Some(code @ 0..=3) => code,
        // No core takes it for OK.
        _ => return Ok("ended by a signal"),
    };
    let said = Outcome { code, stdout: stdout.clone() };
    if code == 3 {
        return Ok("unknown");
    }
    let says_so = said.first_line().contains("at least");
    if code < truth.code && (code == 0 || !says_so) {
        return problem("milder");
    }
    for label in labels {
        let (is, seen) = (truth.metric(label), said.metric(label));
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        // One that is not known is U.
        let less = seen != Some("U") && number(seen) < number(is);
        if less && !says_so {
            return problem(&format!("{label} is {}", is.unwrap_or_default()));
        }
    }
    Ok(if says_so { "\"at least\"" } else { "as without a fault" })
}
