//! Domains and mail addresses as they go over the wire: nothing in them ends a command or names a second recipient.

use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// Octets before the @ (RFC 5321 section 4.5.3.1.1).
const MOST_LOCAL_PART: usize = 64;
/// Octets of an address: a path has 256 at most, two of them its angle brackets (RFC 5321 section 4.5.3.1.3).
const MOST_ADDRESS: usize = 254;

/// A domain in ASCII and lower case, of two labels or more; of an international one the A-labels (RFC 5890 section
/// 2.3.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain(String);

impl Domain {
    /// Its text, ready for the wire.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The same domain, since case does not matter (RFC 5321 section 2.4), for rules that think it does.
    #[must_use]
    pub(crate) fn in_upper_case(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a domain; write a full name, as in example.com")]
pub(crate) struct NotADomain;

impl FromStr for Domain {
    type Err = NotADomain;

    /// Reads a domain in any case and script; a dot at its end is left out. The lengths are those of DNS (RFC 1035
    /// section 2.3.4), which are below those of SMTP (RFC 5321 section 4.5.3.1.2).
    fn from_str(text: &str) -> Result<Self, NotADomain> {
        let text = text.strip_suffix('.').unwrap_or(text);
        // Hyphens in the third and fourth place are no honest A-label, but real hosts have them.
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::URL,
                Hyphens::CheckFirstLast,
                DnsLength::Verify,
            )
            .map_err(|_| NotADomain)?;
        let is_clean =
            ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_ip_address = ascii.parse::<std::net::IpAddr>().is_ok();
        if is_clean && ascii.contains('.') && !is_ip_address {
            Ok(Self(ascii.into_owned()))
        } else {
            Err(NotADomain)
        }
    }
}

/// A mail address of the plain kind: without quotes, comments and routes, and its local part in ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// What stands before the @, a dot-string (RFC 5321 section 4.1.2).
    pub(crate) local_part: String,
    /// What stands behind it.
    pub(crate) domain: Domain,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part, self.domain)
    }
}

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a mail address; write one, as in test@own.example")]
pub(crate) struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    /// Reads an address, with or without angle brackets.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        let (local_part, domain) = bare.rsplit_once('@').ok_or(NotAnAddress)?;
        let domain: Domain = domain.parse().map_err(|_| NotAnAddress)?;
        let is_atom = |atom: &str| {
            !atom.is_empty()
                && atom.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
                })
        };
        let length = local_part.len() + 1 + domain.as_str().len();
        if local_part.len() > MOST_LOCAL_PART
            || length > MOST_ADDRESS
            || !local_part.split('.').all(is_atom)
        {
            return Err(NotAnAddress);
        }
        Ok(Self { local_part: local_part.to_owned(), domain })
    }
}

/// The sender of a mail, as MAIL names it (RFC 5321 section 4.5.5): absent for the null sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReversePath(pub(crate) Option<Address>);

impl fmt::Display for ReversePath {
    /// Nothing for the null sender.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |address| address.fmt(f))
    }
}

impl FromStr for ReversePath {
    type Err = NotAnAddress;

    /// Reads an address, or `<>`.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if text.is_empty() || text == "<>" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A domain of that many octets.
    fn domain_of(octets: usize) -> String {
        let labels = format!("{0}.{0}.{0}.{0}", "d".repeat(63));
        labels.chars().take(octets).collect()
    }

    #[test]
    fn domains_are_read_as_they_go_over_the_wire() {
        let longest = domain_of(253);
        for (text, domain) in [
            ("partner.example", "partner.example"),
            ("Partner.Example.", "partner.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("_x.a-b.example", "_x.a-b.example"),
            ("r3---x.example", "r3---x.example"),
            (&longest, &longest),
        ] {
            let read: Domain = text.parse().unwrap();
            assert_eq!(read.as_str(), domain, "{text}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        let long_label = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            ".",
            "partner",
            "a b.example",
            "a@b.example",
            "a..example",
            "-own.example",
            "own-.example",
            "-bücher.example",
            "xn--.example",
            "192.0.2.1",
            "a.example\r\nRSET",
            "<a.example>",
            "[192.0.2.1]",
            "a.example:25",
            "a/b.example",
            "*",
            &long_label,
            &domain_of(254),
        ] {
            assert_eq!(text.parse::<Domain>(), Err(NotADomain), "{text:?}");
        }
    }

    #[test]
    fn a_domain_is_the_same_in_any_case_and_a_part_of_it_is_another() {
        let own: Domain = "own.example".parse().unwrap();
        assert_eq!(own, "OWN.Example.".parse().unwrap());
        assert_ne!(own, "sub.own.example".parse().unwrap());
        assert_ne!(own, "notown.example".parse().unwrap());
    }

    /// What `--recipient` and `--sender` of every program take.
    #[test]
    fn addresses_are_read_with_or_without_brackets_and_in_any_script() {
        let long_local_part = format!("{}@own.example", "x".repeat(64));
        let longest = format!("{}@{}", "x".repeat(64), domain_of(189));
        for (text, address) in [
            ("test@own.example", "test@own.example"),
            ("<test@own.example>", "test@own.example"),
            ("<a.b+c@Own.Example.>", "a.b+c@own.example"),
            ("probe@bücher.example", "probe@xn--bcher-kva.example"),
            ("First.Last+tag@BÜCHER.example", "First.Last+tag@xn--bcher-kva.example"),
            ("postmaster@xn--mller-kva.example", "postmaster@xn--mller-kva.example"),
            (&long_local_part, &long_local_part),
            (&longest, &longest),
        ] {
            let read = text.parse::<Address>().map(|address| address.to_string());
            assert_eq!(read.as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_could_end_a_command_or_name_two_recipients_is_no_address() {
        let long_local_part = format!("{}@own.example", "x".repeat(65));
        let long = format!("{}@{}", "x".repeat(64), domain_of(190));
        for text in [
            "",
            "<>",
            "@",
            "test",
            "test@",
            "@own.example",
            "test@own",
            "a b@own.example",
            "a>@own.example",
            "a\r\n@own.example",
            "a\r\nDATA@own.example",
            "a@b@own.example",
            "<a@own.example",
            "a@own.example>",
            "a@own.example> SIZE=1",
            "<a@own.example> SIZE=1",
            "<<a@own.example>>",
            "\"a b\"@own.example",
            ".a@own.example",
            "a..b@own.example",
            "jürgen@own.example",
            "a@own..example",
            "probe@-own.example",
            "a@192.0.2.1",
            "a@[192.0.2.1]",
            &long_local_part,
            &long,
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_an_address_is_one_clean_word_that_reads_the_same(
            text in "[<a-zé\\x00-\\x20.@>\"-]{0,12}(@[a-zü.]{1,8})?",
        ) {
            if let Ok(address) = text.parse::<Address>() {
                let shown = address.to_string();
                prop_assert!(shown.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte)));
                prop_assert_eq!(shown.parse(), Ok(address));
            }
        }
    }
}
