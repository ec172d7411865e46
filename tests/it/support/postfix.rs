//! A real postfix in a private instance.

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::bell::{ring_on_changes, wait_for};
use super::daemon::{Daemon, fetched, free_ports};
use super::{NOBODY, open_tempdir};

/// Options of one listener, as lines of main.cf; `DIR` stands for the instance's directory.
pub(crate) struct Service(pub(crate) Vec<String>);

impl Service {
    pub(crate) fn new(options: &[&str]) -> Self {
        Self(options.iter().map(ToString::to_string).collect())
    }
}

/// Packages that postfix is made of.
const PACKAGES: [&str; 7] =
    ["postfix", "libdb5.3", "libicu72", "libnsl2", "libtirpc3", "libsasl2-2", "libssl3"];

/// A running instance, ended when it goes out of scope.
pub(crate) struct Postfix {
    // Ended before its files go.
    _daemon: Daemon,
    dir: TempDir,
    sockets: Vec<SocketAddrV4>,
}

impl Postfix {
    /// Starts one listener a service, with `files` beside the configuration; nothing where it cannot run.
    pub(crate) fn start(
        test: &str,
        files: &[(&str, String)],
        services: &[Service],
    ) -> Option<Self> {
        Self::start_at(test, files, services, anywhere(services.len()))
    }

    /// The same at these places.
    pub(crate) fn start_at(
        test: &str,
        files: &[(&str, String)],
        services: &[Service],
        sockets: Vec<SocketAddrV4>,
    ) -> Option<Self> {
        let unpacked = fetched(test, "postfix", "unpack.sh", &PACKAGES)?;
        let dir = open_tempdir();
        configure(dir.path(), &unpacked, files, services, &sockets);
        let daemon = Daemon::start_on("run-postfix.sh", &unpacked, dir.path(), &sockets);
        Some(Self { _daemon: daemon, dir, sockets })
    }

    /// Starts one listener that hands mail on by `routes`: a domain, where its mail goes, and the settings of the client.
    /// Mail that must wait is tried again every second.
    pub(crate) fn handing_on(
        test: &str,
        files: &[(&str, String)],
        routes: &[(String, String, &[&str])],
    ) -> Option<Self> {
        let unpacked = fetched(test, "postfix", "unpack.sh", &PACKAGES)?;
        let dir = open_tempdir();
        let sockets = anywhere(1);
        configure(dir.path(), &unpacked, files, &[Service::new(&[])], &sockets);
        let at = dir.path().display().to_string();
        let mut main = fs::read_to_string(dir.path().join("etc/main.cf")).unwrap();
        let mut master = fs::read_to_string(dir.path().join("etc/master.cf")).unwrap();
        main.push_str(&HANDING_ON.replace("DIR", &at));
        main.push_str("transport_maps = inline:{");
        for (number, (domain, next_hop, settings)) in routes.iter().enumerate() {
            let _ = write!(main, " {{ {domain} = route{number}:{next_hop} }}");
            let _ = writeln!(master, "route{number} unix - - n - - smtp");
            for setting in *settings {
                let _ = writeln!(master, "  -o {{ {} }}", setting.replace("DIR", &at));
            }
        }
        main.push_str(" }\n");
        fs::write(dir.path().join("etc/main.cf"), main).unwrap();
        fs::write(dir.path().join("etc/master.cf"), master).unwrap();
        let daemon = Daemon::start_on("run-postfix.sh", &unpacked, dir.path(), &sockets);
        Some(Self { _daemon: daemon, dir, sockets })
    }

    pub(crate) fn port(&self, service: usize) -> u16 {
        self.sockets[service].port()
    }

    /// The maildir that mails to own.test go to.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.dir.path().join("mail/inbox")
    }

    /// What postfix logged, once this text stands there so many times: its processes log when they come to it.
    pub(crate) fn log_with(&self, text: &str, times: usize) -> String {
        self.log_when(text, |log| Some(log).filter(|log| log.matches(text).count() >= times))
    }

    /// What is made of the log, once there is something.
    pub(crate) fn log_when<T>(&self, what: &str, mut look: impl FnMut(String) -> Option<T>) -> T {
        ring_on_changes(&[&self.log_dir()]);
        wait_for(what, || look(self.log()))
    }

    /// What postfix logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_dir().join("maillog")).unwrap_or_default()
    }

    /// Where the log grows.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

/// Free places on this machine.
fn anywhere(count: usize) -> Vec<SocketAddrV4> {
    let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    free_ports(count).into_iter().map(at).collect()
}

fn configure(
    dir: &Path,
    unpacked: &Path,
    files: &[(&str, String)],
    services: &[Service],
    sockets: &[SocketAddrV4],
) {
    fs::create_dir(dir.join("etc")).unwrap();
    fs::create_dir(dir.join("mail")).unwrap();
    chown(dir.join("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
    let at = dir.display().to_string();
    let main = MAIN.replace("DIR", &at).replace("UNPACKED", &unpacked.display().to_string());
    fs::write(dir.join("etc/main.cf"), main).unwrap();
    let mut master = String::new();
    for (service, address) in services.iter().zip(sockets) {
        let (limit, command) = match service.0.first() {
            Some(first) if first.starts_with("postscreen") => ("1", "postscreen"),
            _ => ("-", "smtpd"),
        };
        let _ = writeln!(master, "{address} inet n - n - {limit} {command}");
        for option in &service.0 {
            let _ = writeln!(master, "  -o {{ {} }}", option.replace("DIR", &at));
        }
    }
    master.push_str(&MASTER.replace("DIR", &at));
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
virtual_mailbox_domains = own.test
virtual_mailbox_maps = static:inbox/
virtual_mailbox_base = DIR/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
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

const HANDING_ON: &str = "\
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtp_destination_concurrency_failed_cohort_limit = 0
smtp_tls_CAfile = DIR/ca.pem
smtp_host_lookup = native
smtp_dns_support_level = disabled
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
virtual unix - n n - - virtual
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
cleanup unix n - n - 0 cleanup
scanner unix n - n - 0 cleanup
  -o mime_header_checks=regexp:DIR/names
  -o body_checks=regexp:DIR/bodies
qmgr unix n - n 300 1 qmgr
postlog unix-dgram n - n - 1 postlogd
";
