//! Two other mail servers hand canary mails over, with the rule and without it. Once in a while only: their ways with TLS
//! change seldom, and both take their time.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Activated, CRITICAL, OK, REFUSES, check, keys, until};
use crate::support::canary::state_dir;
use crate::support::daemon::{Daemon, fetched, free_ports};
use crate::support::exim::PACKAGES;
use crate::support::legacy::old_key;
use crate::support::{Outcome, open_tempdir};

/// Name, settings of the client, options of the sink and of the check, start of the output.
type Case =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static str);

/// What a server says that starts for these cases.
struct Lab {
    states: Vec<tempfile::TempDir>,
    sinks: Vec<Activated>,
}

fn domain(number: usize) -> String {
    format!("c{number}.canary.test")
}

impl Lab {
    fn start(cases: &[Case], pem: &str) -> Self {
        let states: Vec<_> = cases.iter().map(|_| state_dir()).collect();
        let sinks = cases.iter().zip(&states).enumerate().map(|(number, (case, state))| {
            let options: Vec<&str> =
                case.2.iter().map(|option| if *option == "PEM" { pem } else { *option }).collect();
            Activated::start(&domain(number), state.path(), &options)
        });
        let sinks = sinks.collect();
        Self { states, sinks }
    }

    fn hold(&self, cases: &[Case], server: u16, log: impl Fn() -> String, again: impl Fn()) {
        let mut wrong = String::new();
        for (number, (case, _, _, options, start)) in cases.iter().enumerate() {
            let state = self.states[number].path();
            let outcome: Outcome = until(start, || {
                again();
                check(server, &domain(number), self.sinks[number].port, state, options)
            });
            if !outcome.first_line().starts_with(start) {
                let said = fs::read_to_string(state.join("log")).unwrap();
                let _ = writeln!(wrong, "{case}: {}{said}", outcome.stdout);
            }
        }
        assert!(wrong.is_empty(), "{wrong}\n{}", log());
    }
}

const EXIM: &[Case] = &[
    ("hosts_require_tls", "hosts_require_tls = *", &[], &[], OK),
    ("default", "", &[], &[], CRITICAL),
    (
        "tls_verify_hosts",
        "hosts_require_tls = *\n  tls_verify_hosts = *\n  tls_verify_certificates = DIR/ca.pem\n  tls_verify_cert_hostnames =",
        &["--pem", "PEM"],
        &["--verify"],
        OK,
    ),
    ("smtps", "protocol = smtps", &["--tls"], &[], OK),
];

#[test]
#[ignore = "soak: exim waits between its attempts"]
fn a_real_exim_is_proven_to_encrypt_or_shown_not_to() {
    let test = "a_real_exim_is_proven_to_encrypt_or_shown_not_to";
    let Some(unpacked) = fetched(test, "exim", "unpack.sh", &PACKAGES) else {
        return;
    };
    let dir = open_tempdir();
    let (pem, ca) = keys(dir.path());
    let lab = Lab::start(EXIM, &pem);
    let at = dir.path().display().to_string();
    old_key(dir.path());
    fs::write(dir.path().join("ca.pem"), ca).unwrap();
    fs::write(dir.path().join("interval"), "1s").unwrap();
    let ports = free_ports(1);
    let mut routers = String::from("begin routers\n");
    let mut transports = String::from("begin transports\n");
    for (number, (case, sink)) in EXIM.iter().zip(&lab.sinks).enumerate() {
        let (domain, port) = (domain(number), sink.port);
        let _ = write!(
            routers,
            "r{number}:\n  driver = manualroute\n  domains = {domain}\n  route_list = * 127.0.0.1\n  self = send\n  \
             transport = t{number}\n"
        );
        let settings = case.1.replace("DIR", &at);
        let _ = write!(
            transports,
            "t{number}:\n  driver = smtp\n  port = {port}\n  allow_localhost\n  {settings}\n"
        );
    }
    let configuration = format!(
        "primary_hostname = mail.lab.test\nexim_path = /usr/sbin/exim4\nspool_directory = {at}/spool\n\
         log_file_path = {at}/log/%slog\npid_file_path = {at}/exim.pid\ndaemon_smtp_ports = {port}\n\
         local_interfaces = 127.0.0.1\ntls_advertise_hosts =\nhost_lookup =\nkeep_environment =\n\
         queue_only = false\nacl_smtp_rcpt = all\nbegin acl\nall:\n  accept\n{routers}{transports}begin retry\n\
         * * F,1h,1s\n",
        port = ports[0],
    );
    fs::write(dir.path().join("exim.conf"), configuration).unwrap();
    let _exim = Daemon::start("lab/run-exim.sh", &unpacked, dir.path(), &ports);
    let log = || fs::read_to_string(dir.path().join("log/mainlog")).unwrap_or_default();
    lab.hold(EXIM, ports[0], log, || {});
}

const OPENSMTPD: &[Case] = &[
    ("smtp+tls", "host smtp+tls://127.0.0.1:PORT tls no-verify", &[], &[], OK),
    // It verifies unless it is told not to, and the sink's certificate is its own.
    ("tls", "host smtp+tls://127.0.0.1:PORT tls", &[], &["--canary-age", "8s"], REFUSES),
    ("default", "host smtp://127.0.0.1:PORT", &[], &[], CRITICAL),
    ("smtps", "host smtps://127.0.0.1:PORT tls no-verify", &["--tls"], &[], OK),
];

#[test]
#[ignore = "soak: lays a Debian 13"]
fn a_real_opensmtpd_is_proven_to_encrypt_or_shown_not_to() {
    let test = "a_real_opensmtpd_is_proven_to_encrypt_or_shown_not_to";
    let Some(root) = fetched(test, "opensmtpd-7", "lab/fetch-opensmtpd.sh", &[]) else {
        return;
    };
    let dir = open_tempdir();
    let (pem, _) = keys(dir.path());
    let lab = Lab::start(OPENSMTPD, &pem);
    old_key(dir.path());
    let ports = free_ports(1);
    let mut actions = format!("listen on 127.0.0.1 port {} hostname mail.lab.test\n", ports[0]);
    for (number, (case, sink)) in OPENSMTPD.iter().zip(&lab.sinks).enumerate() {
        let host = case.1.replace("PORT", &sink.port.to_string());
        let _ = writeln!(actions, "action \"a{number}\" relay {host}");
        let _ = writeln!(
            actions,
            "match from any for domain \"{}\" action \"a{number}\"",
            domain(number)
        );
    }
    fs::write(dir.path().join("smtpd.conf"), actions).unwrap();
    let smtpd = Daemon::start("lab/run-opensmtpd-7.sh", &root, dir.path(), &ports);
    let log = || fs::read_to_string(dir.path().join("stderr")).unwrap_or_default();
    // Its first retry would come after 400 s.
    lab.hold(OPENSMTPD, ports[0], log, || schedule_all(&smtpd, &root));
}

/// Has the server try all mails again, from within its namespace.
fn schedule_all(smtpd: &Daemon, root: &Path) {
    let _ = Command::new("nsenter")
        .args(["--mount", "--target", &smtpd.id().to_string(), "chroot"])
        .arg(root)
        .args(["/usr/sbin/smtpctl", "schedule", "all"])
        .output()
        .unwrap();
}
