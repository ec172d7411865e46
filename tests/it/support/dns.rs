//! A real name server (NSD) with a zone of the test's own, and programs that ask it and nobody else.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::daemon::{Daemon, fetched, script};
use super::open_tempdir;

/// Packages that NSD is made of.
const PACKAGES: [&str; 6] =
    ["nsd", "libevent-2.1-7", "libfstrm0", "libprotobuf-c1", "libssl3", "libsystemd0"];

/// A running server for the domain `test`, ended when it goes out of scope.
pub(crate) struct NameServer {
    // Ended before its files go.
    _daemon: Daemon,
    dir: TempDir,
}

impl NameServer {
    /// Serves these records below `test.`; nothing where it cannot run.
    pub(crate) fn start(test: &str, records: &str) -> Option<Self> {
        let unpacked = fetched(test, "nsd", "unpack.sh", &PACKAGES)?;
        let dir = open_tempdir();
        let address = free_address();
        let at = dir.path().display();
        fs::write(
            dir.path().join("nsd.conf"),
            format!(
                "server:\n ip-address: {address}\n do-ip6: no\n username: \"\"\n chroot: \"\"\n zonesdir: \"{at}\"\n \
                 database: \"\"\n pidfile: \"{at}/pid\"\n xfrdfile: \"{at}/xfrd\"\n zonelistfile: \"{at}/zones\"\n \
                 logfile: \"{at}/log\"\nremote-control:\n control-enable: no\nzone:\n name: test\n zonefile: zone\n"
            ),
        )
        .unwrap();
        let start = "$ORIGIN test.\n$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\n";
        let zone = format!("{start}ns A {address}\n{records}");
        fs::write(dir.path().join("zone"), zone).unwrap();
        resolver(dir.path(), address);
        let listener = SocketAddrV4::new(address, 53);
        let daemon = Daemon::start_on("run-nsd.sh", &unpacked, dir.path(), &[listener]);
        Some(Self { _daemon: daemon, dir })
    }

    /// The command in a place where this server is the only one known.
    pub(crate) fn asked_by(&self, program: &Path) -> Command {
        asking(self.dir.path(), program)
    }
}

/// Writes `resolv.conf` with one server.
pub(crate) fn resolver(dir: &Path, server: Ipv4Addr) {
    let text = format!("nameserver {server}\n");
    fs::write(dir.join("resolv.conf"), text).unwrap();
}

/// A command that knows only the server in the `resolv.conf` of a directory.
pub(crate) fn asking(dir: &Path, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .arg("--mount")
        .arg(script("with-resolver.sh"))
        .args([&dir.join("resolv.conf"), program]);
    command
}

/// A loopback address on which nobody serves DNS: the kernel gives out ports, and 53 must be 53.
pub(crate) fn free_address() -> Ipv4Addr {
    let start = 0x7f40_0000 + (std::process::id() & 0x003f_ffff);
    (start..)
        .step_by(7)
        .map(Ipv4Addr::from_bits)
        .find(|address| {
            TcpListener::bind((*address, 53)).is_ok() && UdpSocket::bind((*address, 53)).is_ok()
        })
        .unwrap()
}
