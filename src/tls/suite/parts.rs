//! What a cipher suite is made of, as far as it is judged.

/// How the session key is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
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
pub(crate) enum Authentication {
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
pub(crate) enum Cipher {
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
pub(crate) enum Mode {
    /// Block by block, integrity apart.
    Cbc,
    /// A stream cipher or none, integrity apart.
    Stream,
    /// Authenticated encryption.
    Aead,
}

/// One cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Its number on the wire.
    pub(crate) id: u16,
    /// Its IANA name without `TLS_`.
    pub(crate) name: &'static str,
    /// How the key is agreed on.
    pub(crate) exchange: Exchange,
    /// Who proves to be who.
    pub(crate) authentication: Authentication,
    /// The cipher.
    pub(crate) cipher: Cipher,
    /// How it is used.
    pub(crate) mode: Mode,
    /// Bits of its key; 3DES counts 168.
    pub(crate) bits: u16,
}

pub(super) const fn suite(
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
    /// Whether nothing is encrypted.
    #[must_use]
    pub(crate) fn is_null(&self) -> bool {
        self.cipher == Cipher::Null
    }

    /// Whether the server shows no certificate.
    #[must_use]
    pub(crate) fn is_anonymous(&self) -> bool {
        self.authentication == Authentication::Anonymous
    }

    /// Whether it was weakened for export: key exchange of 512 or 1024 bits, cipher of 40 or 56.
    #[must_use]
    pub(crate) fn is_export(&self) -> bool {
        self.name.contains("_EXPORT")
    }

    /// Whether it encrypts with less than 112 bits, export apart.
    #[must_use]
    pub(crate) fn is_short(&self) -> bool {
        self.bits < 112 && !self.is_null() && !self.is_export()
    }

    /// Whether the cipher is RC4 (RFC 7465).
    #[must_use]
    pub(crate) fn is_rc4(&self) -> bool {
        self.cipher == Cipher::Rc4
    }

    /// Whether the cipher works on blocks of 64 bits (Sweet32, CVE-2016-2183).
    #[must_use]
    pub(crate) fn has_64_bit_blocks(&self) -> bool {
        matches!(self.cipher, Cipher::TripleDes | Cipher::Idea | Cipher::Des | Cipher::Rc2)
    }

    /// Whether a key stolen later opens no recorded session.
    #[must_use]
    pub(crate) fn is_forward_secret(&self) -> bool {
        matches!(self.exchange, Exchange::Dhe | Exchange::Ecdhe | Exchange::Tls13)
            && !self.is_anonymous()
    }

    /// Whether encryption and integrity are one.
    #[must_use]
    pub(crate) fn is_aead(&self) -> bool {
        self.mode == Mode::Aead
    }

    /// Whether no class above speaks against it.
    #[must_use]
    pub(crate) fn is_sound(&self) -> bool {
        !(self.bits < 112 || self.is_anonymous() || self.is_rc4() || self.has_64_bit_blocks())
    }
}
