//! What tests/fuzz reaches of this program.

use std::ffi::OsString;

pub use super::acknowledge::core_answer;
use super::args::Args;
use super::event::Event;
use super::{message, settings};
use crate::program::lenient;
use crate::pushover::text::{MESSAGE_CHARS, TITLE_CHARS, URL_CHARS, URL_TITLE_CHARS};

/// A command line becomes a message that Pushover takes, as long as there is any text.
///
/// # Panics
/// When the message is too long, or has no text though the event has one.
pub fn command_line(words: Vec<OsString>) {
    let line = std::iter::once(OsString::from("notify_pushover")).chain(words);
    let Ok((args, _)) = lenient::parse::<Args>(line) else { return };
    let event = Event::new(&args, |_, _| String::new());
    let message = message::compose(&event, &settings::layout(&args, None), 1_800_000_000);
    for (key, limit) in [
        ("message", MESSAGE_CHARS),
        ("title", TITLE_CHARS),
        ("url", URL_CHARS),
        ("url_title", URL_TITLE_CHARS),
    ] {
        let values = message.fields.iter().filter(|(name, _)| name == key);
        for (_, value) in values {
            assert!(value.chars().count() <= limit, "{key} is too long");
        }
    }
}
