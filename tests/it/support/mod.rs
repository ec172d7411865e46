//! What several tests need: running a program, rights, queue trees, file systems that misbehave.

pub(crate) mod bell;
pub(crate) mod booted;
pub(crate) mod canary;
pub(crate) mod cores;
pub(crate) mod daemon;
pub(crate) mod daemons;
pub(crate) mod debug_text;
pub(crate) mod dns;
pub(crate) mod exim;
pub(crate) mod filesystem;
pub(crate) mod forge;
pub(crate) mod http_server;
pub(crate) mod icinga_notifications;
pub(crate) mod labels;
pub(crate) mod legacy;
pub(crate) mod machine;
pub(crate) mod mail_server;
pub(crate) mod mails;
pub(crate) mod openmetrics;
pub(crate) mod openssl_server;
pub(crate) mod pki;
pub(crate) mod postfix;
pub(crate) mod pushover;
pub(crate) mod queue;
pub(crate) mod relay;
pub(crate) mod report_rules;
pub(crate) mod rust_text;
pub(crate) mod scripted;
pub(crate) mod server_log;
pub(crate) mod smtp_tls;
pub(crate) mod sources;
pub(crate) mod strace;
pub(crate) mod zones;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The account of tests that must not be root.
pub(crate) const NOBODY: u32 = 65534;

/// The built program of that name.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_check_axigen_queue")).with_file_name(name)
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; a death by signal fails the test.
    pub(crate) code: i32,
    pub(crate) stdout: String,
}

impl Outcome {
    /// Checks what holds for every run: an exit code, UTF-8 on standard output, no value in Rust's notation there, the
    /// rules of reports kept, nothing on standard error.
    pub(crate) fn of(output: &Output) -> Self {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "standard error");
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status));
        let stdout = String::from_utf8(output.stdout.clone()).unwrap();
        assert_eq!(debug_text::found(&stdout), None, "Rust's notation in: {stdout}");
        report_rules::hold(&stdout);
        Self { code, stdout }
    }

    pub(crate) fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }

    /// The second line of a check, where it is not the first of the long output.
    pub(crate) fn next_step(&self) -> Option<&str> {
        self.stdout.lines().nth(1)
    }

    /// Value and limits by label, as `value[;limits]`.
    pub(crate) fn perfdata(&self) -> BTreeMap<&str, &str> {
        let (_, perfdata) = self.first_line().split_once(" | ").unwrap_or_default();
        perfdata.split(' ').filter_map(|item| item.split_once('=')).collect()
    }

    /// The value of a metric without unit and limits.
    pub(crate) fn metric(&self, label: &str) -> Option<&str> {
        Some(
            self.perfdata()
                .get(label)?
                .split(';')
                .next()
                .unwrap()
                .trim_end_matches(['s', '%', 'B']),
        )
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32, start: &str) {
        assert!(self.first_line().starts_with(start), "{start:?} expected: {}", self.stdout);
        assert_eq!(self.code, code, "{}", self.stdout);
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    Outcome::of(&command.stdin(Stdio::null()).output().unwrap())
}

/// Whether the tests may mount, change owners and drop rights.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says that a test needs root and is skipped without; in CI that is a failure.
pub(crate) fn skipped_without_root(test: &str) -> bool {
    if is_root() {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "{test} needs root, and CI must not skip it");
    eprintln!("skipped, needs root: {test}");
    true
}

/// A program that an account without rights runs, from a place it can reach.
pub(crate) struct Unprivileged {
    dir: TempDir,
    path: PathBuf,
}

impl Unprivileged {
    pub(crate) fn new(name: &str) -> Self {
        let dir = open_tempdir();
        let path = dir.path().join(name);
        // Written by another process: a test in another thread that starts a program meanwhile would inherit the open
        // file, and a file open for writing cannot be run.
        let copied = Command::new("cp").arg(program(name)).arg(&path).status();
        assert!(copied.unwrap().success());
        Self { dir, path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that drops to nobody when the tests run as root.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(self.dir.path());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// A temporary directory that other accounts may enter.
pub(crate) fn open_tempdir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    chmod(dir.path(), 0o755);
    dir
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
