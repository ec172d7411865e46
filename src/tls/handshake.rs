//! The one real handshake, through rustls. What the server proves, or fails to prove, is a fact and stops nothing.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

use super::alert::Alert;
use super::anchored::Unchecked;
use super::certificate;
use super::groups;
use super::hello::SIGNATURES;
use super::protocol::Protocol;
use super::signature::{self, Scheme};
use crate::stream::StreamError;
use crate::system_error::SystemError;

/// Bytes kept of an answer that may be text.
const TEXT_BYTES: usize = 512;

/// Which kind of certificate is asked for, by the signatures that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Whichever the server prefers.
    Any,
    /// One with an RSA key.
    Rsa,
    /// One with an elliptic curve key.
    Ecdsa,
}

/// What the server showed, complete or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The chain in DER as it was sent.
    pub(crate) chain: Vec<Vec<u8>>,
    /// Whether an OCSP answer was stapled.
    pub(crate) stapled: bool,
    /// What is wrong with the server's signature over the handshake, if anything is.
    pub(crate) signature_fault: Option<SignatureFault>,
    /// Why it could not be checked, if it could not.
    pub(crate) unchecked: Option<Unchecked>,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The version.
    pub(crate) version: Protocol,
    /// The suite number.
    pub(crate) suite: u16,
    /// The group number.
    pub(crate) group: Option<u16>,
}

/// Why there was no agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The server stayed silent.
    #[error("no answer to the TLS handshake")]
    Silent,
    /// The server closed the connection.
    #[error("connection closed in the TLS handshake")]
    Closed,
    /// The server refused.
    #[error("TLS handshake failed: refused with {0}")]
    Refused(Alert),
    /// What came is no TLS.
    #[error("TLS handshake failed: the answer is not valid TLS")]
    NotTls,
    /// What came is text, as of a server that is at a limit before TLS begins.
    #[error("TLS handshake failed: answered with text: {0}")]
    Text(String),
    /// The server has no version, suite or group of ours.
    #[error("TLS handshake failed: the server supports nothing that this program does")]
    NothingInCommon,
    /// The server does what no server may.
    #[error("TLS handshake failed: the server breaks the rules of TLS")]
    BreaksRules,
    /// The connection broke in another way.
    #[error("TLS handshake failed: {0}")]
    Broken(SystemError),
    /// Our own side has nothing to shake hands with.
    #[error("TLS handshake failed: this program's own TLS does not work")]
    Ours,
}

impl HandshakeError {
    /// Whether another client may well succeed, so that nothing is known of the server.
    #[must_use]
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Ours | Self::NothingInCommon)
    }
}

/// Why the server's signature over the handshake does not hold (RFC 8446 section 4.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureFault {
    /// It was made with another key than the certificate's.
    #[error("it was made with another key")]
    OtherKey,
    /// Its algorithm is not one of this key.
    #[error("it is of an algorithm that is not for this key")]
    Algorithm,
    /// The key cannot be read, or is of no kind that can be checked.
    #[error("the certificate's key cannot be used")]
    Unusable,
}

/// A stream that speaks TLS from here on.
pub(crate) type Secured<S> = StreamOwned<ClientConnection, S>;

/// Shakes hands for `name`; an address in it is never sent (RFC 6066 section 3).
///
/// # Errors
/// [`HandshakeError`], beside what was shown until then.
pub(crate) fn handshake<S: Read + Write>(
    mut stream: S,
    name: ServerName<'static>,
    wanted: Wanted,
) -> (Shown, Result<(Agreed, Secured<S>), HandshakeError>) {
    let recorder = Arc::new(Recorder::new(wanted));
    let result = client(recorder.clone(), name).and_then(|mut client| {
        let mut start = Start { stream: &mut stream, first: Vec::new() };
        while client.is_handshaking() {
            client.complete_io(&mut start).map_err(|error| match failed(&error) {
                HandshakeError::NotTls => {
                    start.text().map_or(HandshakeError::NotTls, HandshakeError::Text)
                }
                other => other,
            })?;
        }
        let agreed = agreed(&client)?;
        Ok((agreed, StreamOwned::new(client, stream)))
    });
    (recorder.shown(), result)
}

/// Keeps the first bytes that come.
struct Start<'a, S> {
    stream: &'a mut S,
    first: Vec<u8>,
}

impl<S> Start<'_, S> {
    /// They are text when all of them can be printed.
    fn text(&self) -> Option<String> {
        let text = std::str::from_utf8(&self.first).ok()?.trim_end();
        let is_text =
            !text.is_empty() && !text.chars().any(|c| c.is_control() && !"\r\n\t".contains(c));
        is_text.then(|| text.to_owned())
    }
}

