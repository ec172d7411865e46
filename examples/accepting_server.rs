//! A stand-in for mail servers in several states of health.
//!
//! `accepting_server PORT_FILE good|full|greylisting|scanner` writes its port to `PORT_FILE` and runs until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let health = arguments.next().unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        // A client that hangs up is no reason to end.
        let _ = speak(stream?, &health);
    }
    Ok(())
}

fn speak(mut stream: TcpStream, health: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"220 mail.own.example ESMTP\r\n")?;
    let mut is_content = false;
    while let Some(line) = lines.next().transpose()? {
        let word = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match (is_content, word, health) {
            (true, ".", "scanner") => "451 4.7.1 Service unavailable - try again later",
            (true, ".", _) => "250 2.0.0 queued",
            (true, ..) => continue,
            (_, "MAIL", "full") => "452 4.3.1 Insufficient system storage",
            (_, "RCPT", "greylisting") => "450 4.2.0 Greylisted, come back in 5 minutes",
            (_, "DATA", _) => "354 go on",
            (_, "QUIT", _) => return stream.write_all(b"221 2.0.0 bye\r\n"),
            _ => "250 2.0.0 ok",
        };
        is_content = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
