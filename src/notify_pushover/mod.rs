//! `notify_pushover`: an alert is delivered or kept, never lost.
//!
//! Event -> `compose` (pure) -> spool -> client -> item removed. The message is on disk before anything is judged
//! that could stand in its way: network, secrets, recipients.

mod acknowledge;
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
mod open_problem;
mod past;
mod poll;
mod repetition;
mod rules;
mod send;
mod settings;
mod template;
mod validate;

pub use args::Args;

use std::path::PathBuf;

use crate::clock::unix_seconds;
use crate::program::{Delivery, Errand, Notifier, Outcome};
use crate::pushover::config::CONFIG_FILE;
use crate::pushover::losses;
use args::Action;

/// The notifier.
pub const NOTIFIER: Notifier<Args> = Notifier {
    service: "PUSHOVER",
    notify,
    places: |args| args.access.places(),
    at_stake: |args| match args {
        Some(args) => args.is_alert().then(|| args.access.place()),
        // Whatever it turns out to be: where check_pushover looks without options.
        None => Some(PathBuf::from(CONFIG_FILE)),
    },
    // Where nothing takes the note, the exit code has said it.
    note_loss: |place, now| drop(losses::note(place, unix_seconds(now))),
};

fn notify(args: &Args, errand: &Errand) -> Outcome {
    if let (false, Some(mistake)) =
        (args.action == Action::Send, explain::refusal(&errand.left_out))
    {
        return Outcome::new(Delivery::Misconfigured, mistake);
    }
    match args.action {
        Action::Send | Action::Cancel => send::send(args, errand),
        Action::Flush => flush::flush(args, errand),
        Action::Poll => poll::poll(args, errand),
        Action::Validate => validate::validate(args, errand),
    }
}
