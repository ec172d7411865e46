//! Queue trees as Axigen lays them out.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{NOBODY, is_root, open_tempdir};

/// A queue directory that is removed at the end of the test.
pub(crate) struct QueueTree {
    _dir: TempDir,
    root: PathBuf,
}

impl QueueTree {
    /// An empty queue with four subdirectories.
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        let root = dir.path().join("queue");
        fs::create_dir(&root).unwrap();
        for name in ["00", "0F", "1E", "3F"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        Self { _dir: dir, root }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    pub(crate) fn join(&self, path: impl AsRef<OsStr>) -> PathBuf {
        self.root.join(Path::new(&path))
    }

    /// A file that has just been written.
    pub(crate) fn file(&self, path: impl AsRef<OsStr>) -> &Self {
        File::create(self.join(path)).unwrap();
        self
    }

    /// A file last written `age` ago.
    pub(crate) fn aged(&self, path: impl AsRef<OsStr>, age: Duration) -> &Self {
        let file = File::create(self.join(path)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        self
    }

    /// `count` messages with their message files, spread over the subdirectories.
    pub(crate) fn messages(&self, count: u64) -> &Self {
        for (number, directory) in (0..count).zip(["00", "0F", "1E", "3F"].into_iter().cycle()) {
            self.file(format!("{directory}/S{number:X}")).file(format!("{directory}/M{number:X}"));
        }
        self
    }

    pub(crate) fn dir(&self, path: &str) -> &Self {
        fs::create_dir(self.join(path)).unwrap();
        self
    }

    /// Gives a path to the account of unprivileged tests, so that its own mode bits count.
    pub(crate) fn give(&self, path: impl AsRef<OsStr>) -> &Self {
        if is_root() {
            chown(self.join(path), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        self
    }
}
