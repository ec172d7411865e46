//! `check_smtp_tls` beside other scanners on the same servers: the same versions, or the recorded bytes that say who is
//! right.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::support::daemon::fetched;
use crate::support::exim::Exim;
use crate::support::legacy::{Node, OldOpenssl, old_key};
use crate::support::open_tempdir;
use crate::support::pki::{Authority, NAME, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::relay::{Relay, Talk};
use crate::support::smtp_tls::{VERSIONS, check, offered};

type Versions = BTreeSet<&'static str>;
type Scan = fn(u16) -> Option<Versions>;

/// A scanner that does not say what is so, and the recorded bytes that show it.
struct Difference {
    server: &'static str,
    scanner: &'static str,
    /// What the server said to it on one connection, from the first byte on.
    said: &'static str,
    /// The versions in dispute: the version in our hello for each (its tenth and eleventh byte), and what the server's answer
    /// has, in hexadecimal.
    answers: &'static [(&'static str, &'static str, &'static str)],
}

const DIFFERENCES: [Difference; 1] = [
    // nmap prints nothing when one of its many connections is turned away; exim takes 20 at once unless told otherwise.
    Difference {
        server: "exim",
        scanner: "nmap",
        said: "421 Too many concurrent SMTP connections; please try again later.\r\n",
        answers: &[
            ("TLS 1.0", "0301", "160301005b020000570301"),
            ("TLS 1.1", "0302", "160302005b020000570302"),
            ("TLS 1.2", "0303", "160303005b020000570303"),
            // The version stands in an extension.
            ("TLS 1.3", "0303", "002b00020304"),
        ],
    },
];

#[test]
#[ignore = "lab: runs other scanners"]
fn other_scanners_find_the_same_versions_of_postfix() {
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, rsa()).pem())];
    let settings: [(&str, &[&str]); 5] = [
        ("modern", &[]),
        ("old versions", &["smtpd_tls_protocols = !SSLv2"]),
        ("TLS 1.2", &["smtpd_tls_protocols = TLSv1.2"]),
        ("TLS 1.3", &["smtpd_tls_protocols = TLSv1.3"]),
        ("NULL", &["tls_medium_cipherlist = ALL:eNULL:@SECLEVEL=0"]),
    ];
    let services = settings.map(|(_, options)| Service::new(options));
    let test = "other_scanners_find_the_same_versions_of_postfix";
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    for (service, (name, _)) in settings.iter().enumerate() {
        compare(&format!("postfix {name}"), postfix.port(service));
    }
}

#[test]
#[ignore = "lab: runs other scanners on exim"]
fn other_scanners_find_the_same_versions_of_exim() {
    let test = "other_scanners_find_the_same_versions_of_exim";
    for (name, settings) in [("exim", ""), ("exim for many", "smtp_accept_max = 200\n")] {
        if let Some(exim) = Exim::start(test, settings) {
            compare(name, exim.starttls());
        }
    }
}

#[test]
#[ignore = "lab: runs other scanners on Node.js 0.10"]
fn other_scanners_find_the_same_versions_of_an_sslv2_stack() {
    let test = "other_scanners_find_the_same_versions_of_an_sslv2_stack";
    let Some(node) = fetched(test, "node", "lab/fetch-node.sh", &[]) else {
        return;
    };
    let dir = open_tempdir();
    old_key(dir.path());
    for (method, ciphers) in [
        ("SSLv2_method", "ALL:SSLv2"),
        ("SSLv23_method", "ALL:eNULL:aNULL:SSLv2"),
        ("SSLv3_method", "ALL:eNULL:aNULL"),
        ("TLSv1_method", "ALL"),
    ] {
        let server = Node::start(&node, dir.path(), method, ciphers);
        compare(&format!("node {method}"), server.port());
    }
}

