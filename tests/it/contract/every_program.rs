//! What holds for every program of the suite, whatever it checks.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::filesystem::HungMount;
use crate::support::queue::QueueTree;
use crate::support::{Outcome, cores, open_tempdir, program, run, skipped_without_root};

/// Every program with its service name.
const SERVICES: &[(&str, &str)] = &[
    ("check_axigen_queue", "AXIGEN QUEUE"),
    ("check_axigen_version", "AXIGEN VERSION"),
    ("check_smtp_tls", "SMTP TLS"),
    ("check_smtp_forced_tls", "SMTP FORCED TLS"),
    ("check_smtp_malware", "SMTP MALWARE"),
    ("check_mail_domain", "MAIL DOMAIN"),
    ("check_smtp_accept", "SMTP ACCEPT"),
    ("smtp_canary", "SMTP CANARY"),
    ("check_pushover", "PUSHOVER"),
    ("notify_pushover", "PUSHOVER"),
    ("pushover_channel", "PUSHOVER CHANNEL"),
];

fn service(name: &str) -> &'static str {
    SERVICES
        .iter()
        .find(|(program, _)| *program == name)
        .map(|(_, service)| *service)
        .expect("a service name")
}

fn each_program(mut test: impl FnMut(&str, &str)) {
    for command in suite::commands() {
        let name = command.get_name();
        test(name, service(name));
    }
}

/// The programs that end by themselves, within a time limit; a channel lives as long as its daemon.
fn each_run(mut test: impl FnMut(&str, &str)) {
    each_program(|name, service| {
        if !name.ends_with("_channel") {
            test(name, service);
        }
    });
}

/// The programs that print a report; a notifier has an outcome of its own.
fn each_check(mut test: impl FnMut(&str, &str)) {
    each_program(|name, service| {
        if name.starts_with("check_") {
            test(name, service);
        }
    });
}

/// A run that has something to say in every program.
fn something_to_say(name: &str, queue: &QueueTree) -> Command {
    let mut command = Command::new(program(name));
    match name {
        // Nobody listens there: port 1 is below what the kernel gives out.
        "check_axigen_version" | "check_smtp_tls" => command.args(["-H", "127.0.0.1", "-p", "1"]),
        "check_smtp_forced_tls" => command
            .args(["-H", "127.0.0.1", "-p", "1", "--domain", "partner.test"])
            .args(["--recipient", "probe@own.test"]),
        "check_smtp_malware" => command
            .args(["-H", "127.0.0.1", "-p", "1", "--recipient", "test@own.test"])
            .args(["--allow-recipient-domain", "own.test"]),
        "check_smtp_accept" => {
            command.args(["-H", "127.0.0.1", "-p", "1", "--recipient", "test@own.test"])
        }
        "check_mail_domain" => command.args(["-d", "a.example", "--dns-server", "127.0.0.1:1"]),
        // It serves a connection, and prints nothing but what is wrong with its command line.
        "smtp_canary" => &mut command,
        "check_axigen_queue" => command.arg("--queue-dir").arg(queue.path()),
        "check_pushover" => command.arg("--spool-dir").arg(queue.join("a|b=1")),
        "notify_pushover" => command.args(["--dry-run", "--message=a|b=1"]),
        _ => panic!("{name} is new: say how it is run"),
    };
    command
}

#[test]
fn help_and_version_exit_3_on_stdout() {
    each_program(|name, _| {
        for option in ["--help", "-h", "--version", "-V"] {
            let outcome = run(Command::new(program(name)).arg(option));
            assert_eq!(outcome.code, 3, "{name} {option}");
            assert!(!outcome.first_line().is_empty(), "{name} {option}");
        }
    });
}

