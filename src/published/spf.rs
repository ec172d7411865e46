//! Who may send mail of a domain (RFC 7208 sections 4.6, 5 and 6): read, and not evaluated for an address.

use super::{NoRecord, only};

/// What is said of those that a term fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Qualifier {
    /// They may.
    Pass,
    /// They may not.
    Fail,
    /// They may not, perhaps.
    SoftFail,
    /// Nothing.
    Neutral,
}

/// A term that takes a look-up in DNS (RFC 7208 section 4.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpfTerm {
    /// The record of another domain.
    Include,
    /// The addresses of a host.
    A,
    /// The mail servers of a domain.
    Mx,
    /// The name of the sender's address.
    Ptr,
    /// Whether a name is there.
    Exists,
    /// The record of another domain, in place of this one.
    Redirect,
}

/// A whole record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Spf {
    /// The terms that look something up, with the domain they name, in order; terms behind `all` are never reached.
    pub lookups: Vec<(SpfTerm, Option<String>)>,
    /// What is said of everybody else.
    pub all: Option<Qualifier>,
    /// Whether a network of all addresses is allowed, which is as good as `+all`.
    pub is_open: bool,
    /// Whether a mechanism is written as a modifier is, as in `include=`, which readers overlook.
    pub has_slip: bool,
}

/// Reads the one record among the texts of a domain.
///
/// # Errors
/// [`NoRecord`]; [`NoRecord::Invalid`] and [`NoRecord::Several`] are a permanent error for every reader.
pub fn record<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<Spf, NoRecord> {
    let text = only(texts, |text| {
        let start = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"v=spf1"));
        start && matches!(text.get(6), None | Some(b' '))
    })?;
    let mut spf = Spf { lookups: Vec::new(), all: None, is_open: false, has_slip: false };
    let (mut redirect, mut has_exp) = (None, false);
    for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
        if let Some((name, value)) = modifier(term) {
            match name.to_ascii_lowercase().as_str() {
                "redirect" if redirect.is_some() => {
                    return Err(NoRecord::Invalid("it has two redirect="));
                }
                "redirect" if !is_domain(value) => {
                    return Err(NoRecord::Invalid("its redirect= names no domain"));
                }
                "redirect" => redirect = Some(value.to_owned()),
                "exp" if has_exp => return Err(NoRecord::Invalid("it has two exp=")),
                "exp" => has_exp = true,
                "all" | "include" | "a" | "mx" | "ptr" | "exists" | "ip4" | "ip6" => {
                    spf.has_slip = true;
                }
                _ => {}
            }
            continue;
        }
        let (qualifier, mechanism) = qualified(term);
        let looked_up = read(mechanism).ok_or(NoRecord::Invalid("a term is not one of SPF"))?;
        if spf.all.is_none() && qualifier == Qualifier::Pass {
            spf.is_open |= is_everybody(mechanism);
        }
        match looked_up {
            _ if spf.all.is_some() => {}
            Mechanism::All => spf.all = Some(qualifier),
            Mechanism::Address => {}
            Mechanism::LookUp(term, domain) => spf.lookups.push((term, domain)),
        }
    }
    if let (Some(domain), None) = (redirect, spf.all) {
        spf.lookups.push((SpfTerm::Redirect, Some(domain)));
    }
    Ok(spf)
}

/// `name=value`, where the name is one.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_name.then_some((name, value))
}

fn qualified(term: &str) -> (Qualifier, &str) {
    let signs = [
        ('+', Qualifier::Pass),
        ('-', Qualifier::Fail),
        ('~', Qualifier::SoftFail),
        ('?', Qualifier::Neutral),
    ];
    let found =
        signs.iter().find_map(|(sign, meaning)| Some((*meaning, term.strip_prefix(*sign)?)));
    found.unwrap_or((Qualifier::Pass, term))
}

enum Mechanism {
    All,
    Address,
    LookUp(SpfTerm, Option<String>),
}

