//! `notify_pushover`: an alert is delivered or kept, never lost.
//!
//! Event -> `compose` (pure) -> spool -> client -> item removed. The message is on disk before anything is judged
//! that could stand in its way: network, secrets, recipients.

mod args;
mod deliver;
mod dispatch;
mod event;
mod explain;
mod facts;
mod flush;
pub mod fuzzed;
mod image;
mod input;
mod lines;
mod macros;
mod message;
mod repetition;
mod rules;
mod send;
mod settings;
mod template;
mod validate;

pub use args::Args;

use crate::clock::unix_seconds;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::losses;
use args::Action;

/// Runs the notifier.
#[must_use]
pub fn run(args: &Args, errand: &Errand) -> Outcome {
    if let (false, Some(mistake)) =
        (args.action == Action::Send, explain::refusal(&errand.left_out))
    {
        return Outcome::new(Delivery::Misconfigured, mistake);
    }
    match args.action {
        Action::Send | Action::Cancel => send::send(args, ready(args, errand), errand),
        Action::Flush => flush::flush(args, args.access.enter(), errand),
        Action::Validate => {
            let mut access = args.access.gather();
            access.open_spool();
            validate::validate(args, access, errand)
        }
    }
}

/// Before the spool is opened, which may hang, it is settled where a loss is noted.
fn ready(args: &Args, errand: &Errand) -> Access {
    let mut access = args.access.gather();
    if !args.dry_run {
        let (spool, now) = (access.spool_dir.clone(), unix_seconds(errand.now));
        // Where nothing takes the note, the exit code has said it.
        errand.when_lost(move || drop(losses::note(&spool, now)));
    }
    if args.no_spool || args.dry_run {
        access.open_spool();
    } else {
        access.enter_spool();
    }
    access
}
