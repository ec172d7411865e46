//! What Prometheus' own checker thinks of our metrics.

use std::fs::File;
use std::process::Command;

use crate::support::mail_server::MailServer;
use crate::support::pki::{Leaf, NAME};
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::{open_tempdir, program};

#[test]
#[ignore = "lab: runs promtool"]
fn promtool_finds_no_fault_in_the_metrics_of_any_check() {
    if Command::new("promtool").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "promtool is missing");
        eprintln!("skipped, needs promtool of the Debian package prometheus");
        return;
    }
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
    let dir = open_tempdir();
    for (name, options) in [
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
        (
            "check_smtp_accept",
            vec!["-H", "127.0.0.1", "-p", &mail, "--recipient", "b@own.test", "-w", "5"],
        ),
        ("check_pushover", vec!["--spool-dir", "/nonexistent"]),
    ] {
        let mut check = Command::new(program(name));
        let printed =
            check.args(["--output-format", "openmetrics"]).args(options).output().unwrap();
        let file = dir.path().join("metrics");
        std::fs::write(&file, &printed.stdout).unwrap();
        let metrics = File::open(&file).unwrap();
        let checked =
            Command::new("promtool").args(["check", "metrics"]).stdin(metrics).output().unwrap();
        assert!(checked.status.success() && checked.stderr.is_empty(), "{name}: {checked:?}");
    }
}
