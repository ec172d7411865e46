//! The command line of this process, and how those of its helpers differ from that of their run.
//!
//! A helper is known by its argument 0: no option that somebody could type or read of, nothing that programs it starts
//! would inherit, and `ps` shows what hangs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What a process does for the run that somebody started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It is the run.
    Run,
    /// It does the work.
    Worker,
    /// It does what can be done without the spool on which the worker hangs.
    Substitute,
}

impl Duty {
    /// That of this process.
    #[must_use]
    pub(crate) fn own() -> Self {
        Self::named_in(&std::env::args_os().next().unwrap_or_default())
    }

    /// That which an argument 0 names.
    #[must_use]
    pub(crate) fn named_in(name: &OsStr) -> Self {
        split(name).1
    }

    /// What stands behind the program's name in argument 0.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Run => b"",
            Self::Worker => b" (worker)",
            Self::Substitute => b" (substitute)",
        }
    }
}

/// The program's name, and what it is to do.
fn split(name: &OsStr) -> (&OsStr, Duty) {
    let marked = [Duty::Worker, Duty::Substitute].into_iter().find_map(|duty| {
        let name = name.as_bytes().strip_suffix(duty.mark())?;
        Some((OsStr::from_bytes(name), duty))
    });
    marked.unwrap_or((name, Duty::Run))
}

/// This run's words as they were typed.
pub(crate) fn typed() -> impl Iterator<Item = OsString> {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    std::iter::once(split(&name).0.to_owned()).chain(words)
}

/// The words of a helper of the run that was started with these.
pub(crate) fn of_helper(
    duty: Duty,
    typed: impl IntoIterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let mut words = typed.into_iter();
    let name = words.next().unwrap_or_default();
    std::iter::once(OsString::from_vec([name.as_bytes(), duty.mark()].concat())).chain(words)
}
