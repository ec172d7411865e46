//! A server's first flight, from its hello up to where encryption begins (RFC 5246 section 7.3); pure and bounded.

use super::alert::Alert;
use super::bytes::Bytes;
use super::groups;
use super::malformed::Malformed;
use super::protocol::Protocol;
use super::suite::{Exchange, Suite};

/// Bytes of one record with the room RFC 5246 section 6.2.3 gives a cipher.
const RECORD_BYTES: usize = (1 << 14) + 2048;
/// Bytes of all handshake messages: a chain of some hundred certificates.
const FLIGHT_BYTES: usize = 256 * 1024;
/// Bytes kept of a text answer.
const TEXT_BYTES: usize = 512;

/// The random of a HelloRetryRequest: SHA-256 of these words (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The server's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the wire")]
pub struct ServerHello {
    /// The version number; one we did not offer is possible.
    pub version: u16,
    /// The suite number; likewise.
    pub suite: u16,
    /// Whether the server compresses (CRIME, CVE-2012-4929).
    pub compression: bool,
    /// Whether it supports secure renegotiation (RFC 5746).
    pub secure_renegotiation: bool,
    /// Whether the keys depend on the whole handshake (RFC 7627).
    pub extended_master_secret: bool,
    /// The group, where the hello names it (TLS 1.3).
    pub group: Option<u16>,
    /// Whether it asks for another hello first (TLS 1.3).
    pub is_retry: bool,
}

/// What the key is agreed on with, up to TLS 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// A prime of this many bits.
    Prime(usize),
    /// A named curve.
    Curve(u16),
    /// Parameters of a kind we do not read.
    Other,
}

/// How a flight ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlightEnd {
    /// All that is readable without keys was read.
    Complete,
    /// An alert.
    Alert(Alert),
    /// Text where TLS was expected: a server that did not switch over, or limits its clients.
    Text(String),
    /// Neither TLS nor text, or TLS that breaks its own rules.
    Malformed(Malformed),
}

/// A server's first flight, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// The choice.
    pub hello: Option<ServerHello>,
    /// The chain in DER, leaf first as a rule; empty with TLS 1.3, where it is encrypted.
    pub certificates: Vec<Vec<u8>>,
    /// What the key is agreed on with.
    pub key_exchange: Option<KeyExchange>,
    /// The group of RFC 7919 that its prime is of, if it is.
    pub prime_group: Option<u16>,
    /// The scheme of the signature over what the key is agreed on with (TLS 1.2, RFC 5246 section 7.4.3).
    pub signature: Option<u16>,
    /// How it ended; nothing when the bytes did.
    pub end: Option<FlightEnd>,
}

/// A flight that is still being received.
#[derive(Debug, Default)]
pub struct Parser {
    flight: Flight,
    /// Bytes of a record that is not whole yet.
    record: Vec<u8>,
    /// Bytes of handshake messages that are not whole yet.
    messages: Vec<u8>,
    /// Bytes of handshake messages so far.
    total: usize,
}

