//! Report -> plugin text, JSON or `OpenMetrics`; the only place where foreign text is cleaned.
//!
//! All performance data stands on the first line and no other `|` exists, because Nagios and Icinga 2 read later
//! ones differently (Nagios `base/checks.c`, Icinga 2 `lib/icinga/pluginutility.cpp`).

mod json;
mod openmetrics;

use std::fmt::Write;
use std::str::FromStr;

use unicode_width::UnicodeWidthStr;

use super::clean::{clean, cut, cut_columns};
use super::metric::Metric;
use super::range::Range;
use super::report::Report;

/// Columns of the items on the first line: two rows of a list in Icinga DB Web, and what a phone still shows.
const FIRST_LINE_COLUMNS: usize = 120;
/// Columns of the first item, which stands there whatever its length.
const FIRST_ITEM_COLUMNS: usize = 200;
/// Columns of ", and 999 more".
const AND_MORE_COLUMNS: usize = 14;
/// Characters of one word on the first line.
const WORD_CHARS: usize = 91;
/// Bytes of performance data on the first line.
const PERFDATA_BYTES: usize = 3500;
/// Bytes of the whole output; Nagios reads back 8192.
const TOTAL_BYTES: usize = 8000;

/// Characters of one line of long output.
const LINE_CHARS: usize = 500;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Plugin text with performance data.
    #[default]
    Nagios,
    /// One JSON object on one line.
    Json,
    /// `OpenMetrics` text, for Prometheus.
    OpenMetrics,
}

/// The text names no output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an output format; use nagios, json or openmetrics")]
pub struct NotAFormat;

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        match text {
            "nagios" => Ok(Self::Nagios),
            "json" => Ok(Self::Json),
            "openmetrics" => Ok(Self::OpenMetrics),
            _ => Err(NotAFormat),
        }
    }
}

/// Writes `report` for the service named `service`, with the details up to `verbosity`; ends with a newline.
#[must_use]
pub(crate) fn render(service: &str, report: &Report, format: Format, verbosity: u8) -> String {
    match format {
        Format::Nagios => plugin_text(service, report, verbosity),
        Format::Json => json::json(service, report, verbosity),
        Format::OpenMetrics => openmetrics::openmetrics(service, report),
    }
}

fn plugin_text(service: &str, report: &Report, verbosity: u8) -> String {
    let mut out = first_line(service, report);
    let (perfdata, left_out) = perfdata(&report.metrics);
    if !perfdata.is_empty() {
        let _ = write!(out, " | {perfdata}");
    }
    out.push('\n');
    let next_step = report.next_step();
    let mut long_output: Vec<String> = next_step.map(clean).into_iter().collect();
    if verbosity > 0 {
        long_output.extend(findings(report, next_step));
    }
    long_output.extend(report.details_shown(verbosity).map(|detail| detail.line(clean)));
    if left_out > 0 {
        long_output
            .push(format!("{left_out} metrics were left out: they would not fit the first line"));
    }
    // An empty line would end the text of a notification.
    long_output.retain(|line| !line.is_empty());
    append_lines(&mut out, &long_output);
    out
}

/// The problems, worst first, or the findings where there is none. Whole items as far as there is room, then how many
/// more there are: half an item misleads, so only a first one without end is cut.
fn first_line(service: &str, report: &Report) -> String {
    let told = report.told();
    let mut items = told.iter().map(|finding| item(&finding.text));
    let first = items.next().unwrap_or_else(|| "nothing was checked".to_owned());
    let mut line = cut_columns(&first, FIRST_ITEM_COLUMNS);
    for (index, item) in items.enumerate() {
        let left = told.len() - index - 1;
        let room = if left > 1 { AND_MORE_COLUMNS } else { 0 };
        if line.width() + ", ".len() + item.width() + room > FIRST_LINE_COLUMNS {
            let _ = write!(line, ", and {left} more");
            break;
        }
        let _ = write!(line, ", {item}");
    }
    format!("{} - {line}", clean(&format!("{service} {}", report.state())))
}

