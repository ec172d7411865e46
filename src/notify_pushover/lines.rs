//! The lines of a check's output, as a core hands them over. Pure.

use super::event::{Event, prefix_and_text};
use crate::pushover::lines;
use crate::pushover::text::clean;

/// The output without performance data and without the state that the title shows.
pub(super) fn all(event: &Event) -> Vec<String> {
    // Nagios passes line ends of the long output as two characters.
    let long = event.long_output.replace("\\n", "\n");
    let text = clean(&format!("{}\n{long}", event.output));
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = if number == 0 { prefix_and_text(line).1 } else { line };
        let (shown, perfdata) =
            line.split_once('|').map_or((line, false), |(shown, rest)| (shown, rest.contains('=')));
        let shown = if perfdata { shown } else { line };
        if !shown.trim().is_empty() {
            lines.push(shown.trim().to_owned());
        }
    }
    lines
}

/// What of it goes to a phone.
pub(super) fn worth_a_push(event: &Event) -> Vec<String> {
    lines::worth_a_push(all(event))
}
