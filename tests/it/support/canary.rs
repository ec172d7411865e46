//! `smtp_canary` as systemd starts it: one process for each connection, which is its standard input. And a client that
//! says to it whatever a test wants.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use tempfile::TempDir;

use super::{chmod, open_tempdir, program};

/// The domain of all canary mails.
pub(crate) const DOMAIN: &str = "canary.test";

/// A state directory as the packages lay it out.
pub(crate) fn state_dir() -> TempDir {
    let dir = open_tempdir();
    for half in ["tokens", "seen", "key"] {
        fs::create_dir(dir.path().join(half)).unwrap();
    }
    chmod(&dir.path().join("key"), 0o700);
    dir
}

/// A listener that starts the program for each connection.
pub(crate) struct Sink {
    address: SocketAddr,
    state: PathBuf,
    is_over: Arc<AtomicBool>,
    children: Arc<Mutex<Vec<Child>>>,
    listening: Option<JoinHandle<()>>,
}

impl Sink {
    pub(crate) fn start(state: &Path, options: &[&str]) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), state, options)
    }

    pub(crate) fn start_on(listener: TcpListener, state: &Path, options: &[&str]) -> Self {
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let children = Arc::new(Mutex::new(Vec::new()));
        let mut command = Command::new(program("smtp_canary"));
        command.args(["--domain", DOMAIN, "--state"]).arg(state).args(options);
        let listening = {
            let (is_over, children) = (is_over.clone(), children.clone());
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let stream = OwnedFd::from(stream.unwrap());
                    // Who has an answer of the program finds it in the list.
                    let mut children: MutexGuard<'_, Vec<Child>> = children.lock().unwrap();
                    let child = command
                        .stdin(Stdio::from(stream))
                        .stdout(Stdio::null())
                        .stderr(Stdio::piped())
                        .spawn()
                        .unwrap();
                    // The command must not keep the connection open.
                    command.stdin(Stdio::null());
                    children.push(child);
                }
            })
        };
        let (state, listening) = (state.to_owned(), Some(listening));
        Self { address, state, is_over, children, listening }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn connect(&self) -> Client<TcpStream> {
        Client::connect(self.address)
    }

    /// Waits until all programs have ended: what each said, and its exit code.
    pub(crate) fn ended(&self) -> Vec<(String, Option<i32>)> {
        let children = std::mem::take(&mut *self.children.lock().unwrap());
        children
            .into_iter()
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                (String::from_utf8(output.stderr).unwrap(), output.status.code())
            })
            .collect()
    }

    /// Kills all programs that run.
    pub(crate) fn kill(&self) {
        for child in self.children.lock().unwrap().iter_mut() {
            child.kill().unwrap();
        }
    }

    /// What was seen: the middle part of the names of the files, sorted.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.ended();
        let names = fs::read_dir(self.state.join("seen")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut words: Vec<String> =
            names.map(|name| name.split('.').nth(1).unwrap_or(&name).to_owned()).collect();
        words.sort();
        words
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.listening.take().unwrap().join();
        self.ended();
    }
}

/// Notes a canary mail as the check does; the address it is for.
pub(crate) fn token(state: &Path, number: u32, verify: bool) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let token = format!("{:010x}{number:022x}", now.as_secs());
    let note = format!(r#"{{"verify":{verify},"accepted":"queued","no_sink":null}}"#);
    fs::write(state.join("tokens").join(&token), note).unwrap();
    format!("{token}@{DOMAIN}")
}

/// A client in the clear or in TLS.
pub(crate) struct Client<S: Read + Write>(pub(crate) BufReader<S>);

/// A client in TLS.
pub(crate) type TlsClient = Client<StreamOwned<ClientConnection, TcpStream>>;

impl<S: Read + Write> Client<S> {
    /// The next reply: the code and the text of all its lines; empty at the end of the connection.
    pub(crate) fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(0) | Err(_) => return reply,
                Ok(_) => reply.push_str(&line),
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
    }

    /// Says a line and waits for the answer.
    pub(crate) fn say(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n"));
        self.reply()
    }

    /// Says a line that must be answered so.
    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str, start: &str) -> &mut Self {
        let reply = self.say(line);
        assert!(reply.starts_with(start), "{line}: {reply:?}");
        self
    }

    /// Hands a mail over to the end; the last answer.
    pub(crate) fn hand_over(&mut self, recipient: &str) -> String {
        for (line, yes) in [
            ("MAIL FROM:<monitor@own.test>".to_owned(), '2'),
            (format!("RCPT TO:<{recipient}>"), '2'),
            ("DATA".to_owned(), '3'),
        ] {
            let reply = self.say(&line);
            if !reply.starts_with(yes) {
                return reply;
            }
        }
        self.say("Subject: canary\r\n\r\nhello\r\n.")
    }
}

impl Client<TcpStream> {
    pub(crate) fn connect(address: impl ToSocketAddrs) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// The greeting and the answer to EHLO.
    pub(crate) fn hello(&mut self, name: &str) -> String {
        assert!(self.reply().starts_with("220 canary.test ESMTP smtp_canary"));
        self.say(&format!("EHLO {name}"))
    }

    /// STARTTLS and the handshake, after EHLO.
    pub(crate) fn starttls(mut self) -> Result<TlsClient, String> {
        let reply = self.say("STARTTLS");
        assert!(reply.starts_with("220 "), "{reply}");
        self.secure()
    }

    /// The handshake.
    pub(crate) fn secure(self) -> Result<TlsClient, String> {
        self.secure_if(true)
    }

    /// The handshake of a client that likes the certificate, or not.
    pub(crate) fn secure_if(self, is_liked: bool) -> Result<TlsClient, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Taste(is_liked)))
            .with_no_client_auth();
        let name = ServerName::try_from(DOMAIN).unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = self.0.into_inner();
        while client.is_handshaking() {
            if let Err(error) = client.complete_io(&mut stream) {
                // The alert.
                let _ = client.write_tls(&mut stream);
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read(&mut [0; 1024]);
                return Err(error.to_string());
            }
        }
        Ok(Client(BufReader::new(StreamOwned::new(client, stream))))
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        let stream = self.0.into_inner();
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    }
}

/// Takes every certificate, or none.
#[derive(Debug)]
struct Taste(bool);

impl ServerCertVerifier for Taste {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.0 {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
