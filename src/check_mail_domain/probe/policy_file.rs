//! The policy file of MTA-STS, fetched as senders fetch it (RFC 8461 section 3.3): no redirect, no proxy, no cache.

use std::error::Error;
use std::io::Read;
use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::{Certificate, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Survey;
use crate::check_mail_domain::facts::{Fetched, MediaType, NoPolicy, Published, Sts};
use crate::connection::Family;
use crate::dns::RecordKind;
use crate::published::mta_sts;

/// Bytes of a policy (RFC 8461 section 3.3).
const MOST_BYTES: u64 = 64 * 1024;
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
        let mut body = Vec::new();
        response.take(MOST_BYTES + 1).read_to_end(&mut body).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::TimedOut => NoPolicy::Silent,
                _ if is_late(&error) => NoPolicy::Silent,
                _ => NoPolicy::BrokenOff,
            }
        })?;
        if body.len() as u64 > MOST_BYTES {
            return Err(NoPolicy::TooLong);
        }
        let policy = mta_sts::policy(&body).map_err(NoPolicy::Syntax)?;
        Ok(Fetched::Policy(policy, MediaType(media)))
    }

    fn web_addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NoPolicy> {
        let kinds: &[RecordKind] = match self.target.caller.family {
            Family::Any => &[RecordKind::A, RecordKind::Aaaa],
            Family::V4 => &[RecordKind::A],
            Family::V6 => &[RecordKind::Aaaa],
        };
        let mut addresses = Vec::new();
        for kind in kinds {
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
            let ours = || NoPolicy::Ours(format!("cannot read {}", path.display()));
            let authorities = CertificateDer::pem_file_iter(path).map_err(|_| ours())?;
            let authorities = authorities
                .map(|der| Certificate::from_der(&der.map_err(|_| ours())?).map_err(|_| ours()))
                .collect::<Result<Vec<_>, _>>()?;
            builder = builder.tls_certs_only(authorities);
        }
        builder.build().map_err(|error| NoPolicy::Ours(innermost(&error)))
    }
}

fn unfetched(error: &reqwest::Error) -> NoPolicy {
    if error.is_timeout() {
        return NoPolicy::Silent;
    }
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(reason) = source {
        let inner = reason.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = reason.downcast_ref::<rustls::Error>();
        let tls = tls.or_else(|| inner.and_then(|inner| inner.downcast_ref()));
        if let Some(tls) = tls {
            return match tls {
                rustls::Error::InvalidCertificate(why) => NoPolicy::Certificate(untrusted(why)),
                other => NoPolicy::Tls(other.to_string()),
            };
        }
        if let Some(io) = reason.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return NoPolicy::Refused,
                std::io::ErrorKind::TimedOut => return NoPolicy::Silent,
                std::io::ErrorKind::NetworkUnreachable | std::io::ErrorKind::AddrNotAvailable => {
                    return NoPolicy::Ours(io.to_string());
                }
                _ => {}
            }
        }
        source = reason.source();
    }
    if error.is_connect() { NoPolicy::Tls(innermost(error)) } else { NoPolicy::BrokenOff }
}

fn untrusted(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Why;
    match why {
        Why::Expired | Why::ExpiredContext { .. } => "it has expired".to_owned(),
        Why::NotValidYet | Why::NotValidYetContext { .. } => "it is not yet valid".to_owned(),
        Why::UnknownIssuer => "its issuer is not trusted".to_owned(),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}

fn is_late(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_timeout)
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
