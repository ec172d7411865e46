//! What the last alert was sent without, for whoever watches the way: an alert that gets through all the same hides that
//! something is wrong. Written by every process that sends, since the loss of it costs nothing.

use serde::{Deserialize, Serialize};

use super::spool::Spool;

const FILE: &str = ".remarks.json";
/// Of one alert. More say no more.
const TEXTS: usize = 5;

/// What the last alert lacked of what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remarks {
    /// When, in Unix seconds.
    pub(crate) at: u64,
    /// In words.
    pub(crate) texts: Vec<String>,
    /// Whether it came without any text.
    pub(crate) is_without_text: bool,
}

impl Remarks {
    /// Those of the last alert, if there are any. A file that is damaged is none.
    #[must_use]
    pub(crate) fn recall(spool: &Spool) -> Option<Self> {
        let bytes = spool.read_note(FILE).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Leaves them to whoever looks.
    pub(crate) fn keep(mut self, spool: &Spool) {
        self.texts.truncate(TEXTS);
        if let Ok(bytes) = serde_json::to_vec(&self) {
            let _ = spool.write_note(FILE, &bytes);
        }
    }

    /// Notes that an alert came with a text; that it was also sent, and without remarks, is `was_sent`.
    pub(crate) fn forget(spool: &Spool, was_sent: bool) {
        if was_sent || Self::recall(spool).is_some_and(|remarks| remarks.is_without_text) {
            spool.remove_note(FILE);
        }
    }
}
