//! What can be wrong with a spool.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;

/// What is wrong with the spool.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// It is not there.
    #[error("spool {} does not exist", .0.display())]
    Missing(PathBuf),
    /// It is a symbolic link or no directory.
    #[error("spool {} is not a directory, but a link or a file", .0.display())]
    NotADirectory(PathBuf),
    /// Somebody else could have put messages there.
    #[error("spool {} belongs to user {owner} and group {group}; the owner must be root or the user who sends", path.display())]
    ForeignOwner { path: PathBuf, owner: u32, group: u32 },
    /// Everybody may write there.
    #[error("spool {} is writable by all users; chmod o-w {}", .0.display(), .0.display())]
    OpenToAll(PathBuf),
    /// Root's own, but others can change what root would find there.
    #[error("root does not use spool {}, which its group can change", path.display())]
    SharedByRoot {
        path: Box<Path>,
        /// What to run instead.
        instead: Box<str>,
    },
    /// Root cannot become the owner.
    #[error("root cannot become the owner of spool {}: {}", path.display(), cause.desc())]
    Identity {
        path: Box<Path>,
        cause: Errno,
        /// What to run instead.
        instead: Box<str>,
    },
    /// Others can lay the way to it elsewhere.
    #[error("root does not use spool {}: others than root and its owner can change {}", path.display(), above.display())]
    UnsafeWay { path: Box<Path>, above: Box<Path> },
    /// Whoever asks it gets no answer.
    #[error("spool {} does not answer{since}", path.display())]
    NoAnswer {
        path: Box<Path>,
        /// Since when, in words, with what leads there.
        since: Box<str>,
    },
    /// An operation failed.
    #[error("spool {}: {doing}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: Arc<io::Error> },
}

impl SpoolError {
    /// What to run instead, if that would help.
    #[must_use]
    pub(crate) fn way_out(&self) -> Option<&str> {
        match self {
            Self::SharedByRoot { instead, .. } | Self::Identity { instead, .. } => Some(instead),
            _ => None,
        }
    }

    /// What the system said while `doing` something in the spool at `path`.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source: Arc::new(source) }
    }
}
