//! Servers on TLS stacks of long ago, which still speak what no library does any more.

use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};

use super::daemon::{free_ports, script};
use super::openssl_server::{OpensslServer, Program};
use super::pki::NAME;
use super::relay::Relay;
use super::scripted::line;

/// A mail server of Node.js 0.10 with OpenSSL 1.0.1.
pub(crate) struct Node {
    _program: Program,
    port: u16,
}

impl Node {
    /// `unpacked` is where `tests/lab/fetch-node.sh` put it, `keys` where [`old_key`] did.
    pub(crate) fn start(unpacked: &Path, keys: &Path, method: &str, ciphers: &str) -> Self {
        let mut child = Command::new(unpacked.join("node"))
            .arg(script("lab/smtp-ssl2.js"))
            .args([keys.join("key.pem"), keys.join("cert.pem")])
            .args([method, ciphers])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let port = line(&mut BufReader::new(child.stdout.take().unwrap()));
        Self { _program: Program(child), port: port.trim().parse().unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// A mail server of OpenSSL 1.1.0, with STARTTLS before it.
pub(crate) struct OldOpenssl {
    _server: OpensslServer,
    front: Relay,
}

impl OldOpenssl {
    /// `built` is where `tests/lab/fetch-openssl.sh` put it, `keys` where [`old_key`] did. With `-nocert` among the
    /// options it has no certificate; its prime has 1024 bits.
    pub(crate) fn start(built: &Path, keys: &Path, options: &str) -> Self {
        openssl(keys, &["dhparam", "-dsaparam", "-out", "dh.pem", "1024"]);
        let certificate =
            if options.contains("-nocert") { "" } else { "-key key.pem -cert cert.pem" };
        let arguments: Vec<String> = format!("-dhparam dh.pem {certificate} {options}")
            .split_whitespace()
            .map(ToOwned::to_owned)
            .collect();
        let port = free_ports(1)[0];
        let server = OpensslServer::start(&built.join("openssl"), keys, port, &arguments, false);
        let server = server.unwrap_or_else(|| panic!("no s_server: {options}"));
        let front = Relay::with_starttls(server.port());
        Self { _server: server, front }
    }

    pub(crate) fn port(&self) -> u16 {
        self.front.port()
    }
}

/// A key in the old form and its certificate, made by openssl: OpenSSL 1.0.1 reads no other. `key.pem`, `cert.pem`.
pub(crate) fn old_key(dir: &Path) {
    openssl(dir, &["genrsa", "-traditional", "-out", "key.pem", "2048"]);
    let subject = format!("/CN={NAME}");
    openssl(
        dir,
        &[
            "req", "-new", "-x509", "-key", "key.pem", "-days", "397", "-subj", &subject, "-out",
            "cert.pem",
        ],
    );
}

/// Runs this machine's openssl.
pub(crate) fn openssl(dir: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
