//! `notify_pushover`: an alert is delivered or kept, never lost.
//!
//! Event -> `compose` (pure) -> spool -> client -> item removed. The message is on disk before anything is judged
//! that could stand in its way: network, secrets, recipients.

mod args;
mod event;
mod identity;
mod message;
#[cfg(test)]
mod message_tests;
mod rules;
mod send;
mod settings;
mod text;
mod validate;

pub use args::Args;

use crate::program::{Delivery, Errand, Outcome};
use args::Action;
use settings::Settings;

/// Runs the notifier.
#[must_use]
pub fn run(args: &Args, errand: &Errand) -> Outcome {
    let settings = match Settings::gather(args) {
        Ok(settings) => settings,
        Err(refusal) => return Outcome::new(Delivery::Misconfigured, refusal),
    };
    match args.action {
        Action::Send | Action::Cancel => send::send(args, settings, errand),
        Action::Flush => send::flush(args, settings, errand),
        Action::Validate => validate::validate(args, settings, errand),
    }
}
