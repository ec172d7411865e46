//! The policy file of MTA-STS, fetched as senders fetch it (RFC 8461 section 3.3): no redirect, no proxy, no cache.

use std::error::Error;
use std::io::{ErrorKind, Read};
use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::redirect;

use super::Survey;
use super::routes::kinds;
use crate::check_mail_domain::facts::{Fetched, MediaType, NoPolicy, Published, Sts};
use crate::published::mta_sts;
use crate::pushover::client::{certificates, distrust, innermost};

/// Bytes of a policy (RFC 8461 section 3.3).
const MOST_BYTES: usize = 64 * 1024;
/// Time for it, and no more than a third of what is left.
const MOST_TIME: Duration = Duration::from_secs(10);

impl Survey<'_> {
    pub(super) fn sts(&self) {
        let record = self.sts_record();
        let is_there = matches!(record, Published::Record(_));
        self.note(|facts| facts.sts = Some(Sts { record, policy: None }));
        if is_there {
            let fetched = self.fetch().unwrap_or_else(Fetched::No);
            if self.run.deadline.has_passed() && matches!(fetched, Fetched::No(NoPolicy::Silent)) {
                return;
            }
            self.note(|facts| {
                if let Some(sts) = &mut facts.sts {
                    sts.policy = Some(fetched);
                }
            });
        }
    }

    fn fetch(&self) -> Result<Fetched, NoPolicy> {
        let host = format!("mta-sts.{}", self.target.domain);
        let addresses = self.web_addresses(&host)?;
        let time = MOST_TIME.min(self.run.deadline.remaining() / 3);
        let end = self.run.deadline.remaining().saturating_sub(time);
        let client = ManuallyDrop::new(self.client(&host, &addresses, time)?);
        self.run.deadline.enter(format!("fetching the policy of {host}"));
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
            if self.run.deadline.remaining() <= end {
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

    fn web_addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NoPolicy> {
        let mut addresses = Vec::new();
        for kind in kinds(self.target.caller.family) {
            let found = self.ask(host, *kind).map_err(NoPolicy::Unresolved)?;
            addresses.extend(found.addresses().map(|address| SocketAddr::new(address, 443)));
        }
        if addresses.is_empty() {
            return Err(NoPolicy::NoHost(host.to_owned()));
        }
        Ok(addresses)
    }

    fn client(&self, host: &str, at: &[SocketAddr], time: Duration) -> Result<Client, NoPolicy> {
        // Err means that a provider is installed already, which is this one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("check_mail_domain/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .https_only(true)
            .local_address(self.target.caller.source)
            .resolve_to_addrs(host, at)
            .connect_timeout(time)
            .timeout(time);
        if let Some(path) = &self.target.ca_file {
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
