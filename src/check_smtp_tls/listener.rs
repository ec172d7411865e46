//! Another listener of the same site, as it is named on the command line.

use std::fmt;
use std::str::FromStr;

/// What is spoken before TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preamble {
    Smtp,
    Imap,
    Pop3,
    None,
}

/// Another listener, as `HOST:PORT[/starttls-smtp|imap|pop3|tls]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) preamble: Preamble,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The text names no listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a listener; write HOST:PORT and, if need be, /starttls-smtp, /imap, /pop3 or /tls")]
pub(super) struct NotAListener;

impl FromStr for Listener {
    type Err = NotAListener;

    fn from_str(text: &str) -> Result<Self, NotAListener> {
        let (address, preamble) = text
            .split_once('/')
            .map_or((text, None), |(address, preamble)| (address, Some(preamble)));
        let (host, port) = address.rsplit_once(':').ok_or(NotAListener)?;
        let port: u16 = port.parse().map_err(|_| NotAListener)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || port == 0 {
            return Err(NotAListener);
        }
        let preamble = match (preamble, port) {
            (Some("starttls-smtp"), _) | (None, 25 | 587) => Preamble::Smtp,
            (Some("imap"), _) | (None, 143) => Preamble::Imap,
            (Some("pop3"), _) | (None, 110) => Preamble::Pop3,
            (Some("tls") | None, _) => Preamble::None,
            (Some(_), _) => return Err(NotAListener),
        };
        Ok(Self { host: host.to_owned(), port, preamble })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_with_the_preamble_of_their_port() {
        for (text, host, port, preamble) in [
            ("mail.example:25", "mail.example", 25, Preamble::Smtp),
            ("mail.example:465", "mail.example", 465, Preamble::None),
            ("mail.example:143", "mail.example", 143, Preamble::Imap),
            ("[2001:db8::1]:110", "2001:db8::1", 110, Preamble::Pop3),
            ("mail.example:2525/starttls-smtp", "mail.example", 2525, Preamble::Smtp),
            ("mail.example:25/tls", "mail.example", 25, Preamble::None),
        ] {
            let expected = Listener { host: host.to_owned(), port, preamble };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        let printed = "[2001:db8::1]:110".parse().map(|listener: Listener| listener.to_string());
        assert_eq!(printed.as_deref(), Ok("[2001:db8::1]:110"));
        for text in [
            "",
            "mail.example",
            ":25",
            "mail.example:0",
            "mail.example:x",
            "mail.example:25/ftp",
            "a:70000",
        ] {
            assert_eq!(text.parse::<Listener>(), Err(NotAListener), "{text}");
        }
    }
}
