//! User and password, and how they go over the wire (RFC 4954); the password is never shown.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::{self, Secret, SecretError};

/// Who logs in.
#[derive(Debug)]
pub(super) struct Login {
    user: String,
    password: Secret,
}

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLogin {
    /// The file is of no use.
    #[error(transparent)]
    File(#[from] SecretError),
    /// The file holds something else.
    #[error("{} must hold user:password in one line", .0.display())]
    NotALogin(PathBuf),
}

/// How user and password are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// Both at once (RFC 4616).
    Plain,
    /// One after the other, each when it is asked for.
    Login,
}

impl Mechanism {
    /// The one to take of those that EHLO lists behind AUTH.
    pub(super) fn of(offered: &str) -> Option<Self> {
        let has =
            |name: &str| offered.split_whitespace().any(|word| word.eq_ignore_ascii_case(name));
        if has("PLAIN") {
            Some(Self::Plain)
        } else if has("LOGIN") {
            Some(Self::Login)
        } else {
            None
        }
    }
}

impl Login {
    /// Reads a file that only its owner and group may read.
    ///
    /// # Errors
    /// [`NoLogin`] names the file and nothing that stands in it.
    pub(super) fn read(path: &Path) -> Result<Self, NoLogin> {
        secret::guard();
        let text = secret::from_file(path)?;
        let login = text.expose().split_once(':').filter(|(user, password)| {
            let is_clean = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
            is_clean(user) && is_clean(password)
        });
        let (user, password) = login.ok_or_else(|| NoLogin::NotALogin(path.to_owned()))?;
        Ok(Self { user: user.to_owned(), password: Secret::new(password) })
    }

    /// The lines to send, the command first; each but the last is answered with 334.
    pub(super) fn lines(&self, mechanism: Mechanism) -> Vec<Secret> {
        let (user, password) = (&self.user, self.password.expose());
        match mechanism {
            Mechanism::Plain => {
                let both = Zeroizing::new(format!("\0{user}\0{password}"));
                let encoded = Zeroizing::new(STANDARD.encode(both.as_bytes()));
                vec![Secret::new(&Zeroizing::new(format!("AUTH PLAIN {}", *encoded)))]
            }
            Mechanism::Login => vec![
                Secret::new("AUTH LOGIN"),
                Secret::new(&STANDARD.encode(user)),
                Secret::new(&Zeroizing::new(STANDARD.encode(password))),
            ],
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
    fn a_login_goes_over_the_wire_as_the_standard_says() {
        let login = read("test:pass:word\n").unwrap();
        let sent = |mechanism| -> Vec<String> {
            login.lines(mechanism).iter().map(|line| line.expose().to_owned()).collect()
        };
        assert_eq!(sent(Mechanism::Plain), ["AUTH PLAIN AHRlc3QAcGFzczp3b3Jk"]);
        assert_eq!(sent(Mechanism::Login), ["AUTH LOGIN", "dGVzdA==", "cGFzczp3b3Jk"]);
        assert!(!format!("{login:?}").contains("pass:word"));
    }

    #[test]
    fn what_is_no_login_is_refused_and_not_shown() {
        for text in ["user", "user:", ":password", "user:pass\nword", "a\0b:c"] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, NoLogin::NotALogin(_)), "{text}");
            assert!(!error.to_string().contains("pass\n"), "{error}");
        }
    }

    #[test]
    fn the_mechanism_is_one_of_those_offered() {
        for (offered, expected) in [
            ("PLAIN LOGIN", Some(Mechanism::Plain)),
            ("login plain", Some(Mechanism::Plain)),
            ("CRAM-MD5 LOGIN", Some(Mechanism::Login)),
            ("CRAM-MD5 PLAIN-CLIENTTOKEN", None),
            ("", None),
        ] {
            assert_eq!(Mechanism::of(offered), expected, "{offered}");
        }
    }
}
