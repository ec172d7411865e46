//! The policy file of MTA-STS, fetched as senders fetch it (RFC 8461 section 3.3): no redirect, no proxy, no cache.

use std::error::Error;
use std::io::{ErrorKind, Read};
use std::mem::ManuallyDrop;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::redirect;
use serde::{Serialize, Serializer};

use super::mta_sts::{self, StsFault, StsPolicy};
use crate::connection::Family;
use crate::deadline::Deadline;
use crate::dns::{Lookup, NoLookup, RecordKind};
use crate::pushover::client::{certificates, distrust, innermost};
use crate::pushover::not_accepted::Distrust;

/// Bytes of a policy (RFC 8461 section 3.3).
const MOST_BYTES: usize = 64 * 1024;
/// Time for it, and no more than a third of what is left.
const MOST_TIME: Duration = Duration::from_secs(10);

/// What came of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fetched {
    /// The policy.
    Policy(StsPolicy, MediaType),
    /// No policy.
    No(NoPolicy),
}

/// What a file is said to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MediaType(pub(crate) Option<String>);

/// Why there is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPolicy {
    #[error("{0} has no address")]
    NoHost(String),
    #[error("cannot look up its host: {0}")]
    Unresolved(NoLookup),
    #[error("nobody listens on port 443")]
    Refused,
    #[error("no answer in time")]
    Silent,
    #[error("its certificate {0}")]
    Certificate(Distrust),
    #[error("TLS does not come about: {0}")]
    Tls(String),
    #[error("answered with HTTP status {0}, not 200")]
    Status(u16),
    #[error("the file has more than 64 KB")]
    TooLong,
    #[error("the file breaks off")]
    BrokenOff,
    #[error("senders drop it: {0}")]
    Syntax(StsFault),
    #[error("this program cannot fetch it: {0}")]
    Ours(String),
}

impl Serialize for NoPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How the file is fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyFetch<'a> {
    pub(crate) family: Family,
    /// The address to connect from.
    pub(crate) source: Option<IpAddr>,
    /// The authorities to trust in place of the system's.
    pub(crate) ca_file: Option<&'a Path>,
    pub(crate) deadline: &'a Deadline,
}

impl PolicyFetch<'_> {
    /// Fetches the policy of a domain, whose policy host `look_up` finds.
    ///
    /// # Errors
    /// [`NoPolicy`].
    pub(crate) fn fetch(
        &self,
        domain: &str,
        look_up: impl Fn(&str, RecordKind) -> Result<Lookup, NoLookup>,
    ) -> Result<Fetched, NoPolicy> {
        let host = format!("mta-sts.{domain}");
        let (mut addresses, mut unresolved) = (Vec::new(), None);
        for kind in RecordKind::of_family(self.family) {
            match look_up(&host, *kind) {
                Ok(found) => addresses.extend(found.addresses()),
                Err(why) => unresolved = Some(why),
            }
        }
        // Where there are addresses of one family, senders take those.
        if addresses.is_empty() {
            return Err(unresolved.map_or(NoPolicy::NoHost(host), NoPolicy::Unresolved));
        }
        let addresses: Vec<_> =
            addresses.into_iter().map(|address| SocketAddr::new(address, 443)).collect();
        let time = MOST_TIME.min(self.deadline.remaining() / 3);
        let end = self.deadline.remaining().saturating_sub(time);
        let client = ManuallyDrop::new(self.client(&host, &addresses, time)?);
        self.deadline.enter(format!("fetching the policy of {host}"));
        let url = format!("https://{host}/.well-known/mta-sts.txt");
        let response = client.get(url).send().map_err(|error| unfetched(&error))?;
        if response.status().as_u16() != 200 {
            return Err(NoPolicy::Status(response.status().as_u16()));
        }
        let media = response.headers().get(reqwest::header::CONTENT_TYPE);
        let media = media.and_then(|media| media.to_str().ok());
        let media = media.map(|media| media.chars().take(100).collect());
        let body = self.body(response, end)?;
        let policy = mta_sts::policy(&body).map_err(NoPolicy::Syntax)?;
        Ok(Fetched::Policy(policy, MediaType(media)))
    }

    /// Until the deadline has `end` left: the client's own limit is one for each read, and a server may drip.
    fn body(&self, mut response: Response, end: Duration) -> Result<Vec<u8>, NoPolicy> {
        let mut body = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if self.deadline.remaining() <= end {
                return Err(NoPolicy::Silent);
            }
            match response.read(&mut chunk) {
                Ok(0) => return Ok(body),
                Ok(length) => body.extend_from_slice(chunk.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::TimedOut || is_late(&error) => {
                    return Err(NoPolicy::Silent);
                }
                Err(_) => return Err(NoPolicy::BrokenOff),
            }
            if body.len() > MOST_BYTES {
                return Err(NoPolicy::TooLong);
            }
        }
    }

    fn client(&self, host: &str, at: &[SocketAddr], time: Duration) -> Result<Client, NoPolicy> {
        // Err means that a provider is installed already, which is this one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("monitoring-plugins-axigen/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .https_only(true)
            .local_address(self.source)
            .resolve_to_addrs(host, at)
            .connect_timeout(time)
            .timeout(time);
        if let Some(path) = self.ca_file {
            let authorities = certificates(path);
            let authorities = authorities.map_err(|error| NoPolicy::Ours(error.to_string()))?;
            builder = builder.tls_certs_only(authorities);
        }
        builder.build().map_err(|error| NoPolicy::Ours(innermost(&error)))
    }
}

fn unfetched(error: &reqwest::Error) -> NoPolicy {
    if error.is_timeout() {
        return NoPolicy::Silent;
    }
    if let Some(why) = distrust(error) {
        return NoPolicy::Certificate(why);
    }
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(reason) = source {
        match reason.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return NoPolicy::Refused,
            Some(ErrorKind::TimedOut) => return NoPolicy::Silent,
            Some(ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable) => {
                return NoPolicy::Ours(innermost(error));
            }
            _ => source = reason.source(),
        }
    }
    if error.is_connect() { NoPolicy::Tls(innermost(error)) } else { NoPolicy::BrokenOff }
}

fn is_late(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_timeout)
}
