//! The command line of this process, and how that of a worker differs from that of its run.
//!
//! A worker is known by its argument 0: no option that somebody could type or read of, nothing that programs it starts
//! would inherit, and `ps` shows what hangs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What stands behind the program's name in a worker's argument 0.
const MARK: &[u8] = b" (worker)";

/// Whether this process is a worker.
#[must_use]
pub(crate) fn is_of_worker() -> bool {
    std::env::args_os().next().unwrap_or_default().as_bytes().ends_with(MARK)
}

/// This run's words as they were typed.
pub(crate) fn typed() -> impl Iterator<Item = OsString> {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    let name = name
        .as_bytes()
        .strip_suffix(MARK)
        .map_or(name.clone(), |name| OsStr::from_bytes(name).to_owned());
    std::iter::once(name).chain(words)
}

/// The words of a run's worker.
pub(crate) fn of_worker(
    typed: impl IntoIterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let mut words = typed.into_iter();
    let name = words.next().unwrap_or_default();
    std::iter::once(OsString::from_vec([name.as_bytes(), MARK].concat())).chain(words)
}
