//! From a leaf to an anchor (RFC 5280 section 6), in the steps of `OpenSSL` at its security level 1: by that mail servers
//! judge. It refuses less than a library for browsers does, and names what it cannot check itself.

use x509_parser::asn1_rs::{Tag, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{NSCertType, ParsedExtension};
use x509_parser::oid_registry::Oid;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name, X509Version};

use super::anchored::{Anchored, Life, PathFault, Unchecked};
use super::certificate::{self, Algorithm, Hash};
use super::constraints;
use super::signature::{self, Scheme};

/// Steps from a leaf to an anchor; honest ones are two to four.
const MOST_STEPS: usize = 20;
/// Certificates of one name that are compared at one step.
const MOST_ISSUERS: usize = 50;

/// A trusted certificate.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    der: Vec<u8>,
    /// Its subject as names are compared.
    name: String,
}

impl Anchor {
    /// Nothing of what cannot be read: nobody is certified by it.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let name = canonical(certificate::parse(der).ok()?.subject());
        Some(Self { der: der.to_vec(), name })
    }

    /// Whether it is this certificate.
    pub(super) fn is(&self, der: &[u8]) -> bool {
        self.der == der
    }
}

/// What a look for a path found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) anchored: Anchored,
    /// The certificate above the leaf whose life ends first.
    pub(crate) first_to_end: Option<Life>,
    /// The issuer that is missing at the end.
    pub(crate) missing_issuer: Option<String>,
}

impl Found {
    pub(super) fn nothing(anchored: Anchored) -> Self {
        Self { anchored, first_to_end: None, missing_issuer: None }
    }
}

/// Looks for a path from the first certificate to an anchor, at `time` in seconds since the epoch: take one at which
/// the leaf itself is valid.
pub(super) fn find(chain: &[Vec<u8>], anchors: &[Anchor], time: i64) -> Found {
    walk(chain, anchors, time, false)
}

/// The same where one certificate of any kind is trusted, as TLSA records name them (RFC 7671 section 5.2).
pub(super) fn find_below(chain: &[Vec<u8>], anchor: &Anchor, time: i64) -> Anchored {
    walk(chain, std::slice::from_ref(anchor), time, true).anchored
}

fn walk(chain: &[Vec<u8>], anchors: &[Anchor], time: i64, ends_anywhere: bool) -> Found {
    let Some((first, behind)) = chain.split_first() else {
        return Found::nothing(Anchored::No(PathFault::NoCertificate));
    };
    let Ok(leaf) = certificate::parse(first) else {
        return Found::nothing(Anchored::No(PathFault::Unreadable));
    };
    let sent: Vec<_> = behind.iter().filter_map(|der| certificate::parse(der).ok()).collect();
    let mut path = vec![leaf];
    let broken = loop {
        let Some(last) = path.last() else {
            break Anchored::UnknownIssuer;
        };
        let is_root = is_named(last.issuer(), last.subject());
        let is_trusted = anchors.iter().any(|anchor| anchor.der == last.as_raw());
        if is_trusted && (is_root || path.len() == 1 || ends_anywhere) {
            return Found {
                anchored: judge(&path, time),
                first_to_end: path.iter().skip(1).map(life).min_by_key(|life| life.not_after),
                missing_issuer: None,
            };
        }
        if is_root && path.len() == 1 {
            break Anchored::SelfSigned;
        }
        if is_root || path.len() > MOST_STEPS {
            break Anchored::UnknownIssuer;
        }
        match trusted_issuer(last, anchors, time).or_else(|| sent_issuer(last, &sent, &path, time))
        {
            Some(issuer) => path.push(issuer),
            None => break Anchored::UnknownIssuer,
        }
    };
    let missing_issuer = (broken == Anchored::UnknownIssuer)
        .then(|| path.last().map(|last| last.issuer().to_string()))
        .flatten();
    Found { anchored: broken, first_to_end: None, missing_issuer }
}

fn trusted_issuer<'a>(
    certificate: &X509Certificate<'_>,
    anchors: &'a [Anchor],
    time: i64,
) -> Option<X509Certificate<'a>> {
    let name = canonical(certificate.issuer());
    let named = anchors.iter().filter(|anchor| anchor.name == name).take(MOST_ISSUERS);
    best(certificate, named.filter_map(|anchor| certificate::parse(&anchor.der).ok()), time)
}

fn sent_issuer<'a>(
    certificate: &X509Certificate<'_>,
    sent: &[X509Certificate<'a>],
    path: &[X509Certificate<'_>],
    time: i64,
) -> Option<X509Certificate<'a>> {
    let unused = sent.iter().filter(|one| path.iter().all(|used| used.as_raw() != one.as_raw()));
    let named = unused.filter(|one| is_named(certificate.issuer(), one.subject()));
    best(certificate, named.take(MOST_ISSUERS).cloned(), time)
}

