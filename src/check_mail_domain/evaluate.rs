//! Facts and requirements become a report. No I/O, no clock.

mod calls;
mod dane;
mod json;
mod judgement;
mod measures;
mod ncsc;
mod rank;
mod routes;
mod sts;
#[cfg(test)]
mod tests;
mod texts;

use super::explain::explain;
use super::facts::{Destination, Facts, Published};
use super::policy::Policy;
use crate::monitoring::{Metric, Report, Unit, Value};
use crate::published::policy_file::Fetched;
use judgement::Judgements;

/// Judges what was seen at `now`, in seconds since 1970.
pub(super) fn evaluate(facts: &Facts, policy: &Policy, now: i64) -> Report {
    let mut judgements = Judgements::default();
    if let Some(out_of_time) = &facts.cut_short {
        judgements.find(policy.on_timeout, out_of_time.to_string());
        judgements.advise("raise --timeout; or look at which name server or mail server is slow");
    }
    routes::judge(facts, policy, now, &mut judgements);
    dane::judge(facts, policy, now, &mut judgements);
    calls::judge(facts, &mut judgements);
    ncsc::judge(facts, policy, &mut judgements);
    sts::judge(facts, policy, &mut judgements);
    texts::judge(facts, policy, &mut judgements);
    let table = measures::table(facts, policy);
    measures::judge(facts, policy, &table, &mut judgements);
    dane::expired(facts, &mut judgements);
    let mut report = Report::new();
    let results = judgements.settle(&facts.domain, &mut report);
    measure(facts, now, &mut report);
    let mut lines = measures::lines(&table);
    lines.extend(ncsc::lines(facts));
    explain(facts, &lines, &mut report);
    json::attach(facts, &table, &results, &mut report);
    report
}

fn measure(facts: &Facts, now: i64, report: &mut Report) {
    let count = |number: usize| Value::Uint(number as u64);
    let known = |is_known: bool, value: Value| if is_known { value } else { Value::Undetermined };
    let is_known =
        facts.destination.is_some() && !matches!(facts.destination, Some(Destination::Unknown(_)));
    let hosts = facts.hosts.len() + facts.left_out;
    report.measure(Metric::new("mx", known(is_known, count(hosts)), Unit::None));
    let proven = facts.hosts.iter().filter(|host| dane::is_proven(host)).count();
    let is_known = is_known && dane::is_known(facts);
    report.measure(Metric::new("dane", known(is_known, count(proven)), Unit::None));
    let left = |end: i64| Value::Int(end.saturating_sub(now));
    let ends = facts.hosts.iter().flat_map(|host| &host.calls).flat_map(|call| &call.chains);
    let ends = ends.filter_map(|chain| chain.leaf.as_ref()).map(|leaf| leaf.not_after).min();
    let certificate = ends.map_or(Value::Undetermined, left);
    report.measure(Metric::new("certificate", certificate, Unit::Seconds).or_negative());
    let ends = facts.signatures.iter().map(|(_, signature)| signature.expiration).min();
    let signature = ends.map_or(Value::Undetermined, left);
    report.measure(Metric::new("signature", signature, Unit::Seconds).or_negative());
    let max_age = facts.sts.as_ref().and_then(|sts| match &sts.policy {
        Some(Fetched::Policy(policy, _)) => Some(Value::Uint(policy.max_age)),
        _ => None,
    });
    let max_age = max_age.unwrap_or(Value::Undetermined);
    report.measure(Metric::new("mta_sts_max_age", max_age, Unit::Seconds));
    let lookups = match &facts.spf {
        Some(Published::Record(sum)) if sum.unknown.is_none() => count(sum.lookups),
        _ => Value::Undetermined,
    };
    report.measure(Metric::new("spf_lookups", lookups, Unit::None));
    let time = facts.seconds.map_or(Value::Undetermined, Value::Float);
    report.measure(Metric::new("time", time, Unit::Seconds));
}
