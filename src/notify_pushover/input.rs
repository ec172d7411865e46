//! Texts that come in from outside the command line: the environment and standard input.

use std::ffi::OsStr;
use std::io::{Read, StdinLock};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::deadline::Deadline;

/// Bytes of a text that are looked at; no message holds more than 1024 characters.
const TEXT_BYTES: usize = 65_536;

/// Any bytes as text, without the blanks around it.
#[must_use]
pub(super) fn lossy(text: &OsStr) -> String {
    let bytes = text.as_encoded_bytes();
    let bytes = bytes.get(..TEXT_BYTES).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// What a core passes in the environment, under Icinga's and Nagios' name; empty when it does not.
///
/// Only when a notification type is there: shells and containers set `HOSTNAME`, too.
#[must_use]
pub(super) fn from_environment(icinga: &str, nagios: &str) -> String {
    let set = |name: &str| {
        let value = std::env::var_os(name).map(|value| lossy(&value));
        value.filter(|value| !value.is_empty())
    };
    let from_icinga = set("NOTIFICATIONTYPE").and_then(|_| set(icinga));
    let from_nagios =
        || set("NAGIOS_NOTIFICATIONTYPE").and_then(|_| set(&format!("NAGIOS_{nagios}")));
    from_icinga.or_else(from_nagios).unwrap_or_default()
}

/// Standard input as text, for a value of `-`.
///
/// As much of it as comes within half of the time: a daemon that a check left behind may hold it open for ever, and
/// what came until then is the alert.
#[must_use]
pub(super) fn from_stdin(deadline: &Deadline) -> String {
    let mut input = std::io::stdin().lock();
    let until = deadline.elapsed() + deadline.remaining() / 2;
    let mut bytes = Vec::new();
    let mut block = [0; 8192];
    // What is too much is read and left: its writer must not die of a broken pipe.
    while may_read(&input, until.saturating_sub(deadline.elapsed())) {
        let Ok(count @ 1..) = input.read(&mut block) else { break };
        let room = TEXT_BYTES.saturating_sub(bytes.len());
        bytes.extend(block.iter().take(count.min(room)));
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Waits for input, without a thread: there may be none to have.
fn may_read(input: &StdinLock<'_>, time: Duration) -> bool {
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(&mut ready, time).is_ok_and(|ready| ready > 0) && time != PollTimeout::ZERO
}