#[test]
fn help_fits_80_columns() {
    each_program(|name, _| {
        for option in ["--help", "-h"] {
            let outcome = run(Command::new(program(name)).arg(option));
            for line in outcome.stdout.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    });
}

#[test]
fn usage_errors_are_one_line_of_at_most_200_characters_that_names_the_text() {
    let long = "x".repeat(5000);
    let long_option = format!("--{long}");
    each_run(|name, service| {
        for (arguments, named) in [
            (vec!["--no-such-option"], "--no-such-option"),
            (vec!["stray"], "stray"),
            (vec!["-t", "never"], "'never'"),
            (vec!["--timeout", "-5"], "'-5'"),
            (vec!["--timeout"], "--timeout"),
            (vec!["-t", "1", "-t", "2"], "--timeout"),
            (vec![long_option.as_str()], "--xxx"),
            (vec!["-t", long.as_str()], "xxx"),
        ] {
            let outcome = run(Command::new(program(name)).args(&arguments));
            outcome.expect(3, &format!("{service} UNKNOWN - "));
            assert_eq!(outcome.stdout.lines().count(), 1, "{arguments:?}");
            assert!(
                outcome.first_line().chars().count() <= 200,
                "{arguments:?}: {}",
                outcome.stdout
            );
            assert!(outcome.first_line().contains(named), "{arguments:?}: {}", outcome.stdout);
        }
    });
}

#[test]
fn an_empty_value_is_unset() {
    let queue = QueueTree::new();
    for command in suite::commands() {
        let name = command.get_name();
        if !name.starts_with("check_") {
            continue;
        }
        let options = command.get_arguments().filter(|option| option.get_action().takes_values());
        let empty: Vec<String> =
            options.filter_map(|option| Some(format!("--{}=", option.get_long()?))).collect();
        assert!(empty.len() > 3, "{name}");
        let words =
            |outcome: &Outcome| outcome.first_line().split(" | ").next().unwrap().to_owned();
        let bare = run(&mut something_to_say(name, &queue));
        let filled = run(something_to_say(name, &queue).args(&empty));
        assert_eq!((bare.code, words(&bare)), (filled.code, words(&filled)), "{name}");
        let mut apart = something_to_say(name, &queue);
        apart.args(empty.iter().flat_map(|option| [option.trim_end_matches('='), ""]));
        assert_eq!(run(&mut apart).code, bare.code, "{name}");
    }
}

#[test]
fn an_argument_that_is_not_utf8_is_named() {
    let broken = OsStr::from_bytes(b"1\xff0");
    each_run(|name, service| {
        let outcome = run(Command::new(program(name)).arg("--timeout").arg(broken));
        outcome.expect(3, &format!("{service} UNKNOWN - option --timeout: '1\u{fffd}0' "));
    });
}

#[test]
fn an_unknown_output_format_is_named() {
    each_check(|name, service| {
        let outcome = run(Command::new(program(name)).args(["--output-format", "xml|a=1"]));
        outcome.expect(3, &format!("{service} UNKNOWN - "));
        assert!(outcome.first_line().contains("'xml/a=1'"), "{}", outcome.stdout);
    });
}

#[test]
fn an_output_nobody_can_read_exits_3() {
    let queue = QueueTree::new();
    each_check(|name, _| {
        let full: OwnedFd = File::options().write(true).open("/dev/full").unwrap().into();
        let (reader, closed) = std::io::pipe().unwrap();
        drop(reader);
        for (case, stdout) in [("full device", full), ("closed pipe", closed.into())] {
            for option in ["-v", "--help", "--no-such-option"] {
                let mut command = something_to_say(name, &queue);
                let output = command
                    .arg(option)
                    .stdout(Stdio::from(stdout.try_clone().unwrap()))
                    .output()
                    .unwrap();
                assert_eq!(Outcome::of(&output).code, 3, "{name} {option} to a {case}");
            }
        }
    });
}

#[test]
fn a_foreign_locale_changes_no_digit() {
    let queue = QueueTree::new();
    queue.messages(3);
    each_run(|name, _| {
        let mut command = something_to_say(name, &queue);
        let plain = run(&mut command);
        let german = run(command.env("LC_ALL", "de_DE.UTF-8"));
        let labels = |outcome: &Outcome| {
            outcome.perfdata().keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(labels(&plain), labels(&german), "{name}");
        assert!(
            !german.perfdata().values().any(|value| value.contains(',')),
            "{name}: {}",
            german.stdout
        );
    });
}

#[test]
fn both_cores_read_the_same_text_and_perfdata() {
    let queue = QueueTree::new();
    queue.messages(3).dir("0F/a|b=1");
    each_check(|name, _| {
        for option in ["--verbose", "-vv", "--output-format=json"] {
            let outcome = run(something_to_say(name, &queue).arg(option));
            let (nagios, icinga) = (cores::nagios(&outcome.stdout), cores::icinga(&outcome.stdout));
            assert_eq!(nagios.perfdata, icinga.perfdata, "{name} {option}");
            assert!(!nagios.text.is_empty(), "{name} {option}");
            assert_eq!(icinga.text.lines().next(), Some(nagios.text.as_str()), "{name} {option}");
        }
    });
}

#[test]
fn json_has_the_exit_code_of_plugin_text() {
    let queue = QueueTree::new();
    queue.messages(3);
    each_check(|name, _| {
        let plain = run(&mut something_to_say(name, &queue));
        let json = run(something_to_say(name, &queue).args(["--output-format", "json"]));
        assert_eq!(plain.code, json.code, "{name}");
        let read: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let state = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::try_from(json.code).unwrap()];
        assert_eq!(read["state"], state, "{name}");
    });
}

#[test]
fn a_panic_is_unknown_on_one_clean_line() {
    let example = program("check_axigen_queue").with_file_name("examples").join("panicking_check");
    let outcome = run(&mut Command::new(example));
    outcome.expect(3, "PANIC UNKNOWN - internal error at ");
    assert!(outcome.stdout.contains("a bug / with=1?foreign text"), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.lines().count(), 1);
}

#[test]
fn a_panic_of_a_notifier_loses_no_alert_in_silence() {
    let example = program("notify_pushover").with_file_name("examples").join("panicking_notifier");
    let dir = open_tempdir();
    let lost = dir.path().join("lost");
    let notified = |options: &[&str]| {
        let _ = std::fs::remove_file(&lost);
        run(Command::new(&example).args(options).env("LOST", &lost))
    };
    let bug = "PANIC LOST - nothing was sent or kept; internal error at ";
    for options in [&[][..], &["--broken=x"]] {
        notified(options).expect(2, bug);
        assert!(lost.exists(), "{options:?}");
    }
    notified(&["--worker"]).expect(0, "PANIC OK - sent without a spool");
    assert!(!lost.exists());
}

#[test]
fn sigterm_is_unknown_and_names_the_stage() {
    if skipped_without_root("sigterm_is_unknown_and_names_the_stage") {
        return;
    }
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let hung = HungMount::new();
        let mut command = Command::new(program("check_axigen_queue"));
        command.arg("--queue-dir").arg(hung.path()).args(["-t", "600"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        // A signal before it is held back would end the process like any other.
        while !holds_signals_back(child.id()) {
            std::thread::yield_now();
        }
        kill_process(pid, signal).unwrap();
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        outcome.expect(3, "AXIGEN QUEUE UNKNOWN - interrupted by SIG");
        assert!(outcome.stdout.contains(" while "), "{}", outcome.stdout);
    }
}

fn holds_signals_back(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap().trim();
    u64::from_str_radix(blocked, 16).unwrap() & (1 << (15 - 1)) != 0
}
