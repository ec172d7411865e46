//! Tells a core that somebody has acknowledged a problem on the phone, and nothing else: only the problem that rang, and
//! only while it is the same.

mod answer;
mod command_file;
mod fuzzed;
mod icinga;
mod status;

use std::time::Duration;

pub(super) use answer::{CoreAnswer, Untold};
pub use fuzzed::core_answer;

use crate::pushover::core_access::CoreAccess;
use crate::pushover::receipt::{Acknowledged, Alarm};
use answer::Wording;

/// Acknowledges the problem in the core, within `time`. `now` is in Unix seconds.
///
/// # Errors
/// [`Untold`] when that is to be tried again.
pub(super) fn acknowledge(
    core: &CoreAccess,
    alarm: &Alarm,
    acknowledged: &Acknowledged,
    time: Duration,
    now: u64,
) -> Result<CoreAnswer, Untold> {
    let words = Wording::of(acknowledged);
    match core {
        CoreAccess::Icinga(access) => icinga::acknowledge(access, alarm, &words, time),
        CoreAccess::CommandFile(files) => {
            // Whichever is earlier: the clock of Pushover is not ours.
            let at = acknowledged.at.min(acknowledged.learnt);
            if !status::is_the_same(&files.status_file, alarm, at)? {
                return Ok(CoreAnswer::NotTheSame);
            }
            command_file::write(&files.command_file, alarm, &words, now)?;
            Ok(CoreAnswer::Acknowledged)
        }
    }
}
