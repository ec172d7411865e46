//! The look itself: mail offered to our own server, handshakes with those of partners. All I/O starts here.

mod canary;
mod hand_over;
mod inbound;
mod mx;
mod outbound;
mod standards;

use super::facts::Progress;
use super::target::Target;
use crate::clock;
use crate::program::{Gathered, Run};
use crate::tls::trust::Anchors;
use inbound::Legs;
use outbound::Routes;

/// Looks until all is seen or the time is over.
pub(super) fn probe(target: &Target, run: &Run, progress: &Progress) {
    match &target.canary {
        Some(canary) => canary::look(canary, target, run, progress),
        None => offer_and_call(target, run, progress),
    }
    progress.note(|facts| {
        facts.seconds = Some(run.deadline.elapsed().as_secs_f64());
        if facts.is_unfinished() {
            facts.cut_short(run.out_of_time());
        }
    });
}

fn offer_and_call(target: &Target, run: &Run, progress: &Progress) {
    let now = clock::seconds(run.now);
    let anchors = Anchors::load(target.ca_file.as_deref(), now);
    let deadline = &run.deadline;
    if let Some(inbound) = &target.inbound {
        Legs {
            target: inbound,
            caller: &target.caller,
            anchors: &anchors,
            now,
            deadline,
            progress,
            later: target.outbound.partners.len(),
        }
        .look();
    }
    // Partners are behind no proxy of ours.
    let caller = target.caller.without_proxy();
    Routes {
        target: &target.outbound,
        caller: &caller,
        ca_file: target.ca_file.as_deref(),
        anchors: &anchors,
        now,
        deadline,
        progress,
    }
    .look();
}
