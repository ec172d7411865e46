//! Facts and requirements become a report. No I/O, no clock.

mod dane;
mod entrances;
mod json;
mod measures;
mod opinion;
mod routes;
mod sts;
#[cfg(test)]
mod tests;
mod texts;

use super::explain::explain;
use super::facts::{Destination, Facts, Fetched, MailHost, Published};
use super::policy::Policy;
use crate::monitoring::{Metric, Report, State, Unit, Value};
use opinion::Opinions;

/// Judges what was seen at `now`, in seconds since 1970.
pub(super) fn evaluate(facts: &Facts, policy: &Policy, now: i64) -> Report {
    let mut opinions = Opinions::default();
    if let Some(out_of_time) = &facts.cut_short {
        opinions.find(policy.on_timeout, out_of_time.to_string());
        opinions.advise("raise --timeout; or look at which name server or mail server is slow");
    }
    routes::judge(facts, policy, now, &mut opinions);
    dane::judge(facts, policy, now, &mut opinions);
    entrances::judge(facts, &mut opinions);
    sts::judge(facts, policy, &mut opinions);
    texts::judge(facts, policy, &mut opinions);
    let table = measures::table(facts, policy);
    measures::judge(facts, policy, &table, &mut opinions);
    let mut report = Report::new();
    let results = opinions.settle(&facts.domain, &mut report);
    measure(facts, now, &mut report);
    explain(facts, &measures::lines(&table), &mut report);
    json::attach(facts, &table, &results, &mut report);
    report
}

/// The state of a fault that keeps mail from one host: senders go on to the next one, if it is better there.
fn host_rule(facts: &Facts, host: &MailHost, is_barred: impl Fn(&MailHost) -> bool) -> State {
    let best = facts.hosts.iter().map(|host| host.preference).min();
    if best == Some(host.preference) || facts.hosts.iter().all(is_barred) {
        State::Critical
    } else {
        State::Warning
    }
}

/// Whether mail goes to hosts at all.
fn has_hosts(facts: &Facts) -> bool {
    matches!(facts.destination, Some(Destination::Hosts { .. } | Destination::Itself))
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
    let ends =
        facts.hosts.iter().flat_map(|host| &host.entrances).flat_map(|entrance| &entrance.chains);
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
