//! Other listeners of the same site that may speak SSLv2: whoever has the key there has it here (DROWN, CVE-2016-0800).

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;
use std::time::Duration;

use super::ask::Question;
use super::facts::{DrownListener, Fact};
use super::probe::Target;
use super::reaction::{Reaction, Ssl2Reaction, reaction, ssl2_reaction};
use crate::connection::{Connection, resolve};
use crate::program::Run;
use crate::smtp::Session;
use crate::smtp_client::Patience;
use crate::tls::exchange::ask;
use crate::tls::{answer, certificate, ssl2};

/// How long a connection and each answer in TLS may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a line in IMAP and POP3.
const LINE_BYTES: usize = 2048;
/// Lines until an answer must have come.
const LINES: usize = 32;

/// What is spoken before TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preamble {
    Smtp,
    Imap,
    Pop3,
    None,
}

/// Another listener, as `HOST:PORT[/starttls-smtp|imap|pop3|tls]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    host: String,
    port: u16,
    preamble: Preamble,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The text names no listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a listener; write HOST:PORT and, if need be, /starttls-smtp, /imap, /pop3 or /tls")]
pub(super) struct NotAListener;

impl FromStr for Listener {
    type Err = NotAListener;

    fn from_str(text: &str) -> Result<Self, NotAListener> {
        let (address, preamble) = text
            .split_once('/')
            .map_or((text, None), |(address, preamble)| (address, Some(preamble)));
        let (host, port) = address.rsplit_once(':').ok_or(NotAListener)?;
        let port: u16 = port.parse().map_err(|_| NotAListener)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || port == 0 {
            return Err(NotAListener);
        }
        let preamble = match (preamble, port) {
            (Some("starttls-smtp"), _) | (None, 25 | 587) => Preamble::Smtp,
            (Some("imap"), _) | (None, 143) => Preamble::Imap,
            (Some("pop3"), _) | (None, 110) => Preamble::Pop3,
            (Some("tls") | None, _) => Preamble::None,
            (Some(_), _) => return Err(NotAListener),
        };
        Ok(Self { host: host.to_owned(), port, preamble })
    }
}

/// Asks one listener for SSLv2.
pub(super) fn look(listener: &Listener, target: &Target, run: &Run) -> DrownListener {
    let mut key_sha256 = None;
    let ssl2 = match ask_listener(listener, target, run) {
        Ok(Ssl2Reaction::Spoken { certificate, .. }) => {
            key_sha256 =
                certificate::read(&certificate).ok().map(|certificate| certificate.key_sha256);
            Fact::Yes
        }
        Ok(Ssl2Reaction::Other(Reaction::Refused | Reaction::Chosen(_))) => Fact::No,
        // A close without a word refuses only where TLS is answered at all.
        Ok(Ssl2Reaction::Other(Reaction::Closed)) => match speaks_tls(listener, target, run) {
            Ok(true) => Fact::No,
            Ok(false) => Fact::Unknown("connection closed, as to a TLS hello".to_owned()),
            Err(why) => Fact::Unknown(why),
        },
        Ok(Ssl2Reaction::Other(Reaction::Unclear(why))) | Err(why) => Fact::Unknown(why),
    };
    DrownListener { listener: listener.to_string(), ssl2, key_sha256 }
}

fn ask_listener(listener: &Listener, target: &Target, run: &Run) -> Result<Ssl2Reaction, String> {
    let mut connection = open(listener, target, run)?;
    let mut parser = ssl2::Parser::default();
    let stop = ask(&mut connection, &ssl2::hello([7; 16]), |bytes| parser.push(bytes));
    Ok(ssl2_reaction(parser.finish().as_ref(), &stop))
}

/// Whether a hello of this decade gets an answer in TLS, be it a refusal.
fn speaks_tls(listener: &Listener, target: &Target, run: &Run) -> Result<bool, String> {
    let mut connection = open(listener, target, run)?;
    let mut parser = answer::Parser::default();
    let hello = Question::modern().hello(None, [7; 96]);
    let stop = ask(&mut connection, &hello, |bytes| parser.push(bytes));
    let reaction = reaction(&parser.finish(), &stop);
    Ok(matches!(reaction, Reaction::Chosen(_) | Reaction::Refused))
}

