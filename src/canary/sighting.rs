//! What the mail exchanger saw of a server that came with, or for, a canary mail; and what it shows that server next.

use std::fmt::Write;
use std::net::IpAddr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::token::{Canary, Token};

/// What a server did. Each kind is kept once for a canary mail and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sight {
    /// It came where TLS was not to be had, and left with the mail.
    Waited,
    /// It handed the mail over in the clear.
    InTheClear,
    /// It left under a wrong certificate.
    WrongRefused,
    /// It handed the mail over under a wrong certificate.
    WrongTaken,
    /// It left under the right certificate.
    RightRefused,
    /// It handed the mail over encrypted, under the right certificate.
    Encrypted,
}

impl Sight {
    const ALL: [Self; 6] = [
        Self::Waited,
        Self::InTheClear,
        Self::WrongRefused,
        Self::WrongTaken,
        Self::RightRefused,
        Self::Encrypted,
    ];

    /// Its word in a file's name and in the journal.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Waited => "waited",
            Self::InTheClear => "in-the-clear",
            Self::WrongRefused => "wrong-refused",
            Self::WrongTaken => "wrong-taken",
            Self::RightRefused => "right-refused",
            Self::Encrypted => "encrypted",
        }
    }
}

/// A server that came. Two servers, or one of two addresses, take the steps each on its own: what a stranger does at
/// this port is never taken for what our own server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Where it came from.
    pub(crate) address: IpAddr,
    /// What it called itself; absent where TLS begins at once, before it can say so.
    pub(crate) helo: Option<String>,
}

impl Peer {
    /// Its part of a file's name: foreign text never stands there.
    fn key(&self) -> String {
        let mut text = self.address.to_canonical().to_string();
        if let Some(helo) = &self.helo {
            text.push(' ');
            text.push_str(&helo.to_ascii_lowercase());
        }
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        hash.as_ref().iter().take(8).fold(String::new(), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        })
    }
}

/// The name of a file in `seen/`: the mail, what was seen, and of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sighting {
    /// The mail that was open at the time; of a mail that was handed over, its own.
    pub(crate) token: Token,
    /// What was seen.
    pub(crate) sight: Sight,
    /// Which server, as in other sightings of it.
    pub(crate) peer: String,
}

impl Sighting {
    /// What was seen of a server for a mail.
    #[must_use]
    pub(crate) fn new(token: &Token, sight: Sight, peer: &Peer) -> Self {
        Self { token: token.clone(), sight, peer: peer.key() }
    }

    /// The name of its file.
    #[must_use]
    pub(crate) fn file_name(&self) -> String {
        format!("{}.{}.{}", self.token, self.sight.word(), self.peer)
    }

    /// Reads a file's name; nothing of any other name.
    #[must_use]
    pub(crate) fn read(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let (token, word, peer) = (parts.next()?, parts.next()?, parts.next()?);
        let sight = Sight::ALL.into_iter().find(|sight| sight.word() == word)?;
        let is_key = peer.len() == 16 && peer.bytes().all(|byte| byte.is_ascii_hexdigit());
        let token = Token::read(token)?;
        (is_key && parts.next().is_none()).then(|| Self { token, sight, peer: peer.to_owned() })
    }
}

/// What stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Circumstances {
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    /// Where the server came from.
    pub(crate) from: String,
    /// What it called itself, if it did.
    pub(crate) helo: Option<String>,
    /// What was agreed on, if anything was.
    pub(crate) tls: Option<TlsUsed>,
}

/// Version and suite by their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TlsUsed {
    pub(crate) version: u16,
    pub(crate) suite: u16,
}

/// What a server is shown that comes for a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No TLS.
    NoTls,
    /// A certificate of another name, by nobody.
    Wrong,
    /// TLS as it should be.
    Right,
}

impl Step {
    /// The step of a server: the first that it has not taken, by what is on disk.
    #[must_use]
    pub(crate) fn of(canary: &Canary, token: &Token, peer: &Peer, seen: &[Sighting]) -> Self {
        let has = |sight| {
            let wanted = Sighting::new(token, sight, peer);
            seen.contains(&wanted)
        };
        if !has(Sight::Waited) {
            Self::NoTls
        } else if canary.verify && !has(Sight::WrongRefused) && !has(Sight::WrongTaken) {
            Self::Wrong
        } else {
            Self::Right
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str, helo: Option<&str>) -> Peer {
        Peer { address: address.parse().unwrap(), helo: helo.map(str::to_owned) }
    }

    #[test]
    fn names_read_back_and_others_are_none() {
        let token = Token::new(1).unwrap();
        let hostile = peer("2001:db8::1", Some("../../etc\n.x"));
        for sight in Sight::ALL {
            let sighting = Sighting::new(&token, sight, &hostile);
            let name = sighting.file_name();
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)));
            assert_eq!(Sighting::read(&name), Some(sighting));
            assert_eq!(Sighting::read(&format!("{name}.tmp")), None);
            assert_eq!(Sighting::read(&format!(".tmp-{name}")), None);
        }
    }

    #[test]
    fn a_server_is_the_same_in_any_case_and_another_at_another_address() {
        let key = |address, helo| peer(address, helo).key();
        let own = key("192.0.2.1", Some("mail.own.example"));
        assert_eq!(own, key("::ffff:192.0.2.1", Some("MAIL.own.example")));
        assert_ne!(own, key("192.0.2.2", Some("mail.own.example")));
        assert_ne!(own, key("192.0.2.1", Some("scanner.example")));
        assert_ne!(own, key("192.0.2.1", None));
    }

    #[test]
    fn the_step_is_the_first_that_is_not_on_disk() {
        let token = Token::new(1).unwrap();
        let (own, stranger) = (peer("192.0.2.1", Some("own")), peer("192.0.2.9", Some("x")));
        let (plain, strict) = (Canary::default(), Canary { verify: true, ..Canary::default() });
        let seen = |sights: &[Sight]| -> Vec<Sighting> {
            sights.iter().map(|sight| Sighting::new(&token, *sight, &own)).collect()
        };
        for (sights, without, with) in [
            (&[][..], Step::NoTls, Step::NoTls),
            (&[Sight::InTheClear], Step::NoTls, Step::NoTls),
            (&[Sight::Encrypted], Step::NoTls, Step::NoTls),
            (&[Sight::WrongRefused], Step::NoTls, Step::NoTls),
            (&[Sight::Waited], Step::Right, Step::Wrong),
            (&[Sight::Waited, Sight::WrongRefused], Step::Right, Step::Right),
            (&[Sight::Waited, Sight::WrongTaken], Step::Right, Step::Right),
            (&[Sight::Waited, Sight::RightRefused], Step::Right, Step::Wrong),
        ] {
            let seen = seen(sights);
            assert_eq!(Step::of(&plain, &token, &own, &seen), without, "{sights:?}");
            assert_eq!(Step::of(&strict, &token, &own, &seen), with, "{sights:?}");
            assert_eq!(Step::of(&plain, &token, &stranger, &seen), Step::NoTls, "{sights:?}");
        }
    }
}
