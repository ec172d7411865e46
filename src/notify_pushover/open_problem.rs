//! What was told of problems that are not over yet, so that a recovery can say how long its problem lasted and what is still
//! open for the host, and is no louder than its problem was.
//!
//! As far as this spool knows: another node may have told it. What cannot be read or written is not known, and then the
//! recovery says less.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::{Event, NotificationType};
use crate::pushover::addressee::Addressee;
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::loudness::Priority;
use crate::pushover::spool::Spool;

/// A problem that nobody has said anything of for so long may be one of an object that is gone.
const REMEMBERED_SECONDS: u64 = 7 * 86_400;

/// A problem that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OpenProblem {
    /// The service as it is shown; empty for the host itself.
    service: String,
    /// As the state is written.
    state: String,
    /// When it was told first, in Unix seconds.
    since: u64,
    /// When it was told last, in Unix seconds.
    at: u64,
    /// The loudest of its messages.
    priority: i8,
}

/// Adds what is known of the problem to its recovery. The event was received at `now` (Unix seconds).
pub(super) fn look_back(event: &mut Event, whom: &[Addressee], spool: &Spool, now: u64) {
    if event.kind != NotificationType::Recovery || event.host.is_empty() {
        return;
    }
    let (own, host) = (note_of(event, whom), host_of(event));
    let mut open = BTreeMap::new();
    for name in spool.notes(&host) {
        let Some(problem) = recall(spool, &name) else { continue };
        if now.saturating_sub(problem.at) > REMEMBERED_SECONDS {
            spool.remove_note(&name);
        } else if name == own {
            if event.last_state.is_empty() {
                event.last_state.clone_from(&problem.state);
            }
            let lasted = event.time.unwrap_or(now).min(now).saturating_sub(problem.since);
            event.duration = event.duration.filter(|seconds| *seconds > 0).or(Some(lasted));
            event.past.priority = Some(Priority(problem.priority));
        } else if problem.service != event.service_shown {
            open.insert(problem.service, problem.state);
        }
    }
    event.past.open = open.into_iter().collect();
}

/// Remembers a problem that is being told with this priority, or forgets it with its recovery.
pub(super) fn note(event: &Event, priority: Priority, whom: &[Addressee], spool: &Spool, now: u64) {
    let Some(state) = event.state.filter(|_| !event.host.is_empty()) else { return };
    let name = note_of(event, whom);
    match event.kind {
        NotificationType::Recovery => spool.remove_note(&name),
        NotificationType::Problem if state.is_problem() => {
            let known = recall(spool, &name);
            let at = event.time.unwrap_or(now).min(now);
            let problem = OpenProblem {
                service: event.service_shown.clone(),
                state: state.as_str().to_owned(),
                since: known.as_ref().map_or(at, |known| known.since.min(at)),
                at: now,
                priority: known.map_or(priority.0, |known| known.priority.max(priority.0)),
            };
            if let Ok(bytes) = serde_json::to_vec(&problem) {
                let _ = spool.write_note(&name, &bytes);
            }
        }
        _ => {}
    }
}

fn recall(spool: &Spool, name: &str) -> Option<OpenProblem> {
    serde_json::from_slice(&spool.read_note(name).ok()?).ok()
}

/// How the names of all notes about one host begin.
fn host_of(event: &Event) -> String {
    format!(".open-{}", fingerprint(&[&event.host], 16))
}

/// Each of several contacts is told in a run of its own, and each recovery ends its own problem.
fn note_of(event: &Event, whom: &[Addressee]) -> String {
    let mut names: Vec<String> = whom.iter().map(Addressee::name).collect();
    names.sort();
    let mut parts = vec![event.service.as_str()];
    parts.extend(names.iter().map(String::as_str));
    format!("{}-{}", host_of(event), fingerprint(&parts, 16))
}
