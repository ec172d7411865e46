//! A stand-in for a mail server that forces TLS: speaks SMTP on the loopback, in the clear and over STARTTLS.
//!
//! `forced_tls_server PORT_FILE [RULE]` writes its port to `PORT_FILE` and runs until it is killed. RULE is `good` (mail
//! of partner.example is refused in the clear), `case` (the same, but the rule is case-sensitive), `none` or `spf` (mail of
//! partner.example is refused on every way).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let rule = arguments.next().unwrap_or_else(|| "good".to_owned());
    let config = config()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        serve(stream?, &rule, &config)?;
    }
    Ok(())
}

fn config() -> Result<Arc<ServerConfig>, Failure> {
    let made = rcgen::generate_simple_self_signed(["mail.own.example".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok(Arc::new(config))
}

fn serve(mut stream: TcpStream, rule: &str, config: &Arc<ServerConfig>) -> Result<(), Failure> {
    stream.write_all(b"220 mail.own.example ESMTP\r\n")?;
    if let Some(stream) = converse(stream, false, rule)? {
        let connection = ServerConnection::new(config.clone())?;
        converse(StreamOwned::new(connection, stream), true, rule)?;
    }
    Ok(())
}

/// Talks until the client leaves, or gives the stream up for TLS.
fn converse<S: Read + Write>(
    stream: S,
    is_encrypted: bool,
    rule: &str,
) -> Result<Option<S>, Failure> {
    // Not a byte of TLS may be read ahead.
    let mut reader = BufReader::with_capacity(1, stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let command = line.trim_end();
        let answer = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if is_encrypted => "250 mail.own.example",
            "EHLO" => "250-mail.own.example\r\n250 STARTTLS",
            "STARTTLS" => "220 go",
            "MAIL" => judge(command, is_encrypted, rule),
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        reader.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
        reader.get_mut().flush()?;
        match command {
            "STARTTLS" => return Ok(Some(reader.into_inner())),
            "QUIT" => return Ok(None),
            _ => {}
        }
    }
}

fn judge(command: &str, is_encrypted: bool, rule: &str) -> &'static str {
    let is_partner = command.to_lowercase().ends_with("@partner.example>");
    match rule {
        "good" if is_partner && !is_encrypted => "550 5.7.10 Encryption needed",
        "case" if command.ends_with("@partner.example>") && !is_encrypted => {
            "550 5.7.10 Encryption needed"
        }
        "spf" if is_partner => "550 5.7.23 SPF validation failed",
        _ => "250 ok",
    }
}
