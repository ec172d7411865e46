//! Keys for signatures in mails (RFC 6376 section 3.6.1, RFC 8301, RFC 8463).

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{NoRecord, tag, tags};

/// A key as it is published.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DkimKey {
    /// Bits of an RSA key; absent for Ed25519.
    pub rsa_bits: Option<usize>,
    /// Whether readers are to treat the mails as unsigned (t=y).
    pub is_testing: bool,
}

/// Reads the one record among the texts of a selector.
///
/// # Errors
/// [`NoRecord`].
pub fn record<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<DkimKey, NoRecord> {
    let mut found: Vec<&[u8]> = texts.collect();
    let (text, count) = (found.pop(), found.len() + 1);
    let text = match (text, count) {
        (None, _) => return Err(NoRecord::Absent),
        (Some(text), 1) => text,
        (Some(_), count) => return Err(NoRecord::Several(count)),
    };
    let text =
        std::str::from_utf8(text).map_err(|_| NoRecord::Invalid("it is not text in UTF-8"))?;
    let all = tags(text).ok_or(NoRecord::Invalid("a field is not name=value"))?;
    // RFC 6376 section 3.2.
    if all
        .iter()
        .enumerate()
        .any(|(place, (name, _))| all.iter().take(place).any(|(one, _)| one == name))
    {
        return Err(NoRecord::Invalid("a field is there twice"));
    }
    let version = all.iter().position(|(name, _)| *name == "v");
    if version.is_some_and(|place| place > 0) || tag(&all, "v").is_some_and(|v| v != "DKIM1") {
        return Err(NoRecord::Invalid("it does not begin with v=DKIM1"));
    }
    let has = |list: &str, word: &str| list.split(':').any(|known| known.trim() == word);
    if tag(&all, "s").is_some_and(|list| !has(list, "email") && !has(list, "*")) {
        return Err(NoRecord::Invalid("its s= does not allow email"));
    }
    if tag(&all, "h").is_some_and(|list| !has(list, "sha256")) {
        return Err(NoRecord::Invalid("its h= does not allow sha256"));
    }
    let key: String = tag(&all, "p")
        .ok_or(NoRecord::Invalid("it has no p="))?
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    if key.is_empty() {
        return Err(NoRecord::Invalid("its key is revoked (p= is empty)"));
    }
    let bytes = BASE64.decode(&key).map_err(|_| NoRecord::Invalid("its key is not base64"))?;
    let rsa_bits = match tag(&all, "k").unwrap_or("rsa") {
        "rsa" => Some(rsa_bits(&bytes).ok_or(NoRecord::Invalid("its key is no RSA key"))?),
        "ed25519" if bytes.len() == 32 => None,
        "ed25519" => return Err(NoRecord::Invalid("its key is no Ed25519 key")),
        _ => return Err(NoRecord::Invalid("its kind of key is neither rsa nor ed25519")),
    };
    if rsa_bits.is_some_and(|bits| bits < 1024) {
        return Err(NoRecord::Invalid("its key has less than 1024 bits"));
    }
    let is_testing = tag(&all, "t").is_some_and(|flags| has(flags, "y"));
    Ok(DkimKey { rsa_bits, is_testing })
}

/// Published keys often lack their padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The size of a key in either of the two forms that are in use (RFC 6376 errata 3017).
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let bits = |modulus: &[u8]| {
        let significant = modulus.iter().skip_while(|byte| **byte == 0);
        let first = significant.clone().next()?;
        Some(significant.count() * 8 - usize::try_from(first.leading_zeros()).ok()?)
    };
    if let Ok((_, info)) = SubjectPublicKeyInfo::from_der(der) {
        return match info.parsed() {
            Ok(PublicKey::RSA(key)) => bits(key.modulus),
            _ => None,
        };
    }
    RSAPublicKey::from_der(der).ok().and_then(|(_, key)| bits(key.modulus))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DkimKey, NoRecord> {
        record(std::iter::once(text.as_bytes()))
    }

    /// `openssl genrsa 1024` and `openssl rsa -pubout`.
    const RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
    /// RFC 8463 appendix A.2.
    const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn keys_are_told_by_kind_and_size() {
        let rsa = read(&format!("v=DKIM1; p={RSA}")).unwrap();
        assert_eq!((rsa.rsa_bits, rsa.is_testing), (Some(1024), false));
        assert_eq!(read(ED25519).unwrap().rsa_bits, None);
        assert!(read(&format!("t=y:s; p={}", RSA.replace("UC3S", " UC 3S"))).unwrap().is_testing);
        for (text, fault) in [
            ("v=DKIM1; p=AAAA; p=AAAA", "a field is there twice"),
            ("v=DKIM1; p=", "its key is revoked (p= is empty)"),
            ("v=DKIM1; k=rsa", "it has no p="),
            ("k=rsa; v=DKIM1; p=AA", "it does not begin with v=DKIM1"),
            ("v=DKIM1; p=%%", "its key is not base64"),
            ("v=DKIM1; p=AAAA", "its key is no RSA key"),
            ("v=DKIM1; k=dsa; p=AAAA", "its kind of key is neither rsa nor ed25519"),
            ("v=DKIM1; k=ed25519; p=AAAA", "its key is no Ed25519 key"),
            ("v=DKIM1; h=sha1; p=AAAA", "its h= does not allow sha256"),
            ("v=DKIM1; s=tlsrpt; p=AAAA", "its s= does not allow email"),
        ] {
            assert_eq!(read(text), Err(NoRecord::Invalid(fault)), "{text}");
        }
        let two = [ED25519.as_bytes(), ED25519.as_bytes()];
        assert_eq!(record(two.into_iter()), Err(NoRecord::Several(2)));
    }
}
