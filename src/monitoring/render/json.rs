//! The report as one JSON object on one line, after `packaging/report.schema.json`. What a peer or a full spool can make
//! large is left out from the least important on, and the details say so.

use std::fmt::Write;

use serde::Serialize;

use super::super::clean::{cut, is_unprintable};
use super::super::metric::Metric;
use super::super::report::{Finding, Report};
use super::super::state::State;

/// Bytes of the whole output; the largest that NRPE hands on.
pub(super) const TOTAL_BYTES: usize = 65_536;
/// Characters of one text, once texts have to be shortened.
const TEXT_CHARS: usize = 1000;
/// Bytes of each of the three lists, once they have to be shortened. With the texts beside them, at six bytes for each
/// escaped character, they stay below the whole.
const LIST_BYTES: usize = 16_384;

#[derive(Serialize)]
struct Shape<'a> {
    service: &'a str,
    state: State,
    text: String,
    findings: Vec<Finding>,
    metrics: Vec<Metric>,
    next_step: Option<String>,
    details: Vec<String>,
    facts: Option<&'a serde_json::Value>,
}

pub(super) fn json(service: &str, report: &Report, verbosity: u8) -> String {
    let mut shape = Shape {
        service,
        state: report.state(),
        text: report.headline(),
        findings: report.findings().into_iter().cloned().collect(),
        metrics: report.metrics.clone(),
        next_step: report.next_step().map(ToOwned::to_owned),
        details: report.details_shown(verbosity).map(|detail| detail.line(str::to_owned)).collect(),
        facts: Some(&report.facts),
    };
    let mut out = line(&shape);
    if out.len() > TOTAL_BYTES {
        shape.facts = None;
        let remark = format!("facts were left out: the report would exceed {TOTAL_BYTES} bytes");
        shape.details.push(remark);
        out = line(&shape);
    }
    if out.len() > TOTAL_BYTES {
        shape.shorten();
        out = line(&shape);
    }
    out
}

impl Shape<'_> {
    /// Cuts texts and lists; the worst findings and the first of the others remain.
    fn shorten(&mut self) {
        self.text = cut(&self.text, TEXT_CHARS);
        self.next_step = self.next_step.as_ref().map(|text| cut(text, TEXT_CHARS));
        for finding in &mut self.findings {
            finding.text = cut(&finding.text, TEXT_CHARS);
        }
        let remark = self.details.pop();
        for detail in &mut self.details {
            *detail = cut(detail, TEXT_CHARS);
        }
        let left_out = [
            ("findings", keep_first(&mut self.findings)),
            ("metrics", keep_first(&mut self.metrics)),
            ("details", keep_first(&mut self.details)),
        ];
        self.details.extend(remark);
        for (what, count) in left_out.into_iter().filter(|(_, count)| *count > 0) {
            self.details.push(format!("{count} {what} were left out"));
        }
    }
}

/// Keeps what fits into a list, and says how many do not.
fn keep_first<T: Serialize>(list: &mut Vec<T>) -> usize {
    let mut bytes = 0;
    let fits = |element: &&T| {
        bytes += line(*element).len();
        bytes <= LIST_BYTES
    };
    let kept = list.iter().take_while(fits).count();
    let left_out = list.len() - kept;
    list.truncate(kept);
    left_out
}

/// Without characters that a core could take for something else; ends with a newline.
fn line(value: &impl Serialize) -> String {
    // Strings, numbers and lists only: serialisation has no way to fail, and an empty line would break the contract.
    let text = serde_json::to_string(value).unwrap_or_else(|_| r#"{"state":"UNKNOWN"}"#.to_owned());
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Inside JSON these stand in strings only, where an escape means the same and disturbs no core.
        if matches!(c, '|' | '$' | '<' | '>') || is_unprintable(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}
