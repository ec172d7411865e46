//! The JSON output keeps to its published schema.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::queue::QueueTree;
use crate::support::{program, run};

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
    let (full, empty) = (
        full.path().to_str().unwrap(),
        empty.path().to_str().unwrap(),
    );
    let too_many: Vec<&str> = std::iter::repeat_n(["--queue-dir", full], 17)
        .flatten()
        .collect();
    for (case, code, options) in [
        (
            "ok",
            0,
            &[
                "--queue-dir",
                full,
                "--critical-free=~:",
                "--warning-free=~:",
            ][..],
        ),
        (
            "critical",
            2,
            &["--queue-dir", full, "-c", "0.5", "-w", "@~:3"],
        ),
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
        (
            "names only",
            2,
            &["--queue-dir", full, "--count-only", "-c", "1"],
        ),
        ("missing queue", 3, &["--queue-dir", "/nonexistent"]),
        (
            "one of two missing",
            3,
            &["--queue-dir", "/nonexistent", "--queue-dir", empty],
        ),
        ("not located", 3, &["--config", "/nonexistent"]),
        ("options that do not fit", 3, &too_many),
    ] {
        let outcome = run(Command::new(program("check_axigen_queue"))
            .args(["--output-format", "json"])
            .args(options));
        assert_eq!(outcome.code, code, "{case}: {}", outcome.stdout);
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{case}: {faults:#?}");
    }
}
