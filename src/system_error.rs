//! What the system says of a failure, as a value that can be kept and compared.

use std::{fmt, io};

/// An error of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SystemError {
    kind: io::ErrorKind,
    /// `errno`; errors that a library made up have none.
    code: Option<i32>,
}

impl SystemError {
    /// Whether there is nothing of that name.
    #[must_use]
    pub(crate) fn is_not_found(self) -> bool {
        self.kind == io::ErrorKind::NotFound
    }
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> Self {
        Self { kind: error.kind(), code: error.raw_os_error() }
    }
}

impl From<io::ErrorKind> for SystemError {
    fn from(kind: io::ErrorKind) -> Self {
        Self { kind, code: None }
    }
}

impl fmt::Display for SystemError {
    /// "No such file or directory (os error 2)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code).fmt(f),
            None => self.kind.fmt(f),
        }
    }
}
