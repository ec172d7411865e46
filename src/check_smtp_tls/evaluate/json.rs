//! What the JSON output carries: the facts, with their reasons in words, and what was made of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::certificates;
use super::judge::Graded;
use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{CutShort, Facts};
use crate::check_smtp_tls::grade::Grading;

#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    skipped_addresses: Vec<String>,
    no_certificate: Option<String>,
    handshake_problem: Option<String>,
    incomplete: Option<BTreeMap<&'static str, String>>,
    grade: Option<&'a Grading>,
    trust: Vec<&'static str>,
}

/// All that was seen.
pub(super) fn value(Graded { facts, grading, .. }: &Graded, now: i64) -> Option<serde_json::Value> {
    serde_json::to_value(Attached {
        facts,
        skipped_addresses: words::unconnected(&facts.skipped_addresses),
        no_certificate: facts.no_certificate.as_ref().map(words::unknown),
        handshake_problem: facts.no_handshake.as_ref().map(words::unknown),
        incomplete: facts.cut_short.as_ref().map(|why| [(key(why), words::cut_short(why))].into()),
        grade: grading.as_ref(),
        trust: certificates::verdict(facts, now),
    })
    .ok()
}

fn key(why: &CutShort) -> &'static str {
    match why {
        CutShort::Limited(_) => "limited",
        CutShort::Sick(_) => "sick",
        CutShort::Banned(_) => "banned",
        CutShort::OutOfTime(_) => "out_of_time",
        CutShort::Lost(_) => "lost",
    }
}
