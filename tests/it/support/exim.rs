//! A real exim, which speaks TLS through `GnuTLS`, in a private instance.

use std::fs;

use tempfile::TempDir;

use super::daemon::{Daemon, fetched, free_ports};
use super::legacy::old_key;
use super::open_tempdir;
use super::pki::NAME;

/// Packages that exim is made of.
pub(crate) const PACKAGES: [&str; 8] = [
    "exim4-daemon-light",
    "libdb5.3",
    "libgnutls-dane0",
    "libidn12",
    "libnsl2",
    "libpcre2-8-0",
    "libtirpc3",
    "libunbound8",
];

/// A running instance, ended when it goes out of scope.
pub(crate) struct Exim {
    // Ended before its files go.
    _daemon: Daemon,
    _dir: TempDir,
    ports: Vec<u16>,
}

impl Exim {
    /// Starts it with a certificate nobody vouches for and further settings; nothing where it cannot run.
    pub(crate) fn start(test: &str, settings: &str) -> Option<Self> {
        let unpacked = fetched(test, "exim", "unpack.sh", &PACKAGES)?;
        let dir = open_tempdir();
        let ports = free_ports(2);
        old_key(dir.path());
        let at = dir.path().display();
        let (starttls, tls) = (ports[0], ports[1]);
        let is_set = settings.contains("tls_advertise_hosts");
        let advertise = if is_set { "" } else { "tls_advertise_hosts = *\n" };
        fs::write(
            dir.path().join("exim.conf"),
            format!(
                "primary_hostname = {NAME}\nexim_path = /usr/sbin/exim4\nspool_directory = {at}/spool\n\
                 log_file_path = {at}/log/%slog\npid_file_path = {at}/exim.pid\n\
                 daemon_smtp_ports = {starttls} : {tls}\ntls_on_connect_ports = {tls}\nlocal_interfaces = 127.0.0.1\n\
                 {advertise}tls_certificate = {at}/cert.pem\ntls_privatekey = {at}/key.pem\n\
                 host_lookup =\nkeep_environment =\n{settings}"
            ),
        )
        .unwrap();
        let daemon = Daemon::start("lab/run-exim.sh", &unpacked, dir.path(), &ports);
        Some(Self { _daemon: daemon, _dir: dir, ports })
    }

    /// Where it offers STARTTLS.
    pub(crate) fn starttls(&self) -> u16 {
        self.ports[0]
    }

    /// Where TLS comes first.
    pub(crate) fn tls(&self) -> u16 {
        self.ports[1]
    }
}
