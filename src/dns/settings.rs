//! Which resolvers are asked, and whether their AD bit is believed.

use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;
use std::time::Duration;

use resolv_conf::ScopedIp;

/// Most resolvers that are asked, as in the C library (`MAXNS`).
const MOST_SERVERS: usize = 3;
/// Bytes read of resolv.conf.
const MOST_BYTES: u64 = 64 * 1024;

/// A resolver that somebody names, `IP[:PORT]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameServer(pub(crate) SocketAddr);

/// The text names no resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not the address of a resolver; write IP or IP:PORT, as in 127.0.0.1 or [2001:db8::1]:53"
)]
pub(crate) struct NotANameServer;

impl FromStr for NameServer {
    type Err = NotANameServer;

    fn from_str(text: &str) -> Result<Self, NotANameServer> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(SocketAddr::new(address, 53)));
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(Ok(address)) = bare.map(str::parse::<IpAddr>) {
            return Ok(Self(SocketAddr::new(address, 53)));
        }
        let address = text.parse::<SocketAddr>().ok().filter(|address| address.port() > 0);
        address.map(Self).ok_or(NotANameServer)
    }
}

/// How this machine asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolverSettings {
    /// In the order they are asked.
    pub(crate) servers: Vec<SocketAddr>,
    /// Whether what they say of DNSSEC counts.
    pub(crate) is_believed: bool,
    /// Time for one answer.
    pub(crate) patience: Duration,
    /// How often all of them are asked.
    pub(crate) attempts: u32,
}

impl ResolverSettings {
    /// Those of /etc/resolv.conf, or these resolvers, which are believed since somebody named them.
    pub(crate) fn of(named: &[NameServer]) -> Self {
        let mut text = Vec::new();
        if let Ok(file) = fs::File::open("/etc/resolv.conf") {
            // Without the file the C library asks this machine as well.
            let _ = file.take(MOST_BYTES).read_to_end(&mut text);
        }
        let mut settings = Self::read(&text);
        if !named.is_empty() {
            settings.servers = named.iter().take(MOST_SERVERS).map(|named| named.0).collect();
            settings.is_believed = true;
        }
        settings
    }

    fn read(text: &[u8]) -> Self {
        // Unknown words are no reason to know nothing.
        let (config, _) = resolv_conf::Config::parse_with_errors(text);
        let named = config.nameservers.iter().take(MOST_SERVERS);
        let mut servers: Vec<SocketAddr> = named.map(server).collect();
        if servers.is_empty() {
            servers.push((Ipv4Addr::LOCALHOST, 53).into());
        }
        // As mox does: who can answer for loopback can do anything here.
        let is_local = servers.iter().all(|server| server.ip().is_loopback());
        Self {
            servers,
            is_believed: is_local || config.trust_ad,
            patience: Duration::from_secs(u64::from(config.timeout.clamp(1, 30))),
            attempts: config.attempts.clamp(1, 5),
        }
    }
}

/// Where a resolver is; one with an address of its link, as routers announce it, is behind an interface.
fn server(scoped: &ScopedIp) -> SocketAddr {
    match scoped {
        ScopedIp::V4(address) => (*address, 53).into(),
        ScopedIp::V6(address, scope) => {
            let scope = scope.as_deref().and_then(interface).unwrap_or_default();
            SocketAddrV6::new(*address, 53, 0, scope).into()
        }
    }
}

/// The number of an interface, by name or number.
fn interface(scope: &str) -> Option<u32> {
    if let Ok(number) = scope.parse() {
        return Some(number);
    }
    let is_name = !scope.contains('/') && !scope.starts_with('.');
    let path = is_name.then(|| format!("/sys/class/net/{scope}/ifindex"))?;
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_trust_ad_are_believed_and_nobody_else() {
        for (text, first, is_believed) in [
            ("nameserver 127.0.0.53\n", "127.0.0.53:53", true),
            ("nameserver ::1\nnameserver 127.0.0.1\n", "[::1]:53", true),
            ("nameserver 192.0.2.1\n", "192.0.2.1:53", false),
            ("nameserver 127.0.0.1\nnameserver 192.0.2.1\n", "127.0.0.1:53", false),
            ("nameserver 192.0.2.1\noptions edns0 trust-ad\n", "192.0.2.1:53", true),
            ("nonsense here\noptions what trust-ad\nnameserver 192.0.2.1\n", "192.0.2.1:53", true),
            ("", "127.0.0.1:53", true),
            ("nameserver fe80::1%lo\n", "[fe80::1%1]:53", false),
            ("nameserver fe80::1%7\noptions trust-ad\n", "[fe80::1%7]:53", true),
        ] {
            let settings = ResolverSettings::read(text.as_bytes());
            assert_eq!(settings.servers[0].to_string(), first, "{text}");
            assert_eq!(settings.is_believed, is_believed, "{text}");
        }
        let four = "nameserver 127.0.0.1\n".repeat(4);
        assert_eq!(ResolverSettings::read(four.as_bytes()).servers.len(), 3);
    }

    #[test]
    fn a_resolver_is_an_address_with_or_without_a_port() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1:53"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
        ] {
            assert_eq!(text.parse::<NameServer>().unwrap().0.to_string(), address);
        }
        for text in ["", "dns.example", "127.0.0.1:0", "127.0.0.1:x", "1.2.3", ":53"] {
            assert_eq!(text.parse::<NameServer>(), Err(NotANameServer), "{text}");
        }
    }
}
