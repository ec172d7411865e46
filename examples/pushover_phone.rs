//! A stand-in for Pushover and a phone: accepts messages on the loopback and shows them as a lock screen would.
//!
//! `pushover_phone URL_FILE [--down]` writes its URL to `URL_FILE` and runs until it is killed. Alice acknowledges every
//! emergency that she is asked about. With `--down` it
//! answers 500, as Pushover does on a bad day.
#![expect(clippy::print_stdout, reason = "its output is the screen of the phone")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let down = arguments.next().is_some();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, format!("http://{}", listener.local_addr()?))?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        let mut stream = BufReader::new(stream?);
        while let Some((path, fields)) = read_request(&mut stream) {
            answer(stream.get_mut(), &path, &fields, down)?;
        }
    }
    Ok(())
}

fn answer(
    stream: &mut TcpStream,
    path: &str,
    fields: &BTreeMap<String, String>,
    down: bool,
) -> std::io::Result<()> {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let body = match path {
        _ if down => "{}",
        "/1/messages.json" => {
            let title =
                if field("title").is_empty() { "Axigen monitoring" } else { field("title") };
            println!("  ┌─ {title}");
            for line in field("message").lines() {
                println!("  │ {line}");
            }
            let note = match field("priority") {
                "2" => "rings until somebody acknowledges",
                "1" => "also in quiet hours",
                "-1" | "-2" => "without a sound",
                _ => "with a sound",
            };
            println!("  └─ {note}");
            r#"{"status":1,"request":"demo","receipt":"r1"}"#
        }
        "/1/users/validate.json" => r#"{"status":1,"devices":["phone"],"request":"demo"}"#,
        "/1/apps/limits.json" => {
            r#"{"status":1,"limit":10000,"remaining":7496,"reset":4102444800,"request":"demo"}"#
        }
        "/1/receipts/r1.json" => {
            println!("  (Alice acknowledges)");
            r#"{"status":1,"acknowledged":1,"acknowledged_by":"uQiRzpo4DXghDmr9QzzfQu27cmVRsG","request":"demo"}"#
        }
        _ => {
            println!("  (the ringing stops)");
            r#"{"status":1,"canceled":1,"request":"demo"}"#
        }
    };
    let status = if down { 500 } else { 200 };
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, BTreeMap<String, String>)> {
    let mut first = String::new();
    stream.read_line(&mut first).ok().filter(|count| *count > 0)?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let form = String::from_utf8(body).ok()?;
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let fields = pairs.map(|(key, value)| (key.to_owned(), unescape(value))).collect();
    Some((target.split('?').next()?.to_owned(), fields))
}

fn unescape(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(code);
        bytes.extend(part.bytes().skip(2));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
