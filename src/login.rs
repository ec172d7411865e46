//! A file with the user and the password of one service.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::secret::{self, Secret, SecretError};

/// Most bytes of such a file.
const FILE_BYTES: u64 = 4096;

/// Who logs in.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) user: Zeroizing<String>,
    pub(crate) password: Secret,
}

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLogin {
    /// The file is of no use.
    #[error(transparent)]
    File(#[from] SecretError),
    /// The file holds something else.
    #[error("{} must hold user:password in one line", .0.display())]
    NotALogin(PathBuf),
}

impl Login {
    /// Reads a file that only its owner and group may read. The password may hold blanks, at its end as well, and colons
    /// (RFC 7617 section 2).
    ///
    /// # Errors
    /// [`NoLogin`] names the file and nothing that stands in it.
    pub(crate) fn read(path: &Path) -> Result<Self, NoLogin> {
        secret::guard();
        let text = secret::read_private(path, FILE_BYTES)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        match line.split_once(':') {
            Some((user, password))
                if !user.is_empty() && !password.is_empty() && !line.contains(char::is_control) =>
            {
                let user = Zeroizing::new(user.to_owned());
                Ok(Self { user, password: Secret::exactly(password) })
            }
            _ => Err(NoLogin::NotALogin(path.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(text: &str) -> Result<Login, NoLogin> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("login");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Login::read(&path)
    }

    #[test]
    fn a_password_is_taken_as_it_is_and_not_shown() {
        for (text, password) in
            [("test:pass:word\n", "pass:word"), ("test: blank \r\n", " blank "), ("test:x", "x")]
        {
            let login = read(text).unwrap();
            assert_eq!((login.user.as_str(), login.password.expose()), ("test", password));
            assert!(!format!("{login:?}").contains(&format!("{password:?}")));
        }
    }

    #[test]
    fn what_is_no_login_is_refused_and_not_shown() {
        for text in ["", "user", "user:", ":password", "user:pass\nword", "a\0b:c"] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, NoLogin::NotALogin(_)), "{text}");
            assert!(!error.to_string().contains("pass\n"), "{error}");
        }
    }
}
