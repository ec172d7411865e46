//! Asks every message when it arrived: the earlier of mtime and birth time of its status file.
//!
//! The mtime alone may be that of the last delivery attempt; the birth time alone is new after a restore or a move.

use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::fs::{AtFlags, Statx, StatxFlags, statx};
use rustix::io::Errno;

use super::names::{MessageNames, Names};
use super::scan::{self, Seen};
use super::watch::Watch;
use crate::check_axigen_queue::facts::{Ages, Obstacle, OtherFiles, Queue};

/// What ages are counted by.
#[derive(Clone, Copy)]
pub(crate) struct AgeLimit {
    /// Seconds since the epoch.
    pub(crate) now: i64,
    /// From which age a message counts as older.
    pub(crate) older_than: Duration,
}

/// Fills in the queue's ages; breaks when the time is up.
pub(crate) fn ask_all(
    queue: &mut Queue,
    root: BorrowedFd<'_>,
    names: &Names,
    limit: AgeLimit,
    watch: &Watch<'_>,
) -> ControlFlow<()> {
    let mut asking = Asking { queue, ages: Ages::default(), limit, watch };
    for directory in names.directories() {
        asking.watch.enter(
            &asking.queue.path,
            directory.name,
            "asking for the ages of messages in",
        );
        match directory.messages {
            Some(names) => asking.remembered(root, directory.name, names)?,
            None => asking.listed(root, directory.name)?,
        }
    }
    asking.ages.finished = true;
    asking.publish()
}

struct Asking<'a> {
    queue: &'a mut Queue,
    ages: Ages,
    limit: AgeLimit,
    watch: &'a Watch<'a>,
}

impl Asking<'_> {
    fn remembered(
        &mut self,
        root: BorrowedFd<'_>,
        directory: &CStr,
        names: MessageNames<'_>,
    ) -> ControlFlow<()> {
        /// Messages between two looks at the clock; each costs a microsecond, or a disk access.
        const BETWEEN_LOOKS: usize = 256;
        // Empty, or unreadable and noted by the count.
        if names.is_empty() {
            return ControlFlow::Continue(());
        }
        let dir = match scan::open_directory(root, directory) {
            Ok(dir) => dir,
            Err(Obstacle::System(Errno::NOENT)) => return ControlFlow::Continue(()),
            Err(obstacle) => {
                self.ages.refused.note(|| obstacle);
                return ControlFlow::Continue(());
            }
        };
        for (index, name) in names.enumerate() {
            if index.is_multiple_of(BETWEEN_LOOKS) {
                self.publish()?;
            }
            self.ask(dir.as_fd(), name);
        }
        ControlFlow::Continue(())
    }

    fn listed(&mut self, root: BorrowedFd<'_>, directory: &CStr) -> ControlFlow<()> {
        scan::files(root, directory, |seen| {
            match seen {
                Seen::Message { dir, name } => self.ask(dir, name),
                Seen::Unread { obstacle, .. } => self.ages.refused.note(|| obstacle),
                Seen::Pause => return self.publish(),
                Seen::Directory(_)
                | Seen::OtherFile { .. }
                | Seen::OtherDirectory(_)
                | Seen::Deeper { .. } => {}
            }
            ControlFlow::Continue(())
        })
    }

    fn ask(&mut self, dir: BorrowedFd<'_>, name: &CStr) {
        match times(dir, name) {
            Ok(times) => {
                let has_birth = times.stx_mask & StatxFlags::BTIME.bits() != 0;
                let birth = has_birth.then_some(times.stx_btime.tv_sec);
                self.ages.without_birth += u64::from(birth.is_none());
                let arrival = arrival(times.stx_mtime.tv_sec, birth);
                self.ages.by_birth += u64::from(arrival < times.stx_mtime.tv_sec);
                self.ages.add(arrival, self.limit.now, self.limit.older_than);
            }
            // Delivered since it was listed: a queue is alive.
            Err(Errno::NOENT) => {}
            Err(errno) => self.ages.refused.note(|| Obstacle::System(errno)),
        }
    }

    fn publish(&mut self) -> ControlFlow<()> {
        self.queue.ages = Some(self.ages.clone());
        self.watch.tick(self.queue)
    }
}

fn arrival(mtime: i64, birth: Option<i64>) -> i64 {
    birth.map_or(mtime, |birth| birth.min(mtime))
}

/// The times of one file; never follows a link, never makes a network file system refresh them.
pub(crate) fn times(dir: BorrowedFd<'_>, name: &CStr) -> Result<Statx, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC;
    statx(dir, name, flags, StatxFlags::MTIME | StatxFlags::BTIME)
}

/// Whether a file has been there for long. One that hides its age may have been there for ever; one that is gone was not.
pub(crate) fn is_settled(dir: BorrowedFd<'_>, name: &CStr, now: i64) -> bool {
    match times(dir, name) {
        Ok(times) => OtherFiles::is_settled(times.stx_mtime.tv_sec, now),
        Err(errno) => errno != Errno::NOENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_axigen_queue::facts::Facts;
    use crate::deadline::Deadline;
    use crate::program::Progress;

    #[test]
    fn arrival_is_the_earlier_of_mtime_and_birth() {
        for (mtime, birth, expected) in [
            (100, Some(50), 50), // written again at the last attempt
            (50, Some(100), 50), // restored or copied
            (50, None, 50),
        ] {
            assert_eq!(arrival(mtime, birth), expected);
        }
    }

    fn ask(queue_dir: &std::path::Path, names: &Names) -> Ages {
        let progress = Progress::new(Facts::default());
        let deadline = Deadline::after(Duration::from_secs(60));
        let watch = Watch::new(&deadline, &progress, 0);
        let root = scan::open_root(queue_dir).unwrap();
        let mut queue = Queue::default();
        let limit = AgeLimit { now: 0, older_than: Duration::ZERO };
        assert!(ask_all(&mut queue, root.as_fd(), names, limit, &watch).is_continue());
        queue.ages.unwrap()
    }

    #[test]
    fn messages_and_directories_that_vanish_after_the_count_are_no_trouble() {
        let queue_dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(queue_dir.path().join("00")).unwrap();
        std::fs::write(queue_dir.path().join("00/S1"), "").unwrap();
        let mut names = Names::within(1000);
        for (directory, message) in [(c"00", c"S1"), (c"00", c"SDEAD"), (c"01", c"SBEEF")] {
            names.enter(directory);
            names.push(message);
        }
        let ages = ask(queue_dir.path(), &names);
        assert_eq!((ages.known, ages.refused.count, ages.finished), (1, 0, true));
    }

    #[test]
    fn directories_whose_names_were_not_kept_are_listed_again() {
        let queue_dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(queue_dir.path().join("00")).unwrap();
        for file in ["00/S1", "00/S2", "00/M2"] {
            std::fs::write(queue_dir.path().join(file), "").unwrap();
        }
        let mut names = Names::within(0);
        names.enter(c"00");
        names.push(c"S1");
        let ages = ask(queue_dir.path(), &names);
        assert_eq!((ages.known, ages.refused.count), (2, 0));
    }
}