/// Of several that may have issued it, one that is valid, or else the one that was so last.
fn best<'a>(
    certificate: &X509Certificate<'_>,
    named: impl Iterator<Item = X509Certificate<'a>>,
    time: i64,
) -> Option<X509Certificate<'a>> {
    let may_have: Vec<_> = named.filter(|issuer| may_have_issued(issuer, certificate)).collect();
    let valid = may_have.iter().find(|issuer| life(issuer).is_at(time)).cloned();
    valid.or_else(|| may_have.into_iter().max_by_key(|issuer| life(issuer).not_after))
}

/// By what both say of the key (RFC 5280 section 4.2.1.1), and by what the key may be used for.
fn may_have_issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    let named = certificate.iter_extensions().find_map(|one| match one.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(named) => Some(named),
        _ => None,
    });
    let own = issuer.iter_extensions().find_map(|one| match one.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(own) => Some(own),
        _ => None,
    });
    let is_key = match (named.and_then(|named| named.key_identifier.as_ref()), own) {
        (Some(named), Some(own)) => named == own,
        _ => true,
    };
    let serial = named.and_then(|named| named.authority_cert_serial);
    let is_serial = serial.is_none_or(|serial| serial == issuer.raw_serial());
    is_key && is_serial && may_sign(issuer)
}

/// Whether the key usage, where there is one, has certificates.
fn may_sign(issuer: &X509Certificate<'_>) -> bool {
    issuer.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()))
}

