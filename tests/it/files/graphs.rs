//! Templates for graphs and for Zabbix name labels and commands that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::configuration::object_name;
use crate::support::labels::documented;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("packaging/examples").join(path)).unwrap()
}

/// The text between two others, at each place where both stand.
fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(from).skip(1).filter_map(move |rest| rest.split_once(to)).map(|(found, _)| found)
}

/// The program of a check command.
fn program(command: &str) -> String {
    let commands = suite::commands();
    let mut names = commands.iter().map(|command| command.get_name().to_owned());
    let found = names.find(|name| object_name(name) == command);
    found.unwrap_or_else(|| panic!("no program for {command}"))
}

#[track_caller]
fn has_label(program: &str, label: &str) {
    let labels = documented(program);
    assert!(labels.iter().any(|row| row.label == label), "{program} has no label {label}");
}

#[track_caller]
fn has_limits(program: &str, label: &str) {
    let labels = documented(program);
    assert!(labels.iter().any(|row| row.label == label && row.has_limits), "{program}: {label}");
}

#[test]
fn the_dashboard_for_grafana_asks_for_metrics_there_are() {
    let dashboard: Value = serde_json::from_str(&read("grafana/axigen.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["query"].as_str().unwrap();
            let command = between(query, "FROM \"", "\"").next().unwrap();
            let label = between(query, "\"metric\" = '", "'").next().unwrap();
            has_label(&program(command), label);
            match between(query, "last(\"", "\"").next().unwrap() {
                "value" => {}
                "warn" | "crit" => has_limits(&program(command), label),
                other => panic!("{other}: {query}"),
            }
        }
    }
    assert!(panels.len() > 8, "{}", panels.len());
}

#[test]
fn the_template_for_graphite_filters_metrics_there_are() {
    let text = read("graphite/axigen.ini");
    let mut program_of_graph = String::new();
    let mut filters = BTreeSet::new();
    let mut section = "";
    for line in text.lines().filter(|line| !line.starts_with(';')) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_end_matches(']').rsplit('.').next().unwrap();
            continue;
        }
        let Some((key, value)) = line.split_once(" = ") else { continue };
        let value = value.trim_matches('"');
        match section {
            "graph" => program_of_graph = program(value),
            "metrics_filters" => {
                let path = value.strip_prefix("$service_name_template$.perfdata.").unwrap();
                assert_eq!(path, key);
                let (label, kind) = path.split_once('.').unwrap();
                has_label(&program_of_graph, label);
                match kind {
                    "value" => {}
                    "warn" | "crit" => has_limits(&program_of_graph, label),
                    other => panic!("{other}: {line}"),
                }
                filters.insert(key);
            }
            "functions" => assert!(filters.contains(key), "{line}"),
            _ => {}
        }
    }
    assert!(filters.len() > 20, "{}", filters.len());
}

#[test]
fn the_template_for_zabbix_has_the_keys_of_the_page_and_labels_there_are() {
    let export: Value = serde_json::from_str(&read("zabbix/axigen.json")).unwrap();
    let page = include_str!("../../../docs/checkmk-zabbix-prometheus.md");
    let parameters: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("UserParameter=")?.split_once(','))
        .collect();
    let program_of = |key: &str| {
        let (_, line) = parameters.iter().find(|(known, _)| *known == key).unwrap();
        let program = line.split(' ').next().unwrap().rsplit('/').next().unwrap();
        assert!(line.ends_with("--output-format json"), "{line}");
        program
    };
    let template = &export["zabbix_export"]["templates"][0];
    let items = template["items"].as_array().unwrap();
    let keys: BTreeSet<&str> = items.iter().map(|item| item["key"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::from([template["uuid"].as_str().unwrap()]);
    for item in items {
        assert!(ids.insert(item["uuid"].as_str().unwrap()), "{item}");
        for trigger in item["triggers"].as_array().into_iter().flatten() {
            assert!(ids.insert(trigger["uuid"].as_str().unwrap()), "{trigger}");
            let expression = trigger["expression"].as_str().unwrap();
            let name = template["template"].as_str().unwrap();
            let start = format!("/{name}/");
            let key = between(expression, &start, ")").next().unwrap();
            assert!(keys.contains(key.split(',').next().unwrap()), "{expression}");
        }
        let Some(master) = item["master_item"]["key"].as_str() else {
            program_of(item["key"].as_str().unwrap());
            continue;
        };
        let program = program_of(master);
        let path = item["preprocessing"][0]["parameters"][0].as_str().unwrap();
        if let Some(label) = between(path, "@.label==\"", "\"").next() {
            has_label(program, label);
        } else {
            assert!(["$.state", "$.text"].contains(&path), "{path}");
        }
    }
}
