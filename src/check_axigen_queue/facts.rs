//! What was seen of the queue, and how far the look went.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use serde::{Serialize, Serializer};

use super::tree::{Census, Size};

/// Everything one run saw. Grows while the probe works, so a run that is cut short still has it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Facts {
    /// How the queue directories were found, for people.
    pub(super) found_by: String,
    /// One entry a queue directory.
    pub(super) queues: Vec<Queue>,
    /// Why the look ended early, if it did.
    pub(super) cut_short: Option<String>,
    /// Who looked; known only when something was denied.
    pub(super) account: Option<String>,
}

/// One queue directory.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Queue {
    #[serde(serialize_with = "lossy")]
    pub(super) path: PathBuf,
    /// Messages counted so far.
    pub(super) messages: u64,
    /// Whether the count reached the end of the tree; what could not be read on the way is in `unread`.
    pub(super) listed: bool,
    /// Directories named by hexadecimal digits, as Axigen names them.
    pub(super) subdirectories: u64,
    /// The directories with most messages.
    pub(super) fullest: Fullest,
    /// Directories that hold messages but could not be read.
    pub(super) unread: Noted<Unread>,
    /// Directories below the second level; their files are not counted.
    pub(super) deeper: Noted<String>,
    /// Directories beside the queue's own; not looked into.
    pub(super) other_directories: Noted<String>,
    /// Regular files that are no message's status file.
    pub(super) other_files: OtherFiles,
    /// Absent with names only.
    pub(super) ages: Option<Ages>,
    /// Absent until looked at.
    pub(super) free: Option<Result<Free, Problem>>,
    /// Absent unless asked for.
    pub(super) size: Option<Size>,
    /// Absent unless asked for.
    pub(super) census: Option<Census>,
}

impl Queue {
    /// Whether `messages` is the whole number, as far as a running queue has one.
    pub(super) fn is_counted(&self) -> bool {
        self.listed && self.unread.count == 0 && self.subdirectories > 0 && !self.is_unrecognised()
    }

    /// No message, but enough settled files of another kind that this may be a layout we do not know.
    pub(super) fn is_unrecognised(&self) -> bool {
        self.messages == 0 && self.other_files.settled >= OtherFiles::ENOUGH
    }
}

/// The five directories with most messages, fullest first; one far above the rest points at a fault.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Fullest(Vec<(String, u64)>);

impl Fullest {
    const KEPT: usize = 5;

    pub(super) fn add(&mut self, directory: &str, messages: u64) {
        let place = self
            .0
            .iter()
            .take_while(|(_, kept)| *kept >= messages)
            .count();
        if messages > 0 && place < Self::KEPT {
            self.0.insert(place, (directory.to_owned(), messages));
            self.0.truncate(Self::KEPT);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, u64)> {
        self.0.iter()
    }
}

/// How many, and the first of them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Noted<T> {
    pub(super) count: u64,
    pub(super) first: Option<T>,
}

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self {
            count: 0,
            first: None,
        }
    }
}

impl<T> Noted<T> {
    pub(super) fn note(&mut self, item: impl FnOnce() -> T) {
        self.count += 1;
        self.first.get_or_insert_with(item);
    }
}

/// A directory whose messages are not in the count.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unread {
    #[serde(serialize_with = "lossy")]
    pub(super) path: PathBuf,
    pub(super) problem: Problem,
    /// The directory above that may not be entered, when it is not `path` itself that is closed.
    pub(super) closed_parent: Option<PathBuf>,
}

/// Why something could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The system call's error.
    System(Errno),
    /// A symbolic link below the root, which is not followed.
    SymbolicLink,
    /// A mount point below the root, which is not crossed.
    OtherFileSystem,
    /// The file system gives no figure.
    NotTold,
}

