//! `check_smtp_forced_tls` against mail servers too heavy for every commit, whose mailboxes are looked at.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::daemon::{Daemon, fetched, free_ports};
use crate::support::pki::{Authority, NAME, rsa};
use crate::support::{Outcome, open_tempdir, program, run};

fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--recipient", "probe@lab.test", "--helo", "monitor.test"])
        .args(["--domain", "partner.test"])
        .args(options))
}

fn key(dir: &Path) {
    let leaf = Authority::root().leaf(NAME, -1, 397, rsa());
    fs::write(dir.join("key.pem"), leaf.pem()).unwrap();
}

/// No mail of a run was taken.
fn expect_no_mail(dir: &Path) {
    let inbox = dir.join("mail");
    let mails = fs::read_dir(&inbox).map_or(0, Iterator::count);
    assert_eq!(mails, 0, "{}", inbox.display());
}

const EXIM: &str = "\
primary_hostname = mail.lab.test
exim_path = /usr/sbin/exim4
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
daemon_smtp_ports = STARTTLS : TLS
tls_on_connect_ports = TLS
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = DIR/key.pem
tls_privatekey = DIR/key.pem
host_lookup =
keep_environment =
acl_smtp_mail = encrypted
acl_smtp_rcpt = everybody
begin acl
encrypted:
  VERB sender_domains = partner.test
       !encrypted = *
       message = 5.7.10 Encryption required
  accept
everybody:
  accept
begin routers
box:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = DIR/mail
  create_directory
  maildir_format
  user = Debian-exim
  group = Debian-exim
";

#[test]
#[ignore = "lab: fetches exim"]
fn an_exim_with_a_rule_in_its_acl_is_enforced_and_gets_no_mail() {
    let test = "an_exim_with_a_rule_in_its_acl_is_enforced_and_gets_no_mail";
    let packages = [
        "exim4-daemon-light",
        "libdb5.3",
        "libgnutls-dane0",
        "libidn12",
        "libnsl2",
        "libpcre2-8-0",
        "libtirpc3",
        "libunbound8",
    ];
    let Some(unpacked) = fetched(test, "exim", "unpack.sh", &packages) else {
        return;
    };
    for (verb, code, start) in [
        (
            "deny",
            0,
            "OK - partner.test enforced (550 at MAIL), control other.test passes, null sender passes in the clear | ",
        ),
        // It hangs up over each refusal.
        (
            "drop",
            0,
            "OK - partner.test enforced (550 at MAIL), control other.test passes, null sender passes in the clear | ",
        ),
        (
            "defer",
            1,
            "WARNING - partner.test softly enforced (451 at MAIL): senders only try again |",
        ),
        ("warn", 2, "CRITICAL - partner.test open: "),
    ] {
        let dir = open_tempdir();
        key(dir.path());
        let ports = free_ports(2);
        let configuration = EXIM
            .replace("DIR", &dir.path().display().to_string())
            .replace("VERB", verb)
            .replace("STARTTLS", &ports[0].to_string())
            .replace("TLS", &ports[1].to_string());
        fs::write(dir.path().join("exim.conf"), configuration).unwrap();
        let exim = Daemon::start("lab/run-exim.sh", &unpacked, dir.path(), &ports);
        let tls_port = ports[1].to_string();
        let common = ["--tls-port", &tls_port, "--control-domain", "other.test"];
        let outcome = check(ports[0], &common);
        eprintln!("{verb}: {}", outcome.stdout);
        outcome.expect(code, &format!("SMTP FORCED TLS {start}"));
        let outcome = check(ports[0], &[&common[..], &["--stage", "data"]].concat());
        outcome.expect(code, "SMTP FORCED TLS ");
        drop(exim);
        let log = fs::read_to_string(dir.path().join("log/mainlog")).unwrap();
        assert!(!log.contains(" <= "), "{log}");
        expect_no_mail(dir.path());
    }
}

fn opensmtpd_conf(dir: &str, clear: u16, required: u16) -> String {
    format!(
        "pki lab cert \"{dir}/key.pem\"\npki lab key \"{dir}/key.pem\"\n\
         listen on 127.0.0.1 port {clear} tls pki lab hostname {NAME}\n\
         listen on 127.0.0.1 port {required} tls-require pki lab hostname {NAME}\n\
         action \"box\" maildir \"{dir}/mail\" virtual {{ \"@\" = \"nobody\" }}\n\
         match from any for domain \"lab.test\" action \"box\"\n"
    )
}

#[test]
#[ignore = "lab: fetches OpenSMTPD"]
fn an_opensmtpd_that_breaks_every_handshake_is_undecided() {
    let test = "an_opensmtpd_that_breaks_every_handshake_is_undecided";
    let packages = ["opensmtpd", "libdb5.3", "libevent-2.1-7"];
    let Some(unpacked) = fetched(test, "opensmtpd", "unpack.sh", &packages) else {
        return;
    };
    let dir = open_tempdir();
    key(dir.path());
    let ports = free_ports(2);
    let at = dir.path().display().to_string();
    let configuration = opensmtpd_conf(&at, ports[0], ports[1]);
    fs::write(dir.path().join("smtpd.conf"), configuration).unwrap();
    let _smtpd = Daemon::start("lab/run-opensmtpd.sh", &unpacked, dir.path(), &ports);
    check(ports[0], &[]).expect(2, "SMTP FORCED TLS CRITICAL - partner.test open: ");
    let outcome = check(ports[1], &[]);
    outcome.expect(3, "SMTP FORCED TLS UNKNOWN - STARTTLS: TLS handshake failed: ");
    assert_eq!(outcome.metric("undecided"), Some("1"));
    expect_no_mail(dir.path());
}

#[test]
#[ignore = "lab: lays a Debian 13"]
fn an_opensmtpd_that_requires_tls_is_enforced_and_gets_no_mail() {
    let test = "an_opensmtpd_that_requires_tls_is_enforced_and_gets_no_mail";
    let Some(root) = fetched(test, "opensmtpd-7", "lab/fetch-opensmtpd.sh", &[]) else {
        return;
    };
    let dir = open_tempdir();
    key(dir.path());
    let ports = free_ports(2);
    let configuration = opensmtpd_conf("/srv", ports[0], ports[1]);
    fs::write(dir.path().join("smtpd.conf"), configuration).unwrap();
    let _smtpd = Daemon::start("lab/run-opensmtpd-7.sh", &root, dir.path(), &ports);
    for stage in ["rcpt", "data"] {
        check(ports[0], &["--stage", stage])
            .expect(2, "SMTP FORCED TLS CRITICAL - partner.test open: ");
        check(ports[1], &["--stage", stage, "--control-domain", "other.test"]).expect(
            1,
            "SMTP FORCED TLS WARNING - rule too broad: control other.test is refused in the clear (530 5.5.1 ",
        );
        check(ports[1], &["--stage", stage]).expect(
            0,
            "SMTP FORCED TLS OK - partner.test enforced (530 at MAIL), null sender needs TLS as well | ",
        );
    }
    expect_no_mail(dir.path());
}
