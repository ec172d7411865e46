//! The names an authority may certify (RFC 5280 section 4.2.1.10), as `OpenSSL` reads them; pure.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints};
use x509_parser::x509::X509Name;

/// Comparisons for one certificate; thousands of names under thousands of constraints are an attack.
const MOST_COMPARISONS: usize = 1 << 20;

/// Whether all names of a certificate are such as the authority may certify. `is_leaf` decides whether a common name
/// stands in for a host name that is not there.
pub(super) fn permit(
    authority: &X509Certificate<'_>,
    certificate: &X509Certificate<'_>,
    is_leaf: bool,
) -> bool {
    let constraints = match authority.name_constraints() {
        Ok(None) => return true,
        Ok(Some(extension)) => extension.value,
        Err(_) => return false,
    };
    let names = match certificate.subject_alternative_name() {
        Ok(names) => names.map_or(&[][..], |names| names.value.general_names.as_slice()),
        Err(_) => return false,
    };
    let bounds = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
    let bounds: usize = bounds.into_iter().flatten().map(Vec::len).sum();
    if (names.len() + 1).saturating_mul(bounds) > MOST_COMPARISONS {
        return false;
    }
    let subject = GeneralName::DirectoryName(certificate.subject().clone());
    let has_subject = certificate.subject().iter_attributes().next().is_some();
    let has_host = names.iter().any(|name| matches!(name, GeneralName::DNSName(_)));
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    let hosts = common.filter(|name| is_leaf && !has_host && looks_like_host(name));
    let hosts: Vec<GeneralName<'_>> = hosts.map(GeneralName::DNSName).collect();
    names
        .iter()
        .chain(has_subject.then_some(&subject))
        .chain(&hosts)
        .all(|name| permits(constraints, name))
}

fn looks_like_host(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.contains('.') && name.split('.').all(is_label)
}

fn permits(constraints: &NameConstraints<'_>, name: &GeneralName<'_>) -> bool {
    let within = |subtrees: &Option<Vec<GeneralSubtree<'_>>>| -> Vec<Option<bool>> {
        let bases = subtrees.iter().flatten().map(|subtree| &subtree.base);
        bases.filter(|base| kind(base) == kind(name)).map(|base| is_within(name, base)).collect()
    };
    let permitted = within(&constraints.permitted_subtrees);
    let excluded = within(&constraints.excluded_subtrees);
    (permitted.is_empty() || permitted.contains(&Some(true)))
        && excluded.iter().all(|within| *within == Some(false))
}

/// The tag of RFC 5280 section 4.2.1.6.
fn kind(name: &GeneralName<'_>) -> u32 {
    match name {
        GeneralName::OtherName(..) => 0,
        GeneralName::RFC822Name(_) => 1,
        GeneralName::DNSName(_) => 2,
        GeneralName::X400Address(_) => 3,
        GeneralName::DirectoryName(_) => 4,
        GeneralName::EDIPartyName(_) => 5,
        GeneralName::URI(_) => 6,
        GeneralName::IPAddress(_) => 7,
        GeneralName::RegisteredID(_) => 8,
        GeneralName::Invalid(tag, _) => tag.0,
    }
}

/// Whether a name lies within a base of its kind; nothing of kinds that nobody reads.
fn is_within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    Some(match (name, base) {
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => is_host_within(name, base),
        (GeneralName::IPAddress(address), GeneralName::IPAddress(base)) => {
            is_address_within(address, base)
        }
        (GeneralName::RFC822Name(address), GeneralName::RFC822Name(base)) => {
            is_mailbox_within(address, base)
        }
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            is_directory_within(name, base)
        }
        (GeneralName::URI(uri), GeneralName::URI(base)) => {
            let host = uri.split_once("://").map_or("", |(_, rest)| rest);
            let host = host.split(['/', ':', '?', '#']).next().unwrap_or_default();
            if base.starts_with('.') {
                ends_with(host, base)
            } else {
                host.eq_ignore_ascii_case(base)
            }
        }
        _ => return None,
    })
}

/// An empty base is every host; otherwise the host itself and all below it, or only those below with a dot in front.
fn is_host_within(name: &str, base: &str) -> bool {
    if base.is_empty() || name.eq_ignore_ascii_case(base) {
        return true;
    }
    if base.starts_with('.') { ends_with(name, base) } else { ends_with(name, &format!(".{base}")) }
}

fn ends_with(name: &str, end: &str) -> bool {
    let (name, end) = (name.to_ascii_lowercase(), end.to_ascii_lowercase());
    name.len() > end.len() && name.ends_with(&end)
}

/// An address, and a network with its mask behind it.
fn is_address_within(address: &[u8], base: &[u8]) -> bool {
    let Some((network, mask)) = base.split_at_checked(address.len()) else {
        return false;
    };
    mask.len() == address.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((address, network), mask)| address & mask == network & mask)
}

/// One mailbox, all of a host, or with a dot in front all of the hosts below.
fn is_mailbox_within(address: &str, base: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else {
        return false;
    };
    match base.rsplit_once('@') {
        Some((own, of)) if !own.is_empty() => own == local && of.eq_ignore_ascii_case(host),
        Some((_, of)) => of.eq_ignore_ascii_case(host),
        None if base.starts_with('.') => ends_with(host, base),
        None => base.eq_ignore_ascii_case(host),
    }
}

/// Whether a distinguished name begins with all parts of another.
fn is_directory_within(name: &X509Name<'_>, base: &X509Name<'_>) -> bool {
    let parts = |name: &X509Name<'_>| -> Vec<(String, String)> {
        name.iter_attributes()
            .map(|part| {
                let text = part.as_str().unwrap_or_default();
                let words: Vec<&str> = text.split_whitespace().collect();
                (part.attr_type().to_string(), words.join(" ").to_lowercase())
            })
            .collect()
    };
    parts(name).starts_with(&parts(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_within_their_base() {
        for (name, base, is_within) in [
            ("mail.lab.test", "lab.test", true),
            ("lab.test", "lab.test", true),
            ("lab.test", ".lab.test", false),
            ("mail.lab.test", ".LAB.test", true),
            ("mail.lab.test", "ab.test", false),
            ("mail.lab.test", "", true),
            ("", "lab.test", false),
        ] {
            assert_eq!(is_host_within(name, base), is_within, "{name} {base}");
        }
        for (address, base, is_within) in [
            ("post@lab.test", "lab.test", true),
            ("post@mail.lab.test", "lab.test", false),
            ("post@mail.lab.test", ".lab.test", true),
            ("post@lab.test", "post@lab.test", true),
            ("other@lab.test", "post@lab.test", false),
            ("nobody", "lab.test", false),
        ] {
            assert_eq!(is_mailbox_within(address, base), is_within, "{address} {base}");
        }
        let loopback = [127, 0, 0, 0, 255, 0, 0, 0];
        assert!(is_address_within(&[127, 1, 2, 3], &loopback));
        assert!(!is_address_within(&[10, 1, 2, 3], &loopback));
        assert!(!is_address_within(&[0; 16], &loopback));
        assert!(!is_address_within(&[127, 0, 0, 1], &[127, 0]));
    }
}
