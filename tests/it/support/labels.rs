//! The labels of performance data, as the pages of the programs list them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Outcome;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) label: String,
    pub(crate) unit: String,
    /// Whether it says of any limits.
    pub(crate) has_limits: bool,
    /// What it is, as far as the first semicolon.
    pub(crate) meaning: String,
}

/// The table under "Perfdata" of a program's page.
pub(crate) fn documented(program: &str) -> Vec<Documented> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{program}.md"));
    let page = fs::read_to_string(path).unwrap();
    let (_, section) = page.split_once("\n## Perfdata\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [labels, unit, limits, meaning] = cells.as_slice() else {
            panic!("{program}: {row}");
        };
        assert!(!meaning.is_empty(), "{program}: {row}");
        for label in labels.split('`').skip(1).step_by(2) {
            rows.push(Documented {
                label: label.to_owned(),
                unit: (*unit).to_owned(),
                has_limits: !limits.is_empty(),
                meaning: meaning.split(';').next().unwrap_or_default().replace('`', ""),
            });
        }
    }
    assert!(!rows.is_empty(), "{program}");
    rows
}

/// Whether an item of a report stands in the table, with its unit and with limits where it has any.
#[track_caller]
pub(crate) fn stands_in_table(program: &str, label: &str, item: &str) {
    // Queue directories are numbered, and the table ends in dots.
    let number = label.strip_prefix("messages_").and_then(|number| number.parse::<u32>().ok());
    let name = if number.is_some() { "messages_1" } else { label };
    let table = documented(program);
    let row = table.iter().find(|row| row.label == name);
    let row = row.unwrap_or_else(|| panic!("{label} is not in docs/{program}.md"));
    let (value, limits) = item.split_once(';').unwrap_or((item, ""));
    if value != "U" {
        assert_eq!(
            value.trim_start_matches(['-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']),
            row.unit,
            "{label}"
        );
    }
    let mut limits = limits.split(';');
    let is_judged = limits.by_ref().take(2).any(|limit| !limit.is_empty());
    assert!(!is_judged || row.has_limits, "docs/{program}.md: limits of {label}");
}

/// Whether a run printed every label of the table, but for what a system may lack.
#[track_caller]
pub(crate) fn prints_all(program: &str, outcome: &Outcome, may_lack: &[&str]) {
    let printed: BTreeSet<&str> = outcome.perfdata().into_keys().collect();
    let missing: Vec<Documented> = documented(program)
        .into_iter()
        .filter(|row| !may_lack.contains(&row.label.as_str()))
        .filter(|row| !printed.contains(row.label.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/{program}.md: {missing:#?} is not in {}", outcome.stdout);
}
