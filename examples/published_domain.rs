//! A stand-in for all that is published of the domain own.example: a resolver that validates, a mail server with
//! STARTTLS on port 25, and a policy server on port 443, each on loopback addresses of its own.
//!
//! `published_domain DIRECTORY good|renewed|moved` writes its authority to `DIRECTORY/ca.pem` and the resolver's address
//! to `DIRECTORY/resolver`, and runs until it is killed.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use aws_lc_rs::digest::{SHA256, digest};
use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, MX, NS, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const MAIL: Ipv4Addr = Ipv4Addr::new(127, 45, 0, 10);
const POLICY: Ipv4Addr = Ipv4Addr::new(127, 45, 0, 20);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (dir, state) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Demo Authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let leaf = |name: &str| -> Result<(Vec<u8>, Arc<ServerConfig>)> {
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &authority)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        Ok((leaf.der().to_vec(), Arc::new(config)))
    };
    let (old, _) = leaf("mx.own.example")?;
    let (present, mail) = leaf("mx.own.example")?;
    let (_, web) = leaf("mta-sts.own.example")?;
    let named = if state == "renewed" { old } else { present };
    serve(TcpListener::bind((MAIL, 25))?, mail, true, String::new());
    let host = if state == "moved" { "old-mx" } else { "mx" };
    let policy =
        format!("version: STSv1\nmode: enforce\nmx: {host}.own.example\nmax_age: 2419200\n");
    serve(TcpListener::bind((POLICY, 443))?, web, false, policy);
    let resolver = UdpSocket::bind("127.0.0.1:0")?;
    let dir = Path::new(&dir);
    std::fs::write(dir.join("ca.pem"), authority.pem())?;
    // Under its name only when it is complete: somebody waits for it.
    std::fs::write(dir.join("resolver.new"), resolver.local_addr()?.to_string())?;
    std::fs::rename(dir.join("resolver.new"), dir.join("resolver"))?;
    answer(&resolver, digest(&SHA256, &named).as_ref())
}

/// Answers every question as one that is proven.
fn answer(resolver: &UdpSocket, tlsa: &[u8]) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let (length, client) = resolver.recv_from(&mut buffer)?;
        let asked = Message::from_vec(buffer.get(..length).unwrap_or_default())?;
        let mut message = Message::response(asked.metadata.id, OpCode::Query);
        message.metadata.recursion_available = true;
        message.metadata.authentic_data = true;
        message.metadata.response_code = ResponseCode::NoError;
        for query in asked.queries {
            if let Some(data) = data(&query.name().to_ascii(), query.query_type(), tlsa)? {
                message.add_answer(Record::from_rdata(query.name().clone(), 3600, data));
            }
            message.add_query(query);
        }
        resolver.send_to(&message.to_vec()?, client)?;
    }
}

fn data(name: &str, kind: RecordType, tlsa: &[u8]) -> Result<Option<RData>> {
    let text = |text: &str| RData::TXT(TXT::new(vec![text.to_owned()]));
    Ok(Some(match (name, kind) {
        (".", RecordType::NS) => RData::NS(NS(Name::from_ascii("a.root.example.")?)),
        ("own.example.", RecordType::MX) => {
            RData::MX(MX::new(10, Name::from_ascii("mx.own.example.")?))
        }
        ("mx.own.example.", RecordType::A) => RData::A(A(MAIL)),
        ("mta-sts.own.example.", RecordType::A) => RData::A(A(POLICY)),
        ("_25._tcp.mx.own.example.", RecordType::TLSA) => {
            RData::TLSA(TLSA::new(3.into(), 0.into(), 1.into(), tlsa.to_vec()))
        }
        ("own.example.", RecordType::TXT) => text("v=spf1 mx -all"),
        ("_dmarc.own.example.", RecordType::TXT) => {
            text("v=DMARC1; p=reject; rua=mailto:dmarc@own.example")
        }
        ("_mta-sts.own.example.", RecordType::TXT) => text("v=STSv1; id=20261126;"),
        ("_smtp._tls.own.example.", RecordType::TXT) => {
            text("v=TLSRPTv1; rua=mailto:tls@own.example")
        }
        _ => return Ok(None),
    }))
}

/// Serves mail up to STARTTLS, or one file, to one client after the other.
fn serve(listener: TcpListener, tls: Arc<ServerConfig>, is_mail: bool, file: String) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up is no reason to end.
            let _ = if is_mail { mail(stream, &tls) } else { web(stream, &tls, &file) };
        }
    });
}

fn secure(stream: TcpStream, tls: &Arc<ServerConfig>) -> Result<impl Read + Write> {
    Ok(StreamOwned::new(ServerConnection::new(tls.clone())?, stream))
}

fn mail(stream: TcpStream, tls: &Arc<ServerConfig>) -> Result<()> {
    if let Some(stream) = speak(stream, Some("220 mx.own.example ESMTP\r\n"))? {
        speak(secure(stream, tls)?, None)?;
    }
    Ok(())
}

/// Talks until the client hangs up, or gives the stream up for TLS.
fn speak<S: Read + Write>(stream: S, greeting: Option<&str>) -> Result<Option<S>> {
    // Not a byte of TLS may be read ahead.
    let mut reader = BufReader::with_capacity(1, stream);
    reader.get_mut().write_all(greeting.unwrap_or_default().as_bytes())?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let answer = match line.trim_end() {
            "STARTTLS" => "220 go\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250-mx.own.example\r\n250 STARTTLS\r\n",
        };
        reader.get_mut().write_all(answer.as_bytes())?;
        reader.get_mut().flush()?;
        if answer.starts_with("220") {
            return Ok(Some(reader.into_inner()));
        }
    }
}

fn web(stream: TcpStream, tls: &Arc<ServerConfig>, file: &str) -> Result<()> {
    let mut reader = BufReader::new(secure(stream, tls)?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && !line.ends_with("\r\n\r\n") {}
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n";
    let stream = reader.get_mut();
    write!(stream, "{head}content-length: {}\r\n\r\n{file}", file.len())?;
    stream.flush()?;
    Ok(())
}
