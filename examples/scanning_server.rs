//! A stand-in for a mail server with a scanner: it rejects what it finds during SMTP, or accepts everything.
//!
//! `scanning_server PORT_FILE [--accept-all]` writes its port to `PORT_FILE` and runs until it is killed. It looks for
//! the EICAR test file by its digest, in attachments and in archives that are not compressed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const EICAR_BYTES: usize = 68;

/// The first bytes of the SHA-256 digest that the makers of the test file publish.
const EICAR_DIGEST: [u8; 8] = [0x27, 0x5a, 0x02, 0x1b, 0xbf, 0xb6, 0x48, 0x9e];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let accepts_all = arguments.next().is_some();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        // A client that hangs up is no reason to end.
        let _ = speak(stream?, accepts_all);
    }
    Ok(())
}

fn speak(stream: TcpStream, accepts_all: bool) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    stream.write_all(b"220 mail.own.example ESMTP\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let mail = receive(&mut reader)?;
                if !accepts_all && is_infected(&mail) {
                    "550 5.7.1 Infected by Eicar-Test-Signature\r\n"
                } else {
                    "250 2.0.0 queued\r\n"
                }
            }
            "QUIT" => return stream.write_all(b"221 2.0.0 bye\r\n"),
            _ => "250 2.0.0 ok\r\n",
        };
        stream.write_all(answer.as_bytes())?;
    }
}

fn receive(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail.push_str(&line);
    }
}

/// Whether an attachment holds the test file.
fn is_infected(mail: &str) -> bool {
    let parts = mail.split("Content-Transfer-Encoding: base64").skip(1);
    parts
        .filter_map(|part| {
            let (_, body) = part.split_once("\r\n\r\n")?;
            let (encoded, _) = body.split_once("\r\n--")?;
            STANDARD.decode(encoded.replace("\r\n", "")).ok()
        })
        .any(|file| {
            file.windows(EICAR_BYTES)
                .any(|bytes| digest(&SHA256, bytes).as_ref().starts_with(&EICAR_DIGEST))
        })
}
