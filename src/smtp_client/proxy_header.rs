//! The PROXY header, by which a proxy tells the server behind it who calls. A listener that expects one from its proxy
//! answers nobody without it.
//!
//! Source: `HAProxy`, "The PROXY protocol, versions 1 & 2", <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>.

use std::net::{IpAddr, SocketAddr};

use crate::program::offered;

/// Option of every SMTP check for a listener behind a proxy.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ProxyOption {
    /// Send a PROXY header first with our own address, for a listener behind a
    /// proxy: v1 or v2; v1 without VERSION
    #[arg(
        long,
        value_name = "VERSION",
        num_args = 0..=1,
        default_missing_value = "v1",
        hide_possible_values = true,
        value_parser = offered(["v1", "v2"], version)
    )]
    proxy_protocol: Option<ProxyVersion>,
}

impl ProxyOption {
    /// The version asked for.
    #[must_use]
    pub(crate) fn version(&self) -> Option<ProxyVersion> {
        self.proxy_protocol
    }
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyVersion {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

fn version(text: &str) -> Result<ProxyVersion, &'static str> {
    match text {
        "v1" | "1" => Ok(ProxyVersion::V1),
        "v2" | "2" => Ok(ProxyVersion::V2),
        _ => Err("is not a version of the PROXY protocol; use v1 or v2"),
    }
}

/// What a proxy would send that speaks for `from`, which reached it at `to`: the truth, as there is no proxy between.
#[must_use]
pub(super) fn proxy_header(version: ProxyVersion, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let addresses = (from.ip().to_canonical(), to.ip().to_canonical());
    match (version, addresses) {
        (ProxyVersion::V1, (IpAddr::V4(_), IpAddr::V4(_))) => line("TCP4", addresses, from, to),
        (ProxyVersion::V1, _) => line("TCP6", addresses, from, to),
        (ProxyVersion::V2, (IpAddr::V4(own), IpAddr::V4(peer))) => {
            binary(0x11, &[own.octets(), peer.octets()].concat(), from, to)
        }
        (ProxyVersion::V2, (own, peer)) => {
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                IpAddr::V6(address) => address.octets(),
            };
            binary(0x21, &[octets(own), octets(peer)].concat(), from, to)
        }
    }
}

/// Section 2.1: at most 107 bytes.
fn line(family: &str, (own, peer): (IpAddr, IpAddr), from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    format!("PROXY {family} {own} {peer} {} {}\r\n", from.port(), to.port()).into_bytes()
}

/// Section 2.2: signature, version 2 and the command PROXY, family, length, addresses, ports.
fn binary(family: u8, addresses: &[u8], from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    let length = u16::try_from(addresses.len() + ports.len()).unwrap_or_default();
    let start = [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[0x21, family], &length.to_be_bytes()].concat();
    [&start[..], addresses, &ports].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_both_ends_as_the_protocol_writes_them() {
        let header = |version, from: &str, to: &str| {
            proxy_header(version, from.parse().unwrap(), to.parse().unwrap())
        };
        for (from, to, expected) in [
            ("192.0.2.1:40000", "192.0.2.25:25", "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25\r\n"),
            (
                "[2001:db8::1]:40000",
                "[2001:db8::25]:465",
                "PROXY TCP6 2001:db8::1 2001:db8::25 40000 465\r\n",
            ),
            ("[fe80::1%2]:1", "[fe80::2%2]:2", "PROXY TCP6 fe80::1 fe80::2 1 2\r\n"),
            (
                "[::ffff:192.0.2.1]:1",
                "[::ffff:192.0.2.2]:2",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            ),
        ] {
            let text = String::from_utf8(header(ProxyVersion::V1, from, to)).unwrap();
            assert_eq!(text, expected);
            assert!(text.len() <= 107);
        }
        let v4 = header(ProxyVersion::V2, "192.0.2.1:258", "192.0.2.2:25");
        assert_eq!(v4[..12], *b"\r\n\r\n\0\r\nQUIT\n");
        assert_eq!(v4[12..16], [0x21, 0x11, 0, 12]);
        assert_eq!(v4[16..], [192, 0, 2, 1, 192, 0, 2, 2, 1, 2, 0, 25]);
        let v6 = header(ProxyVersion::V2, "[::1]:1", "[::2]:2");
        assert_eq!(v6[12..16], [0x21, 0x21, 0, 36]);
        assert_eq!((v6.len(), v6[31], v6[47]), (52, 1, 2));
    }
}
