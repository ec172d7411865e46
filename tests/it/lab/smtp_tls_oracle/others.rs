//! Other judges and other servers: postfix as it delivers mail, servers of `GnuTLS`, and the `OpenSSL` of Debian 13.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::asked::{Seen, Where, openssl, ours, said};
use super::objection;
use super::rows::rows;
use crate::support::daemon::{fetched, free_ports};
use crate::support::forge::Forge;
use crate::support::open_tempdir;
use crate::support::openssl_server::{OpensslServer, Program};
use crate::support::pki::{Authority, NAME, ecdsa, rsa};
use crate::support::relay::Relay;
use crate::support::smtp_tls::check;

/// Rows that postfix is asked about as well.
const POSTFIX_ROWS: [&str; 18] = [
    "group X25519 TLS 1.3",
    "group P-521 TLS 1.3",
    "group ffdhe2048 TLS 1.3",
    "group X448 TLS 1.2",
    "suite DHE-RSA-AES128-GCM-SHA256",
    "suite ECDHE-RSA-AES128-SHA",
    "suite AES128-GCM-SHA256",
    "key RSA-PSS:2048 -tls1_2",
    "key ED25519 -tls1_3",
    "key EC:P-521 -tls1_2",
    "versions -tls1_3:",
    "leaf: version 1",
    "length 0 above another authority",
    "trusted: all, the leaf alone sent",
    "trusted: a root of the same name",
    "trusted: two roots of the same name",
    "constraint of the root itself",
    "name behind 3000 others",
];

