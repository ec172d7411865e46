//! Everything below the queue directory, deeper than what is counted: sizes, and a census without names.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use walkdir::{DirEntry, WalkDir};

use super::ages::AgeBuckets;
use super::scan;
use crate::deadline::Deadline;

/// The size of all regular files on the queue's file system.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Size {
    pub(super) bytes: u64,
    /// Of one file.
    pub(super) largest_bytes: u64,
    pub(super) files: u64,
    /// Directories and files that could not be asked.
    pub(super) unread: u64,
    pub(super) finished: bool,
}

/// Adds up file sizes; breaks when the time is up.
pub(super) fn measure(root: &Path, deadline: &Deadline, size: &mut Size) -> ControlFlow<()> {
    each(root, deadline, |entry| {
        match entry.map(|entry| (entry.file_type().is_file(), entry.metadata())) {
            Ok((true, Ok(file))) => {
                size.files += 1;
                size.bytes = size.bytes.saturating_add(file.len());
                size.largest_bytes = size.largest_bytes.max(file.len());
            }
            Ok((false, _)) => {}
            Ok((true, Err(error))) if is_gone(&error) => {}
            Err(error) if is_gone(&error) => {}
            Ok((true, Err(_))) | Err(_) => size.unread += 1,
        }
    })?;
    size.finished = true;
    ControlFlow::Continue(())
}

/// What stands in the tree, by kind. Holds no name, so it can be shown to strangers.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Census {
    /// "depth 2 file S(hex)" -> what is known of the entries of that kind.
    pub(super) kinds: BTreeMap<String, Kind>,
    pub(super) unread: u64,
    pub(super) finished: bool,
}

/// Entries of one kind.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Kind {
    pub(super) count: u64,
    /// Octal mode -> count.
    pub(super) modes: BTreeMap<String, u64>,
    /// Ages by mtime, in the buckets of the check.
    pub(super) by_mtime: AgeBuckets,
    /// Ages by birth time.
    pub(super) by_birth: AgeBuckets,
    pub(super) without_birth: u64,
    /// mtime more than a second after birth: written again later.
    pub(super) rewritten: u64,
    /// mtime more than a second before birth: copied, or set on purpose.
    pub(super) backdated: u64,
    pub(super) in_future: u64,
}

/// Different kinds told apart; a tree of more is no queue.
const MOST_KINDS: usize = 200;

/// Takes the census; breaks when the time is up.
pub(super) fn census(
    root: &Path,
    deadline: &Deadline,
    now: i64,
    census: &mut Census,
) -> ControlFlow<()> {
    each(root, deadline, |entry| {
        let Ok(entry) = entry else {
            census.unread += 1;
            return;
        };
        let mut name = kind_name(&entry);
        if census.kinds.len() >= MOST_KINDS && !census.kinds.contains_key(&name) {
            "further kinds".clone_into(&mut name);
        }
        let kind = census.kinds.entry(name).or_default();
        kind.count += 1;
        match entry.metadata() {
            Ok(metadata) => {
                kind.add(metadata.mode(), metadata.mtime(), metadata.created().ok(), now);
            }
            Err(error) if is_gone(&error) => {}
            Err(_) => census.unread += 1,
        }
    })?;
    census.finished = true;
    ControlFlow::Continue(())
}

impl Kind {
    fn add(&mut self, mode: u32, mtime: i64, birth: Option<SystemTime>, now: i64) {
        let age = |time: i64| u64::try_from(now.saturating_sub(time)).unwrap_or(0);
        *self.modes.entry(format!("{:04o}", mode & 0o7777)).or_default() += 1;
        self.in_future += u64::from(mtime > now);
        self.by_mtime.add(age(mtime));
        let Some(birth) = birth.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) else {
            self.without_birth += 1;
            return;
        };
        let birth = i64::try_from(birth.as_secs()).unwrap_or(i64::MAX);
        self.by_birth.add(age(birth));
        self.rewritten += u64::from(mtime > birth.saturating_add(1));
        self.backdated += u64::from(mtime < birth.saturating_sub(1));
    }
}

/// Depth, type and the shape of the name: its first letter when the rest is hexadecimal, else only what it is made of.
fn kind_name(entry: &DirEntry) -> String {
    let name = entry.file_name().as_bytes();
    let file_type = entry.file_type();
    let type_name = match (file_type.is_file(), file_type.is_dir(), file_type.is_symlink()) {
        (true, ..) => "file",
        (_, true, _) => "directory",
        (.., true) => "link",
        _ => "special",
    };
    let is_hex = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_hexdigit);
    let shape = match name {
        _ if entry.depth() == 0 => "root".to_owned(),
        name if is_hex(name) => format!("{} hex digits", name.len()),
        name if scan::is_message(name) => "S(hex)".to_owned(),
        [letter, rest @ ..] if letter.is_ascii_alphabetic() && is_hex(rest) => {
            format!("{}(hex)", char::from(*letter))
        }
        [letter, ..] if letter.is_ascii_alphabetic() => format!("{}(other)", char::from(*letter)),
        _ => "other".to_owned(),
    };
    format!("depth {} {type_name} {shape}", entry.depth())
}

/// Shows every entry on the root's file system, links not followed; breaks when the time is up.
fn each(
    root: &Path,
    deadline: &Deadline,
    mut show: impl FnMut(Result<DirEntry, walkdir::Error>),
) -> ControlFlow<()> {
    /// Looking at the clock costs less than asking for one file, so a few files between looks are enough.
    const BETWEEN_LOOKS: usize = 256;
    for (index, entry) in WalkDir::new(root).same_file_system(true).into_iter().enumerate() {
        if index.is_multiple_of(BETWEEN_LOOKS) && deadline.has_passed() {
            return ControlFlow::Break(());
        }
        show(entry);
    }
    ControlFlow::Continue(())
}

fn is_gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
