//! Waits that have an end.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// To a whole millisecond, or the last one would be spent spinning.
pub(super) fn rounded_up(left: Duration) -> PollTimeout {
    PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}

/// Whether this comes to be ready while `left` says that there is time. What cannot be waited for is ready.
pub(super) fn is_ready(fd: BorrowedFd<'_>, events: PollFlags, left: impl Fn() -> Duration) -> bool {
    loop {
        match poll(&mut [PollFd::new(fd, events)], rounded_up(left())) {
            Ok(0) => return false,
            Err(Errno::EINTR) => {}
            Ok(_) | Err(_) => return true,
        }
    }
}
