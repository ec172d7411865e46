//! Signed zones below a root of their own: a real name server (NSD), and a real resolver that validates (unbound).

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::daemon::{Daemon, fetched};
use super::dns::{asking, resolver};
use super::open_tempdir;

/// Packages that name server, resolver and signer are made of.
const PACKAGES: [&str; 11] = [
    "nsd",
    "unbound",
    "ldnsutils",
    "libldns3",
    "libevent-2.1-7",
    "libfstrm0",
    "libprotobuf-c1",
    "libnghttp2-14",
    "libpython3.11",
    "libssl3",
    "libsystemd0",
];

/// Loopback addresses that no other test process uses.
#[derive(Clone, Copy)]
pub(crate) struct Block(Ipv4Addr);

impl Block {
    pub(crate) fn new() -> Self {
        // 64 addresses a process, from 127.128.0.0 on.
        Self(Ipv4Addr::from_bits(0x7f80_0000 + ((std::process::id() * 64) & 0x007f_ffc0)))
    }

    /// The address of that number, from 1 to 63: 1 is the name server, 2 the resolver.
    pub(crate) fn address(self, number: u8) -> Ipv4Addr {
        assert!((1..64).contains(&number));
        Ipv4Addr::from_bits(self.0.to_bits() + u32::from(number))
    }

    pub(crate) fn listener(self, number: u8, port: u16) -> TcpListener {
        TcpListener::bind((self.address(number), port)).unwrap()
    }
}

/// One zone below `lab.`, what is wrong with it, and its records.
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    /// As tests/run-signed-zones.sh calls it; `good` for nothing.
    pub(crate) flaw: &'static str,
    pub(crate) records: String,
}

impl Zone {
    pub(crate) fn new(name: &'static str, flaw: &'static str, records: &str) -> Self {
        Self { name, flaw, records: records.to_owned() }
    }
}

/// Name server and resolver, ended when they go out of scope.
pub(crate) struct SignedZones {
    // Ended before its files go.
    _daemon: Daemon,
    dir: TempDir,
}

impl SignedZones {
    /// Serves these zones behind a resolver that validates; nothing where that cannot be.
    pub(crate) fn start(test: &str, block: Block, zones: &[Zone]) -> Option<Self> {
        Self::start_behind(test, block, zones, "validating")
    }

    /// The same behind a resolver of another kind, as tests/run-signed-zones.sh calls it.
    pub(crate) fn start_behind(
        test: &str,
        block: Block,
        zones: &[Zone],
        kind: &str,
    ) -> Option<Self> {
        let unpacked = fetched(test, "signed-zones", "unpack.sh", &PACKAGES)?;
        let dir = open_tempdir();
        let at = |name: &str| dir.path().join(name);
        let start = "$TTL 60\n@ SOA ns.lab. h.lab. 1 3600 600 86400 60\n@ NS ns.lab.\n";
        let mut list = String::new();
        let mut lab = format!(
            "$ORIGIN lab.\n{start}ns A {}\nlame A {}\nnobody A {}\n",
            block.address(1),
            block.address(62),
            block.address(63)
        );
        for zone in zones {
            let name = zone.name;
            let whole = format!("$ORIGIN {name}.lab.\n{start}{}", zone.records);
            fs::write(at(&format!("{name}.lab")), whole).unwrap();
            let _ = writeln!(list, "{name}.lab. {}", zone.flaw);
            let host = match zone.flaw {
                "dead" => "nobody",
                "lame" => "lame",
                _ => "ns",
            };
            // A zone below another is delegated by that one.
            if !name.contains('.') {
                let _ = writeln!(lab, "{name} NS {host}");
            }
        }
        list.push_str("lab. good\n. good\n");
        let root = format!("$ORIGIN .\n{start}ns.lab. A {}\nlab. NS ns.lab.\n", block.address(1));
        for (name, whole) in [("lab", lab), ("root", root), ("zones", list)] {
            fs::write(at(name), whole).unwrap();
        }
        let [authority, resolving, lame] = [1, 2, 62].map(|number| block.address(number));
        let servers = format!("{authority} {resolving} {kind} {lame}\n");
        fs::write(at("servers"), servers).unwrap();
        resolver(dir.path(), block.address(2));
        let listeners = [1, 2].map(|number| SocketAddrV4::new(block.address(number), 53));
        let daemon = Daemon::start_on("run-signed-zones.sh", &unpacked, dir.path(), &listeners);
        Some(Self { _daemon: daemon, dir })
    }

    /// The DS record of the root.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.dir.path().join("root.ds")
    }

    /// The command in a place where the resolver is the only one known.
    pub(crate) fn asked_by(&self, program: &Path) -> Command {
        asking(self.dir.path(), program)
    }
}
