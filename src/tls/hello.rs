//! The client's first words from SSLv3 to TLS 1.3 (RFC 6101, 2246, 4346, 5246, 8446); pure.

use super::bytes::{put_field, wire};
use super::protocol::Protocol;

/// Most suites in one hello; some old servers give up at 128.
pub(crate) const MOST_SUITES: usize = 64;

/// Signature algorithms, SHA-1 last (RFC 8446 section 4.2.3).
pub(crate) const SIGNATURES: [u16; 18] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
    0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201,
];

/// Groups of 224 bits and more, the prime fields of RFC 7919, the hybrids with ML-KEM, and ML-KEM alone
/// (draft-ietf-tls-mlkem).
pub(crate) const GROUPS: [u16; 20] = [
    0x11ec, 0x11eb, 0x11ed, 0x001d, 0x0017, 0x001e, 0x0018, 0x0019, 0x001a, 0x001b, 0x001c, 0x0016,
    0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0200, 0x0201, 0x0202,
];

/// X25519, P-256 and P-384 with ML-KEM (draft-ietf-tls-ecdhe-mlkem).
pub(crate) const HYBRIDS: [u16; 3] = [0x11ec, 0x11eb, 0x11ed];

/// Bytes of a hello with a hybrid key, as `OpenSSL` 3.5 sends it: more than a packet of Ethernet holds.
const LARGE_BYTES: usize = 1551;
/// Bytes of an ML-KEM-768 key (FIPS 203 section 8).
const ML_KEM_768_BYTES: usize = 1184;

/// Curves below 224 bits (RFC 4492 section 5.1.1, withdrawn by RFC 8422).
pub(crate) const WEAK_CURVES: [u16; 10] =
    [0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x000f, 0x0010, 0x0011, 0x0012, 0x0013];

/// What a TLS 1.3 client sends of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyShare {
    /// Nothing: the server names the group it wants, and no cryptography is needed (RFC 8446 section 4.2.8).
    Empty,
    /// 32 arbitrary bytes for X25519, for servers that refuse an empty list.
    Arbitrary,
    /// A key for X25519 with ML-KEM, which makes the hello larger than a packet, as those of `OpenSSL` 3.5 are. Of zeros
    /// it is a valid key.
    Hybrid,
}

/// One hello to be written.
#[derive(Clone, Debug)]
pub(crate) struct Hello<'a> {
    /// The oldest version that may be chosen; matters with TLS 1.3 only, older ones have no list.
    pub(crate) oldest: Protocol,
    /// The newest version that may be chosen.
    pub(crate) newest: Protocol,
    /// The suites, preferred first.
    pub(crate) suites: &'a [u16],
    /// The name to be served, never an address (RFC 6066 section 3).
    pub(crate) server_name: Option<&'a str>,
    /// The groups for the key exchange.
    pub(crate) groups: &'a [u16],
    /// The signatures that the server may make, from TLS 1.2 on.
    pub(crate) signatures: &'a [u16],
    /// Whether compression is offered beside none.
    pub(crate) compression: bool,
    /// What a TLS 1.3 client sends of its key.
    pub(crate) key_share: KeyShare,
    /// Arbitrary bytes: random, session id and key share.
    pub(crate) random: [u8; 96],
}

