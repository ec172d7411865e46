//! What the check that hands canary mails over and the mail exchanger that waits for them tell each other: a directory of
//! two halves. The check writes `tokens/` and reads `seen/`; the mail exchanger does the reverse.
//!
//! A half lost or damaged is never read as a proof: what a file is about stands in its name, each file is whole or not
//! there, and a step counts as taken only when that is on disk.

mod half;
mod sighting;
mod state;
mod token;

pub(crate) use half::{HalfError, or_reason};
#[cfg(test)]
pub(crate) use sighting::Sighting;
pub(crate) use sighting::{Circumstances, Peer, Sight, Step, TlsUsed};
pub(crate) use state::{CheckState, Followed, MOST_OF_A_MAIL, Observed, SinkState, is_ahead};
pub(crate) use token::{Canary, Token};