#[test]
#[ignore = "lab: asks postfix as well"]
fn postfix_that_delivers_says_the_same() {
    let test = "postfix_that_delivers_says_the_same";
    let packages =
        ["postfix", "libdb5.3", "libicu72", "libnsl2", "libtirpc3", "libsasl2-2", "libssl3"];
    let Some(unpacked) = fetched(test, "postfix", "unpack.sh", &packages) else {
        return;
    };
    let (forge, config) = (Forge::new(), open_tempdir());
    let main = "compatibility_level = 3.6\nshlib_directory = U/usr/lib/postfix\n\
                daemon_directory = U/usr/lib/postfix/sbin\ncommand_directory = U/usr/sbin\n\
                queue_directory = D\ndata_directory = D\nmail_owner = mail\nsetgid_group = games\n\
                default_privs = daemon\nmyhostname = monitor.lab.test\ninet_protocols = ipv4\n";
    let [at, from] = [config.path(), &*unpacked].map(|path| path.display().to_string());
    let main = main.replace('U', &from).replace('D', &at);
    fs::write(config.path().join("main.cf"), main).unwrap();
    let (mut asked, mut differences) = (0, Vec::new());
    for row in rows(&forge).iter().filter(|row| POSTFIX_ROWS.contains(&&*row.title)) {
        let port = free_ports(1)[0];
        let start =
            || OpensslServer::start(Path::new("openssl"), forge.dir(), port, &row.arguments, false);
        let Some(server) = start() else { continue };
        let front = Relay::with_starttls(server.port());
        let at =
            Where { port: front.port(), is_starttls: true, anchors: &row.anchors, name: &row.name };
        let (postfix, ours) =
            (posttls_finger(&at, &unpacked, config.path()), ours(&at, &["--quick"]));
        asked += 1;
        let difference = objection(postfix, &ours);
        eprintln!("{:<44} {:<14} {:<9} {difference:?}", row.title, postfix.short(), ours.state);
        differences.extend(
            difference.map(|difference| format!("{}: {difference}: {}", row.title, ours.text)),
        );
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(asked >= 15, "only {asked} rows");
}

/// Without a terminal it says nothing, and it always ends with 0.
fn posttls_finger(at: &Where<'_>, unpacked: &Path, config: &Path) -> Seen {
    let (from, anchors) = (unpacked.display(), at.anchors.display());
    let asked = format!(
        "{from}/usr/sbin/posttls-finger -c -F {anchors} -l secure -t 5 -L summary '[127.0.0.1]:{}' {}",
        at.port, at.name
    );
    let mut command = Command::new("timeout");
    command.args(["20", "script", "-qec", &asked, "/dev/null"]);
    command
        .env("MAIL_CONFIG", config)
        .env("LD_LIBRARY_PATH", format!("{from}/usr/lib/postfix:{from}/usr/lib/x86_64-linux-gnu"));
    let (told, _) = said(&mut command);
    let failures: Vec<&str> =
        told.lines().filter(|line| line.contains("verification failed")).collect();
    let is_name = |line: &&&str| line.contains("num=62:") || line.contains("mismatch");
    let seen = Seen {
        has_shaken_hands: told.contains(" TLS connection established"),
        is_trusted: failures.iter().all(|line| is_name(&line)),
        is_for_name: !failures.iter().any(|line| is_name(&line)),
    };
    assert_eq!(told.contains("Verified TLS connection"), seen.is_accepted(), "{told}");
    seen
}

/// Priorities of `GnuTLS`.
const PRIORITIES: [&str; 14] = [
    "NORMAL",
    "SECURE256",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP521R1",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X448",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE3072",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-CBC",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-GCM",
    "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0",
    "NORMAL:%DISABLE_SAFE_RENEGOTIATION",
];

#[test]
#[ignore = "lab: starts gnutls-serv"]
fn servers_of_gnutls_are_seen_as_openssl_sees_them() {
    if Command::new("gnutls-serv").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "no gnutls-serv");
        return;
    }
    let (dir, root) = (open_tempdir(), Authority::root());
    let (anchors, leaf) = (root.write(dir.path()), dir.path().join("leaf.pem"));
    fs::write(&leaf, root.leaf(NAME, -1, 300, rsa()).pem()).unwrap();
    let mut differences = Vec::new();
    for priority in PRIORITIES {
        let port = free_ports(1)[0];
        let child = Command::new("gnutls-serv")
            .args(["--quiet", "--echo", "--port", &port.to_string(), "--priority", priority])
            .arg("--x509certfile")
            .arg(&leaf)
            .arg("--x509keyfile")
            .arg(&leaf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let _server = Program(child.unwrap());
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        let front = Relay::with_starttls(port);
        let at = Where { port: front.port(), is_starttls: true, anchors: &anchors, name: NAME };
        let (openssl, ours) = (openssl(&at), ours(&at, &["--quick"]));
        let difference = objection(openssl, &ours);
        eprintln!("{priority:<64} {:<14} {} {difference:?}", openssl.short(), ours.state);
        differences.extend(
            difference.map(|difference| format!("{priority}: {difference}: {}", ours.text)),
        );
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Groups of OpenSSL 3.5, whether our handshake has them, and whether they are hybrids.
const GROUPS: [(&str, bool, bool); 6] = [
    ("X25519MLKEM768", true, true),
    ("SecP256r1MLKEM768", true, true),
    ("SecP384r1MLKEM1024", true, true),
    ("X25519MLKEM768:X25519", true, true),
    ("X25519", true, false),
    ("MLKEM768", false, false),
];

#[test]
#[ignore = "soak: fetches the OpenSSL of Debian 13"]
fn hybrids_of_openssl_3_5_are_spoken_and_its_large_hellos_answered() {
    let test = "hybrids_of_openssl_3_5_are_spoken_and_its_large_hellos_answered";
    let Some(unpacked) = fetched(test, "openssl-3.5", "lab/fetch-openssl-3.5.sh", &[]) else {
        return;
    };
    let program = unpacked.join("openssl");
    let (dir, root) = (open_tempdir(), Authority::root());
    let ca = root.write(dir.path());
    let leaf = dir.path().join("leaf.pem");
    fs::write(&leaf, root.leaf(NAME, -1, 300, ecdsa()).pem()).unwrap();
    for (groups, is_ours, is_hybrid) in GROUPS {
        let options = format!("-tls1_3 -groups {groups} -cert leaf.pem -key leaf.pem");
        let arguments: Vec<String> = options.split_whitespace().map(ToOwned::to_owned).collect();
        let port = free_ports(1)[0];
        let server = OpensslServer::start(&program, dir.path(), port, &arguments, false).unwrap();
        let front = Relay::with_starttls(server.port());
        let outcome = check(front.port(), &["-v", "--ca-file", ca.to_str().unwrap()]);
        eprintln!("{groups}: {}", outcome.stdout.lines().next().unwrap());
        let says = |text: &str| outcome.stdout.contains(text);
        let accepted = "post-quantum key exchange: accepted";
        assert_eq!(says(accepted), is_hybrid, "{groups}: {}", outcome.stdout);
        assert_eq!(outcome.code, if is_ours { 0 } else { 3 }, "{groups}: {}", outcome.stdout);
        assert_eq!(says("our side does not speak"), !is_ours, "{groups}: {}", outcome.stdout);
    }
}
