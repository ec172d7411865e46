//! SSL 2.0 (Hickman 1995, RFC 6101 appendix E): one hello, one answer, no cryptography.
//!
//! A server that answers in this protocol at all, also without a single cipher, is open to DROWN (CVE-2016-0800).

use super::alert::Alert;
use super::bytes::Bytes;
use super::malformed::Malformed;

/// Bytes of one answer.
const ANSWER_BYTES: usize = 0x7fff + 3;
/// Bytes kept of a text answer.
const TEXT_BYTES: usize = 512;

/// The kinds of ciphers that are asked for: the seven of the specification, and others seen in the wild.
const KINDS: [(u32, &str); 12] = [
    (0x01_0080, "RC4_128_WITH_MD5"),
    (0x02_0080, "RC4_128_EXPORT40_WITH_MD5"),
    (0x03_0080, "RC2_128_CBC_WITH_MD5"),
    (0x04_0080, "RC2_128_CBC_EXPORT40_WITH_MD5"),
    (0x05_0080, "IDEA_128_CBC_WITH_MD5"),
    (0x06_0040, "DES_64_CBC_WITH_MD5"),
    (0x07_00c0, "DES_192_EDE3_CBC_WITH_MD5"),
    (0x08_0080, "RC4_64_WITH_MD5"),
    (0x06_0140, "DES_64_CBC_WITH_SHA"),
    (0x07_01c0, "DES_192_EDE3_CBC_WITH_SHA"),
    (0x00_0000, "NULL"),
    (0xff_8000, "DES_64_CFB64_WITH_MD5_1"),
];

/// The client's hello with 16 arbitrary bytes for the challenge: a whole record.
#[must_use]
pub fn hello(challenge: [u8; 16]) -> Vec<u8> {
    let mut record = vec![0x80, 0x3d, 0x01, 0x00, 0x02, 0x00, 0x24, 0x00, 0x00, 0x00, 0x10];
    record.extend(KINDS.iter().flat_map(|(kind, _)| kind.to_be_bytes().into_iter().skip(1)));
    record.extend(challenge);
    record
}

/// The name of a cipher kind.
#[must_use]
pub fn kind_name(kind: u32) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// A server's answer to the hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ssl2Flight {
    /// It speaks SSLv2.
    Hello {
        /// The cipher kinds both sides know; may be empty.
        kinds: Vec<u32>,
        /// The certificate in DER; may be empty.
        certificate: Vec<u8>,
    },
    /// It speaks SSLv2 and reports an error, as 1 for "no cipher in common".
    Error(u16),
    /// It speaks newer versions only: an alert in one of their records.
    Alert(Alert),
    /// Text where SSL was expected.
    Text(String),
    /// Anything else.
    Malformed(Malformed),
}

/// An answer that is still being received.
#[derive(Debug, Default)]
pub struct Parser {
    received: Vec<u8>,
    answer: Option<Ssl2Flight>,
}

impl Parser {
    /// Takes the next bytes; whether the answer has ended.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            if self.answer.is_some() {
                break;
            }
            self.received.push(*byte);
            self.answer = read(&self.received);
        }
        self.answer.is_some()
    }

    /// The answer; nothing when not a byte of it came. One that breaks off refuses nothing.
    #[must_use]
    pub fn finish(self) -> Option<Ssl2Flight> {
        self.answer.or(match self.received.first()? {
            b'0'..=b'9' => Some(text(&self.received)),
            _ => Some(Ssl2Flight::Malformed(Malformed::Ssl2BrokenOff)),
        })
    }
}

fn text(bytes: &[u8]) -> Ssl2Flight {
    Ssl2Flight::Text(String::from_utf8_lossy(bytes).trim().to_owned())
}

/// The answer once it is whole.
fn read(received: &[u8]) -> Option<Ssl2Flight> {
    match received {
        [0x15, 3, rest @ ..] => match rest {
            [_, _, _, _, number, ..] => Some(Ssl2Flight::Alert(Alert(*number))),
            _ => None,
        },
        // Read as SSLv2 it would be an error message of five kilobytes, which a long flight fills.
        [0x14 | 0x16 | 0x17, 3, ..] => Some(Ssl2Flight::Malformed(Malformed::Ssl2Tls)),
        [b'0'..=b'9', ..] => {
            let whole = received.last() == Some(&b'\n') || received.len() >= TEXT_BYTES;
            whole.then(|| text(received))
        }
        // The top bit tells a header of two bytes from one of three with padding.
        [high, low, rest @ ..] if high & 0x80 != 0 => {
            record(usize::from(u16::from_be_bytes([high & 0x7f, *low])), 0, rest)
        }
        [high, low, padding, rest @ ..] if high & 0xc0 == 0 => {
            record(usize::from(u16::from_be_bytes([high & 0x3f, *low])), (*padding).into(), rest)
        }
        [] | [_] | [_, _] => None,
        _ => Some(Ssl2Flight::Malformed(Malformed::Ssl2NoRecord)),
    }
}

