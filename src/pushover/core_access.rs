//! `[acknowledge]` in `pushover.toml`: how the core is reached that is to learn what was acknowledged on the phone.

use std::path::PathBuf;

use reqwest::Url;
use serde::Deserialize;

use super::client::is_this_host;

/// The table as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct CoreTable {
    url: Option<String>,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    command_file: Option<PathBuf>,
    status_file: Option<PathBuf>,
}

/// The way to a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CoreAccess {
    /// Icinga 2 by its API.
    Icinga(IcingaAccess),
    /// Nagios or Naemon by their external command file.
    CommandFile(CommandFileAccess),
}

/// Icinga 2's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IcingaAccess {
    /// Where it is, without the version.
    pub(crate) url: Url,
    /// Trust the certificates of this file, and no others.
    pub(crate) ca_file: Option<PathBuf>,
    /// The API user.
    pub(crate) user: String,
    /// Holds that user's password.
    pub(crate) password_file: PathBuf,
}

/// A named pipe that takes commands, and the file that tells what the core thinks of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandFileAccess {
    /// `command_file` of the core.
    pub(crate) command_file: PathBuf,
    /// `status_file` of the core.
    pub(crate) status_file: PathBuf,
}

/// What is wrong with the table. Never holds a value from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CoreMistake {
    /// There are two ways, or none.
    #[error("[acknowledge] needs either url or command-file")]
    OneWay,
    /// A URL without what it takes to use it.
    #[error("[acknowledge] needs user and password-file beside url")]
    Credentials,
    /// Not where an API can be.
    #[error("the url in [acknowledge] is not a URL such as https://icinga.example.com:5665")]
    Url,
    /// The password would cross the network in the clear.
    #[error("the url in [acknowledge] must be https, unless it is on this host")]
    InTheClear,
}

impl CoreTable {
    /// The way that the table describes.
    ///
    /// # Errors
    /// [`CoreMistake`] when it describes none.
    pub(crate) fn access(&self) -> Result<CoreAccess, CoreMistake> {
        match (&self.url, &self.command_file) {
            (Some(url), None) => self.icinga(url).map(CoreAccess::Icinga),
            (None, Some(pipe)) => {
                // Debian, RHEL and the sources of Nagios have `status.dat` in the directory above the pipe's own.
                let beside = || pipe.parent()?.parent().map(|above| above.join("status.dat"));
                Ok(CoreAccess::CommandFile(CommandFileAccess {
                    command_file: pipe.clone(),
                    status_file: self.status_file.clone().or_else(beside).unwrap_or_default(),
                }))
            }
            _ => Err(CoreMistake::OneWay),
        }
    }

    fn icinga(&self, url: &str) -> Result<IcingaAccess, CoreMistake> {
        let url = Url::parse(url).map_err(|_| CoreMistake::Url)?;
        match url.scheme() {
            "https" => {}
            "http" if is_this_host(&url) => {}
            "http" => return Err(CoreMistake::InTheClear),
            _ => return Err(CoreMistake::Url),
        }
        match (&self.user, &self.password_file) {
            (Some(user), Some(file)) if !user.is_empty() => Ok(IcingaAccess {
                url,
                ca_file: self.ca_file.clone(),
                user: user.clone(),
                password_file: file.clone(),
            }),
            _ => Err(CoreMistake::Credentials),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_leads_to_one_core_or_says_why_not() {
        let user = "user = 'u'\npassword-file = '/p'\n";
        for (text, wanted) in [
            (format!("url = 'https://i:5665'\n{user}"), Ok("")),
            (format!("url = 'http://127.0.0.1:1'\n{user}"), Ok("")),
            (
                "command-file = '/var/lib/nagios4/rw/nagios.cmd'".to_owned(),
                Ok("/var/lib/nagios4/status.dat"),
            ),
            ("command-file = '/c'\nstatus-file = '/s'".to_owned(), Ok("/s")),
            (String::new(), Err(CoreMistake::OneWay)),
            (format!("url = 'https://i'\ncommand-file = '/c'\n{user}"), Err(CoreMistake::OneWay)),
            (format!("url = 'http://i:5665'\n{user}"), Err(CoreMistake::InTheClear)),
            (format!("url = 'i:5665'\n{user}"), Err(CoreMistake::Url)),
            ("url = 'https://i:5665'\nuser = 'u'".to_owned(), Err(CoreMistake::Credentials)),
        ] {
            let table: CoreTable = toml::from_str(&text).unwrap();
            let seen = table.access().map(|access| match access {
                CoreAccess::Icinga(_) => String::new(),
                CoreAccess::CommandFile(files) => files.status_file.display().to_string(),
            });
            assert_eq!(seen, wanted.map(str::to_owned), "{text}");
        }
    }
}
