//! Output rules, held against both cores' parsers.

use proptest::prelude::*;

use super::*;
use crate::monitoring::State;
use crate::monitoring::{Thresholds, Unit, Value};

fn metric(label: &str, value: Value, unit: Unit, warning: &str, critical: &str) -> Metric {
    let thresholds = Thresholds { warning: warning.parse().ok(), critical: critical.parse().ok() };
    Metric::new(label, value, unit).judged_by(&thresholds)
}

#[path = "../../tests/it/support/cores.rs"]
mod cores;

#[test]
fn first_line_holds_text_and_all_perfdata() {
    let mut report = Report::new();
    report.find(State::Warning, "143 messages (warning 100)");
    report.find(State::Ok, "12 older than 4h");
    report.measure(metric("messages", Value::Uint(143), Unit::None, "100", "500"));
    report.measure(metric("older", Value::Uint(12), Unit::None, "25", ""));
    report.measure(metric("oldest", Value::Uint(11520), Unit::Seconds, "", ""));
    report.measure(metric("free_bytes", Value::Float(41.25), Unit::Percent, "10:", "3:"));
    report.measure(metric("recent", Value::Undetermined, Unit::Seconds, "", ""));
    report.explain(1, "queue /q");
    let quiet = "Q WARNING - 143 messages (warning 100), 12 older than 4h | messages=143;100;500;0 older=12;25;;0 \
                 oldest=11520s;;;0 free_bytes=41.25%;10:;3:;0 recent=U;;;0\n";
    assert_eq!(render("Q", &report, Format::Nagios, 0), quiet);
    let verbose =
        format!("{quiet}WARNING: 143 messages (warning 100)\nOK: 12 older than 4h\nqueue /q\n");
    assert_eq!(render("Q", &report, Format::Nagios, 1), verbose);
}

#[test]
fn no_perfdata_means_no_separator() {
    assert_eq!(
        render("Q", &Report::unknown("cannot look"), Format::Nagios, 0),
        "Q UNKNOWN - cannot look\n"
    );
}

#[test]
fn the_next_step_moves_to_its_own_line_when_the_first_is_full() {
    let mut report = Report::unknown("cannot look");
    report.advise("do this");
    assert_eq!(render("Q", &report, Format::Nagios, 0), "Q UNKNOWN - cannot look; do this\n");
    let mut report = Report::unknown("x ".repeat(95));
    report.advise("do this");
    let text = render("Q", &report, Format::Nagios, 0);
    assert_eq!(text.lines().nth(1), Some("do this"));
}

#[test]
fn a_long_first_line_is_cut_at_a_character() {
    let text = render("Q", &Report::unknown("é ".repeat(5000)), Format::Nagios, 0);
    let first = text.lines().next().unwrap();
    assert_eq!(first.chars().count(), 200);
    assert!(first.ends_with("é..."), "{first}");
}

#[test]
fn a_long_word_leaves_room_for_what_follows() {
    let path = "/a".repeat(2000);
    let text =
        render("Q", &Report::unknown(format!("cannot read {path}: denied")), Format::Nagios, 0);
    assert!(text.starts_with("Q UNKNOWN - cannot read /a/a"), "{text}");
    assert!(text.ends_with("a/a: denied\n"), "{text}");
    assert!(text.chars().count() < 130, "{text}");
}

#[test]
fn long_output_is_bounded_and_says_so() {
    let mut report = Report::unknown("x");
    for _ in 0..300 {
        report.explain(1, "y".repeat(100));
    }
    let text = render("Q", &report, Format::Nagios, 1);
    assert!(text.len() <= 8000, "{}", text.len());
    assert!(text.lines().last().unwrap().ends_with("more lines were left out"));
}

#[test]
fn one_endless_line_hides_no_others() {
    let mut report = Report::unknown("x");
    report.explain(1, "y".repeat(100_000));
    report.explain(1, "the last");
    let text = render("Q", &report, Format::Nagios, 1);
    assert!(text.ends_with("...\nthe last\n"), "{text}");
}

#[test]
fn too_many_metrics_are_left_out_whole_and_named() {
    let mut report = Report::unknown("x");
    for number in 0..1000 {
        report.measure(metric(&format!("m{number}"), Value::Uint(u64::MAX), Unit::Bytes, "1", "2"));
    }
    let text = render("Q", &report, Format::Nagios, 0);
    assert!(text.len() <= 8000);
    assert!(text.lines().last().unwrap().contains("metrics were left out"), "{text}");
    assert!(text.lines().next().unwrap().ends_with(";1;2;0"));
}

#[test]
fn strips_what_a_core_or_a_terminal_would_act_on() {
    for (hostile, clean_text) in [
        ("a|b=1", "a/b=1"),
        ("a\nb\r\0c\x1b[31m", "a?b??c?[31m"),
        ("$HOSTNAME$", "?HOSTNAME?"),
        ("<script>", "(script)"),
        ("\u{202e}abc\u{2028}", "?abc?"),
    ] {
        assert_eq!(clean(hostile), clean_text, "{hostile:?}");
    }
}

