//! The JSON output keeps to its published schema.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::pki::{Leaf, NAME};
use crate::support::queue::QueueTree;
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::{Outcome, program, run};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/report.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_schema_is_a_valid_schema() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn reports_of_every_kind_keep_to_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let full = QueueTree::new();
    full.messages(9).file("00/x.tmp").dir("0F/deeper");
    let empty = QueueTree::new();
    let (full, empty) = (full.path().to_str().unwrap(), empty.path().to_str().unwrap());
    let too_many: Vec<&str> = std::iter::repeat_n(["--queue-dir", full], 17).flatten().collect();
    for (case, code, options) in [
        ("ok", 0, &["--queue-dir", full, "--critical-free=~:", "--warning-free=~:"][..]),
        ("critical", 2, &["--queue-dir", full, "-c", "0.5", "-w", "@~:3"]),
        (
            "everything",
            2,
            &[
                "--queue-dir",
                full,
                "--queue-dir",
                empty,
                "-vv",
                "--census",
                "--size",
                "-c",
                "1:8",
                "--warning-oldest",
                "0",
                "--critical-older",
                "-5:",
            ],
        ),
        ("names only", 2, &["--queue-dir", full, "--count-only", "-c", "1"]),
        ("missing queue", 3, &["--queue-dir", "/nonexistent"]),
        ("one of two missing", 3, &["--queue-dir", "/nonexistent", "--queue-dir", empty]),
        ("not located", 3, &["--config", "/nonexistent"]),
        ("options that do not fit", 3, &too_many),
    ] {
        let outcome = run(Command::new(program("check_axigen_queue"))
            .args(["--output-format", "json"])
            .args(options));
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        report(&validator, case, &outcome);
    }
}

/// The report, which keeps to the schema.
fn report(validator: &jsonschema::Validator, case: &str, outcome: &Outcome) -> Value {
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{case}: {faults:#?}");
    report
}

#[test]
fn the_tls_of_a_server_is_told_by_the_same_keys_however_much_of_it_was_seen() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let config = Leaf::self_signed(NAME).server_config();
    let good = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let closing = Scripted::start(|stream, _| drop(until_tls(stream)));
    let (good, closing) = (good.port(), closing.port());
    for (case, port, code, options, versions, grade) in [
        ("full", good, 0, &[][..], ["no", "no", "no", "no", "yes", "yes"], "A"),
        ("no trust", good, 2, &["--trust", "pkix"], ["no", "no", "no", "no", "yes", "yes"], "A"),
        (
            "quick",
            good,
            0,
            &["--quick"],
            ["unknown", "unknown", "unknown", "unknown", "unknown", "yes"],
            "",
        ),
        ("TLS breaks off", closing, 2, &[], ["unknown"; 6], "<=A"),
        ("TLS breaks off at once", closing, 2, &["--quick"], ["unknown"; 6], ""),
    ] {
        let outcome = tls_report(port, options);
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        let facts = report(&validator, case, &outcome)["facts"].clone();
        let keys = ["ssl2", "ssl3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"];
        let expected: Value = keys.into_iter().zip(versions).collect();
        assert_eq!(facts["protocols"], expected, "{case}");
        let seen = facts["grade"]["text"].as_str().unwrap_or_default();
        assert_eq!(seen, grade, "{case}");
        assert_eq!(facts["grade"].is_null(), grade.is_empty(), "{case}");
        let trust = if port == good { "self-signed" } else { "unknown" };
        assert_eq!(facts["trust"], serde_json::json!([trust]), "{case}");
        let certificates = facts["certificates"].as_array().unwrap();
        assert_eq!(certificates.len(), usize::from(port == good), "{case}");
    }
    for (case, code, host) in [("refused", 2, "127.0.0.1"), ("no name", 3, "x.invalid")] {
        let outcome = run(Command::new(program("check_smtp_tls")).args([
            "--output-format",
            "json",
            "-p",
            "1",
            "-H",
            host,
        ]));
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        assert!(report(&validator, case, &outcome)["facts"].is_null());
    }
}

#[test]
fn a_server_that_does_not_answer_for_its_release_keeps_to_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let outcome = run(Command::new(program("check_axigen_version")).args([
        "--output-format",
        "json",
        "-H",
        "127.0.0.1",
        "-p",
        "1",
    ]));
    let facts = report(&validator, "refused", &outcome)["facts"].clone();
    assert_eq!(facts["no_version"], "127.0.0.1:1: connection refused");
    assert!(facts["version"].is_null());
}

fn tls_report(port: u16, options: &[&str]) -> Outcome {
    let port = port.to_string();
    run(Command::new(program("check_smtp_tls"))
        .args(["--output-format", "json", "-H", "127.0.0.1", "--sni", NAME, "-p", &port])
        .args(options))
}
