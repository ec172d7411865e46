//! What was found at several addresses becomes one report: what is wrong anywhere is told with its address; pure.

use serde::Serialize;

use super::json;
use super::judge::{Judged, judge, measure};
use crate::check_smtp_tls::explain::explain;
use crate::check_smtp_tls::facts::Look;
use crate::check_smtp_tls::policy::Policy;
use crate::monitoring::report::Finding;
use crate::monitoring::{Report, State};

/// What was found at one address.
struct AddressFound {
    address: String,
    judged: Judged,
}

/// A finding, and the addresses it holds for.
struct Shared<'a> {
    finding: &'a Finding,
    addresses: Vec<&'a str>,
}

#[derive(Serialize)]
struct Attached {
    every_address: Vec<AttachedLook>,
}

/// One address; its facts are in the form that those of one address alone have.
#[derive(Serialize)]
struct AttachedLook {
    address: String,
    state: State,
    text: String,
    facts: Option<serde_json::Value>,
}

/// Judges each address, and all of them together.
pub(super) fn evaluate(looks: &[Look], policy: &Policy, now: i64) -> Report {
    let at = |look: &Look| AddressFound {
        address: look.address.map(|address| address.ip().to_string()).unwrap_or_default(),
        judged: judge(look.seen(), policy, now),
    };
    let each: Vec<AddressFound> = looks.iter().map(at).collect();
    let mut report = Report::new();
    find(&each, &mut report);
    let seen: Vec<_> = each.iter().filter_map(|at| at.judged.seen.as_ref()).collect();
    measure(&seen, policy, now, &mut report);
    for at in &each {
        if let Some(seen) = &at.judged.seen {
            explain(&seen.facts, seen.grading.as_ref(), policy, now, &mut report);
        }
    }
    let every_address = each.iter().map(|at| attached(at, now)).collect();
    report.attach(&Attached { every_address });
    report
}

/// Each finding once, with its addresses where it does not hold for all.
fn find(each: &[AddressFound], report: &mut Report) {
    let mut shared: Vec<Shared<'_>> = Vec::new();
    for at in each {
        for finding in at.judged.report.findings() {
            match shared.iter_mut().find(|known| known.finding == finding) {
                Some(known) => known.addresses.push(&at.address),
                None => shared.push(Shared { finding, addresses: vec![&at.address] }),
            }
        }
    }
    // What holds for most comes first among what is as bad.
    shared.sort_by_key(|shared| std::cmp::Reverse(shared.addresses.len()));
    for Shared { finding, addresses } in shared {
        let is_named = addresses.iter().all(|address| finding.text.contains(address));
        let text = if is_named || (addresses.len() == each.len() && each.len() > 1) {
            finding.text.clone()
        } else {
            format!("{} at {}", finding.text, list(&addresses))
        };
        report.find(finding.state, text);
        if let Some(step) = &finding.next_step {
            report.advise(step.as_str());
        }
    }
    let count = each.len();
    report.find(State::Ok, format!("asked {count} address{}", if count == 1 { "" } else { "es" }));
}

/// The first of them, and how many there are besides.
fn list(addresses: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = addresses.iter().take(SHOWN).copied().collect();
    match addresses.len().saturating_sub(SHOWN) {
        0 => shown.join(" and "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn attached(at: &AddressFound, now: i64) -> AttachedLook {
    AttachedLook {
        address: at.address.clone(),
        state: at.judged.report.state(),
        text: at.judged.report.headline(),
        facts: at.judged.seen.as_ref().and_then(|seen| json::value(seen, now)),
    }
}