#[test]
fn json_carries_state_findings_and_thresholds_on_one_line() {
    let mut report = Report::new();
    report.find(State::Critical, "a|b\n");
    report.measure(metric("messages", Value::Uint(7), Unit::None, "5", "6:"));
    report.measure(metric("oldest", Value::Undetermined, Unit::Seconds, "", ""));
    report.attach(&serde_json::json!({"path": "/q|<$\u{202e}"}));
    let text = render("Q", &report, Format::Json, 0);
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains(['|', '$', '<', '\u{202e}']), "{text}");
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["state"], "CRITICAL");
    assert_eq!(read["findings"][0]["text"], "a|b\n");
    assert_eq!(read["metrics"][0]["warning"], "5");
    assert_eq!(read["metrics"][0]["critical"], "6:");
    assert_eq!(read["metrics"][1]["value"], serde_json::Value::Null);
    assert_eq!(read["facts"]["path"], "/q|<$\u{202e}");
}

/// Reads a report back, after a look at its size and the published schema.
fn read_json(report: &Report) -> serde_json::Value {
    let text = render("Q", report, Format::Json, 3);
    assert!(text.len() <= json::TOTAL_BYTES, "{}", text.len());
    let read = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../../packaging/report.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    jsonschema::validate(&schema, &read).unwrap();
    read
}

#[test]
fn facts_too_large_for_json_are_left_out_and_the_verdict_stays() {
    let mut report = Report::new();
    report.find(State::Critical, "a");
    report.explain(1, "b");
    report.attach(&serde_json::json!({"list": vec!["\u{1}"; 9000]}));
    let read = read_json(&report);
    assert_eq!(read["facts"], serde_json::Value::Null);
    assert_eq!(read["details"][0], "b");
    assert_eq!(read["details"][1], "facts were left out: the report would exceed 65536 bytes");
    report.attach(&serde_json::json!({"list": vec!["\u{1}"; 5000]}));
    assert!(read_json(&report)["facts"].is_object());
}

#[test]
fn json_of_any_size_is_cut_to_a_bound_with_the_worst_first() {
    for hostile in ["\u{202e}", "\u{1}", "🔴"] {
        let long = hostile.repeat(1500);
        let mut report = Report::new();
        for number in 0..1000 {
            if number % 20 == 0 {
                report.find(State::Ok, &long);
                report.explain(1, &long);
            }
            report.measure(metric(
                &format!("metric_{number}"),
                Value::Uint(u64::MAX),
                Unit::Seconds,
                "@-1000000000000:1000000000000",
                "~:0",
            ));
            if number == 150 {
                report.find(State::Critical, "worst");
            }
        }
        report.advise(&long);
        report.attach(&serde_json::json!({ "long": long }));
        let read = read_json(&report);
        assert_eq!(read["state"], "CRITICAL");
        assert_eq!(read["findings"][0]["text"], "worst");
        assert_eq!(read["metrics"][0]["label"], "metric_0");
        let details = read["details"].as_array().unwrap();
        let said = |what: &str| details.iter().any(|line| line.as_str().unwrap().ends_with(what));
        for list in ["findings", "metrics", "details"] {
            assert!(said(&format!(" {list} were left out")), "{list}");
        }
    }
}

proptest! {
    #[test]
    fn hostile_text_never_breaks_the_output_as_both_cores_parse_it(
        texts in prop::collection::vec("(\\PC|[|\r\n\t=$<>'\0]){0,80}", 0..6),
        details in prop::collection::vec("(\\PC|[|\r\n=]){0,80}", 0..6),
        value in any::<f64>(),
        count in any::<u64>(),
    ) {
        let mut report = Report::new();
        for text in &texts {
            report.find(State::Warning, text.as_str());
        }
        for detail in &details {
            report.explain(1, detail.as_str());
        }
        report.measure(metric("messages", Value::Uint(count), Unit::None, "5", "~:9"));
        report.measure(metric("ratio", Value::Float(value), Unit::Percent, "@1:2", ""));
        let output = render("Q", &report, Format::Nagios, 3);
        prop_assert!(output.len() <= 8000);
        prop_assert_eq!(output.matches('|').count(), 1);
        prop_assert!(!output.chars().any(|c| c != '\n' && c.is_control()));

        let (nagios, icinga) = (cores::nagios(&output), cores::icinga(&output));
        prop_assert_eq!(&nagios.perfdata, &icinga.perfdata);
        prop_assert!(!nagios.text.is_empty() && !icinga.text.is_empty());
        let items: Vec<&str> = nagios.perfdata.split_whitespace().collect();
        prop_assert_eq!(items.len(), 2);
        let expected = format!("messages={count};5;9;0");
        prop_assert_eq!(items[0], expected.as_str());
        prop_assert!(items[1].starts_with("ratio=") && !items[1].contains(['e', ',']));
    }
}