fn record(length: usize, padding: usize, body: &[u8]) -> Option<Ssl2Flight> {
    if let Some(kind) = body.first()
        && !matches!(kind, 0 | 4)
    {
        return Some(Ssl2Flight::Malformed(Malformed::Ssl2NoAnswer));
    }
    if !(3..=ANSWER_BYTES).contains(&length) {
        return Some(Ssl2Flight::Malformed(Malformed::Ssl2Length));
    }
    let body = body.get(..length)?;
    let body = body.get(..length.saturating_sub(padding)).unwrap_or_default();
    Some(message(body).unwrap_or(Ssl2Flight::Malformed(Malformed::Ssl2Message)))
}

fn message(body: &[u8]) -> Option<Ssl2Flight> {
    let mut body = Bytes(body);
    if body.u8()? == 0 {
        return Some(Ssl2Flight::Error(body.u16()?));
    }
    let (_session_hit, _certificate_type, version) = (body.u8()?, body.u8()?, body.u16()?);
    if version != 2 {
        return Some(Ssl2Flight::Malformed(Malformed::Ssl2Version));
    }
    let (certificate, kinds, _connection_id) = (body.u16()?, body.u16()?, body.u16()?);
    let certificate = body.take(certificate.into())?.to_vec();
    let mut kinds_left = Bytes(body.take(kinds.into())?);
    let mut kinds = Vec::new();
    while let Some(kind) = kinds_left.u24() {
        kinds.push(u32::try_from(kind).ok()?);
    }
    Some(Ssl2Flight::Hello { kinds, certificate })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(bytes: &[u8], chunk: usize) -> Option<Ssl2Flight> {
        let mut parser = Parser::default();
        for chunk in bytes.chunks(chunk) {
            if parser.push(chunk) {
                break;
            }
        }
        parser.finish()
    }

    fn server_hello(kinds: &[u32], certificate: &[u8]) -> Vec<u8> {
        let length = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
        let mut body = vec![4, 0, 1, 0, 2];
        body.extend(length(certificate.len()));
        body.extend(length(kinds.len() * 3));
        body.extend(length(16));
        body.extend(certificate);
        body.extend(kinds.iter().flat_map(|kind| kind.to_be_bytes().into_iter().skip(1)));
        body.extend([9; 16]);
        let mut record = (0x8000 | u16::try_from(body.len()).unwrap()).to_be_bytes().to_vec();
        record.extend(body);
        record
    }

    #[test]
    fn the_hello_is_63_bytes_long() {
        let hello = hello([0; 16]);
        assert_eq!(hello.len(), 63);
        assert_eq!(hello[11..14], [1, 0, 0x80]);
    }

    #[test]
    fn answers_are_told_apart() {
        for (case, bytes, expected) in [
            (
                "ciphers",
                server_hello(&[0x01_0080, 0x07_00c0], b"der"),
                Some(Ssl2Flight::Hello {
                    kinds: vec![0x01_0080, 0x07_00c0],
                    certificate: b"der".to_vec(),
                }),
            ),
            (
                "no cipher",
                server_hello(&[], b"der"),
                Some(Ssl2Flight::Hello { kinds: vec![], certificate: b"der".to_vec() }),
            ),
            ("error", vec![0x80, 3, 0, 0, 1], Some(Ssl2Flight::Error(1))),
            ("error with padding", vec![0, 5, 2, 0, 0, 1, 0, 0], Some(Ssl2Flight::Error(1))),
            (
                "alert of Postfix with OpenSSL 3",
                vec![0x15, 3, 0, 0, 2, 2, 0x46],
                Some(Ssl2Flight::Alert(Alert(70))),
            ),
            (
                "text",
                b"454 4.7.0 too many\r\n".to_vec(),
                Some(Ssl2Flight::Text("454 4.7.0 too many".to_owned())),
            ),
            ("text without end", b"421".to_vec(), Some(Ssl2Flight::Text("421".to_owned()))),
            (
                "a long flight of TLS",
                [0x16, 3, 1, 0, 4, 14, 0, 0, 0].repeat(1000),
                Some(Ssl2Flight::Malformed(Malformed::Ssl2Tls)),
            ),
            ("nothing", vec![], None),
            (
                "a hello cut off",
                server_hello(&[0x01_0080], b"der")[..12].to_vec(),
                Some(Ssl2Flight::Malformed(Malformed::Ssl2BrokenOff)),
            ),
            ("junk", vec![0xff; 4], Some(Ssl2Flight::Malformed(Malformed::Ssl2NoAnswer))),
        ] {
            assert_eq!(answer(&bytes, usize::MAX), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_every_split_gives_the_same_answer(
            head in prop::sample::select(vec![vec![], vec![0x80, 0x10, 4, 0, 1, 0, 2], vec![0x00, 0x10, 3, 4], vec![0x15, 3, 1, 0, 2]]),
            tail in prop::collection::vec(any::<u8>(), 0..200),
            chunk in 1_usize..20,
        ) {
            let bytes = [head, tail].concat();
            prop_assert_eq!(answer(&bytes, chunk), answer(&bytes, usize::MAX));
        }
    }
}
