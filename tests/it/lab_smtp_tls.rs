//! `check_smtp_tls` against servers too heavy or too old for every commit, and beside other scanners.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::daemon::{Daemon, fetched, free_ports, script};
use crate::support::pki::{Authority, NAME, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::{Outcome, open_tempdir, program, run};

fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string(), "--sni", NAME])
        .args(options))
}

/// The versions that the check finds offered.
fn ours(port: u16) -> BTreeSet<&'static str> {
    let outcome = check(port, &["-v"]);
    let offered = |line: &str| line.ends_with(" offered") && !line.ends_with("not offered");
    VERSIONS
        .into_iter()
        .filter(|version| {
            outcome
                .stdout
                .lines()
                .any(|line| line.starts_with(version) && offered(line))
        })
        .collect()
}

const VERSIONS: [&str; 6] = ["SSLv2", "SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"];

fn sslscan(port: u16) -> Option<BTreeSet<&'static str>> {
    let text = said(Command::new("sslscan").args([
        "--no-colour",
        "--starttls-smtp",
        &format!("127.0.0.1:{port}"),
    ]))?;
    Some(named(|version| {
        text.lines().any(|line| {
            line.starts_with(&version.replace("TLS ", "TLSv")) && line.ends_with("enabled")
        })
    }))
}

fn nmap(port: u16) -> Option<BTreeSet<&'static str>> {
    let scripts = "ssl-enum-ciphers,sslv2";
    let text = said(Command::new("nmap").args([
        "-Pn",
        "-n",
        "-sV",
        "-p",
        &port.to_string(),
        "--script",
        scripts,
        "127.0.0.1",
    ]))?;
    Some(named(|version| match version {
        "SSLv2" => text.contains("SSLv2 supported"),
        _ => text.contains(&format!("|   {}: ", version.replace("TLS ", "TLSv"))),
    }))
}

fn named(is_offered: impl Fn(&str) -> bool) -> BTreeSet<&'static str> {
    VERSIONS
        .into_iter()
        .filter(|version| is_offered(version))
        .collect()
}

fn said(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{command:?}: {error}");
            eprintln!("skipped: {command:?}: {error}");
            None
        }
    }
}

/// A server of Node.js 0.10 with OpenSSL 1.0.1.
struct Legacy(Child, u16);

impl Legacy {
    fn start(node: &Path, dir: &Path, method: &str, ciphers: &str) -> Self {
        let mut child = Command::new(node.join("node"))
            .arg(script("lab/smtp-ssl2.js"))
            .args([dir.join("key.pem"), dir.join("cert.pem")])
            .args([method, ciphers])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        Self(child, port.trim().parse().unwrap())
    }
}

impl Drop for Legacy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A key in the old form and its certificate, made by openssl: OpenSSL 1.0.1 reads no other.
fn old_key(dir: &Path) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    openssl(&["genrsa", "-traditional", "-out", "key.pem", "2048"]);
    let subject = format!("/CN={NAME}");
    openssl(&[
        "req", "-new", "-x509", "-key", "key.pem", "-days", "397", "-subj", &subject, "-out",
        "cert.pem",
    ]);
}

