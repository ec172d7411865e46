//! A stand-in for your own mail server: takes a mail and hands it on to `smtp_canary`, which it starts for each connection
//! as systemd does.
//!
//! `handing_on_server PORT_FILE RULE STATE` writes two ports to `PORT_FILE`, its own and that of `smtp_canary`, and runs
//! until it is killed. RULE is `encrypt` (mail without TLS waits, and is tried again at once) or `none`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, rule, state] = arguments.as_slice() else {
        return Err("usage: handing_on_server PORT_FILE RULE STATE".into());
    };
    let (own, canary) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (own_port, port) = (own.local_addr()?.port(), canary.local_addr()?.port());
    let state = state.clone();
    std::thread::spawn(move || start_for_each(&canary, &state).map_err(|error| error.to_string()));
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, format!("{own_port} {port}\n"))?;
    std::fs::rename(&unfinished, file)?;
    for stream in own.incoming() {
        if let Some(recipient) = take(stream?)? {
            while !hand_on(port, &recipient, rule == "encrypt")? {}
        }
    }
    Ok(())
}

/// Starts `smtp_canary` with each connection as its standard input.
fn start_for_each(listener: &TcpListener, state: &str) -> Result<(), Failure> {
    for stream in listener.incoming() {
        Command::new("smtp_canary")
            .args(["--domain", "canary.example", "--state", state])
            .stdin(Stdio::from(OwnedFd::from(stream?)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
    }
    Ok(())
}

/// Takes a mail; its recipient.
fn take(stream: TcpStream) -> Result<Option<String>, Failure> {
    let mut reader = BufReader::new(stream);
    let mut recipient = None;
    let (mut is_content, mut is_taken) = (false, false);
    reader.get_mut().write_all(b"220 mail.own.example ESMTP\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(recipient.filter(|_| is_taken));
        }
        let line = line.trim_end();
        let answer = match line.get(..4).unwrap_or_default() {
            _ if is_content && line != "." => continue,
            _ if is_content => {
                (is_content, is_taken) = (false, true);
                "250 queued"
            }
            "RCPT" => {
                recipient = Some(line.trim_start_matches("RCPT TO:").to_owned());
                "250 ok"
            }
            "DATA" => {
                is_content = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        reader.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

/// One attempt; whether it ended for good.
fn hand_on(port: u16, recipient: &str, must_encrypt: bool) -> Result<bool, Failure> {
    let mut clear = Client(BufReader::with_capacity(1, TcpStream::connect(("127.0.0.1", port))?));
    clear.reply()?;
    if !clear.say("EHLO mail.own.example")?.contains("STARTTLS") {
        if !must_encrypt {
            clear.deliver(recipient)?;
        }
        clear.say("QUIT")?;
        return Ok(!must_encrypt);
    }
    clear.say("STARTTLS")?;
    let mut tls = Client(BufReader::new(secure(clear.0.into_inner())?));
    tls.say("EHLO mail.own.example")?;
    tls.deliver(recipient)?;
    tls.say("QUIT")?;
    Ok(true)
}

struct Client<S: Read + Write>(BufReader<S>);

impl<S: Read + Write> Client<S> {
    fn say(&mut self, line: &str) -> Result<String, Failure> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    fn reply(&mut self) -> Result<String, Failure> {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(reply);
            }
        }
    }

    fn deliver(&mut self, recipient: &str) -> Result<(), Failure> {
        self.say("MAIL FROM:<monitor@own.example>")?;
        self.say(&format!("RCPT TO:{recipient}"))?;
        self.say("DATA")?;
        self.say("Subject: canary\r\n\r\nhello\r\n.")?;
        Ok(())
    }
}

fn secure(stream: TcpStream) -> Result<StreamOwned<ClientConnection, TcpStream>, Failure> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TakesAny))
        .with_no_client_auth();
    let name = ServerName::try_from("canary.example")?;
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream))
}

/// As a server that encrypts and does not verify.
#[derive(Debug)]
struct TakesAny;

impl ServerCertVerifier for TakesAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
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
