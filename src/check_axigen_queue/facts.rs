//! What was seen of the queue, and how far the look went.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::program::{Gathered, OutOfTime};

mod ages;
mod census;
mod location;
mod metrics;
mod obstacle;

pub(super) use ages::{AgeBuckets, Ages};
pub(super) use census::{Census, Kind, Size};
pub(super) use location::{ConfigError, ConfigSays, FoundBy, ProbeError};
pub(super) use metrics::{MetricFamily, NoMetrics, Scrape};
pub(super) use obstacle::{Noted, Obstacle};

/// Everything one run saw. Grows while the probe works, so a run that is cut short still has it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Facts {
    /// Absent until they are.
    pub(super) found_by: Option<FoundBy>,
    /// One entry a queue directory.
    pub(super) queues: Vec<Queue>,
    /// Why the look ended early, if it did.
    pub(super) cut_short: Option<OutOfTime>,
    /// Who looked; known only when something was denied.
    pub(super) account: Option<String>,
}

impl Gathered for Facts {
    fn cut_short(&mut self, by: OutOfTime) {
        self.cut_short.get_or_insert(by);
    }
}

impl Facts {
    /// Whether this account may not look into a directory.
    pub(super) fn is_denied(&self) -> bool {
        let first = |queue: &Queue| queue.unread.first.as_ref().map(|unread| unread.obstacle);
        self.queues.iter().filter_map(first).any(Obstacle::is_denied)
    }
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
    /// Those of them, and in directories that are not counted, that may be messages in a layout we do not know.
    pub(super) unexplained: Unexplained,
    /// Absent with names only.
    pub(super) ages: Option<Ages>,
    /// Absent until looked at.
    pub(super) free: Option<Result<Free, Obstacle>>,
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

    /// Whether this may be a layout we do not know, of which the count tells nothing.
    pub(super) fn is_unrecognised(&self) -> bool {
        self.has_only_others() || self.has_unexplained()
    }

    /// No message, but enough settled files of another kind.
    pub(super) fn has_only_others(&self) -> bool {
        self.messages == 0 && self.other_files.settled >= OtherFiles::ENOUGH
    }

    /// Too many settled files that are named like messages and explained by none.
    pub(super) fn has_unexplained(&self) -> bool {
        self.unexplained.settled >= self.too_many_unexplained()
    }

    /// Ten, and more than one in ten of what is counted.
    pub(super) fn too_many_unexplained(&self) -> u64 {
        OtherFiles::ENOUGH.max(self.messages / 10 + 1)
    }
}

/// The five directories with most messages, fullest first; one far above the rest points at a fault.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Fullest(Vec<(String, u64)>);

impl Fullest {
    const KEPT: usize = 5;

    pub(super) fn add(&mut self, directory: &str, messages: u64) {
        let place = self.0.iter().take_while(|(_, kept)| *kept >= messages).count();
        if messages > 0 && place < Self::KEPT {
            self.0.insert(place, (directory.to_owned(), messages));
            self.0.truncate(Self::KEPT);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, u64)> {
        self.0.iter()
    }
}

/// A directory whose messages are not in the count.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unread {
    #[serde(serialize_with = "lossy")]
    pub(super) path: PathBuf,
    #[serde(rename = "problem")]
    pub(super) obstacle: Obstacle,
    /// The directory above that may not be entered, when it is not `path` itself that is closed.
    #[serde(serialize_with = "lossy_if_any")]
    pub(super) closed_parent: Option<PathBuf>,
}

/// Regular files named like messages, at any depth, that are neither counted nor belong to a message that is.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Unexplained {
    /// By their names, whatever their age.
    pub(super) count: u64,
    /// How many are older than ten minutes. Looked at no further than needed.
    pub(super) settled: u64,
    /// The first of those, below the queue.
    pub(super) first: Option<String>,
}

impl Unexplained {
    /// One of them is older than ten minutes.
    pub(super) fn settle(&mut self, path: &Path) {
        self.settled += 1;
        self.first.get_or_insert_with(|| path.display().to_string());
    }
}

/// Regular files beside the messages, by the first byte of their names.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct OtherFiles {
    pub(super) count: u64,
    /// How many are older than ten minutes. Looked at only when there is no message, and no further than `ENOUGH`.
    pub(super) settled: u64,
    /// How many are named neither like messages nor like files that belong to one.
    pub(super) named_otherwise: u64,
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
    const SETTLED: Duration = Duration::from_secs(600);

    /// Whether a file last written at `mtime` is of that age at `now`, both in seconds since the epoch.
    pub(super) fn is_settled(mtime: i64, now: i64) -> bool {
        now.saturating_sub(mtime) > Self::SETTLED.as_secs().cast_signed()
    }

    pub(super) fn note(&mut self, name: &[u8]) {
        self.count += 1;
        if let Some(tally) =
            name.first().and_then(|byte| self.by_first_byte.0.get_mut(usize::from(*byte)))
        {
            *tally += 1;
        }
    }

    /// The first letters with their counts, most frequent first; what is no ASCII letter or digit is `?`.
    pub(super) fn prefixes(&self) -> Vec<(char, u64)> {
        let mut letters = BTreeMap::new();
        for (byte, count) in
            (0_u8..=u8::MAX).zip(self.by_first_byte.0).filter(|(_, count)| *count > 0)
        {
            let letter = if byte.is_ascii_alphanumeric() { char::from(byte) } else { '?' };
            *letters.entry(letter).or_insert(0) += count;
        }
        let mut letters: Vec<_> = letters.into_iter().collect();
        letters.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        letters
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

/// JSON has no other bytes than UTF-8.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
fn lossy_if_any<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref().map(Path::display).map(|path| path.to_string()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_fullest_directories_are_kept_in_order() {
        let mut fullest = Fullest::default();
        for (directory, messages) in
            [("00", 3), ("01", 0), ("02", 9), ("03", 1), ("04", 3), ("05", 7), ("06", 2)]
        {
            fullest.add(directory, messages);
        }
        let kept: Vec<&str> = fullest.iter().map(|(directory, _)| directory.as_str()).collect();
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