impl Hello<'_> {
    /// The whole record.
    #[must_use]
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (random, rest) = self.random.split_at(32);
        let (session_id, share) = rest.split_at(32);
        let is_tls13 = self.newest == Protocol::Tls13;
        let legacy = self.newest.min(Protocol::Tls12);
        let mut body = legacy.wire().to_be_bytes().to_vec();
        body.extend(random);
        put_field(&mut body, 1, if is_tls13 { session_id } else { &[] });
        let mut suites = wire(self.suites);
        if self.newest == Protocol::Ssl3 {
            // The signal for secure renegotiation; SSLv3 has no extensions (RFC 5746 section 3.3).
            suites.extend([0x00, 0xff]);
        }
        put_field(&mut body, 2, &suites);
        put_field(&mut body, 1, if self.compression { &[1, 0] } else { &[0] });
        if self.newest > Protocol::Ssl3 {
            let mut extensions = self.extensions(share);
            pad(&mut extensions, body.len());
            if self.key_share == KeyShare::Hybrid {
                let missing = LARGE_BYTES.saturating_sub(body.len() + extensions.len());
                extension(&mut extensions, 0x0015, &vec![0; missing]);
            }
            put_field(&mut body, 2, &extensions);
        }
        let mut message = vec![1];
        put_field(&mut message, 3, &body);
        let record_version = legacy.min(Protocol::Tls10);
        let mut record = vec![0x16];
        record.extend(record_version.wire().to_be_bytes());
        put_field(&mut record, 2, &message);
        record
    }

    fn extensions(&self, share: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(name) = self.server_name {
            let mut entry = vec![0];
            put_field(&mut entry, 2, name.as_bytes());
            extension(&mut out, 0x0000, &field(2, &entry));
        }
        extension(&mut out, 0x000a, &field(2, &wire(self.groups)));
        extension(&mut out, 0x000b, &[1, 0]);
        extension(&mut out, 0x0017, &[]);
        extension(&mut out, 0xff01, &[0]);
        if self.newest >= Protocol::Tls12 {
            extension(&mut out, 0x000d, &field(2, &wire(self.signatures)));
        }
        if self.newest == Protocol::Tls13 {
            let versions: Vec<u16> = Protocol::ALL
                .into_iter()
                .rev()
                .filter(|version| *version >= self.oldest.max(Protocol::Tls10))
                .map(Protocol::wire)
                .collect();
            extension(&mut out, 0x002b, &field(1, &wire(&versions)));
            extension(&mut out, 0x002d, &[1, 1]);
            let shares = match self.key_share {
                KeyShare::Empty => Vec::new(),
                KeyShare::Arbitrary => [&[0x00, 0x1d][..], &field(2, share)].concat(),
                KeyShare::Hybrid => {
                    let key = [&[0; ML_KEM_768_BYTES][..], share].concat();
                    [&[0x11, 0xec][..], &field(2, &key)].concat()
                }
            };
            extension(&mut out, 0x0033, &field(2, &shares));
        }
        out
    }
}

/// Keeps the message out of 256 to 511 bytes, where some load balancers hang (RFC 7685).
fn pad(extensions: &mut Vec<u8>, before: usize) {
    let length = 4 + before + 2 + extensions.len();
    if (256..512).contains(&length) {
        let padding = vec![0; 512_usize.saturating_sub(length + 4)];
        extension(extensions, 0x0015, &padding);
    }
}

fn extension(out: &mut Vec<u8>, number: u16, data: &[u8]) {
    out.extend(number.to_be_bytes());
    put_field(out, 2, data);
}

fn field(prefix: usize, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_field(&mut out, prefix, data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(newest: Protocol, suites: &[u16], server_name: Option<&str>) -> Vec<u8> {
        Hello {
            oldest: newest,
            newest,
            suites,
            server_name,
            groups: &GROUPS,
            signatures: &SIGNATURES,
            compression: false,
            key_share: KeyShare::Empty,
            random: [7; 96],
        }
        .to_bytes()
    }

    #[test]
    fn lengths_agree_and_none_is_in_the_range_that_hangs() {
        for version in
            [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12, Protocol::Tls13]
        {
            for suites in [1, 16, 40, MOST_SUITES] {
                for name in [None, Some("mail.example"), Some(&*"a.".repeat(120))] {
                    let suites = vec![0x002f; suites];
                    let bytes = hello(version, &suites, name);
                    let record = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
                    assert_eq!(record + 5, bytes.len());
                    let message = u32::from_be_bytes([0, bytes[6], bytes[7], bytes[8]]);
                    assert_eq!(message as usize + 9, bytes.len());
                    assert!(!(256..512).contains(&(bytes.len() - 5)), "{version} {}", bytes.len());
                }
            }
        }
    }

    #[test]
    fn sslv3_has_no_extensions_and_signals_renegotiation_by_a_suite() {
        let bytes = hello(Protocol::Ssl3, &[0x000a], Some("mail.example"));
        assert_eq!(bytes[..3], [0x16, 3, 0]);
        assert_eq!(bytes[43..], [0, 0, 4, 0x00, 0x0a, 0x00, 0xff, 1, 0]);
    }

    #[test]
    fn a_hybrid_key_share_is_larger_than_a_packet() {
        let hello = Hello {
            oldest: Protocol::Tls13,
            newest: Protocol::Tls13,
            suites: &[0x1301],
            server_name: None,
            groups: &HYBRIDS,
            signatures: &SIGNATURES,
            compression: false,
            key_share: KeyShare::Hybrid,
            random: [7; 96],
        };
        let bytes = hello.to_bytes();
        assert!(bytes.windows(4).any(|window| window == [0x11, 0xec, 0x04, 0xc0]));
        assert!((1500..1600).contains(&bytes.len()), "{}", bytes.len());
    }

    #[test]
    fn an_empty_key_share_is_an_empty_list() {
        let bytes = hello(Protocol::Tls13, &[0x1301], None);
        let share = [0x00, 0x33, 0x00, 0x02, 0x00, 0x00];
        assert!(bytes.windows(6).any(|window| window == share));
        assert_eq!(bytes[9..11], [3, 3]);
    }
}
