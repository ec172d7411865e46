//! What the daemon's log is told, in the form that the daemon speaks itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::explain::LogLine;
use super::protocol::{self, Form, Level};
use crate::monitoring::clean::clean;
use crate::program::{answer, complain};

/// Speaks to the daemon's log, from any thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Voice {
    speaks_jsonrpc: Arc<AtomicBool>,
}

impl Voice {
    /// The form in which the daemon has spoken last.
    pub(super) fn form(&self) -> Form {
        if self.speaks_jsonrpc.load(Ordering::Relaxed) { Form::JsonRpc } else { Form::Plain }
    }

    /// Notes in which form the daemon speaks.
    pub(super) fn hear(&self, form: Form) {
        self.speaks_jsonrpc.store(form == Form::JsonRpc, Ordering::Relaxed);
    }

    /// Tells the log what became of something.
    pub(super) fn say(&self, words: &LogLine) {
        self.log(words.level, &words.text);
    }

    /// Writes a line into the daemon's log.
    pub(super) fn log(&self, level: Level, message: &str) {
        let message = clean(message);
        match self.form() {
            Form::JsonRpc => answer(&protocol::log(level, &message)),
            // Its daemon takes the whole of standard error for its log, and knows no levels there.
            Form::Plain if level == Level::Debug => {}
            Form::Plain => complain(&format!("{}: {message}", level.as_str())),
        }
    }
}
