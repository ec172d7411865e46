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
fn the_first_line_holds_the_problems_and_all_perfdata() {
    let mut report = Report::new();
    report.find(State::Ok, "12 older than 4h");
    report.find(State::Warning, "143 messages (warning 100)");
    report.measure(metric("messages", Value::Uint(143), Unit::None, "100", "500"));
    report.measure(metric("older", Value::Uint(12), Unit::None, "25", ""));
    report.measure(metric("oldest", Value::Uint(11520), Unit::Seconds, "", ""));
    report.measure(metric("ratio", Value::Float(41.25), Unit::Percent, "10:", "3:"));
    report.measure(metric("handshake", Value::Undetermined, Unit::Seconds, "1", "2"));
    report.explain(1, "queue /q");
    let quiet = "Q WARNING - 143 messages (warning 100) | messages=143;100;500;0 older=12;25;;0 \
                 oldest=11520s;;;0 ratio=41.25%;10:;3:;0 handshake=U\n";
    assert_eq!(render("Q", &report, Format::Nagios, 0), quiet);
    let verbose = format!("{quiet}[OK] 12 older than 4h\nqueue /q\n");
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
fn the_second_line_is_the_advice_on_the_worst_and_every_advice_stands_once() {
    let mut report = Report::new();
    report.find(State::Warning, "slow");
    report.advise("make it fast");
    report.find(State::Critical, "closed");
    report.advise("open it");
    report.advise("look at it");
    report.find(State::Warning, "slow too");
    report.advise("make it fast");
    report.find(State::Ok, "bright");
    report.advise("leave it so");
    let quiet = "Q CRITICAL - closed, slow, slow too\nopen it\n";
    assert_eq!(render("Q", &report, Format::Nagios, 0), quiet);
    let verbose =
        "[CRITICAL] closed\n[WARNING] slow\n  make it fast\n[WARNING] slow too\n[OK] bright\n";
    assert_eq!(render("Q", &report, Format::Nagios, 1), format!("{quiet}{verbose}"));
}

#[test]
fn advice_on_a_lesser_problem_does_not_stand_in_for_one_on_the_worst() {
    let mut report = Report::new();
    report.find(State::Warning, "slow");
    report.advise("make it fast");
    report.find(State::Critical, "closed");
    assert_eq!(render("Q", &report, Format::Nagios, 0), "Q CRITICAL - closed, slow\n");
}

/// The items of the first line.
fn items(report: &Report) -> String {
    let text = render("Q", report, Format::Nagios, 0);
    let (_, items) = text.lines().next().unwrap().split_once(" - ").unwrap();
    items.to_owned()
}

#[test]
fn what_the_first_line_cannot_hold_whole_is_counted() {
    let mut report = Report::new();
    for number in 0..60 {
        report.find(State::Warning, format!("queue {number} is full to the last byte"));
    }
    let items = items(&report);
    assert!(items.ends_with("queue 2 is full to the last byte, and 57 more"), "{items}");
    assert!(items.width() <= FIRST_LINE_COLUMNS, "{items}");
}

#[test]
fn a_first_item_without_end_is_cut_between_graphemes_and_by_its_columns() {
    for (case, word) in [
        ("latin", "é "),
        ("two columns each", "郵便 "),
        ("emoji with a modifier", "👩🏽 "),
        ("right to left", "שלום "),
    ] {
        let items = items(&Report::unknown(word.repeat(500)));
        let first = items.strip_suffix("...").expect(case);
        assert!((192..=197).contains(&first.width()), "{case}: {}", first.width());
        assert!(word.repeat(500).starts_with(first), "{case}: {first}");
    }
}

#[test]
fn a_finding_without_text_still_has_a_line() {
    for text in ["", " ", "\u{200b}"] {
        let text = render("Q", &Report::unknown(text), Format::Nagios, 0);
        assert!(
            ["Q UNKNOWN - no reason given\n", "Q UNKNOWN - ?\n"].contains(&text.as_str()),
            "{text}"
        );
    }
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
        ("220 ready [OK] (WARNING) <UNKNOWN>", "220 ready [ok] (warning) (unknown)"),
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
