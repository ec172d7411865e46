//! A stand-in for mail servers: SMTP with STARTTLS on the loopback, well set up, with SSLv2, or with a certificate that
//! has expired.
//!
//! `mail_server FILE good|ssl2|expired` writes its authority to `FILE.pem` and its port to `FILE`, and runs until it is
//! killed.

#![expect(clippy::disallowed_methods, reason = "a stand-in reads the clock")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const DAY: Duration = Duration::from_secs(86_400);
/// What a server of this century answers to an SSLv2 hello: alert 70, `protocol_version`.
const NO_SSL2: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 70];
/// Cipher kinds of SSLv2: `RC4_128_EXPORT40_WITH_MD5` and `DES_192_EDE3_CBC_WITH_MD5`.
const SSL2_KINDS: [u8; 6] = [0x02, 0, 0x80, 0x07, 0, 0xc0];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(kind)) = (arguments.next(), arguments.next()) else {
        return Err("usage: mail_server FILE good|ssl2|expired".into());
    };
    let server = Server::new(&file, &kind)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        // Most questions end in the middle of a handshake, and that is no failure.
        let _ = server.answer(stream?);
    }
    Ok(())
}

struct Server {
    tls: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    speaks_ssl2: bool,
}

impl Server {
    fn new(file: &str, kind: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let now = SystemTime::now();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, "Example Authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        std::fs::write(format!("{file}.pem"), authority.pem())?;

        let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned(), "mail01".to_owned()])?;
        leaf.distinguished_name.push(DnType::CommonName, "mail.example.com");
        leaf.not_before = (now - 87 * DAY).into();
        leaf.not_after = match kind {
            "expired" => now - 2 * DAY,
            _ => now + 60 * DAY,
        }
        .into();
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &authority)?.der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)?;
        Ok(Self { tls: Arc::new(tls), certificate, speaks_ssl2: kind == "ssl2" })
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.write_all(b"220 mail.example.com ESMTP\r\n")?;
        let mut stream = BufReader::new(stream);
        if !converse(&mut stream, "250 STARTTLS\r\n")? {
            return Ok(());
        }
        // A client that waits for each answer has sent nothing of TLS yet.
        let mut stream = stream.into_inner();
        let mut first = [0];
        stream.peek(&mut first)?;
        // The top bit of an SSLv2 header is set; a TLS record opens with a small number.
        if first < [0x80] {
            let tls = ServerConnection::new(self.tls.clone()).map_err(std::io::Error::other)?;
            let mut stream = BufReader::new(StreamOwned::new(tls, stream));
            return converse(&mut stream, "250 AUTH PLAIN LOGIN\r\n").map(drop);
        }
        let mut hello = [0; 512];
        let _ = stream.read(&mut hello)?;
        if self.speaks_ssl2 {
            stream.write_all(&self.ssl2_hello())
        } else {
            stream.write_all(&NO_SSL2)
        }
    }

    /// A SERVER-HELLO of SSLv2: certificate, cipher kinds and 16 bytes of connection id.
    fn ssl2_hello(&self) -> Vec<u8> {
        let mut body = vec![4, 0, 1, 0, 2];
        for length in [self.certificate.len(), SSL2_KINDS.len(), 16] {
            body.extend(u16::try_from(length).unwrap_or(0).to_be_bytes());
        }
        body.extend(self.certificate.as_ref());
        body.extend(SSL2_KINDS);
        body.extend([7; 16]);
        let header = u16::try_from(body.len()).unwrap_or(0) | 0x8000;
        [&header.to_be_bytes()[..], &body].concat()
    }
}

/// Answers commands until TLS may begin (true) or the client leaves.
fn converse<S: Read + Write>(stream: &mut BufReader<S>, extension: &str) -> std::io::Result<bool> {
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        let answer = answer_to(&line, extension);
        stream.get_mut().write_all(answer.as_bytes())?;
        if line.starts_with(b"STARTTLS") {
            return Ok(true);
        }
        if line.starts_with(b"QUIT") {
            return Ok(false);
        }
    }
}

fn answer_to(line: &[u8], extension: &str) -> String {
    match line.get(..4) {
        Some(b"EHLO") => format!("250-mail.example.com\r\n{extension}"),
        Some(b"STAR") => "220 go ahead\r\n".to_owned(),
        Some(b"QUIT") => "221 bye\r\n".to_owned(),
        _ => "502 this is a stand-in\r\n".to_owned(),
    }
}