fn read(text: &str) -> Option<Mechanism> {
    let end = text.find([':', '/']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let named = rest.strip_prefix(':');
    let term = match name.to_ascii_lowercase().as_str() {
        "all" => return rest.is_empty().then_some(Mechanism::All),
        "ip4" => return named.filter(|text| is_network(text, false)).map(|_| Mechanism::Address),
        "ip6" => return named.filter(|text| is_network(text, true)).map(|_| Mechanism::Address),
        "include" => SpfTerm::Include,
        "exists" => SpfTerm::Exists,
        "a" => SpfTerm::A,
        "mx" => SpfTerm::Mx,
        "ptr" => SpfTerm::Ptr,
        _ => return None,
    };
    if matches!(term, SpfTerm::Include | SpfTerm::Exists) {
        let domain = named.filter(|domain| is_domain(domain))?;
        return Some(Mechanism::LookUp(term, Some(domain.to_owned())));
    }
    let (domain, length) = match named {
        None => (None, rest),
        Some(named) => {
            let slash = named.find('/').filter(|_| term != SpfTerm::Ptr).unwrap_or(named.len());
            let (domain, length) = named.split_at_checked(slash)?;
            (Some(domain).filter(|domain| is_domain(domain)).map(Some)?, length)
        }
    };
    let is_sound = length.is_empty() || (term != SpfTerm::Ptr && is_length(length));
    is_sound.then(|| Mechanism::LookUp(term, domain.map(ToOwned::to_owned)))
}

/// `/24`, `//64` or `/24//64`.
fn is_length(text: &str) -> bool {
    let number = |text: &str, most: u8| {
        text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|n| n <= most)
    };
    let Some(text) = text.strip_prefix('/') else { return false };
    if let Some(six) = text.strip_prefix('/') {
        return number(six, 128);
    }
    match text.split_once("//") {
        Some((four, six)) => number(four, 32) && number(six, 128),
        None => number(text, 32),
    }
}

fn is_network(text: &str, is_six: bool) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let most = if is_six { 128 } else { 32 };
    let is_address = if is_six {
        address.parse::<core::net::Ipv6Addr>().is_ok()
    } else {
        address.parse::<core::net::Ipv4Addr>().is_ok()
    };
    is_address
        && length.is_none_or(|length| {
            length.bytes().all(|b| b.is_ascii_digit())
                && length.parse::<u8>().is_ok_and(|n| n <= most)
        })
}

/// Whether a sound mechanism fits each address of a family.
fn is_everybody(mechanism: &str) -> bool {
    let name = mechanism.split([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
    let is_empty = mechanism.ends_with("/0") || mechanism.contains("/0//");
    matches!(name.as_str(), "ip4" | "ip6" | "a" | "mx") && is_empty
}

/// A domain with or without macros; what stands in them is not looked at.
fn is_domain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Spf, NoRecord> {
        record(std::iter::once(text.as_bytes()))
    }

    #[test]
    fn terms_that_look_something_up_are_counted_in_their_order() {
        let whole = read("v=spf1 a mx:x.example/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:y.example exists:%{i}.z.example ptr -all").unwrap();
        let terms: Vec<SpfTerm> = whole.lookups.iter().map(|(term, _)| *term).collect();
        assert_eq!(
            terms,
            [SpfTerm::A, SpfTerm::Mx, SpfTerm::Include, SpfTerm::Exists, SpfTerm::Ptr]
        );
        assert_eq!(whole.lookups[1].1.as_deref(), Some("x.example"));
        assert_eq!(whole.all, Some(Qualifier::Fail));
        assert!(!whole.has_slip && read("v=spf1 include=a.example -all").unwrap().has_slip);
        let never = read("V=SPF1 ?ALL a redirect=x.example").unwrap();
        assert_eq!((never.lookups.len(), never.all), (0, Some(Qualifier::Neutral)));
        let elsewhere = read("v=spf1 redirect=x.example unknown=y").unwrap();
        assert_eq!(elsewhere.lookups, [(SpfTerm::Redirect, Some("x.example".to_owned()))]);
        assert_eq!(read("v=spf1").unwrap().all, None);
        for (text, is_open) in [
            ("v=spf1 ip4:0.0.0.0/0 -all", true),
            ("v=spf1 IP6:::/0 -all", true),
            ("v=spf1 a/0//64 -all", true),
            ("v=spf1 mx//0 -all", true),
            ("v=spf1 -ip4:0.0.0.0/0 ~all", false),
            ("v=spf1 ip4:10.0.0.0/8 a/10 -all", false),
            ("v=spf1 -all ip4:0.0.0.0/0", false),
        ] {
            assert_eq!(read(text).unwrap().is_open, is_open, "{text}");
        }
        assert_eq!(read("v=spf10 -all"), Err(NoRecord::Absent));
        for text in [
            "v=spf1 ipv4:192.0.2.1 -all",
            "v=spf1 ip4:192.0.2.1/33",
            "v=spf1 ip4",
            "v=spf1 include",
            "v=spf1 a/99",
            "v=spf1 -all:x",
            "v=spf1 mx:",
            "v=spf1 redirect=",
            "v=spf1 redirect=a.example redirect=b.example",
            "v=spf1 +-all",
            "v=spf1 exp=a.example exp=b.example -all",
            "v=spf1 ip4:192.0.2.1~all",
            "v=spf1 include.example -all",
            "v=spf1 a, mx",
        ] {
            assert!(matches!(read(text), Err(NoRecord::Invalid(_))), "{text}");
        }
        let two = [b"v=spf1 -all".as_slice(), b"v=spf1 a"];
        assert_eq!(record(two.into_iter()), Err(NoRecord::Several(2)));
    }
}
