//! Real mail servers, unpacked and not installed, each in a mount namespace of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::ops::RangeInclusive;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};

use super::{chmod, skipped_without_root};

/// A script below tests/.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Where a script put what it fetched; nothing, with a word, where it cannot be had.
pub(crate) fn fetched(test: &str, what: &str, name: &str, packages: &[&str]) -> Option<PathBuf> {
    if skipped_without_root(test) {
        return None;
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(what);
    let fetching = Command::new(script(name)).arg(&place).args(packages).output().unwrap();
    if !fetching.status.success() {
        assert!(std::env::var_os("CI").is_none(), "no {what}: {fetching:?}");
        eprintln!("skipped, needs {what}: {test}");
        return None;
    }
    Some(place)
}

/// A running server, ended when it goes out of scope.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// Runs a script in a mount namespace until all ports of 127.0.0.1 are listened on.
    pub(crate) fn start(name: &str, unpacked: &Path, instance: &Path, ports: &[u16]) -> Self {
        let listeners: Vec<SocketAddrV4> =
            ports.iter().map(|port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port)).collect();
        Self::start_on(name, unpacked, instance, &listeners)
    }

    /// The same with listeners on any address.
    pub(crate) fn start_on(
        name: &str,
        unpacked: &Path,
        instance: &Path,
        listeners: &[SocketAddrV4],
    ) -> Self {
        let child = Command::new("unshare")
            .arg("--mount")
            .arg(script(name))
            .args([unpacked, instance])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(instance.join("stderr")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut daemon = Self(child);
        while !listeners.iter().copied().all(is_listening) {
            if let Some(status) = daemon.0.try_wait().unwrap() {
                let said = fs::read_to_string(instance.join("stderr")).unwrap();
                panic!("{name} ended with {status}: {said}");
            }
            std::thread::yield_now();
        }
        daemon
    }
}

impl Daemon {
    /// Its process, which is in its mount namespace.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It takes its own children along.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Ports below those that the kernel gives out, in blocks: a process has a block of its own as long as it runs. Asking the
/// kernel for a free one and giving it back would let another suite have it before the daemon takes it.
const BLOCKS: RangeInclusive<u16> = 0..=374;
const BLOCK_PORTS: u16 = 32;
const FIRST_PORT: u16 = 20_000;

/// Ports that nobody else takes, all different.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    static OURS: Mutex<(Vec<File>, Vec<u16>)> = Mutex::new((Vec::new(), Vec::new()));
    let mut ours = OURS.lock().unwrap();
    let (locks, ports) = &mut *ours;
    while ports.len() < count {
        let (lock, block) = take_block();
        locks.push(lock);
        // Somebody else may listen there all the same.
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let first = FIRST_PORT + block * BLOCK_PORTS;
        ports.extend((first..first + BLOCK_PORTS).filter(is_free));
    }
    ports.drain(..count).collect()
}

/// A block that no process has, and the lock that says so.
fn take_block() -> (File, u16) {
    let place = std::env::temp_dir().join("monitoring-plugins-axigen-ports");
    if fs::create_dir(&place).is_ok() {
        chmod(&place, 0o777);
    }
    for block in BLOCKS {
        let path = place.join(block.to_string());
        let file = File::open(&path).or_else(|_| File::create(&path));
        if let Ok(lock) = file
            && lock.try_lock().is_ok()
        {
            return (lock, block);
        }
    }
    panic!("no ports left in {}", place.display());
}

/// Whether somebody listens, without a connection that would count in rate limits.
fn is_listening(listener: SocketAddrV4) -> bool {
    let address = u32::from_le_bytes(listener.ip().octets());
    let wanted = format!("{address:08X}:{:04X} 00000000:0000 0A", listener.port());
    fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted)
}
