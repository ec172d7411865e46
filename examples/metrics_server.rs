//! A stand-in for the metrics of an Axigen server, without the TLS that a real one must have.
//!
//! `metrics_server PORT_FILE METRICS_FILE` writes its port to `PORT_FILE` and answers every request with what stands in
//! `METRICS_FILE`, until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let metrics = std::fs::read_to_string(arguments.next().unwrap_or_default())?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Under its name only when it is complete: somebody waits for it.
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(&unfinished, &file)?;
    for stream in listener.incoming() {
        // A client that hangs up is no reason to end.
        let _ = answer(stream?, &metrics);
    }
    Ok(())
}

fn answer(mut stream: TcpStream, metrics: &str) -> std::io::Result<()> {
    let request = BufReader::new(stream.try_clone()?);
    // An empty line ends the request.
    for line in request.lines() {
        if line?.is_empty() {
            break;
        }
    }
    let length = metrics.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{metrics}").as_bytes())
}
