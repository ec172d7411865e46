//! Report -> plugin text or JSON; the only place where foreign text is cleaned.
//!
//! All performance data stands on the first line and no other `|` exists, because Nagios and Icinga 2 read later
//! ones differently (Nagios `base/checks.c`, Icinga 2 `lib/icinga/pluginutility.cpp`).

mod json;

use std::fmt::Write;
use std::str::FromStr;

use super::clean::{clean, cut};
use super::metric::Metric;
use super::report::Report;

/// Characters of text on the first line; what a phone or a pager still shows.
const FIRST_LINE_CHARS: usize = 200;
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
}

/// The text names no output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an output format; use nagios or json")]
pub struct NotAFormat;

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        match text {
            "nagios" => Ok(Self::Nagios),
            "json" => Ok(Self::Json),
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
    }
}

fn plugin_text(service: &str, report: &Report, verbosity: u8) -> String {
    let headline = clean(&format!("{service} {} - {}", report.state(), report.headline()));
    let next_step = report.next_step.as_deref().map(clean);
    let mut long_output = Vec::new();
    let headline = shorten_words(&headline);
    let mut out = cut(&headline, FIRST_LINE_CHARS);
    if let Some(next_step) = next_step {
        if headline.chars().count() + next_step.chars().count() + 2 <= FIRST_LINE_CHARS {
            let _ = write!(out, "; {next_step}");
        } else {
            long_output.push(next_step);
        }
    }
    let (perfdata, left_out) = perfdata(&report.metrics);
    if !perfdata.is_empty() {
        let _ = write!(out, " | {perfdata}");
    }
    out.push('\n');
    if verbosity > 0 {
        long_output.extend(
            report.findings().into_iter().map(|f| clean(&format!("{}: {}", f.state, f.text))),
        );
    }
    long_output.extend(report.details_shown(verbosity).map(clean));
    if left_out > 0 {
        long_output
            .push(format!("{left_out} metrics were left out: they would not fit the first line"));
    }
    append_lines(&mut out, &long_output);
    out
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
        let item = item(metric);
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

/// `label=value[UOM];[warn];[crit];[min]` without empty fields at the end.
fn item(metric: &Metric) -> String {
    let limit = |range: Option<super::Range>| {
        range.map_or(String::new(), |r| r.perfdata(metric.never_negative))
    };
    let value = if metric.value.is_determined() {
        format!("{}{}", metric.value, metric.unit)
    } else {
        metric.value.to_string()
    };
    let minimum = if metric.never_negative { "0" } else { "" };
    let fields = [
        value,
        limit(metric.thresholds.warning),
        limit(metric.thresholds.critical),
        minimum.to_owned(),
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