/// A finding's text as it stands on the first line.
fn item(text: &str) -> String {
    match clean(text).as_str() {
        "" => "no reason given".to_owned(),
        text => shorten_words(text),
    }
}

/// One line a finding in the marks that Icinga DB Web colours, each with its advice unless that is said already. A
/// problem that stands on the first line alone and whole is left out.
fn findings(report: &Report, next_step: Option<&str>) -> Vec<String> {
    let told = report.told();
    let is_said =
        |text: &str| told.len() == 1 && item(text) == text && text.width() <= FIRST_ITEM_COLUMNS;
    let mut said: Vec<&str> = next_step.into_iter().collect();
    let mut lines = Vec::new();
    for finding in report.findings() {
        let text = clean(&finding.text);
        let is_told = told.iter().any(|told| std::ptr::eq(*told, finding));
        if !(is_told && is_said(&text)) {
            lines.push(format!("[{}] {text}", finding.state));
        }
        if let Some(advice) = finding.advice().filter(|advice| !said.contains(advice)) {
            said.push(advice);
            lines.push(format!("  {}", clean(advice)));
        }
    }
    lines
}

/// Adds whole lines while they fit, and says how many did not.
fn append_lines(out: &mut String, lines: &[String]) {
    for (index, line) in lines.iter().enumerate() {
        // One line without end must not cost all that follow.
        let line = cut(line, LINE_CHARS);
        if out.len() + line.len() + 1 > TOTAL_BYTES - 40 {
            let _ = writeln!(out, "{} more lines were left out", lines.len() - index);
            return;
        }
        out.push_str(&line);
        out.push('\n');
    }
}

/// The metrics that fit, in order, and how many did not.
fn perfdata(metrics: &[Metric]) -> (String, usize) {
    let mut text = String::new();
    for (index, metric) in metrics.iter().enumerate() {
        let item = perfdata_item(metric);
        if text.len() + item.len() + 1 > PERFDATA_BYTES {
            return (text, metrics.len() - index);
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&item);
    }
    (text, 0)
}

/// `label=value[UOM];[warn];[crit];[min];[max]` without empty fields at the end.
fn perfdata_item(metric: &Metric) -> String {
    // One that nothing breaches is no limit, and no core reads `~:` as one.
    let limit = |range: Option<Range>| {
        let range = range.filter(Range::can_alert);
        range.map_or(String::new(), |range| range.perfdata(metric.never_negative))
    };
    // Icinga 2 hands `U` on unread when limits follow, and Icinga DB Web 1.0.2 (Debian 12) then fails at a limit with a
    // colon: HTTP 500 for the service and for each list that holds it.
    if !metric.value.is_determined() {
        return format!("{}={}", metric.label.as_str(), metric.value);
    }
    let value = format!("{}{}", metric.value, metric.unit);
    let minimum = if metric.never_negative { "0" } else { "" };
    let maximum = metric.maximum.filter(|_| metric.thresholds.is_set());
    let fields = [
        value,
        limit(metric.thresholds.warning),
        limit(metric.thresholds.critical),
        minimum.to_owned(),
        maximum.map_or(String::new(), |maximum| maximum.to_string()),
    ]
    .join(";");
    format!("{}={}", metric.label.as_str(), fields.trim_end_matches(';'))
}

/// Words of at most `WORD_CHARS` characters, with dots in place of the middle, so that a path of any length leaves room
/// for what is said of it.
fn shorten_words(text: &str) -> String {
    let shorten = |word: &str| {
        let length = word.chars().count();
        if length <= WORD_CHARS {
            return word.to_owned();
        }
        let kept = (WORD_CHARS - 3) / 2;
        let (head, tail) = (word.chars().take(kept), word.chars().skip(length - kept));
        head.chain("...".chars()).chain(tail).collect()
    };
    text.split(' ').map(shorten).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
