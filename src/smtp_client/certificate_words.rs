//! What a certificate fails to prove, in the words of every check that asks a mail server for proof.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serializer;
use serde::ser::SerializeStruct;

use crate::clock;
use crate::monitoring::duration;
use crate::tls::proof::{Fault, Proof};

/// As in "certificate expired 3d ago".
#[must_use]
pub(crate) fn fault(fault: &Fault) -> String {
    let human = |seconds: i64| duration::human(Duration::from_secs(seconds.unsigned_abs()));
    match fault {
        Fault::Missing => "no certificate".to_owned(),
        Fault::Unreadable(error) => error.to_string(),
        Fault::Expired(seconds) => format!("certificate expired {} ago", human(*seconds)),
        Fault::NotYetValid(from) => {
            format!("certificate is not yet valid: from {}", clock::utc(*from))
        }
        Fault::OtherName { name, whom } if name.parse::<IpAddr>().is_ok() => {
            format!("certificate is for {whom}, not for the address {name}")
        }
        Fault::OtherName { name, whom } => format!("certificate is for {whom}, not for {name}"),
        Fault::CommonName(name) => {
            format!(
                "{name} stands in the certificate's common name only, which many clients do not read"
            )
        }
        Fault::SelfSigned => "certificate is self-signed".to_owned(),
        Fault::UnknownIssuer(issuer) => {
            let issuer = issuer.as_deref().unwrap_or("of the certificate");
            format!(
                "untrusted: issuer {issuer} was not sent and is not trusted here (chain incomplete or unknown CA)"
            )
        }
        Fault::IssuerOutOfDates(life) => format!(
            "untrusted: its authority {} is valid from {} to {} only",
            life.subject,
            clock::utc(life.not_before),
            clock::utc(life.not_after)
        ),
        Fault::Path(fault) => format!("untrusted: {fault}"),
        Fault::Sha1 => "certificate signed over SHA-1".to_owned(),
        Fault::OutOfOrder => "the chain is not in order".to_owned(),
        Fault::Signature(fault) => {
            format!("the server's signature does not fit its certificate: {fault}")
        }
    }
}

/// A proof as JSON: the faults, and why trust is unknown.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(proof: &Proof, serializer: S) -> Result<S::Ok, S::Error> {
    let faults: Vec<String> = proof.faults.iter().map(fault).collect();
    let mut out = serializer.serialize_struct("Proof", 2)?;
    out.serialize_field("faults", &faults)?;
    out.serialize_field("unknown", &proof.unknown)?;
    out.end()
}