#[test]
#[ignore = "lab: runs other scanners on OpenSSL 1.1.0"]
fn other_scanners_find_the_same_versions_of_old_openssl() {
    let test = "other_scanners_find_the_same_versions_of_old_openssl";
    let Some(built) = fetched(test, "openssl", "lab/fetch-openssl.sh", &[]) else {
        return;
    };
    let dir = open_tempdir();
    old_key(dir.path());
    for (name, options) in [
        ("all", "-cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0"),
        ("SSLv3", "-ssl3 -cipher AES128-SHA:@SECLEVEL=0"),
        ("without certificate", "-nocert -cipher aNULL:@SECLEVEL=0"),
    ] {
        let server = OldOpenssl::start(&built, dir.path(), options);
        compare(&format!("OpenSSL 1.1.0 {name}"), server.port());
    }
}

/// Demands the same versions of every scanner, but for what the table proves.
fn compare(server: &str, port: u16) {
    let to_us = Relay::to(port);
    let ours = offered(&check(to_us.port(), &["-v"]));
    assert!(!ours.is_empty(), "{server}");
    let scanners: [(&str, Scan); 2] = [("sslscan", sslscan), ("nmap", nmap)];
    for (scanner, find) in scanners {
        let to_it = Relay::to(port);
        let Some(theirs) = find(to_it.port()) else {
            continue;
        };
        if theirs == ours {
            continue;
        }
        let Some(difference) =
            DIFFERENCES.iter().find(|known| known.server == server && known.scanner == scanner)
        else {
            panic!(
                "{server}: we find {ours:?}, {scanner} {theirs:?}\nto us:\n{}\nto it:\n{}",
                transcript(&to_us),
                transcript(&to_it)
            );
        };
        let disputed = ours.symmetric_difference(&theirs).copied().collect();
        difference.prove(&disputed, &to_us, &to_it);
    }
}

impl Difference {
    fn prove(&self, disputed: &Versions, to_us: &Relay, to_it: &Relay) {
        let said = self.said.as_bytes();
        assert!(
            to_it.talks().iter().any(|talk| talk.server == said),
            "{}: never said {:?} to {}:\n{}",
            self.server,
            self.said,
            self.scanner,
            transcript(to_it)
        );
        for version in disputed {
            let shown = self.answers.iter().any(|(of, hello, answer)| {
                let talks = to_us.talks();
                let mut talks = talks.iter().filter_map(Talk::tls);
                of == version
                    && talks.any(|(client, server)| {
                        hex(client).get(18..22) == Some(*hello) && hex(server).contains(answer)
                    })
            });
            assert!(shown, "{}: no bytes for {version}:\n{}", self.server, transcript(to_us));
        }
    }
}

/// What was said on each connection, its beginning.
fn transcript(relay: &Relay) -> String {
    let mut lines = String::new();
    for talk in relay.talks() {
        let (client, server) = talk.tls().unwrap_or((&talk.client, &talk.server));
        let (client, server) = (hex(client), hex(server));
        let _ = writeln!(lines, "{client:.60} -> {server:.200}");
    }
    lines
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn sslscan(port: u16) -> Option<Versions> {
    let text = said(Command::new("sslscan").args([
        "--no-colour",
        "--starttls-smtp",
        &format!("127.0.0.1:{port}"),
    ]))?;
    Some(named(|version| {
        let name = version.replace("TLS ", "TLSv");
        text.lines().any(|line| line.starts_with(&name) && line.ends_with("enabled"))
    }))
}

fn nmap(port: u16) -> Option<Versions> {
    // Its scripts look at ports of known services only; it scans all that this file knows.
    let dir = open_tempdir();
    let services = dir.path().join("services");
    fs::write(&services, format!("smtp {port}/tcp 1.0\n")).unwrap();
    let text = said(
        Command::new("nmap")
            .args(["-Pn", "-n"])
            .args(["--script", "ssl-enum-ciphers,sslv2", "--servicedb"])
            .arg(&services)
            .arg("127.0.0.1"),
    )?;
    Some(named(|version| match version {
        "SSLv2" => text.contains("SSLv2 supported"),
        _ => text.contains(&format!("|   {}: ", version.replace("TLS ", "TLSv"))),
    }))
}

fn named(is_offered: impl Fn(&str) -> bool) -> Versions {
    VERSIONS.into_iter().filter(|version| is_offered(version)).collect()
}

/// What a scanner prints; nothing where it is not installed.
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
