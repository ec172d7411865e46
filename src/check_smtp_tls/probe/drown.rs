//! Other listeners of the same site that may speak SSLv2: whoever has the key there has it here (DROWN, CVE-2016-0800).

use std::io::{Read, Write};
use std::time::Duration;

use super::question::Question;
use super::reaction::{Reaction, Ssl2Reaction, reaction, ssl2_reaction};
use crate::check_smtp_tls::facts::{BeforeTls, DrownListener, Fact, WhyUnknown};
use crate::check_smtp_tls::listener::{Listener, Preamble};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::smtp_client::{Caller, Dialer, NoSession, Patience};
use crate::tls::exchange::ask;
use crate::tls::{certificate, flight, ssl2};

/// How long a connection and each answer in TLS may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a line in IMAP and POP3.
const LINE_BYTES: usize = 2048;
/// Lines until an answer must have come.
const LINES: usize = 32;

/// Asks one listener for SSLv2.
pub(super) fn look(listener: &Listener, caller: &Caller, deadline: &Deadline) -> DrownListener {
    let mut key_sha256 = None;
    let ssl2 = match ask_listener(listener, caller, deadline) {
        Ok(Ssl2Reaction::Spoken { certificate, .. }) => {
            key_sha256 =
                certificate::read(&certificate).ok().map(|certificate| certificate.key_sha256);
            Fact::Yes
        }
        Ok(Ssl2Reaction::Other(Reaction::Refused | Reaction::Chosen(_))) => Fact::No,
        // A close without a word refuses only where TLS is answered at all.
        Ok(Ssl2Reaction::Other(Reaction::Closed)) => match speaks_tls(listener, caller, deadline) {
            Ok(true) => Fact::No,
            Ok(false) => Fact::Unknown(WhyUnknown::ClosedAsToTls),
            Err(why) => Fact::Unknown(why),
        },
        Ok(Ssl2Reaction::Other(Reaction::Unclear(why))) | Err(why) => Fact::Unknown(why),
    };
    DrownListener { listener: listener.to_string(), ssl2, key_sha256 }
}

fn ask_listener(
    listener: &Listener,
    caller: &Caller,
    deadline: &Deadline,
) -> Result<Ssl2Reaction, WhyUnknown> {
    let mut connection = open(listener, caller, deadline)?;
    let mut parser = ssl2::Parser::default();
    let stop = ask(&mut connection, &ssl2::hello([7; 16]), |bytes| parser.push(bytes));
    Ok(ssl2_reaction(parser.finish().as_ref(), &stop))
}

/// Whether a hello of this decade gets an answer in TLS, be it a refusal.
fn speaks_tls(
    listener: &Listener,
    caller: &Caller,
    deadline: &Deadline,
) -> Result<bool, WhyUnknown> {
    let mut connection = open(listener, caller, deadline)?;
    let mut parser = flight::Parser::default();
    let hello = Question::modern().hello(None, [7; 96]);
    let stop = ask(&mut connection, &hello, |bytes| parser.push(bytes));
    let reaction = reaction(&parser.finish(), &stop);
    Ok(matches!(reaction, Reaction::Chosen(_) | Reaction::Refused))
}

/// A connection on which TLS may begin.
fn open<'a>(
    listener: &'a Listener,
    caller: &'a Caller,
    deadline: &'a Deadline,
) -> Result<Connection<'a>, WhyUnknown> {
    let mut dialer = Dialer::new(&listener.host, listener.port, caller, deadline);
    let smtp = dialer.patience.smtp;
    // One of several questions, which must not cost all the time there is.
    dialer.patience = Patience { connect: PATIENCE, greeting: smtp, tls: PATIENCE, smtp };
    let connected = dialer.addresses().and_then(|addresses| dialer.connect(&addresses));
    let mut connection = connected.map_err(WhyUnknown::NoSession)?.connection;
    deadline.enter(format!("asking {listener} for SSLv2"));
    connection.allow(dialer.patience.smtp);
    let mut ready = begin_tls(connection, listener.preamble, &dialer)?;
    ready.allow(PATIENCE);
    Ok(ready)
}

/// SMTP as far as a 220 to STARTTLS; what EHLO is answered with does not matter.
fn start_tls<'a>(
    connection: Connection<'a>,
    dialer: &Dialer<'a>,
) -> Result<Connection<'a>, NoSession> {
    let local = connection.local_address();
    let mut session = dialer.greet(connection)?.session;
    dialer.ehlo(&mut session, local)?;
    dialer.start_tls(session)
}

fn begin_tls<'a>(
    mut connection: Connection<'a>,
    preamble: Preamble,
    dialer: &Dialer<'a>,
) -> Result<Connection<'a>, WhyUnknown> {
    match preamble {
        Preamble::None => {}
        Preamble::Smtp => return start_tls(connection, dialer).map_err(WhyUnknown::NoSession),
        // RFC 3501 section 6.2.1.
        Preamble::Imap => {
            until_line(&mut connection, "* ").map_err(WhyUnknown::BeforeTls)?;
            command(&mut connection, "a STARTTLS\r\n", "a ").map_err(WhyUnknown::BeforeTls)?;
        }
        // RFC 2595 section 4.
        Preamble::Pop3 => {
            until_line(&mut connection, "+OK").map_err(WhyUnknown::BeforeTls)?;
            command(&mut connection, "STLS\r\n", "+OK").map_err(WhyUnknown::BeforeTls)?;
        }
    }
    Ok(connection)
}

fn command(stream: &mut (impl Read + Write), line: &str, wanted: &str) -> Result<(), BeforeTls> {
    stream.write_all(line.as_bytes()).map_err(|_| BeforeTls::Closed)?;
    let answer = until_line(stream, wanted)?;
    if wanted == "a " && !answer.starts_with("a OK") {
        return Err(BeforeTls::Starttls(answer));
    }
    Ok(())
}

/// Reads lines until one begins as wanted; byte by byte, so that nothing of TLS is taken.
fn until_line(stream: &mut impl Read, wanted: &str) -> Result<String, BeforeTls> {
    for _ in 0..LINES {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            match stream.read(&mut byte) {
                Ok(0) => return Err(BeforeTls::Closed),
                Ok(_) if byte == *b"\n" => break,
                Ok(_) => line.extend(byte),
                Err(_) => return Err(BeforeTls::Silent),
            }
            if line.len() > LINE_BYTES {
                return Err(BeforeTls::LongLine);
            }
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if line.starts_with(wanted) {
            return Ok(line);
        }
        if line.starts_with("-ERR") {
            return Err(BeforeTls::Refused(line));
        }
    }
    Err(BeforeTls::Silent)
}

#[cfg(test)]
mod tests {
    use super::*;

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
