//! A mail server of whatever openssl is at hand: its `s_server`, with a little SMTP inside.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::scripted::line;

/// A program that is ended when it goes out of scope.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `s_server` where TLS begins at once.
pub(crate) struct OpensslServer {
    _program: Program,
    port: u16,
}

impl OpensslServer {
    /// Runs it in `dir` on `port`; it greets only where nothing came before TLS. Nothing where it does not want to.
    pub(crate) fn start(
        openssl: &Path,
        dir: &Path,
        port: u16,
        arguments: &[String],
        greets: bool,
    ) -> Option<Self> {
        let mut child = Command::new(openssl)
            .args(["s_server", "-accept", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut heard = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take().unwrap();
        let program = Program(child);
        while !line(&mut heard).starts_with("ACCEPT") {
            if heard.fill_buf().unwrap().is_empty() {
                return None;
            }
        }
        std::thread::spawn(move || converse(&mut heard, input, greets));
        Some(Self { _program: program, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// What `s_server` hears it prints, and what it is told it says.
fn converse(heard: &mut impl BufRead, mut input: ChildStdin, greets: bool) {
    loop {
        let mut line = Vec::new();
        let length = heard.read_until(b'\n', &mut line).unwrap_or(0);
        let line = String::from_utf8_lossy(&line);
        let answer = match line.split_whitespace().next() {
            None if length == 0 => return,
            // The last line on a handshake.
            Some("CIPHER") if greets => "220 openssl.lab.test ESMTP\r\n",
            Some("EHLO") => "250 openssl.lab.test\r\n",
            Some("QUIT") => "221 bye\r\n",
            _ => continue,
        };
        if input.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
