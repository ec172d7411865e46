//! A configuration, a spool and runs of `notify_pushover` that never leave this host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use super::http_server::HttpServer;
use super::{Outcome, chmod, open_tempdir, program};

pub(crate) const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
pub(crate) const ALICE: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";
pub(crate) const BOB: &str = "gznej3rKEVAvPUxu9vvNnqpmZpokzF";

/// A host with its own configuration and spool.
pub(crate) struct Host {
    dir: TempDir,
    url: String,
}

impl Host {
    pub(crate) fn of(server: &HttpServer) -> Self {
        Self::at(&server.url())
    }

    pub(crate) fn at(url: &str) -> Self {
        let host = Self { dir: open_tempdir(), url: url.to_owned() };
        host.configure(&format!(
            "token = '{TOKEN}'\nrecipient = 'alice'\ndigest = 0\n[users]\nalice = '{ALICE}'\nbob = '{BOB}'\n"
        ));
        host
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.config(), text).unwrap();
        chmod(&self.config(), 0o640);
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("pushover.toml")
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.path().join("spool")
    }

    pub(crate) fn command(&self) -> Command {
        self.command_at(&self.spool())
    }

    /// `notify_pushover` on another spool.
    pub(crate) fn command_at(&self, spool: &Path) -> Command {
        self.command_of("notify_pushover", spool)
    }

    pub(crate) fn check_command(&self) -> Command {
        self.command_of("check_pushover", &self.spool())
    }

    /// A run of `check_pushover`.
    pub(crate) fn check(&self, options: &[&str]) -> Outcome {
        self.check_at(&self.spool(), options)
    }

    /// A run of `check_pushover` on another spool.
    pub(crate) fn check_at(&self, spool: &Path, options: &[&str]) -> Outcome {
        let mut command = self.command_of("check_pushover", spool);
        Outcome::of(&command.args(options).output().unwrap())
    }

    fn command_of(&self, name: &str, spool: &Path) -> Command {
        let mut command = Command::new(program(name));
        command
            .env_clear()
            .env("XDG_RUNTIME_DIR", self.path())
            .stdin(Stdio::null())
            .arg("--config")
            .arg(self.config())
            .arg("--spool-dir")
            .arg(spool)
            .args(["--api-url", &self.url]);
        command
    }

    pub(crate) fn run(&self, options: &[&str]) -> Outcome {
        Outcome::of(&self.command().args(options).output().unwrap())
    }

    pub(crate) fn send(&self, message: &str) -> Outcome {
        self.run(&["--message", message])
    }

    /// Names of the waiting messages.
    pub(crate) fn waiting(&self) -> Vec<String> {
        messages_in(&self.spool())
    }

    /// Texts of the waiting messages, oldest first.
    pub(crate) fn waiting_messages(&self) -> Vec<String> {
        let text = |name: &String| {
            let item: Value =
                serde_json::from_slice(&fs::read(self.spool().join(name)).unwrap()).unwrap();
            let fields = item["fields"].as_array().unwrap().iter();
            let mut messages = fields.filter(|field| field[0] == "message");
            messages.next().unwrap()[1].as_str().unwrap().to_owned()
        };
        self.waiting().iter().map(text).collect()
    }

    /// Names of the messages in `failed/`.
    pub(crate) fn failed(&self) -> Vec<String> {
        messages_in(&self.spool().join("failed"))
    }

    /// All that is in the spool, as one text.
    pub(crate) fn everything_in_the_spool(&self) -> String {
        everything_below(&self.spool())
    }
}

fn messages_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).collect();
    names.sort();
    names
}

fn everything_below(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        text.push_str(&path.display().to_string());
        if path.is_dir() {
            text.push_str(&everything_below(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
    text
}

/// An item as `notify_pushover` writes it.
pub(crate) fn item(host: &Host, message: &str, created: u64, attempts: u32) -> String {
    let config = host.config();
    format!(
        r#"{{"address":{{"config":"{}","token":"configured","user":"configured","recipient":"alice"}},"fields":[["message","{message}"]],"created":{created},"attempts":{attempts}}}"#,
        config.display()
    )
}

/// The name of a waiting message; a smaller number is older.
pub(crate) fn name(number: u64) -> String {
    format!("{number:020}-1-0123456789abcdef.json")
}

/// The worker of a run.
pub(crate) fn worker_of(run: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{run}/task/{run}/children")).unwrap();
    children.trim().parse().expect(&children)
}

/// The name of this host without its domain, as a title has it.
pub(crate) fn own_name() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_str().unwrap().split('.').next().unwrap().to_owned()
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    age.unwrap().as_secs()
}

/// An empty spool.
pub(crate) fn make_spool(host: &Host) {
    fs::create_dir(host.spool()).unwrap();
    chmod(&host.spool(), 0o700);
}
