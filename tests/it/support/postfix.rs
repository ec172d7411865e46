//! A real postfix in a private instance: unpacked, not installed, in a mount namespace of its own.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{open_tempdir, skipped_without_root};

/// Options of one listener, as lines of main.cf; `DIR` stands for the instance's directory.
pub(crate) struct Service(pub(crate) Vec<String>);

impl Service {
    pub(crate) fn new(options: &[&str]) -> Self {
        Self(options.iter().map(ToString::to_string).collect())
    }
}

/// A running instance, ended when it goes out of scope.
pub(crate) struct Postfix {
    dir: TempDir,
    ports: Vec<u16>,
    master: Child,
}

impl Postfix {
    /// Starts one listener a service, with `files` beside the configuration; nothing where it cannot run.
    pub(crate) fn start(
        test: &str,
        files: &[(&str, String)],
        services: &[Service],
    ) -> Option<Self> {
        if skipped_without_root(test) {
            return None;
        }
        let unpacked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postfix");
        let script = |name: &str| {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests")
                .join(name)
        };
        let unpacking = Command::new(script("unpack-postfix.sh"))
            .arg(&unpacked)
            .output()
            .unwrap();
        if !unpacking.status.success() {
            assert!(
                std::env::var_os("CI").is_none(),
                "no postfix: {unpacking:?}"
            );
            eprintln!("skipped, needs postfix: {test}");
            return None;
        }
        let dir = open_tempdir();
        let ports = free_ports(services.len());
        configure(dir.path(), &unpacked, files, services, &ports);
        let mut master = Command::new("unshare")
            .arg("--mount")
            .arg(script("run-postfix.sh"))
            .args([unpacked.as_path(), dir.path()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        while !ports.iter().all(|port| is_listening(*port)) {
            if let Some(status) = master.try_wait().unwrap() {
                panic!("postfix ended with {status}");
            }
            std::thread::yield_now();
        }
        Some(Self { dir, ports, master })
    }

    pub(crate) fn port(&self, service: usize) -> u16 {
        self.ports[service]
    }

    /// What postfix logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log/maillog")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // The master takes its daemons along.
        let _ = kill_process(Pid::from_child(&self.master), Signal::TERM);
        let _ = self.master.wait();
    }
}

/// Ports that were free a moment ago, all different.
fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}

/// Whether somebody listens, without a connection that would count in rate limits.
pub(crate) fn is_listening(port: u16) -> bool {
    let wanted = format!("0100007F:{port:04X} 00000000:0000 0A");
    fs::read_to_string("/proc/net/tcp")
        .unwrap()
        .contains(&wanted)
}

fn configure(
    dir: &Path,
    unpacked: &Path,
    files: &[(&str, String)],
    services: &[Service],
    ports: &[u16],
) {
    fs::create_dir(dir.join("etc")).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
    let at = dir.display().to_string();
    let main = MAIN
        .replace("DIR", &at)
        .replace("UNPACKED", &unpacked.display().to_string());
    fs::write(dir.join("etc/main.cf"), main).unwrap();
    let mut master = String::new();
    for (service, port) in services.iter().zip(ports) {
        let address = SocketAddr::from(([127, 0, 0, 1], *port));
        let (private, limit, command) = match service.0.first() {
            Some(first) if first.starts_with("postscreen") => ("n", "1", "postscreen"),
            _ => ("n", "-", "smtpd"),
        };
        let _ = writeln!(master, "{address} inet {private} - n - {limit} {command}");
        for option in &service.0 {
            let _ = writeln!(master, "  -o {{ {} }}", option.replace("DIR", &at));
        }
    }
    master.push_str(MASTER);
    fs::write(dir.join("etc/master.cf"), master).unwrap();
}

const MAIN: &str = "\
compatibility_level = 3.6
queue_directory = DIR/spool
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = UNPACKED/etc/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.lab.test
mydestination = lab.test
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
local_transport = discard:
default_transport = discard:
maillog_file = DIR/log/maillog
maillog_file_prefixes = DIR
smtpd_tls_security_level = may
smtpd_tls_chain_files = DIR/good.pem
smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1
smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1
tls_preempt_cipherlist = no
";

const MASTER: &str = "\
smtpd pass - - n - - smtpd
tlsproxy unix - - n - 0 tlsproxy
dnsblog unix - - n - 0 dnsblog
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
discard unix - - n - - discard
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
postlog unix-dgram n - n - 1 postlogd
";
