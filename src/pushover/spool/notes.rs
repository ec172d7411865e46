//! Small files beside the messages: what runs remember, and secrets that the drainer needs.

use std::io::{self, Write};
use std::path::PathBuf;

use super::name::TEMPORARY;
use super::{Spool, SpoolError};
use crate::secret::Secret;

/// More are not looked at.
const NOTES: usize = 200;

impl Spool {
    /// Reads a small file of the drainer's.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn read_note(&self, name: &str) -> io::Result<Vec<u8>> {
        self.waiting.read(name)
    }

    /// The names of small files that begin like this. At most as many as one host has problems that matter.
    #[must_use]
    pub(crate) fn notes(&self, start: &str) -> Vec<String> {
        let mut names = self.waiting.names().unwrap_or_default();
        names.retain(|name| name.starts_with(start));
        names.truncate(NOTES);
        names
    }

    /// Replaces a small file of the drainer's; its loss would be tolerable.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn write_note(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = format!("{TEMPORARY}note-{}", std::process::id());
        let _ = self.waiting.remove(&temporary);
        self.waiting.create(&temporary)?.write_all(bytes)?;
        let Err(error) = self.waiting.rename(&temporary, name) else {
            return Ok(());
        };
        let _ = self.waiting.remove(&temporary);
        // In a sticky directory nobody replaces a file of another member of the group, but may write into it.
        if error.kind() == io::ErrorKind::PermissionDenied {
            return self.waiting.overwrite(name, bytes);
        }
        Err(error)
    }

    /// Puts a secret into a file of its own, for whoever sends what waits, and returns its path. `name` has no meaning
    /// here, but begins with a dot.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written.
    pub(crate) fn keep_secret(&self, name: &str, secret: &Secret) -> Result<PathBuf, SpoolError> {
        let bytes = secret.expose().as_bytes();
        if self.waiting.read(name).is_ok_and(|known| known == bytes) {
            return Ok(self.path().join(name));
        }
        self.waiting.write(name, bytes).map_err(self.trouble("cannot write a secret"))?;
        Ok(self.path().join(name))
    }

    /// Replaces every secret that was kept under a name of this beginning: what waits for the old one is sent with the new.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when one cannot be written.
    pub(crate) fn replace_secrets(&self, start: &str, secret: &Secret) -> Result<(), SpoolError> {
        let names = self.waiting.names().map_err(self.trouble("cannot list the secrets"))?;
        for name in names.iter().filter(|name| name.starts_with(start)) {
            self.keep_secret(name, secret)?;
        }
        Ok(())
    }

    /// Removes a small file, if it is there.
    pub(crate) fn remove_note(&self, name: &str) {
        let _ = self.waiting.remove(name);
    }
}
