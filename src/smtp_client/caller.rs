//! Who calls: our name, our address, the family of addresses, as options every SMTP check has.

use std::net::IpAddr;

use clap::builder::TypedValueParser;

use super::own_name::own_name;
use super::proxy_header::{ProxyOption, ProxyVersion};
use crate::connection::Family;
use crate::program::UsageError;

/// Options about our end of the connection.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CallerOptions {
    /// Name to give in EHLO [default: this host's full name, else its address
    /// in brackets]
    #[arg(long, value_name = "NAME", value_parser = helo())]
    helo: Option<String>,

    /// Address to connect from
    #[arg(long, value_name = "ADDRESS")]
    source_address: Option<IpAddr>,

    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6', long)]
    ipv6: bool,
}

impl CallerOptions {
    /// Who calls.
    ///
    /// # Errors
    /// [`UsageError`] when the address is not of the family.
    pub(crate) fn caller(&self) -> Result<Caller, UsageError> {
        if self.source_address.is_some_and(
            |source| {
                if source.is_ipv4() { self.ipv6 } else { self.ipv4 }
            },
        ) {
            return Err(UsageError(
                "option --source-address: not of the family that -4 or -6 asks for".to_owned(),
            ));
        }
        let family = match (self.ipv4, self.ipv6, self.source_address) {
            (true, _, _) | (_, false, Some(IpAddr::V4(_))) => Family::V4,
            (_, true, _) | (_, _, Some(IpAddr::V6(_))) => Family::V6,
            _ => Family::Any,
        };
        Ok(Caller {
            helo: self.helo.clone().or_else(own_name),
            source: self.source_address,
            family,
            proxy: None,
        })
    }
}

/// Our end of every connection of a run.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// What we call ourselves; without it our address does.
    pub(crate) helo: Option<String>,
    /// The address to connect from.
    pub(crate) source: Option<IpAddr>,
    /// The addresses wanted of the server.
    pub(crate) family: Family,
    /// The PROXY header that goes first on every connection, if one does.
    pub(crate) proxy: Option<ProxyVersion>,
}

impl Caller {
    /// The same, for a listener behind a proxy where the option says so.
    #[must_use]
    pub(crate) fn behind(self, proxy: &ProxyOption) -> Self {
        Self { proxy: proxy.version(), ..self }
    }

    /// The same, for a server that is not behind the proxy of our own.
    #[must_use]
    pub(crate) fn without_proxy(&self) -> Self {
        Self { proxy: None, ..self.clone() }
    }

    /// The name for EHLO; without a full one the address in brackets stands for it (RFC 5321 section 4.1.4).
    #[must_use]
    pub(crate) fn name(&self, local: Option<IpAddr>) -> String {
        match (&self.helo, local) {
            (Some(name), _) => name.clone(),
            (None, Some(IpAddr::V6(address))) => format!("[IPv6:{address}]"),
            (None, Some(IpAddr::V4(address))) => format!("[{address}]"),
            (None, None) => "[127.0.0.1]".to_owned(),
        }
    }
}

/// Reads a port.
///
/// # Errors
/// What to write instead.
pub(crate) fn port(text: &str) -> Result<u16, &'static str> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or("is not a port; write a number from 1 to 65535")
}

/// Reads the name or address of a server, with or without brackets.
#[must_use]
pub(crate) fn host() -> impl TypedValueParser<Value = String> {
    clap::builder::NonEmptyStringValueParser::new().try_map(|text| {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
        let is_clean =
            bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:%".contains(&byte));
        if is_clean && bare.len() <= 253 {
            Ok(bare.to_owned())
        } else {
            Err("is not a host; write a name or an address, as in mail.example.com")
        }
    })
}

fn helo() -> impl TypedValueParser<Value = String> {
    clap::builder::NonEmptyStringValueParser::new().try_map(|text| {
        let is_clean =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:[]".contains(&byte));
        if is_clean && text.len() <= 255 {
            Ok(text)
        } else {
            Err("is not a name for EHLO; write a full host name, as in monitor.example.com")
        }
    })
}
