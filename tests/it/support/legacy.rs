//! Servers on TLS stacks of long ago, which still speak what no library does any more.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::daemon::{free_ports, script};
use super::pki::NAME;
use super::relay::Relay;
use super::scripted::line;

/// A program that is ended when it goes out of scope.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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

/// A mail server of OpenSSL 1.1.0: its `s_server`, with STARTTLS before it and a little SMTP inside.
pub(crate) struct OldOpenssl {
    _program: Program,
    front: Relay,
}

impl OldOpenssl {
    /// `built` is where `tests/lab/fetch-openssl.sh` put it, `keys` where [`old_key`] did. With `-nocert` among the
    /// options it has no certificate; its prime has 1024 bits.
    pub(crate) fn start(built: &Path, keys: &Path, options: &str) -> Self {
        let tls = free_ports(1)[0];
        let certificate =
            if options.contains("-nocert") { "" } else { "-key key.pem -cert cert.pem" };
        openssl(keys, &["dhparam", "-dsaparam", "-out", "dh.pem", "1024"]);
        let mut child = Command::new(built.join("openssl"))
            .args(["s_server", "-accept", &format!("127.0.0.1:{tls}")])
            .args(["-dhparam", "dh.pem"])
            .args(certificate.split_whitespace())
            .args(options.split_whitespace())
            .current_dir(keys)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut heard = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take().unwrap();
        let program = Program(child);
        while line(&mut heard).trim() != "ACCEPT" {
            assert!(!heard.fill_buf().unwrap().is_empty(), "no s_server: {options}");
        }
        std::thread::spawn(move || converse(&mut heard, input));
        Self { _program: program, front: Relay::with_starttls(tls) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.front.port()
    }
}

/// What `s_server` hears it prints, and what it is told it says.
fn converse(heard: &mut impl BufRead, mut input: ChildStdin) {
    loop {
        let line = line(heard);
        let answer = match line.split_whitespace().next() {
            None if line.is_empty() => return,
            Some("EHLO") => "250 legacy.lab.test\r\n",
            Some("QUIT") => "221 bye\r\n",
            _ => continue,
        };
        if input.write_all(answer.as_bytes()).is_err() {
            return;
        }
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