#[test]
#[ignore = "lab: fetches Node.js 0.10"]
fn a_real_sslv2_server_is_critical() {
    let Some(node) = fetched(
        "a_real_sslv2_server_is_critical",
        "node",
        "lab/fetch-node.sh",
        &[],
    ) else {
        return;
    };
    let dir = open_tempdir();
    old_key(dir.path());
    for (method, ciphers, versions, start) in [
        (
            "SSLv2_method",
            "ALL:SSLv2",
            &["SSLv2"][..],
            "grade F: SSLv2 is offered",
        ),
        (
            "SSLv23_method",
            "ALL:eNULL:aNULL:SSLv2",
            &["SSLv2", "SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2"],
            "grade F: SSLv2 is offered",
        ),
        (
            "SSLv3_method",
            "ALL:eNULL:aNULL",
            &["SSLv3"],
            "grade F: SSLv3 is the best version offered",
        ),
        (
            "TLSv1_method",
            "ALL",
            &["TLS 1.0"],
            "grade F: suites below 112 bits are accepted",
        ),
        (
            "TLSv1_method",
            "HIGH:!3DES",
            &["TLS 1.0"],
            "certificate is for no host",
        ),
    ] {
        let server = Legacy::start(&node, dir.path(), method, ciphers);
        eprintln!("{method} {ciphers}");
        let code = if ciphers.starts_with("HIGH") { 1 } else { 2 };
        let outcome = check(server.1, &["-v"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.stdout.contains(start), "{}", outcome.stdout);
        assert_eq!(
            ours(server.1),
            versions.iter().copied().collect(),
            "{}",
            outcome.stdout
        );
        // nmap's search for the kind of service does not end on these.
        if let Some(theirs) = sslscan(server.1) {
            assert_eq!(ours(server.1), theirs, "sslscan, {method}");
        }
    }
}

#[test]
#[ignore = "lab: runs other scanners"]
fn other_scanners_find_the_same_versions_of_postfix() {
    let files = [(
        "good.pem",
        Authority::root().leaf(NAME, -1, 397, rsa()).pem(),
    )];
    let services = [
        Service::new(&[]),
        Service::new(&["smtpd_tls_protocols = !SSLv2"]),
        Service::new(&["smtpd_tls_protocols = TLSv1.2"]),
        Service::new(&["smtpd_tls_protocols = TLSv1.3"]),
    ];
    let Some(postfix) = Postfix::start(
        "other_scanners_find_the_same_versions_of_postfix",
        &files,
        &services,
    ) else {
        return;
    };
    for service in 0..services.len() {
        let port = postfix.port(service);
        let ours = ours(port);
        assert!(!ours.is_empty());
        for (name, theirs) in [("sslscan", sslscan(port)), ("nmap", nmap(port))] {
            if let Some(theirs) = theirs {
                assert_eq!(ours, theirs, "{name}, service {service}");
            }
        }
    }
}

#[test]
#[ignore = "lab: fetches exim"]
fn exim_with_gnutls_is_graded() {
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
    let Some(unpacked) = fetched("exim_with_gnutls_is_graded", "exim", "unpack.sh", &packages)
    else {
        return;
    };
    let dir = open_tempdir();
    let ports = free_ports(2);
    old_key(dir.path());
    let at = dir.path().display();
    let (starttls, tls) = (ports[0], ports[1]);
    fs::write(
        dir.path().join("exim.conf"),
        format!(
            "primary_hostname = {NAME}\nexim_path = /usr/sbin/exim4\nspool_directory = {at}/spool\n\
             log_file_path = {at}/log/%slog\npid_file_path = {at}/exim.pid\n\
             daemon_smtp_ports = {starttls} : {tls}\ntls_on_connect_ports = {tls}\nlocal_interfaces = 127.0.0.1\n\
             tls_advertise_hosts = *\ntls_certificate = {at}/cert.pem\ntls_privatekey = {at}/key.pem\n\
             host_lookup =\nkeep_environment =\n"
        ),
    )
    .unwrap();
    let _exim = Daemon::start("lab/run-exim.sh", &unpacked, dir.path(), &ports);
    check(starttls, &[]).expect(
        1,
        "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered",
    );
    check(tls, &["-s", "--trust", "none"]).expect(
        1,
        "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered",
    );
}

#[test]
#[ignore = "lab: fetches OpenSMTPD"]
fn an_opensmtpd_that_breaks_every_handshake_is_critical_and_its_versions_are_known() {
    let test = "an_opensmtpd_that_breaks_every_handshake_is_critical_and_its_versions_are_known";
    let packages = ["opensmtpd", "libdb5.3", "libevent-2.1-7"];
    let Some(unpacked) = fetched(test, "opensmtpd", "unpack.sh", &packages) else {
        return;
    };
    let dir = open_tempdir();
    let ports = free_ports(1);
    old_key(dir.path());
    let (at, port) = (dir.path().display(), ports[0]);
    fs::write(
        dir.path().join("smtpd.conf"),
        format!(
            "pki lab cert \"{at}/cert.pem\"\npki lab key \"{at}/key.pem\"\n\
             listen on 127.0.0.1 port {port} tls pki lab hostname {NAME}\n\
             action \"drop\" mda \"/bin/cat >/dev/null\" virtual {{ \"@\" = \"nobody\" }}\n\
             match from any for domain \"lab.test\" action \"drop\"\n"
        ),
    )
    .unwrap();
    let _smtpd = Daemon::start("lab/run-opensmtpd.sh", &unpacked, dir.path(), &ports);
    let outcome = check(port, &["-v"]);
    outcome.expect(2, "SMTP TLS CRITICAL - TLS handshake failed: ");
    assert_eq!(
        ours(port),
        BTreeSet::from(["TLS 1.2", "TLS 1.3"]),
        "{}",
        outcome.stdout
    );
}
