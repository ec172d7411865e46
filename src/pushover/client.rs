//! Requests to Pushover over one keep-alive connection: bounded, without redirects, and without a URL in any error.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Proxy, Url, redirect};
use rustls::CertificateError;

use super::not_accepted::{Distrust, Failure};
use super::receipt::ReceiptId;
use super::response::{Headers, Quota, Response, classify, messages_left};
use super::retry_after;
use crate::named_file::{self, FileError};
use crate::secret::Secret;

/// Pushover's own address.
pub(crate) const API_URL: &str = "https://api.pushover.net";

/// More than any answer of Pushover.
const BODY_BYTES: u64 = 65_536;
/// Thirty times the bundle of a system.
const CA_BYTES: u64 = 8 << 20;
/// Time for one request, below the run's own limit so that a second try fits.
const REQUEST_TIME: Duration = Duration::from_secs(8);
/// Shorter than the pause before a second try, so that this one starts on a fresh connection.
const IDLE_TIME: Duration = Duration::from_secs(4);

/// How to reach the API.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Where the API is, without the version.
    pub(crate) api_url: String,
    /// Trust the certificates of this file, and no others.
    pub(crate) ca_file: Option<PathBuf>,
    /// Go through this proxy instead of the one in the environment.
    pub(crate) proxy: Option<Secret>,
    /// Time to look the name up and connect.
    pub(crate) connect_timeout: Duration,
}

/// Why no request can be made at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    /// Not an http or https URL.
    #[error("the API URL is not a URL such as {API_URL}")]
    ApiUrl,
    /// The token would cross the network in the clear.
    #[error("the API URL must be https, unless it is on this host")]
    InTheClear,
    /// Not a proxy URL.
    #[error("the proxy is not a URL such as http://proxy.example.com:3128")]
    Proxy,
    /// The CA file cannot be read.
    #[error("cannot read the CA file {}: {source}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// The CA file holds no certificate.
    #[error("the CA file {} holds no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The HTTP client needs a thread of its own.
    #[error("cannot start a thread; raise the limit of processes (ulimit -u, TasksMax)")]
    NoThread,
    /// The HTTP client cannot be set up.
    #[error("cannot set up TLS: {}; install ca-certificates or use --ca-file", innermost(.0))]
    Client(#[source] reqwest::Error),
}

/// A connection to the API.
pub(crate) struct Api {
    // Never dropped: the drop would wait for a name look-up that has no time limit.
    client: ManuallyDrop<Client>,
    base: Url,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// Sets the client up; no connection is made yet.
    ///
    /// # Errors
    /// [`RouteError`] when a URL or the CA file is of no use.
    pub(crate) fn new(route: &Route) -> Result<Self, RouteError> {
        let base = Url::parse(&route.api_url).map_err(|_| RouteError::ApiUrl)?;
        let mut builder = Client::builder()
            .user_agent(concat!("notify_pushover/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(route.connect_timeout)
            .timeout(REQUEST_TIME)
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(1)
            .referer(false);
        match base.scheme() {
            "https" => {
                // Err means that a provider is installed already, which is this one.
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                builder = builder.https_only(true);
                if let Some(path) = &route.ca_file {
                    builder = builder.tls_certs_only(certificates(path)?);
                }
            }
            "http" if is_this_host(&base) => {
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                // No TLS, so the system's certificates need not be loaded; and no proxy, which would see the token.
                builder = builder.tls_certs_only([]).no_proxy();
            }
            "http" => return Err(RouteError::InTheClear),
            _ => return Err(RouteError::ApiUrl),
        }
        if let (Some(proxy), "https") = (&route.proxy, base.scheme()) {
            builder = builder.proxy(Proxy::all(proxy.expose()).map_err(|_| RouteError::Proxy)?);
        }
        let client = builder.build().map_err(no_client)?;
        Ok(Self { client: ManuallyDrop::new(client), base })
    }

    /// Ends the connection and the thread behind it, for a process that lives on. May wait for a name look-up.
    pub(crate) fn close(self) {
        drop(ManuallyDrop::into_inner(self.client));
    }

    /// Sends one message (`POST /1/messages.json`).
    #[must_use]
    pub(crate) fn send(
        &self,
        token: &Secret,
        user: &Secret,
        fields: &[(&str, &str)],
        time: Duration,
    ) -> Response {
        let mut form = vec![("token", token.expose()), ("user", user.expose())];
        form.extend_from_slice(fields);
        self.ask("/1/messages.json", time, |url| self.client.post(url).form(&form))
    }

    /// Stops the repeats of all emergency messages with this tag (`POST /1/receipts/cancel_by_tag/{tag}.json`).
    #[must_use]
    pub(crate) fn cancel(&self, token: &Secret, tag: &str, time: Duration) -> Response {
        let path = format!("/1/receipts/cancel_by_tag/{tag}.json");
        let form = [("token", token.expose())];
        self.ask(&path, time, |url| self.client.post(url).form(&form))
    }

    /// Asks what has become of an emergency (`GET /1/receipts/{receipt}.json`), at most every five seconds.
    #[must_use]
    pub(crate) fn receipt(&self, token: &Secret, id: &ReceiptId, time: Duration) -> Response {
        let path = format!("/1/receipts/{}.json", id.as_str());
        let query = [("token", token.expose())];
        self.ask(&path, time, |url| self.client.get(url).query(&query))
    }

    /// Asks whether token and user are good, without sending (`POST /1/users/validate.json`).
    #[must_use]
    pub(crate) fn validate(
        &self,
        token: &Secret,
        user: &Secret,
        device: Option<&str>,
        time: Duration,
    ) -> Response {
        let mut form = vec![("token", token.expose()), ("user", user.expose())];
        form.extend(device.map(|device| ("device", device)));
        self.ask("/1/users/validate.json", time, |url| self.client.post(url).form(&form))
    }

    /// Asks for the quota (`GET /1/apps/limits.json`), which is free of charge.
    #[must_use]
    pub(crate) fn limits(&self, token: &Secret, time: Duration) -> Response {
        let query = [("token", token.expose())];
        let mut response =
            self.ask("/1/apps/limits.json", time, |url| self.client.get(url).query(&query));
        if let Ok(body) = &response.result {
            let number = |key| body.get(key).and_then(serde_json::Value::as_u64);
            let left = || body.get("remaining").and_then(serde_json::Value::as_i64);
            let quota = || {
                Some(Quota {
                    limit: number("limit")?,
                    remaining: messages_left(left()?),
                    reset: number("reset")?,
                })
            };
            response.quota = quota().or(response.quota);
        }
        response
    }

    fn ask(
        &self,
        path: &str,
        time: Duration,
        request: impl FnOnce(Url) -> RequestBuilder,
    ) -> Response {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let time = time.min(REQUEST_TIME);
        let sent = request(url).timeout(time).send();
        let response = match sent {
            Ok(response) => response,
            Err(error) => return failed(failure(error)),
        };
        let status = response.status().as_u16();
        let headers = headers_of(response.headers());
        let mut body = Vec::new();
        let read = response.take(BODY_BYTES).read_to_end(&mut body);
        // An error's body is a courtesy; a success without its body is none.
        if let (200, Err(error)) = (status, read) {
            return failed(Failure::BrokeOff(innermost(&error)));
        }
        Response { result: classify(status, &headers, &body), quota: headers.quota() }
    }
}

fn no_client(error: reqwest::Error) -> RouteError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::WouldBlock) => RouteError::NoThread,
        _ => RouteError::Client(error.without_url()),
    }
}

