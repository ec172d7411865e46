//! Why bytes are no flight of a server.

/// What is wrong with the bytes, from SSLv2 to TLS 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// They end within a record or a message.
    #[error("an answer that breaks off")]
    BrokenOff,
    /// They do not begin as a record does.
    #[error("no TLS record")]
    NoRecord,
    /// The version of a record is none that exists.
    #[error("a record of no known version")]
    UnknownVersion,
    /// RFC 5246 section 6.2.3.
    #[error("a record above the limit")]
    LongRecord,
    /// RFC 5246 section 7.2: two bytes.
    #[error("an alert of a wrong length")]
    AlertLength,
    /// RFC 8446 section 5.1 forbids it.
    #[error("an empty handshake record")]
    EmptyRecord,
    /// Nothing can be encrypted yet.
    #[error("an encrypted record before the keys are agreed")]
    EarlyEncryption,
    /// More than honest chains need.
    #[error("an answer of more than 256 KiB")]
    Endless,
    /// A message whose fields do not fit its length, or one out of turn.
    #[error("a handshake message that cannot be read")]
    Message,
    /// SSLv2: they end within the answer.
    #[error("an SSLv2 answer that breaks off")]
    Ssl2BrokenOff,
    /// SSLv2: a record of its successors that is no alert.
    #[error("a record of TLS")]
    Ssl2Tls,
    /// SSLv2: they do not begin as a record does.
    #[error("no SSLv2 record")]
    Ssl2NoRecord,
    /// SSLv2: neither hello nor error.
    #[error("no SSLv2 answer")]
    Ssl2NoAnswer,
    /// SSLv2: a length that no answer has.
    #[error("an SSLv2 record of a wrong length")]
    Ssl2Length,
    /// SSLv2: fields that do not fit the length.
    #[error("an SSLv2 answer that cannot be read")]
    Ssl2Message,
    /// SSLv2: a hello of another version.
    #[error("an SSLv2 answer of another version")]
    Ssl2Version,
}
