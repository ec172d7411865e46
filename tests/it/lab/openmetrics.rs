//! What Prometheus' own checker and the strict parser of its Python library think of our metrics.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::support::daemon::fetched;
use crate::support::mail_server::MailServer;
use crate::support::openmetrics::promtool;
use crate::support::pki::{Leaf, NAME};
use crate::support::program;
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};

/// Reads standard input; what breaks a rule ends it.
const STRICT: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(len(list(text_string_to_metric_families(sys.stdin.read()))))";

#[test]
#[ignore = "lab: fetches Prometheus"]
fn promtool_finds_no_fault_in_the_metrics_of_any_check() {
    let Some(promtool) = promtool("promtool_finds_no_fault_in_the_metrics_of_any_check") else {
        return;
    };
    for (name, printed) in metrics_of_every_check() {
        let checked = fed(Command::new(&promtool).args(["check", "metrics"]), &printed);
        assert!(checked.status.success() && checked.stderr.is_empty(), "{name}: {checked:?}");
    }
    // The recipe's rules.
    let page = include_str!("../../../docs/checkmk-zabbix-prometheus.md");
    let rules = page.split_once("```yaml\n").unwrap().1.split("\n```").next().unwrap();
    let mut file = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    file.write_all(rules.as_bytes()).unwrap();
    let checked = Command::new(&promtool).args(["check", "rules"]).arg(file.path()).output();
    let checked = checked.unwrap();
    assert!(checked.status.success(), "{checked:?}");
    assert!(String::from_utf8_lossy(&checked.stdout).contains("2 rules found"), "{checked:?}");
}

#[test]
#[ignore = "lab: fetches a Python library"]
fn the_strict_parser_reads_the_metrics_of_every_check() {
    let test = "the_strict_parser_reads_the_metrics_of_every_check";
    let packages = ["python3-prometheus-client"];
    let Some(unpacked) = fetched(test, "prometheus-client", "unpack.sh", &packages) else {
        return;
    };
    let parse = |text: &str| {
        let library = unpacked.join("usr/lib/python3/dist-packages");
        fed(Command::new("python3").args(["-c", STRICT]).env("PYTHONPATH", library), text)
    };
    assert!(!parse("a 1\n").status.success(), "it takes a text without its end");
    for (name, printed) in metrics_of_every_check() {
        let parsed = parse(&printed);
        assert!(parsed.status.success(), "{name}: {parsed:?}");
    }
}

/// Runs a command with a text on its standard input.
fn fed(command: &mut Command, text: &str) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What each check prints, by its name.
fn metrics_of_every_check() -> Vec<(&'static str, String)> {
    let queue = QueueTree::new();
    queue.messages(9).file("00/x.tmp");
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
    let queue = queue.path().to_str().unwrap();
    let runs = [
        (
            "check_axigen_queue",
            vec!["--queue-dir", queue, "--queue-dir", "/", "--size", "-w", "1:2"],
        ),
        ("check_smtp_tls", vec!["-H", "127.0.0.1", "-p", &tls]),
        (
            "check_smtp_forced_tls",
            vec!["-H", "127.0.0.1", "-p", &mail, "--domain", "a.test", "--recipient", "b@own.test"],
        ),
        (
            "check_smtp_malware",
            vec![
                "-H",
                "127.0.0.1",
                "-p",
                &mail,
                "--recipient",
                "b@own.test",
                "--allow-recipient-domain",
                "own.test",
            ],
        ),
        (
            "check_smtp_accept",
            vec!["-H", "127.0.0.1", "-p", &mail, "--recipient", "b@own.test", "-w", "9"],
        ),
        ("check_axigen_version", vec!["-H", "127.0.0.1", "-p", "1"]),
        ("check_pushover", vec!["--spool-dir", "/nonexistent"]),
    ];
    let printed = runs.map(|(name, options)| {
        let mut check = Command::new(program(name));
        let output = check.args(["--output-format", "openmetrics"]).args(options).output();
        (name, String::from_utf8(output.unwrap().stdout).unwrap())
    });
    printed.to_vec()
}