fn failed(failure: Failure) -> Response {
    Response { result: Err(failure.into()), quota: None }
}

pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>, RouteError> {
    let pem = named_file::open(path)
        .and_then(|file| named_file::read(file, CA_BYTES))
        .map_err(|source| RouteError::CaFile { path: path.to_owned(), source })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(list) if !list.is_empty() => Ok(list),
        _ => Err(RouteError::NoCertificate(path.to_owned())),
    }
}

pub(crate) fn is_this_host(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

fn headers_of(map: &HeaderMap) -> Headers {
    let text = |name| map.get(name)?.to_str().ok();
    let number = |name| text(name)?.trim().parse().ok();
    Headers {
        limit: number("x-limit-app-limit"),
        remaining: text("x-limit-app-remaining").and_then(|text| text.trim().parse().ok()),
        reset: number("x-limit-app-reset"),
        retry_after: text("retry-after").and_then(|wish| retry_after::wait(wish, text("date"))),
    }
}

/// Without any URL: the one of `apps/limits.json` holds the token.
pub(crate) fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Failure::ConnectTimeout,
        (true, false) => match distrust(&error) {
            Some(why) => Failure::Certificate(why),
            None => Failure::Connect(innermost(&error)),
        },
        (false, true) => Failure::Silence,
        (false, false) => Failure::NoAnswer(innermost(&error)),
    }
}

/// The TLS library names variants of its own where people expect words.
pub(crate) fn distrust(error: &(dyn Error + 'static)) -> Option<Distrust> {
    // An I/O error hides what it wraps from `source`.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match (error.downcast_ref(), wrapped) {
        (Some(rustls::Error::InvalidCertificate(why)), _) => Some(match why {
            // A signature that does not fit is that of another issuer of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Distrust::UnknownIssuer
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Distrust::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Distrust::NotYet
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Distrust::OtherName
            }
            _ => Distrust::Unusable,
        }),
        (_, Some(wrapped)) => distrust(wrapped),
        (_, None) => distrust(error.source()?),
    }
}

/// The cause of all causes, which alone says what happened.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(api_url: &str) -> Route {
        Route {
            api_url: api_url.to_owned(),
            ca_file: None,
            proxy: None,
            connect_timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn the_token_never_crosses_the_network_in_the_clear() {
        for url in
            ["http://api.pushover.net", "http://192.0.2.1:80", "http://localhost.example.com"]
        {
            assert!(matches!(Api::new(&route(url)), Err(RouteError::InTheClear)), "{url}");
        }
        for url in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1/prefix"] {
            assert!(Api::new(&route(url)).is_ok(), "{url}");
        }
        for url in ["", "pushover", "ftp://127.0.0.1", "file:///etc/passwd"] {
            assert!(matches!(Api::new(&route(url)), Err(RouteError::ApiUrl)), "{url}");
        }
    }

    #[test]
    fn errors_hold_no_url() {
        let api = Api::new(&route("http://127.0.0.1:1")).unwrap();
        let response = api.limits(&Secret::new("sesame"), Duration::from_secs(1));
        let text = format!("{response:?}");
        assert!(text.contains("Connect("), "{text}");
        assert!(!text.contains("sesame") && !text.contains("127.0.0.1"), "{text}");
    }

    #[test]
    fn a_certificate_that_is_not_accepted_is_told_in_words() {
        for (why, want) in [
            (CertificateError::Expired, Distrust::Expired),
            (CertificateError::UnknownIssuer, Distrust::UnknownIssuer),
            (CertificateError::NotValidForName, Distrust::OtherName),
            (CertificateError::BadEncoding, Distrust::Unusable),
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(why));
            assert_eq!(distrust(&io::Error::other(error)), Some(want));
        }
        assert_eq!(distrust(&io::Error::other("connection refused")), None);
    }
}
