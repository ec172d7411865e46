//! A mail to each domain, and what postfix made of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

/// What became of a mail: status and code, and whether postfix verified the host.
pub(super) type Delivery = (String, bool);

/// One mail to all of them.
pub(super) fn send(port: u16, domains: &[String]) {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut answer = |words: &str| {
        if !words.is_empty() {
            (&stream).write_all(format!("{words}\r\n").as_bytes()).unwrap();
        }
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with(['2', '3']), "{words}: {line}");
    };
    answer("");
    answer("HELO sender.lab.test");
    answer("MAIL FROM:<a@lab.test>");
    for domain in domains {
        answer(&format!("RCPT TO:<probe@{domain}>"));
    }
    answer("DATA");
    answer("Subject: probe\r\n\r\nprobe\r\n.");
    answer("QUIT");
}

/// The first delivery to each domain in a log. A line about TLS stands before the delivery by the same process.
pub(super) fn deliveries(log: &str) -> BTreeMap<String, Delivery> {
    let mut verified: BTreeMap<&str, bool> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for line in log.lines() {
        let process = line.split_once("/smtp[").and_then(|(_, rest)| rest.split_once(']'));
        let process = process.map_or("", |(process, _)| process);
        if line.contains("TLS connection established to") {
            verified.insert(process, line.contains("Verified TLS connection"));
        }
        let Some((_, rest)) = line.split_once("to=<probe@") else { continue };
        let Some((domain, rest)) = rest.split_once('>') else { continue };
        let Some((_, dsn)) = rest.split_once("dsn=") else { continue };
        let dsn = dsn.split(" (").next().unwrap_or_default().replace(", status=", " ");
        let is_verified = verified.remove(process).unwrap_or(false);
        found.entry(domain.to_owned()).or_insert((dsn, is_verified));
    }
    found
}