/// A connection on which TLS may begin.
fn open<'a>(listener: &Listener, target: &Target, run: &'a Run) -> Result<Connection<'a>, String> {
    run.deadline.enter(format!("asking {listener} for SSLv2"));
    let addresses = resolve(&listener.host, listener.port, target.caller.family)?;
    let mut failure = "it has no address".to_owned();
    for address in addresses {
        match Connection::open(address, target.caller.source, &run.deadline, PATIENCE) {
            Ok(mut connection) => {
                connection.allow(Patience::within(run.deadline.limit()).smtp);
                let mut ready = begin_tls(connection, listener.preamble, target)?;
                ready.allow(PATIENCE);
                return Ok(ready);
            }
            Err(error) => failure = error.to_string(),
        }
    }
    Err(failure)
}

fn begin_tls<'a>(
    mut connection: Connection<'a>,
    preamble: Preamble,
    target: &Target,
) -> Result<Connection<'a>, String> {
    match preamble {
        Preamble::None => {}
        Preamble::Smtp => {
            let name = target.caller.name(connection.local_address());
            let mut session = Session::over(connection);
            let greeting = session.greeting().map_err(|error| error.to_string())?;
            if !greeting.is_positive() {
                session.quit();
                return Err(format!("it greeted with {greeting}"));
            }
            let starttls = session.ehlo(&name).and_then(|_| session.starttls());
            let answer = starttls.map_err(|error| error.to_string())?;
            if answer.code != 220 {
                session.quit();
                return Err(format!("STARTTLS was answered with {answer}"));
            }
            connection = session.into_stream().map_err(|error| error.to_string())?;
        }
        // RFC 3501 section 6.2.1.
        Preamble::Imap => {
            until_line(&mut connection, "* ")?;
            command(&mut connection, "a STARTTLS\r\n", "a ")?;
        }
        // RFC 2595 section 4.
        Preamble::Pop3 => {
            until_line(&mut connection, "+OK")?;
            command(&mut connection, "STLS\r\n", "+OK")?;
        }
    }
    Ok(connection)
}

fn command(stream: &mut (impl Read + Write), line: &str, wanted: &str) -> Result<(), String> {
    stream.write_all(line.as_bytes()).map_err(|error| error.to_string())?;
    let answer = until_line(stream, wanted)?;
    if wanted == "a " && !answer.starts_with("a OK") {
        return Err(format!("STARTTLS was answered with {answer}"));
    }
    Ok(())
}

/// Reads lines until one begins as wanted; byte by byte, so that nothing of TLS is taken.
fn until_line(stream: &mut impl Read, wanted: &str) -> Result<String, String> {
    for _ in 0..LINES {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            match stream.read(&mut byte) {
                Ok(0) => return Err("connection closed before TLS".to_owned()),
                Ok(_) if byte == *b"\n" => break,
                Ok(_) => line.extend(byte),
                Err(_) => return Err("no answer before TLS".to_owned()),
            }
            if line.len() > LINE_BYTES {
                return Err("a line of more than 2048 bytes before TLS".to_owned());
            }
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if line.starts_with(wanted) {
            return Ok(line);
        }
        if line.starts_with("-ERR") {
            return Err(format!("TLS was refused: {line}"));
        }
    }
    Err("no answer before TLS".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_with_the_preamble_of_their_port() {
        for (text, host, port, preamble) in [
            ("mail.example:25", "mail.example", 25, Preamble::Smtp),
            ("mail.example:465", "mail.example", 465, Preamble::None),
            ("mail.example:143", "mail.example", 143, Preamble::Imap),
            ("[2001:db8::1]:110", "2001:db8::1", 110, Preamble::Pop3),
            ("mail.example:2525/starttls-smtp", "mail.example", 2525, Preamble::Smtp),
            ("mail.example:25/tls", "mail.example", 25, Preamble::None),
        ] {
            let expected = Listener { host: host.to_owned(), port, preamble };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        let printed = "[2001:db8::1]:110".parse().map(|listener: Listener| listener.to_string());
        assert_eq!(printed.as_deref(), Ok("[2001:db8::1]:110"));
        for text in [
            "",
            "mail.example",
            ":25",
            "mail.example:0",
            "mail.example:x",
            "mail.example:25/ftp",
            "a:70000",
        ] {
            assert_eq!(text.parse::<Listener>(), Err(NotAListener), "{text}");
        }
    }

    #[test]
    fn lines_before_tls_are_bounded_and_read_one_by_one() {
        let mut greeting = &b"* OK ready\r\na OK begin\r\n\x16"[..];
        assert_eq!(until_line(&mut greeting, "a "), Ok("a OK begin".to_owned()));
        assert_eq!(greeting, b"\x16");
        let long = vec![b'x'; 5000];
        assert!(until_line(&mut long.as_slice(), "a ").is_err());
        assert!(until_line(&mut &b"-ERR no\r\n"[..], "+OK").is_err());
    }
}
