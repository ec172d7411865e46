//! What a cipher suite is made of, as far as it is judged.

mod table;

/// How the session key is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Encrypted to the certificate's RSA key: no forward secrecy.
    Rsa,
    /// A Diffie-Hellman key in the certificate: no forward secrecy.
    Dh,
    /// Ephemeral Diffie-Hellman over a prime.
    Dhe,
    /// An elliptic curve key in the certificate: no forward secrecy.
    Ecdh,
    /// Ephemeral Diffie-Hellman over an elliptic curve.
    Ecdhe,
    /// Chosen apart from the suite, always ephemeral (RFC 8446 section 1.2).
    Tls13,
}

/// Which kind of key proves who the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// An RSA key.
    Rsa,
    /// An elliptic curve key.
    Ecdsa,
    /// A DSA key.
    Dss,
    /// None: anybody may be in between.
    Anonymous,
    /// Chosen apart from the suite (TLS 1.3).
    Any,
}

/// The cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Cipher {
    Null,
    Rc2,
    Rc4,
    Des,
    TripleDes,
    Idea,
    Seed,
    Camellia,
    Aes,
    ChaCha20,
}

/// How the cipher is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Block by block, integrity apart.
    Cbc,
    /// A stream cipher or none, integrity apart.
    Stream,
    /// Authenticated encryption.
    Aead,
}

/// One cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its number on the wire.
    pub id: u16,
    /// Its IANA name without `TLS_`.
    pub name: &'static str,
    /// How the key is agreed on.
    pub exchange: Exchange,
    /// Who proves to be who.
    pub authentication: Authentication,
    /// The cipher.
    pub cipher: Cipher,
    /// How it is used.
    pub mode: Mode,
    /// Bits of its key; 3DES counts 168.
    pub bits: u16,
}

const fn suite(
    id: u16,
    name: &'static str,
    exchange: Exchange,
    authentication: Authentication,
    cipher: Cipher,
    mode: Mode,
    bits: u16,
) -> Suite {
    Suite { id, name, exchange, authentication, cipher, mode, bits }
}

impl Suite {
    /// The suite of this number, if it is one that a mail server may choose.
    #[must_use]
    pub fn by_id(id: u16) -> Option<&'static Self> {
        let index = table::SUITES.binary_search_by_key(&id, |suite| suite.id);
        table::SUITES.get(index.ok()?)
    }

    /// All suites that `wanted` likes, by number.
    pub fn all(wanted: impl Fn(&Self) -> bool) -> impl Iterator<Item = &'static Self> {
        table::SUITES.iter().filter(move |suite| wanted(suite))
    }

    /// Whether nothing is encrypted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.cipher == Cipher::Null
    }

    /// Whether the server proves nothing.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.authentication == Authentication::Anonymous
    }

    /// Whether it was weakened for export: key exchange of 512 or 1024 bits, cipher of 40 or 56.
    #[must_use]
    pub fn is_export(&self) -> bool {
        self.name.contains("_EXPORT")
    }

    /// Whether it encrypts with less than 112 bits, export apart.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.bits < 112 && !self.is_null() && !self.is_export()
    }

    /// Whether the cipher is RC4 (RFC 7465).
    #[must_use]
    pub fn is_rc4(&self) -> bool {
        self.cipher == Cipher::Rc4
    }

    /// Whether the cipher works on blocks of 64 bits (Sweet32, CVE-2016-2183).
    #[must_use]
    pub fn has_64_bit_blocks(&self) -> bool {
        matches!(self.cipher, Cipher::TripleDes | Cipher::Idea | Cipher::Des | Cipher::Rc2)
    }

    /// Whether a key stolen later opens no recorded session.
    #[must_use]
    pub fn is_forward_secret(&self) -> bool {
        matches!(self.exchange, Exchange::Dhe | Exchange::Ecdhe | Exchange::Tls13)
            && !self.is_anonymous()
    }

    /// Whether encryption and integrity are one.
    #[must_use]
    pub fn is_aead(&self) -> bool {
        self.mode == Mode::Aead
    }

    /// Whether no class above speaks against it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !(self.bits < 112 || self.is_anonymous() || self.is_rc4() || self.has_64_bit_blocks())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_by_number() {
        assert!(table::SUITES.is_sorted_by_key(|suite| suite.id));
        let suite = Suite::by_id(0xc02f).unwrap();
        assert_eq!(suite.name, "ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert!(suite.is_sound() && suite.is_aead() && suite.is_forward_secret());
        assert_eq!(Suite::by_id(0x5600), None);
    }

    #[test]
    fn classes_hold_the_suites_of_the_registry() {
        let ids =
            |class: fn(&Suite) -> bool| Suite::all(class).map(|suite| suite.id).collect::<Vec<_>>();
        for (case, class, members) in [
            (
                "null",
                Suite::is_null as fn(&Suite) -> bool,
                &[0x0001_u16, 0x0002, 0x003b, 0xc006, 0xc010, 0xc015][..],
            ),
            (
                "anonymous",
                Suite::is_anonymous,
                &[0x0018, 0x001b, 0x0034, 0x003a, 0x00a6, 0x00a7, 0xc018, 0xc019],
            ),
            (
                "export",
                Suite::is_export,
                &[0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019],
            ),
            ("short", Suite::is_short, &[0x0009, 0x0012, 0x0015]),
            ("rc4", Suite::is_rc4, &[0x0004, 0x0005, 0xc007, 0xc011]),
            ("64 bit", Suite::has_64_bit_blocks, &[0x000a, 0x0007, 0x0013, 0x0016, 0xc008, 0xc012]),
        ] {
            let ids = ids(class);
            for member in members {
                assert!(ids.contains(member), "{member:04x} is {case}");
            }
            for sound in [0xc02b, 0xc030, 0x1301, 0xcca8, 0x009e] {
                assert!(!ids.contains(&sound), "{sound:04x} is not {case}");
            }
        }
    }
}