impl<S: Read> Read for Start<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        if self.first.len() < TEXT_BYTES {
            self.first.extend(buffer.iter().take(length.min(TEXT_BYTES)));
        }
        Ok(length)
    }
}

impl<S: Write> Write for Start<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn client(
    recorder: Arc<Recorder>,
    name: ServerName<'static>,
) -> Result<ClientConnection, HandshakeError> {
    let config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| HandshakeError::Ours)?
        .dangerous()
        .with_custom_certificate_verifier(recorder)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), name).map_err(|_| HandshakeError::Ours)
}

fn agreed(client: &ClientConnection) -> Result<Agreed, HandshakeError> {
    let version = client.protocol_version().and_then(|version| Protocol::from_wire(version.into()));
    let suite = client.negotiated_cipher_suite().map(|suite| suite.suite().into());
    let (Some(version), Some(suite)) = (version, suite) else {
        return Err(HandshakeError::NothingInCommon);
    };
    let group = client.negotiated_key_exchange_group().map(|group| group.name().into());
    Ok(Agreed { version, suite, group })
}

fn failed(error: &io::Error) -> HandshakeError {
    let broken = match StreamError::from(error) {
        StreamError::Silent => return HandshakeError::Silent,
        StreamError::Closed => return HandshakeError::Closed,
        StreamError::Alert(alert) => return HandshakeError::Refused(alert),
        StreamError::Broken(broken) => broken,
    };
    match error.get_ref().and_then(|reason| reason.downcast_ref()) {
        Some(Error::InvalidMessage(_) | Error::PeerSentOversizedRecord) => HandshakeError::NotTls,
        Some(Error::PeerIncompatible(_)) => HandshakeError::NothingInCommon,
        Some(_) => HandshakeError::BreaksRules,
        None => HandshakeError::Broken(broken),
    }
}

/// Notes what the server shows and lets everything pass.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    wanted: Wanted,
    shown: Mutex<Shown>,
}

impl Recorder {
    fn new(wanted: Wanted) -> Self {
        let provider = CryptoProvider { kx_groups: groups::all(), ..aws_lc_rs::default_provider() };
        Self { provider: Arc::new(provider), wanted, shown: Mutex::default() }
    }

    fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Shown)) {
        note(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Only the key counts here: what else is in the certificate is judged with the chain.
    fn check(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> HandshakeSignatureValid {
        let number = signed.scheme.into();
        let scheme = Scheme::of_handshake(number);
        let Ok(certificate) = certificate::parse(certificate) else {
            self.note(|shown| shown.signature_fault = Some(SignatureFault::Unusable));
            return HandshakeSignatureValid::assertion();
        };
        let key = certificate::key(certificate.public_key());
        match signature::check(certificate.public_key(), scheme, message, signed.signature()) {
            Ok(()) => {}
            Err(signature::NotVerified::Wrong) => {
                self.note(|shown| shown.signature_fault = Some(SignatureFault::OtherKey));
            }
            Err(signature::NotVerified::Unchecked) if !scheme.fits(key.algorithm) => {
                self.note(|shown| shown.signature_fault = Some(SignatureFault::Algorithm));
            }
            Err(signature::NotVerified::Unchecked) => {
                let unchecked = Unchecked { key, algorithm: format!("0x{number:04x}") };
                self.note(|shown| shown.unchecked = Some(unchecked));
            }
        }
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.note(|shown| {
            shown.chain =
                std::iter::once(end_entity).chain(intermediates).map(|der| der.to_vec()).collect();
            shown.stapled = !ocsp_response.is_empty();
        });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.check(message, certificate, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.check(message, certificate, signed))
    }

    /// All that clients offer, whether we can check it or not.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let is_wanted = |number: &u16| match self.wanted {
            Wanted::Any => true,
            Wanted::Rsa => is_rsa(*number),
            Wanted::Ecdsa => !is_rsa(*number),
        };
        SIGNATURES.into_iter().filter(is_wanted).map(SignatureScheme::from).collect()
    }
}

/// Whether the handshake has this group.
#[must_use]
pub(crate) fn speaks(group: u16) -> bool {
    groups::all().iter().any(|ours| u16::from(ours.name()) == group)
}

fn is_rsa(number: u16) -> bool {
    matches!(number, 0x0804..=0x0806 | 0x0809..=0x080b) || number & 0xff == 1
}
