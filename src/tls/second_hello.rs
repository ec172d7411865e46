//! A second hello, of more than our own handshake can do: it tells what our side lacks from a server that refuses.

use std::io::{Read, Write};

use rustls::pki_types::ServerName;

use super::certificate;
use super::exchange::ask;
use super::flight::{Flight, KeyExchange, Parser};
use super::handshake::HandshakeError;
use super::hello::{GROUPS, Hello, KeyShare, MOST_SUITES, SIGNATURES};
use super::lack::{Choices, Lack};
use super::protocol::Protocol;
use super::suite::{Cipher, Suite, everything, usable};

/// What a server wants that our side lacks, with the certificate as far as it was sent in the clear.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecondLook {
    /// What our side lacks.
    pub(crate) lack: Lack,
    /// The chain in DER as it was sent, up to TLS 1.2.
    pub(crate) chain: Vec<Vec<u8>>,
}

/// Offers all that mail servers have, in one hello on a new connection, where the handshake failed with `error` and
/// [`Lack::may_explain`] it. Nothing where the server
/// chooses what our side speaks as well, or refuses that hello too: then it is the server's refusal.
#[must_use]
pub(crate) fn second_hello(
    stream: &mut (impl Read + Write),
    name: &ServerName<'_>,
    error: &HandshakeError,
) -> Option<SecondLook> {
    let mut random = [0; 96];
    // Zeros would do as well: nothing is ever encrypted with them.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let server_name = match name {
        ServerName::DnsName(name) => Some(name.as_ref()),
        _ => None,
    };
    let hello = Hello {
        oldest: Protocol::Tls10,
        newest: Protocol::Tls13,
        suites: &suites(),
        server_name,
        groups: &GROUPS,
        signatures: &SIGNATURES,
        compression: false,
        key_share: KeyShare::Empty,
        random,
    };
    let mut parser = Parser::default();
    ask(stream, &hello.to_bytes(), |received| parser.push(received));
    let flight = parser.finish();
    let lack = Lack::of_ours(error, &choices(&flight)?)?;
    Some(SecondLook { lack, chain: flight.certificates })
}

/// Those of TLS 1.3, then those of the versions before it: sound ones, and the ciphers of servers from before 2010.
fn suites() -> Vec<u16> {
    let old = usable(Protocol::Tls10, |suite| {
        (suite.is_rc4() || suite.has_64_bit_blocks())
            && !suite.is_anonymous()
            && !suite.is_export()
            && !suite.is_short()
    });
    let room = MOST_SUITES.saturating_sub(old.len());
    let mut suites = everything(Protocol::Tls13);
    let is_common = |suite: &Suite| matches!(suite.cipher, Cipher::Aes | Cipher::ChaCha20);
    suites.extend(usable(Protocol::Tls12, |suite| suite.is_sound() && is_common(suite)));
    suites.extend(usable(Protocol::Tls12, |suite| suite.is_sound() && !is_common(suite)));
    suites.truncate(room);
    suites.extend(old);
    suites
}

fn choices(flight: &Flight) -> Option<Choices> {
    let hello = flight.hello.as_ref()?;
    let chosen = Protocol::from_wire(hello.version).zip(Suite::by_id(hello.suite))?;
    let curve = match flight.key_exchange {
        Some(KeyExchange::Curve(curve)) => Some(curve),
        _ => None,
    };
    let leaf = flight.certificates.first().and_then(|der| certificate::read(der).ok());
    Some(Choices {
        suites: vec![chosen],
        groups: hello.group.into_iter().chain(curve).collect(),
        key: leaf.map(|leaf| leaf.key),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use rustls::pki_types::DnsName;

    use super::*;
    use crate::tls::alert::Alert;
    use crate::tls::bytes::put_field;

    /// A server that says this, whatever it hears.
    struct Says(Cursor<Vec<u8>>);

    impl Read for Says {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Says {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 3];
        put_field(&mut record, 2, body);
        record
    }

    /// A server hello with this suite and extensions.
    fn chooses(suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = [&[3, 3][..], &[7; 32], &[0], &suite.to_be_bytes(), &[0]].concat();
        put_field(&mut body, 2, extensions);
        let mut message = vec![2];
        put_field(&mut message, 3, &body);
        [record(22, &message), record(22, &[14, 0, 0, 0])].concat()
    }

    #[test]
    fn what_our_side_lacks_is_told_from_a_refusal() {
        let x448 = [0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2, 0, 0x1e];
        let x25519 = [0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2, 0, 0x1d];
        let name = ServerName::DnsName(DnsName::try_from_str("mail.example").unwrap());
        let refused = HandshakeError::Refused(Alert(40));
        for (case, says, error, lack) in [
            ("a group", chooses(0x1301, &x448), &refused, Some("X448")),
            (
                "a suite",
                chooses(0x009f, &[]),
                &refused,
                Some("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
            ),
            ("what we speak", chooses(0x1301, &x25519), &refused, None),
            ("a refusal", record(21, &[2, 40]), &refused, None),
            ("text", b"421 no\r\n".to_vec(), &refused, None),
            ("silence before it", chooses(0x1301, &x448), &HandshakeError::Silent, None),
        ] {
            let seen = second_hello(&mut Says(Cursor::new(says)), &name, error);
            let seen = seen.map(|look| look.lack.to_string());
            assert_eq!(seen.as_deref(), lack, "{case}");
        }
    }

    #[test]
    fn one_hello_has_room_for_new_and_old() {
        let suites = suites();
        assert!(suites.len() <= MOST_SUITES);
        for suite in
            [0x1301, 0x1304, 0xc02f, 0x009e, 0xc014, 0x0039, 0x009c, 0x002f, 0x0035, 0x000a, 0x0005]
        {
            assert!(suites.contains(&suite), "{suite:04x} of {suites:04x?}");
        }
    }
}
