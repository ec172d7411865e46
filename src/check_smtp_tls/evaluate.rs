//! Facts and limits become a report. No I/O, no clock.

mod certificates;
mod every_address;
mod json;
mod judge;

use std::time::SystemTime;

use super::explain::explain;
use super::facts::{Facts, Looks, ProbeError};
use super::policy::Policy;
use crate::clock;
use crate::monitoring::Report;
use judge::{Judged, judge, measure, nothing_seen, other_addresses};

/// Judges all that was looked at.
pub(super) fn evaluate(
    looks: &Result<Looks, ProbeError>,
    policy: &Policy,
    now: SystemTime,
) -> Report {
    let now = clock::seconds(now);
    match looks {
        Ok(Looks { each }) => match each.as_slice() {
            [look] if look.address.is_none() => first_address(look.seen(), policy, now),
            looks => every_address::evaluate(looks, policy, now),
        },
        Err(error) => nothing_seen(error),
    }
}

/// Judges what was seen of the address that answered first.
fn first_address(seen: Result<Facts, ProbeError>, policy: &Policy, now: i64) -> Report {
    let Judged { mut report, seen } = judge(seen, policy, now);
    if let Some(seen) = seen {
        other_addresses(&seen.facts, &mut report);
        measure(&[&seen], policy, now, &mut report);
        explain(&seen.facts, seen.grading.as_ref(), policy, now, &mut report);
        if let Some(value) = json::value(&seen, now) {
            report.attach(&value);
        }
    }
    report
}

#[cfg(test)]
mod tests;
