//! What the JSON output carries.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judgement::SenderResult;
use super::measures::Table;
use crate::check_mail_domain::explain::words;
use crate::check_mail_domain::facts::Facts;
use crate::monitoring::Report;

#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    /// What senders would report, as RFC 8460 section 4.3 calls it.
    results: &'a [SenderResult],
    measures: BTreeMap<&'static str, serde_json::Value>,
    /// By server and address, how each TLSA record stands to each chain.
    tlsa: Vec<String>,
}

/// Adds all that was seen to the report.
pub(super) fn attach(facts: &Facts, table: &Table, results: &[SenderResult], report: &mut Report) {
    let measures = table
        .iter()
        .map(|(measure, taken)| (measure.name(), serde_json::to_value(taken).unwrap_or_default()));
    report.attach(&Attached {
        facts,
        results,
        measures: measures.collect(),
        tlsa: facts.hosts.iter().flat_map(words::tlsa).collect(),
    });
}
