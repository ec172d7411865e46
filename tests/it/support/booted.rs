//! A Debian that runs its own systemd, in a network of its own, with our package installed while it runs.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;

use super::machine::{manifest, package};
use super::{is_root, open_tempdir};

/// Longest wait for a Debian that is laid out from the network and boots.
const BOOT: Duration = Duration::from_secs(300);

/// Says that a test boots a Debian and is skipped where that cannot be; in CI that is a failure.
pub(crate) fn skipped_without_nspawn(test: &str) -> bool {
    let tried = Command::new("systemd-nspawn").arg("--version").stdout(Stdio::null()).status();
    if is_root() && tried.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{test} needs root and systemd-nspawn, and CI must not skip"
    );
    eprintln!("skipped, needs root and systemd-nspawn: {test}");
    true
}

/// The Debian, until it is dropped.
pub(crate) struct Booted {
    dir: TempDir,
    nspawn: Child,
    /// Its first process, as it is numbered here.
    leader: i32,
}

impl Booted {
    /// Boots a Debian of this name and installs the package of `make packages`. The thread that calls this, and what it
    /// starts from then on, are in the network of the Debian.
    pub(crate) fn new(suite: &str) -> Self {
        let dir = open_tempdir();
        let outside = open_tempdir();
        let socket = outside.path().join("notify");
        let notified = UnixDatagram::bind(&socket).unwrap();
        notified.set_read_timeout(Some(BOOT)).unwrap();
        let nspawn = Command::new(manifest("tests/lab/systemd.sh"))
            .arg(dir.path())
            .env("SUITE", suite)
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut booted = Self { dir, nspawn, leader: 0 };
        booted.leader = leader_when_ready(&notified);
        // It would wait for somebody to read what it reports from now on.
        drop(notified);
        let network = fs::File::open(format!("/proc/{}/ns/net", booted.leader)).unwrap();
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        booted.must(&["systemctl", "is-system-running", "--wait"]);
        fs::copy(package(), booted.path("srv/package.deb")).unwrap();
        booted.must(&["dpkg", "-i", "/srv/package.deb"]);
        booted
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["--all", "--target", &self.leader.to_string(), "--", "env", "-i"])
            .arg("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command says that must succeed.
    #[track_caller]
    pub(crate) fn must(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}{errors}");
        said
    }

    /// What the journal has of this boot, without times and names.
    #[track_caller]
    pub(crate) fn journal(&self, which: &[&str]) -> String {
        self.must(&["journalctl", "--sync"]);
        self.must(&[&["journalctl", "--boot", "--output=cat", "--no-pager"], which].concat())
    }

    pub(crate) fn processes(&self) -> Processes {
        Processes { leader: self.leader }
    }

    /// The lines of a script, each of which must succeed.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) -> String {
        self.must(&["sh", "-euc", script])
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let leader = Pid::from_raw(self.leader);
        let leader = leader.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        if let Some(leader) = leader {
            // With it all its processes, and then nspawn by itself; without nspawn they would go on.
            let _ = pidfd_send_signal(&leader, Signal::KILL);
        } else {
            let _ = self.nspawn.kill();
        }
        let id = self.nspawn.id();
        let _ = self.nspawn.wait();
        let groups = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let groups =
            groups.lines().filter_map(|line| line.split_once(' ')?.1.split_once(" cgroup2 "));
        for (hierarchy, _) in groups {
            remove_groups(&Path::new(hierarchy).join(format!("lab-{id}")));
        }
    }
}

/// Those of one Debian.
#[derive(Clone, Copy)]
pub(crate) struct Processes {
    leader: i32,
}

impl Processes {
    /// Those of a unit, or of all whose names begin so: their directories in /proc.
    pub(crate) fn of(self, unit: &str) -> Vec<PathBuf> {
        let tree = |process: &Path| fs::read_link(process.join("ns/pid")).ok();
        let ours = tree(&PathBuf::from(format!("/proc/{}", self.leader)));
        let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        let is_of_it = |process: &PathBuf| {
            let group = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
            group.contains(&format!("/{unit}")) && tree(process) == ours
        };
        all.filter(is_of_it).collect()
    }
}

/// The first process, once systemd says that all is started.
fn leader_when_ready(notified: &UnixDatagram) -> i32 {
    let mut leader = None;
    loop {
        let mut bytes = [0; 4096];
        let length = notified.recv(&mut bytes).expect("it boots");
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("X_NSPAWN_LEADER_PID=") {
                leader = number.parse().ok();
            }
            if line == "READY=1" {
                return leader.expect("nspawn names the first process");
            }
        }
    }
}

/// Empty control groups, from the innermost on.
fn remove_groups(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}
