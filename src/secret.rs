//! Tokens and keys: where they may come from, and that they never show.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use zeroize::Zeroizing;

use crate::named_file::{self, FileError};

/// More than any token; a larger file is the wrong one.
const FILE_BYTES: u64 = 4096;

/// A text that is never printed, and wiped from memory when it is not needed any more.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text, without the blanks and line ends an editor leaves around it.
    #[must_use]
    pub(crate) fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.trim().to_owned()))
    }

    /// Wraps a text as it is: blanks may be part of a password.
    #[must_use]
    pub(crate) fn exactly(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Keeps what this process knows to itself: no core dump, and no look into its memory or environment by other processes of
/// its account. A change of identity undoes the second.
pub(crate) fn guard() {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Why a secret could not be read. Never holds any of its text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}{}", path.display(), way_in(path, source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Everybody may read or change the file.
    #[error("{} is open to all users (mode {mode:04o}); chmod o= {}", path.display(), path.display())]
    OpenToAll {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something else than a file.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Nothing but blanks.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// Larger than any secret.
    #[error("{} is too large for what it should hold", .0.display())]
    TooLarge(PathBuf),
    /// Not text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
}

/// How this account gets to read a file, if that is what is missing.
fn way_in(path: &Path, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return String::new();
    }
    let gid = nix::unistd::getegid();
    let group = nix::unistd::Group::from_gid(gid).ok().flatten();
    let group = group.map_or_else(|| gid.to_string(), |group| group.name);
    format!("; chgrp {group} {0} && chmod 0640 {0}", path.display())
}

/// Reads a secret from a file that only its owner and group may read.
///
/// # Errors
/// [`SecretError`] names the file and what is wrong with it.
pub(crate) fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let secret = Secret::new(&read_private(path, FILE_BYTES)?);
    if secret.0.is_empty() {
        return Err(SecretError::Empty(path.to_owned()));
    }
    Ok(secret)
}

/// Reads a text file that may hold secrets: regular, closed to other users, at most `limit` bytes.
///
/// # Errors
/// [`SecretError`] names the file and what is wrong with it.
pub(crate) fn read_private(path: &Path, limit: u64) -> Result<Zeroizing<String>, SecretError> {
    read_closed(path, limit, 0o007)
}

/// Reads a text file that other users may know but not change.
///
/// # Errors
/// [`SecretError`] names the file and what is wrong with it.
pub(crate) fn read_trusted(path: &Path, limit: u64) -> Result<Zeroizing<String>, SecretError> {
    read_closed(path, limit, 0o002)
}

/// Reads a regular file without any of the `forbidden` permissions.
fn read_closed(path: &Path, limit: u64, forbidden: u32) -> Result<Zeroizing<String>, SecretError> {
    let of_no_use = |error| match error {
        FileError::Io(source) => SecretError::Unreadable { path: path.to_owned(), source },
        FileError::NotAFile => SecretError::NotAFile(path.to_owned()),
        FileError::TooLarge { .. } => SecretError::TooLarge(path.to_owned()),
        FileError::Empty => SecretError::Empty(path.to_owned()),
        FileError::OpenToAll { mode } => SecretError::OpenToAll { path: path.to_owned(), mode },
    };
    let file = named_file::open_closed(path, forbidden).map_err(of_no_use)?;
    let bytes = named_file::read(file, limit).map_err(of_no_use)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(_) => Err(SecretError::NotText(path.to_owned())),
    }
}

/// A secret from an environment variable; an empty one counts as unset.
#[must_use]
pub(crate) fn from_environment(name: &str) -> Option<Secret> {
    variable(name)
        .map(|text| Secret::new(&Zeroizing::new(text)))
        .filter(|secret| !secret.0.is_empty())
}

/// A secret from the systemd credential `name` (systemd.exec(5), `LoadCredential=`), if there is one.
///
/// # Errors
/// [`SecretError`] when the credential exists but is of no use.
pub(crate) fn from_credential(name: &str) -> Result<Option<Secret>, SecretError> {
    credential(name).map(|path| from_file(&path)).transpose()
}

/// The file of the systemd credential `name`, if there is one.
#[must_use]
pub(crate) fn credential(name: &str) -> Option<PathBuf> {
    let directory = variable("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty())?;
    Some(Path::new(&directory).join(name)).filter(|path| path.exists())
}

#[expect(clippy::disallowed_methods, reason = "secrets come from the environment, too")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn file(text: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (directory, path)
    }

    #[test]
    fn a_secret_never_shows() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
    }

    #[test]
    fn a_trailing_line_end_is_no_part_of_the_secret() {
        let (_keep, path) = file(b"  abc\r\n", 0o640);
        assert_eq!(from_file(&path).unwrap().expose(), "abc");
    }

    #[test]
    fn files_open_to_all_are_refused() {
        for mode in [0o644, 0o604, 0o642, 0o601] {
            let (_keep, path) = file(b"abc", mode);
            let error = from_file(&path).unwrap_err();
            assert!(matches!(error, SecretError::OpenToAll { .. }), "{mode:o}");
            assert!(!error.to_string().contains("abc"));
        }
    }

    #[test]
    fn empty_huge_binary_and_special_files_are_refused() {
        let (_keep, path) = file(b" \n", 0o600);
        assert!(matches!(from_file(&path), Err(SecretError::Empty(_))));
        let (_keep, path) = file(&[b'a'; 5000], 0o600);
        assert!(matches!(from_file(&path), Err(SecretError::TooLarge(_))));
        let (_keep, path) = file(b"\xff\xfe", 0o600);
        assert!(matches!(from_file(&path), Err(SecretError::NotText(_))));
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(from_file(directory.path()), Err(SecretError::NotAFile(_))));
        let missing = directory.path().join("none");
        assert!(matches!(from_file(&missing), Err(SecretError::Unreadable { .. })));
    }
}