impl Parser {
    /// Takes the next bytes; whether the flight has ended.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            if self.flight.end.is_some() {
                break;
            }
            self.record.push(*byte);
            self.look_at_record();
        }
        self.flight.end.is_some()
    }

    /// The flight as far as it came. One that breaks off before the choice refuses nothing.
    #[must_use]
    pub fn finish(mut self) -> Flight {
        let has_begun = !self.record.is_empty() || !self.messages.is_empty();
        if self.flight.end.is_none() && self.is_text() {
            self.flight.end = Some(text(&self.record));
        } else if self.flight.end.is_none() && has_begun {
            self.malformed(Malformed::BrokenOff);
        }
        self.flight
    }

    fn is_text(&self) -> bool {
        self.flight.hello.is_none() && self.record.first().is_some_and(u8::is_ascii_digit)
    }

    fn look_at_record(&mut self) {
        if self.is_text() {
            if self.record.last() == Some(&b'\n') || self.record.len() >= TEXT_BYTES {
                self.flight.end = Some(text(&self.record));
            }
            return;
        }
        match self.record.as_slice() {
            [0x14..=0x17] | [_, 3] | [] => {}
            [_] => self.malformed(Malformed::NoRecord),
            [_, _] => self.malformed(Malformed::UnknownVersion),
            [_, _, _, high, low]
                if usize::from(u16::from_be_bytes([*high, *low])) > RECORD_BYTES =>
            {
                self.malformed(Malformed::LongRecord);
            }
            _ => {}
        }
        let mut record = Bytes(&self.record);
        if let (Some(kind), Some(_), Some(body)) = (record.u8(), record.u16(), record.field16()) {
            let body = body.to_vec();
            self.record.clear();
            self.end_record(kind, &body);
        }
    }

    fn end_record(&mut self, kind: u8, body: &[u8]) {
        match (kind, body) {
            // A warning, as of a name that is not served, with the choice behind it (RFC 6066 section 3).
            (0x15, [1, number]) if Alert(*number) == Alert::UNRECOGNIZED_NAME => {
                self.count(body.len());
            }
            (0x15, [_, number]) => self.flight.end = Some(FlightEnd::Alert(Alert(*number))),
            (0x15, _) => self.malformed(Malformed::AlertLength),
            (0x16, []) => self.malformed(Malformed::EmptyRecord),
            (0x16, _) => {
                self.count(body.len());
                self.messages.extend(body);
                self.end_messages();
            }
            _ => self.malformed(Malformed::EarlyEncryption),
        }
    }

    fn count(&mut self, bytes: usize) {
        self.total += bytes;
        if self.total > FLIGHT_BYTES {
            self.malformed(Malformed::Endless);
        }
    }

    fn end_messages(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        let mut rest = Bytes(&messages);
        while self.flight.end.is_none() {
            let mut ahead = rest;
            let (Some(kind), Some(body)) = (ahead.u8(), ahead.field24()) else {
                break;
            };
            rest = ahead;
            if self.end_message(kind, body).is_none() {
                self.malformed(Malformed::Message);
            }
        }
        self.messages = rest.0.to_vec();
    }

    fn end_message(&mut self, kind: u8, body: &[u8]) -> Option<()> {
        match (kind, &self.flight.hello) {
            // HelloRequest means nothing here (RFC 5246 section 7.4.1.1).
            (0, _) => {}
            (2, None) => {
                let hello = server_hello(body)?;
                if hello.version == Protocol::Tls13.wire() {
                    self.flight.end = Some(FlightEnd::Complete);
                }
                self.flight.hello = Some(hello);
            }
            (_, None) => return None,
            (11, _) => self.flight.certificates = certificates(body)?,
            (12, Some(hello)) => {
                let agreement = key_exchange(hello.suite, body);
                let is_tls12 = hello.version == Protocol::Tls12.wire();
                self.flight.key_exchange = Some(agreement.kind);
                self.flight.prime_group = agreement.prime_group;
                self.flight.signature = agreement.signature.filter(|_| is_tls12);
            }
            (14, _) => self.flight.end = Some(FlightEnd::Complete),
            // CertificateStatus, CertificateRequest and what later standards may add.
            _ => {}
        }
        Some(())
    }

    fn malformed(&mut self, what: Malformed) {
        self.flight.end = Some(FlightEnd::Malformed(what));
    }
}

fn text(bytes: &[u8]) -> FlightEnd {
    FlightEnd::Text(String::from_utf8_lossy(bytes).trim().to_owned())
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut body = Bytes(body);
    let mut hello = ServerHello {
        version: body.u16()?,
        is_retry: body.take(32)? == RETRY,
        suite: {
            body.field8()?;
            body.u16()?
        },
        compression: body.u8()? != 0,
        secure_renegotiation: false,
        extended_master_secret: false,
        group: None,
    };
    if body.is_empty() {
        return Some(hello);
    }
    let mut extensions = Bytes(body.field16()?);
    while !extensions.is_empty() {
        let (number, mut data) = (extensions.u16()?, Bytes(extensions.field16()?));
        match number {
            0x002b => hello.version = data.u16()?,
            0x0017 => hello.extended_master_secret = true,
            0x0033 => hello.group = Some(data.u16()?),
            0xff01 => hello.secure_renegotiation = true,
            _ => {}
        }
    }
    Some(hello)
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut list = Bytes(Bytes(body).field24()?);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(list.field24()?.to_vec());
    }
    Some(certificates)
}

/// What a server says of the key exchange.
struct KeyParameters {
    kind: KeyExchange,
    prime_group: Option<u16>,
    /// The two bytes behind the parameters, which from TLS 1.2 on are the scheme of the signature.
    signature: Option<u16>,
}

fn key_exchange(suite: u16, body: &[u8]) -> KeyParameters {
    let mut body = Bytes(body);
    let other = KeyParameters { kind: KeyExchange::Other, prime_group: None, signature: None };
    match Suite::by_id(suite).map(|suite| suite.exchange) {
        Some(Exchange::Dhe) => {
            let Some(prime) = body.field16() else { return other };
            let generator = body.field16();
            KeyParameters {
                kind: KeyExchange::Prime(bits(prime)),
                prime_group: generator.and_then(|generator| groups::of_prime(prime, generator)),
                signature: body.field16().and_then(|_| body.u16()),
            }
        }
        // 3 is named_curve; the other kinds were never in use (RFC 8422 section 5.4).
        Some(Exchange::Ecdhe) => match (body.u8(), body.u16()) {
            (Some(3), Some(curve)) => KeyParameters {
                kind: KeyExchange::Curve(curve),
                signature: body.field8().and_then(|_| body.u16()),
                ..other
            },
            _ => other,
        },
        _ => other,
    }
}

/// Bits of an unsigned big-endian number.
#[must_use]
pub fn bits(number: &[u8]) -> usize {
    let mut digits = number.iter().skip_while(|byte| **byte == 0);
    digits.next().map_or(0, |first| {
        digits.count() * 8 + 8 - usize::try_from(first.leading_zeros()).unwrap_or(0)
    })
}

#[cfg(test)]
#[path = "flight_tests.rs"]
mod tests;