/// Judges a path from leaf to anchor.
fn judge(path: &[X509Certificate<'_>], time: i64) -> Anchored {
    if let Some(fault) = fault(path) {
        return Anchored::No(fault);
    }
    if let Some(over) = path.iter().skip(1).map(life).find(|life| !life.is_at(time)) {
        return Anchored::IssuerOutOfDates(over);
    }
    let mut unchecked = None;
    for (certificate, issuer) in path.iter().zip(path.iter().skip(1)) {
        match check_signature(certificate, issuer.public_key()) {
            Ok(()) => {}
            Err(signature::NotVerified::Wrong) => return Anchored::No(PathFault::Signature),
            Err(signature::NotVerified::Unchecked) => {
                unchecked = Some(Unchecked {
                    key: certificate::key(issuer.public_key()),
                    algorithm: certificate.signature_algorithm.algorithm.to_string(),
                });
            }
        }
    }
    unchecked.map_or(Anchored::Yes, Anchored::Unchecked)
}

fn fault(path: &[X509Certificate<'_>]) -> Option<PathFault> {
    let mut authorities = 0;
    for (depth, certificate) in path.iter().enumerate() {
        let is_leaf = depth == 0;
        if certificate.iter_extensions().any(|one| one.critical && !KNOWN.contains(&one.oid)) {
            return Some(PathFault::Extension);
        }
        let is_anchor = depth + 1 == path.len();
        if !is_leaf && !is_authority(certificate, is_anchor) {
            return Some(PathFault::Authority);
        }
        if !is_for_servers(certificate, is_leaf) {
            return Some(PathFault::Purpose);
        }
        if !is_strong(certificate.public_key()) {
            return Some(PathFault::Key);
        }
        // What an anchor signs for itself adds nothing.
        if !is_anchor && certificate::hash(certificate) != Hash::Sound {
            return Some(PathFault::Algorithm);
        }
        let limit = certificate
            .basic_constraints()
            .ok()
            .flatten()
            .and_then(|basic| basic.value.path_len_constraint);
        if depth > 1 && limit.is_some_and(|limit| authorities > limit) {
            return Some(PathFault::Length);
        }
        let is_root = is_named(certificate.issuer(), certificate.subject());
        if !is_leaf && !is_root {
            authorities += 1;
        }
        // Certificates that an authority issued to itself are free, unless they are the leaf.
        let above = path.iter().skip(depth + 1);
        if (is_leaf || !is_root)
            && !above.into_iter().all(|above| constraints::permit(above, certificate, is_leaf))
        {
            return Some(PathFault::Names);
        }
    }
    None
}

/// Critical extensions that `OpenSSL` knows.
const KNOWN: [Oid<'static>; 14] = [
    oid!(2.5.29.15),
    oid!(2.5.29.17),
    oid!(2.5.29.19),
    oid!(2.5.29.30),
    oid!(2.5.29.31),
    oid!(2.5.29.32),
    oid!(2.5.29.33),
    oid!(2.5.29.36),
    oid!(2.5.29.37),
    oid!(2.5.29.54),
    oid!(2.16.840.1.113730.1.1),
    oid!(1.3.6.1.5.5.7.1.7),
    oid!(1.3.6.1.5.5.7.1.8),
    oid!(1.3.6.1.5.5.7.1.14),
];

/// Purposes of long ago that stand for servers: "server gated cryptography" of Microsoft and of Netscape.
const GATED: [Oid<'static>; 2] = [oid!(1.3.6.1.4.1.311.10.3.3), oid!(2.16.840.1.113730.4.1)];

/// By its basic constraints; of anchors also without them: one of version 1, or whose key usage or Netscape type says so.
fn is_authority(certificate: &X509Certificate<'_>, is_anchor: bool) -> bool {
    if !may_sign(certificate) {
        return false;
    }
    match certificate.basic_constraints() {
        Err(_) => false,
        Ok(Some(basic)) => basic.value.ca,
        Ok(None) => {
            let is_root = is_named(certificate.issuer(), certificate.subject());
            let says_so = matches!(certificate.key_usage(), Ok(Some(_)))
                || netscape(certificate).is_some_and(NSCertType::ssl_ca);
            is_anchor && (says_so || (certificate.version() == X509Version::V1 && is_root))
        }
    }
}

fn is_for_servers(certificate: &X509Certificate<'_>, is_leaf: bool) -> bool {
    let is_purpose = certificate.extended_key_usage().is_ok_and(|usage| {
        usage.is_none_or(|usage| {
            let usage = usage.value;
            usage.server_auth || usage.other.iter().any(|other| GATED.contains(other))
        })
    });
    let is_usage = certificate.key_usage().is_ok_and(|usage| {
        usage.is_none_or(|usage| {
            let usage = usage.value;
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        })
    });
    let is_kind = netscape(certificate).is_none_or(NSCertType::ssl_server);
    is_purpose && (!is_leaf || (is_usage && is_kind))
}

/// The Netscape certificate type, if it has one.
fn netscape<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a NSCertType> {
    certificate.iter_extensions().find_map(|one| match one.parsed_extension() {
        ParsedExtension::NSCertType(kinds) => Some(kinds),
        _ => None,
    })
}

/// 80 bits of security: RSA from 1024 bits on, curves from 160; curves by name (RFC 5480 section 2.1.1).
fn is_strong(key: &SubjectPublicKeyInfo<'_>) -> bool {
    let has_curve = || key.algorithm.parameters.as_ref().is_some_and(|of| of.tag() == Tag::Oid);
    let read = certificate::key(key);
    match read.algorithm {
        Algorithm::Rsa | Algorithm::RsaPss | Algorithm::Dsa => {
            read.bits.is_none_or(|bits| bits >= 1024)
        }
        Algorithm::Ecdsa => has_curve() && read.bits.is_none_or(|bits| bits >= 160),
        Algorithm::Ed25519 | Algorithm::Ed448 | Algorithm::Other => true,
    }
}

/// Whether `issuer` issued `certificate`: by name and, where the algorithm is one we can check, by signature.
#[must_use]
pub fn is_issued_by(certificate: &[u8], issuer: &[u8]) -> bool {
    let (Ok(certificate), Ok(issuer)) =
        (certificate::parse(certificate), certificate::parse(issuer))
    else {
        return false;
    };
    is_named(certificate.issuer(), issuer.subject())
        && check_signature(&certificate, issuer.public_key()) != Err(signature::NotVerified::Wrong)
}

fn check_signature(
    certificate: &X509Certificate<'_>,
    issuer: &SubjectPublicKeyInfo<'_>,
) -> Result<(), signature::NotVerified> {
    // The one outside is not signed (RFC 5280 section 4.1.1.2).
    if certificate.signature_algorithm != certificate.tbs_certificate.signature {
        return Err(signature::NotVerified::Wrong);
    }
    let scheme = Scheme::of_certificate(&certificate.signature_algorithm);
    let signed = certificate.tbs_certificate.as_ref();
    signature::check(issuer, scheme, signed, &certificate.signature_value.data)
}

fn life(certificate: &X509Certificate<'_>) -> Life {
    Life {
        subject: certificate.subject().to_string(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    }
}

/// Whether two names are one (RFC 5280 section 7.1): letters of either case, however encoded.
fn is_named(one: &X509Name<'_>, other: &X509Name<'_>) -> bool {
    one.as_raw() == other.as_raw() || canonical(one) == canonical(other)
}

/// A name in the form names are compared in.
fn canonical(name: &X509Name<'_>) -> String {
    use std::fmt::Write;
    let mut all = String::new();
    for set in name.iter() {
        all.push('/');
        for part in set.iter() {
            let text = part.as_str().unwrap_or_default();
            let words: Vec<&str> = text.split_whitespace().collect();
            let _ = write!(all, "+{}={:?}", part.attr_type(), words.join(" ").to_lowercase());
            if part.as_str().is_err() {
                let _ = write!(all, "{:?}", part.as_slice());
            }
        }
    }
    all
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
