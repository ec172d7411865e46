//! Domains and mail addresses as they go over the wire.

use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// A domain in ASCII and lower case; an international one is in punycode (RFC 5891).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Its text, ready for the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same domain, since case does not matter (RFC 5321 section 2.4), for rules that think it does.
    #[must_use]
    pub fn in_upper_case(&self) -> String {
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
#[error("is not a domain; write a full name, as in partner.example")]
pub struct NotADomain;

impl FromStr for Domain {
    type Err = NotADomain;

    fn from_str(text: &str) -> Result<Self, NotADomain> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Verify)
            .map_err(|_| NotADomain)?;
        let is_clean =
            ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_address = ascii.parse::<std::net::IpAddr>().is_ok();
        if is_clean && ascii.contains('.') && !is_address {
            Ok(Self(ascii.into_owned()))
        } else {
            Err(NotADomain)
        }
    }
}

/// A mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What stands before the @, a dot-string (RFC 5321 section 4.1.2).
    pub mailbox: String,
    /// What stands behind it.
    pub domain: Domain,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.mailbox, self.domain)
    }
}

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a mail address; write one, as in test@own.example")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (mailbox, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        let is_atom = |atom: &str| {
            !atom.is_empty()
                && atom.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
                })
        };
        // RFC 5321 section 4.5.3.1.1.
        if mailbox.len() > 64 || !mailbox.split('.').all(is_atom) {
            return Err(NotAnAddress);
        }
        let domain = domain.parse().map_err(|_| NotAnAddress)?;
        let mailbox = mailbox.to_owned();
        Ok(Self { mailbox, domain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_read_as_they_go_over_the_wire() {
        for (text, domain) in [
            ("partner.example", "partner.example"),
            ("Partner.Example.", "partner.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("_x.a-b.example", "_x.a-b.example"),
        ] {
            let read: Domain = text.parse().unwrap();
            assert_eq!(read.as_str(), domain, "{text}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            ".",
            "partner",
            "a b.example",
            "a@b.example",
            "a..example",
            "192.0.2.1",
            "a.example\r\nRSET",
            "<a.example>",
            "[192.0.2.1]",
            "a.example:25",
            "a/b.example",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<Domain>(), Err(NotADomain), "{text:?}");
        }
    }

    #[test]
    fn addresses_hold_nothing_that_ends_a_command() {
        let read: Address = "First.Last+tag@bücher.example".parse().unwrap();
        assert_eq!(read.to_string(), "First.Last+tag@xn--bcher-kva.example");
        for text in [
            "",
            "test",
            "@own.example",
            "test@",
            "a b@own.example",
            "a>@own.example",
            "a\r\n@own.example",
            ".a@own.example",
            "a..b@own.example",
            "jürgen@own.example",
            "\"a b\"@own.example",
            "a@b@own.example",
            "a@[192.0.2.1]",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text:?}");
        }
    }
}
