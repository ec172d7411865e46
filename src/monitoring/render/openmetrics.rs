//! The report as `OpenMetrics` text, for the textfile collector of Prometheus' node exporter.
//!
//! Gauges only, since the collector drops a file with a type that it does not know; base units and ratios from 0 to 1; no
//! time stamps and no undetermined value. Labels tell services apart: two files must not hold one series.

use std::fmt::Write;

use super::super::clean::clean;
use super::super::metric::{Metric, Unit};
use super::super::range::Range;
use super::super::report::Report;
use super::super::value::Value;

pub(super) fn openmetrics(service: &str, report: &Report) -> String {
    let prefix = service.to_ascii_lowercase().replace(' ', "_");
    let labels = labels(&report.subject);
    let mut out = String::new();
    family(
        &mut out,
        &format!("{prefix}_state"),
        "",
        &format!("State of {service}: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN"),
    );
    let _ = writeln!(out, "{prefix}_state{} {}", braces(&labels), report.state().exit_code());
    for metric in report.metrics.iter().filter(|metric| metric.value.is_determined()) {
        let label = metric.label.as_str();
        let unit = unit(metric.unit);
        let name = format!("{prefix}_{label}{}", suffix(unit));
        let meaning = report.meaning(label).unwrap_or(label);
        family(&mut out, &name, unit, &format!("{service}: {meaning}"));
        let _ = writeln!(out, "{name}{} {}", braces(&labels), number(metric.value, metric.unit));
        limits(&mut out, &prefix, &format!("{service}: limits of {meaning}"), metric, &labels);
    }
    out.push_str("# EOF\n");
    out
}

/// The ends of the ranges; a value alerts beyond them. A range that alerts inside is in no graph of one line.
fn limits(out: &mut String, prefix: &str, help: &str, metric: &Metric, labels: &[String]) {
    let (label, unit) = (metric.label.as_str(), unit(metric.unit));
    let name = format!("{prefix}_{label}_limit{}", suffix(unit));
    let mut series = String::new();
    let ranges = [("warning", metric.thresholds.warning), ("critical", metric.thresholds.critical)];
    for (state, range) in ranges {
        let Some((lower, upper)) = range.and_then(Range::outside) else {
            continue;
        };
        // Nothing is below zero anyway.
        let lower = lower.filter(|end| !(metric.never_negative && *end == Value::Int(0)));
        for (end, value) in [("lower", lower), ("upper", upper)] {
            if let Some(value) = value {
                let own = [format!("state=\"{state}\""), format!("end=\"{end}\"")];
                let all = [labels, &own].concat();
                let _ = writeln!(series, "{name}{} {}", braces(&all), number(value, metric.unit));
            }
        }
    }
    if !series.is_empty() {
        family(out, &name, unit, help);
        out.push_str(&series);
    }
}

fn family(out: &mut String, name: &str, unit: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} gauge");
    if !unit.is_empty() {
        let _ = writeln!(out, "# UNIT {name} {unit}");
    }
}

fn labels(subject: &[(&'static str, String)]) -> Vec<String> {
    let escape = |text: &str| clean(text).replace('\\', r"\\").replace('"', r#"\""#);
    subject.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect()
}

fn braces(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "",
        Unit::Seconds => "seconds",
        Unit::Bytes => "bytes",
        Unit::Percent => "ratio",
    }
}

fn suffix(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!("_{unit}") }
}

fn number(value: Value, unit: Unit) -> String {
    match (unit, value.to_double()) {
        (Unit::Percent, Some(percent)) => format!("{}", percent / 100.0),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::{State, Thresholds};

    #[test]
    fn a_report_becomes_gauges_with_their_limits() {
        let limits = |warning: &str, critical: &str| Thresholds {
            warning: warning.parse().ok(),
            critical: critical.parse().ok(),
        };
        let mut report = Report::new();
        report.find(State::Critical, "full");
        report.describe(&[("oldest", "age of the oldest message")]);
        report.concern("queue", "a\\b\"c\nd");
        report.measure(
            Metric::new("oldest", Value::Uint(21600), Unit::Seconds)
                .judged_by(&limits("14400", "")),
        );
        report.measure(
            Metric::new("used_bytes", Value::Uint(98), Unit::Percent)
                .judged_by(&limits("90", "97")),
        );
        report.measure(
            Metric::new("left", Value::Int(-5), Unit::Seconds)
                .judged_by(&limits("10:", "@1:2"))
                .or_negative(),
        );
        report.measure(Metric::new("size", Value::Uint(7), Unit::Bytes));
        report.measure(
            Metric::new("unseen", Value::Undetermined, Unit::None).judged_by(&limits("1", "2")),
        );
        let queue = r#"queue="a\\b\"c?d""#;
        let expected = format!(
            "\
# HELP axigen_queue_state State of AXIGEN QUEUE: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE axigen_queue_state gauge
axigen_queue_state{{{queue}}} 2
# HELP axigen_queue_oldest_seconds AXIGEN QUEUE: age of the oldest message.
# TYPE axigen_queue_oldest_seconds gauge
# UNIT axigen_queue_oldest_seconds seconds
axigen_queue_oldest_seconds{{{queue}}} 21600
# HELP axigen_queue_oldest_limit_seconds AXIGEN QUEUE: limits of age of the oldest message.
# TYPE axigen_queue_oldest_limit_seconds gauge
# UNIT axigen_queue_oldest_limit_seconds seconds
axigen_queue_oldest_limit_seconds{{{queue},state=\"warning\",end=\"upper\"}} 14400
# HELP axigen_queue_used_bytes_ratio AXIGEN QUEUE: used_bytes.
# TYPE axigen_queue_used_bytes_ratio gauge
# UNIT axigen_queue_used_bytes_ratio ratio
axigen_queue_used_bytes_ratio{{{queue}}} 0.98
# HELP axigen_queue_used_bytes_limit_ratio AXIGEN QUEUE: limits of used_bytes.
# TYPE axigen_queue_used_bytes_limit_ratio gauge
# UNIT axigen_queue_used_bytes_limit_ratio ratio
axigen_queue_used_bytes_limit_ratio{{{queue},state=\"warning\",end=\"upper\"}} 0.9
axigen_queue_used_bytes_limit_ratio{{{queue},state=\"critical\",end=\"upper\"}} 0.97
# HELP axigen_queue_left_seconds AXIGEN QUEUE: left.
# TYPE axigen_queue_left_seconds gauge
# UNIT axigen_queue_left_seconds seconds
axigen_queue_left_seconds{{{queue}}} -5
# HELP axigen_queue_left_limit_seconds AXIGEN QUEUE: limits of left.
# TYPE axigen_queue_left_limit_seconds gauge
# UNIT axigen_queue_left_limit_seconds seconds
axigen_queue_left_limit_seconds{{{queue},state=\"warning\",end=\"lower\"}} 10
# HELP axigen_queue_size_bytes AXIGEN QUEUE: size.
# TYPE axigen_queue_size_bytes gauge
# UNIT axigen_queue_size_bytes bytes
axigen_queue_size_bytes{{{queue}}} 7
# EOF
"
        );
        assert_eq!(openmetrics("AXIGEN QUEUE", &report), expected);
    }

    #[test]
    fn what_concerns_nothing_has_no_braces() {
        let report = Report::unknown("x");
        assert!(openmetrics("Q", &report).ends_with("\nq_state 3\n# EOF\n"));
    }
}
