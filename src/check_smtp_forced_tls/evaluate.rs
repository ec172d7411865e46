//! Facts and limits become a report. No I/O, no clock.

mod canary;
mod inbound;
mod outbound;
mod ruling;
#[cfg(test)]
mod tests;

use super::explain;
use super::facts::Facts;
use super::policy::Policy;
use crate::monitoring::{Metric, Report, Unit, Value};

/// Judges what was seen.
pub(super) fn evaluate(facts: &Facts, policy: &Policy) -> Report {
    let mut report = Report::new();
    if let Some(out_of_time) = &facts.cut_short {
        report.find(policy.on_timeout, out_of_time.to_string());
    }
    if let Some(inbound) = &facts.inbound {
        inbound::legs(inbound, &mut report);
        inbound::domains(inbound, policy, &mut report);
        inbound::controls(inbound, &mut report);
    }
    if let Some(canary) = &facts.canary {
        canary::judge(canary, policy, &mut report);
    }
    for partner in &facts.partners {
        outbound::judge(partner, policy, facts.cut_short.is_some(), &mut report);
    }
    let time = facts.seconds.map_or(Value::Undetermined, Value::Float);
    report.measure(Metric::new("time", time, Unit::Seconds));
    explain::explain(facts, &mut report);
    report.attach(facts);
    report
}
