//! What a check has to say: findings, metrics, details and the facts behind them.

use serde::Serialize;

use super::metric::Metric;
use super::state::State;

/// The answer to one question the check asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What the answer means for the service.
    pub state: State,
    /// The answer in a few words; foreign text in it is cleaned when it is rendered.
    pub text: String,
    /// What the administrator can do about it.
    #[serde(skip)]
    pub next_step: Option<String>,
}

impl Finding {
    /// What can be done about it; about what is fine nothing is.
    pub(super) fn advice(&self) -> Option<&str> {
        self.next_step.as_deref().filter(|_| self.state != State::Ok)
    }
}

/// What metrics mean, by label; one that ends in `_` stands for those with a number behind it.
pub type Meanings = &'static [(&'static str, &'static str)];

/// A line of long output, shown from a verbosity on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) verbosity: u8,
    /// Whether what it says is good or bad, where it is either.
    pub(super) state: Option<State>,
    pub(super) text: String,
}

impl Detail {
    /// The line, with a mark that Icinga DB Web colours in front of text that `clean` made harmless.
    pub(super) fn line(&self, clean: impl Fn(&str) -> String) -> String {
        let text = clean(&self.text);
        self.state.map_or(text.clone(), |state| format!("[{state}] {text}"))
    }
}

/// Everything a check reports. Built by `evaluate`, turned into text by `render`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    pub(super) metrics: Vec<Metric>,
    pub(super) details: Vec<Detail>,
    pub(super) facts: serde_json::Value,
    /// What each metric is.
    pub(super) meanings: Meanings,
    /// What the service is about, by label: it tells two services of one program apart.
    pub(super) subject: Vec<(&'static str, String)>,
}

impl Report {
    /// A report with no finding yet, which is UNKNOWN.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A report that says only why nothing could be determined.
    #[must_use]
    pub fn unknown(text: impl Into<String>) -> Self {
        let mut report = Self::new();
        report.find(State::Unknown, text);
        report
    }

    /// Adds a finding. Those of equal severity keep the order they were added in.
    pub fn find(&mut self, state: State, text: impl Into<String>) {
        self.findings.push(Finding { state, text: text.into(), next_step: None });
    }

    /// Adds a metric. One whose label is taken gets a number: two values under one name would merge in graphs.
    pub fn measure(&mut self, mut metric: Metric) {
        let name = metric.label.clone();
        let mut number = 1;
        while self.metrics.iter().any(|known| known.label == metric.label) {
            number += 1;
            metric.label = name.numbered(number);
        }
        self.metrics.push(metric);
    }

    /// Adds a line of long output for `-v` (1), `-vv` (2) and so on.
    pub fn explain(&mut self, verbosity: u8, text: impl Into<String>) {
        self.details.push(Detail { verbosity, state: None, text: text.into() });
    }

    /// The same of something that is good or bad.
    pub fn explain_as(&mut self, verbosity: u8, state: State, text: impl Into<String>) {
        self.details.push(Detail { verbosity, state: Some(state), text: text.into() });
    }

    /// Says what the administrator can do about the finding added last; its first advice stands.
    pub fn advise(&mut self, next_step: impl Into<String>) {
        if let Some(finding) = self.findings.last_mut() {
            finding.next_step.get_or_insert(next_step.into());
        }
    }

    /// The same for the worst finding, whenever it was added.
    pub fn advise_on_worst(&mut self, next_step: impl Into<String>) {
        let worst = self.state();
        if let Some(finding) = self.findings.iter_mut().find(|finding| finding.state == worst) {
            finding.next_step.get_or_insert(next_step.into());
        }
    }

    /// The advice on the worst finding that has one; that on a lesser finding would lead away from the worst.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        let worst = self.state();
        self.findings.iter().filter(|finding| finding.state == worst).find_map(Finding::advice)
    }

    /// Says what each metric is, for those who meet it far from here.
    pub fn describe(&mut self, meanings: Meanings) {
        self.meanings = meanings;
    }

    /// What a metric is, or that nobody said so.
    pub(super) fn meaning(&self, label: &str) -> Option<&'static str> {
        let of = |wanted: &str| self.meanings.iter().find(|(known, _)| *known == wanted);
        let stem = label.trim_end_matches(|c: char| c.is_ascii_digit());
        of(label).or_else(|| of(stem)).map(|(_, meaning)| *meaning)
    }

    /// Says what the service is about, as the command line does; what is empty was left to the program.
    pub fn concern(&mut self, label: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.subject.push((label, value));
        }
    }

    /// Attaches what was seen, for the JSON output.
    pub fn attach(&mut self, facts: &impl Serialize) {
        self.facts = serde_json::to_value(facts).unwrap_or_default();
    }

    /// The worst finding's state; UNKNOWN when there is none.
    #[must_use]
    pub fn state(&self) -> State {
        State::worst(self.findings.iter().map(|finding| finding.state))
    }

    /// The findings, worst first.
    #[must_use]
    pub fn findings(&self) -> Vec<&Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by_key(|finding| std::cmp::Reverse(finding.state.severity()));
        sorted
    }

    /// The findings that people have to know, worst first: the problems, or all of them where there is none.
    #[must_use]
    pub fn told(&self) -> Vec<&Finding> {
        let is_ok = self.state() == State::Ok;
        self.findings().into_iter().filter(|finding| is_ok || finding.state != State::Ok).collect()
    }

    /// The metrics in the order they were added.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// What is shown at this verbosity (the number of `-v`) besides the findings.
    pub(super) fn details_shown(&self, verbosity: u8) -> impl Iterator<Item = &Detail> {
        self.details.iter().filter(move |detail| detail.verbosity <= verbosity)
    }

    /// What is told, in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        if self.findings.is_empty() {
            return "nothing was checked".to_owned();
        }
        joined(&self.told())
    }

    /// All findings in one line, worst first, for tests of what was found.
    #[cfg(test)]
    pub(crate) fn all_findings(&self) -> String {
        joined(&self.findings())
    }
}

fn joined(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::{Unit, Value};

    #[test]
    fn a_report_without_findings_is_unknown() {
        assert_eq!(Report::new().state(), State::Unknown);
        assert_eq!(Report::new().headline(), "nothing was checked");
    }

    #[test]
    fn the_headline_starts_with_the_worst_and_keeps_the_order_otherwise() {
        let mut report = Report::new();
        report.find(State::Ok, "a");
        report.find(State::Unknown, "b");
        report.find(State::Critical, "c");
        report.find(State::Ok, "d");
        report.find(State::Warning, "e");
        assert_eq!(report.all_findings(), "c, e, b, a, d");
        assert_eq!(report.headline(), "c, e, b", "no good news after a problem");
        assert_eq!(report.state(), State::Critical);
    }

    #[test]
    fn no_metric_is_lost_to_a_label_that_is_taken() {
        let mut report = Report::new();
        for value in 1..=3 {
            report.measure(Metric::new("messages", Value::Uint(value), Unit::None));
        }
        let labels: Vec<&str> = report.metrics().iter().map(|m| m.label.as_str()).collect();
        assert_eq!(labels, ["messages", "messages_2", "messages_3"]);
    }
}
