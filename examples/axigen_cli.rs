//! A stand-in for the CLI service of an Axigen server.
//!
//! `axigen_cli PORT_FILE RELEASE` writes its port to `PORT_FILE` and runs until it is killed. It answers GET VERSION, and
//! refuses everything else.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let release = arguments.next().unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        // A client that hangs up is no reason to end.
        let _ = speak(stream?, &release);
    }
    Ok(())
}

fn speak(stream: TcpStream, release: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    stream.write_all(b"Welcome to the stand-in of Axigen's CLI\r\n<login> ")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            "GET VERSION" => format!("{release}|Linux|x86_64\r\n+OK: command successful"),
            _ => "-ERR: command not allowed".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n<login> ").as_bytes())?;
    }
}