impl Problem {
    pub(super) fn is_denied(self) -> bool {
        matches!(self, Self::System(Errno::ACCESS | Errno::PERM))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(errno) => f.write_str(&errno_text(*errno)),
            Self::SymbolicLink => f.write_str("is a symbolic link"),
            Self::OtherFileSystem => f.write_str("is on another file system"),
            Self::NotTold => f.write_str("the file system does not tell"),
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// "Permission denied", without the number that std adds.
fn errno_text(errno: Errno) -> String {
    let text = std::io::Error::from(errno).to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Regular files beside the messages, by the first byte of their names.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct OtherFiles {
    pub(super) count: u64,
    /// How many are older than ten minutes. Looked at only when there is no message, and no further than `ENOUGH`.
    pub(super) settled: u64,
    #[serde(skip)]
    by_first_byte: Tally,
}

/// A count for each value of a byte.
#[derive(Clone, Debug)]
struct Tally([u64; 256]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl OtherFiles {
    /// So many settled files of another kind, and no message, are a layout we do not know.
    pub(super) const ENOUGH: u64 = 10;
    /// A file of this age is not just being written.
    pub(super) const SETTLED: Duration = Duration::from_secs(600);

    pub(super) fn note(&mut self, name: &[u8]) {
        self.count += 1;
        if let Some(tally) = name
            .first()
            .and_then(|byte| self.by_first_byte.0.get_mut(usize::from(*byte)))
        {
            *tally += 1;
        }
    }

    /// The first letters with their counts, most frequent first; what is no ASCII letter or digit is `?`.
    pub(super) fn prefixes(&self) -> Vec<(char, u64)> {
        let mut letters = BTreeMap::new();
        for (byte, count) in (0_u8..=u8::MAX)
            .zip(self.by_first_byte.0)
            .filter(|(_, count)| *count > 0)
        {
            let letter = if byte.is_ascii_alphanumeric() {
                char::from(byte)
            } else {
                '?'
            };
            *letters.entry(letter).or_insert(0) += count;
        }
        let mut letters: Vec<_> = letters.into_iter().collect();
        letters.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        letters
    }
}

/// Counts by age, each in the first bucket that ends above it; the last bucket has no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct AgeBuckets([u64; 8]);

impl AgeBuckets {
    /// The ends in seconds, with their metric labels.
    const ENDS: [(u64, &str); 8] = [
        (300, "under_5m"),
        (900, "under_15m"),
        (3600, "under_1h"),
        (4 * 3600, "under_4h"),
        (8 * 3600, "under_8h"),
        (86_400, "under_1d"),
        (5 * 86_400, "under_5d"),
        (u64::MAX, "over_5d"),
    ];

    pub(super) fn add(&mut self, age_seconds: u64) {
        let bucket = Self::ENDS
            .iter()
            .take_while(|(end, _)| age_seconds >= *end && *end < u64::MAX)
            .count();
        if let Some(count) = self.0.get_mut(bucket) {
            *count += 1;
        }
    }

    /// Adds another queue's counts.
    pub(super) fn merge(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Label and count, youngest first.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::ENDS.into_iter().map(|(_, label)| label).zip(self.0)
    }

    /// Younger than five minutes.
    pub(super) fn recent(self) -> u64 {
        self.0.first().copied().unwrap_or(0)
    }
}

/// Ages of messages, where arrival is the earlier of mtime and birth time of the status file.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Ages {
    /// Whether every message was asked; those that refused are in `refused`.
    pub(super) finished: bool,
    /// Messages whose age is known.
    pub(super) known: u64,
    /// Older than the limit that was asked for.
    pub(super) older: u64,
    /// Seconds; absent while no age is known.
    pub(super) oldest_seconds: Option<u64>,
    pub(super) buckets: AgeBuckets,
    /// Arrival lies in the future; counted as age 0.
    pub(super) future: u64,
    /// No birth time is known; arrival is the mtime.
    pub(super) without_birth: u64,
    /// Arrival is the birth time, since the file was written again later.
    pub(super) by_birth: u64,
    /// Messages or directories that refused to tell.
    pub(super) refused: Noted<Problem>,
}

impl Ages {
    /// Adds a message that arrived `arrival` seconds and is judged at `now` seconds, both since the epoch.
    pub(super) fn add(&mut self, arrival: i64, now: i64, older_than: Duration) {
        let age = u64::try_from(now.saturating_sub(arrival)).unwrap_or_else(|_| {
            self.future += 1;
            0
        });
        self.known += 1;
        self.older += u64::from(age > older_than.as_secs());
        self.oldest_seconds = self.oldest_seconds.max(Some(age));
        self.buckets.add(age);
    }
}

/// Space left on a queue's file system for an ordinary account, as `df` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Free {
    /// Per cent of bytes, rounded down to 0.01.
    pub(super) bytes_percent: f64,
    /// Per cent of inodes; absent where the file system has no fixed number (btrfs, some network file systems).
    pub(super) inodes_percent: Option<f64>,
}

fn lossy<S: Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_lands_in_the_first_bucket_that_ends_above_it() {
        for (age, bucket) in [
            (0, 0),
            (299, 0),
            (300, 1),
            (3599, 2),
            (3600, 3),
            (86_399, 5),
            (86_400, 6),
            (432_000, 7),
        ] {
            let mut ages = Ages::default();
            ages.add(1_000_000 - age, 1_000_000, Duration::from_secs(3600));
            assert_eq!(
                ages.buckets.iter().position(|(_, count)| count == 1),
                Some(bucket),
                "{age}"
            );
            assert_eq!(ages.older, u64::from(age > 3600), "{age}");
            assert_eq!(ages.buckets.recent(), u64::from(age < 300), "{age}");
        }
    }

    #[test]
    fn an_arrival_in_the_future_has_age_zero_and_is_noted() {
        let mut ages = Ages::default();
        ages.add(2000, 1000, Duration::ZERO);
        ages.add(i64::MAX, i64::MIN, Duration::ZERO);
        assert_eq!(
            (
                ages.future,
                ages.oldest_seconds,
                ages.older,
                ages.buckets.recent()
            ),
            (2, Some(0), 0, 2)
        );
    }

    #[test]
    fn the_five_fullest_directories_are_kept_in_order() {
        let mut fullest = Fullest::default();
        for (directory, messages) in [
            ("00", 3),
            ("01", 0),
            ("02", 9),
            ("03", 1),
            ("04", 3),
            ("05", 7),
            ("06", 2),
        ] {
            fullest.add(directory, messages);
        }
        let kept: Vec<&str> = fullest
            .iter()
            .map(|(directory, _)| directory.as_str())
            .collect();
        assert_eq!(kept, ["02", "05", "00", "04", "06"]);
    }

    #[test]
    fn prefixes_name_letters_only() {
        let mut files = OtherFiles::default();
        for name in [&b"M1"[..], b"M2", b"\xff", b"|", b"x"] {
            files.note(name);
        }
        assert_eq!(files.prefixes(), [('?', 2), ('M', 2), ('x', 1)]);
        assert_eq!(files.count, 5);
    }
}
