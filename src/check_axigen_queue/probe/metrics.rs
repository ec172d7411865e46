//! Asks a server's own metrics for the number of messages: one HTTPS request with a password, no redirects, a bounded
//! answer.

use std::error::Error;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::{Url, redirect};

use crate::check_axigen_queue::facts::{MetricFamily, NoMetrics, Scrape};
use crate::check_axigen_queue::target::Endpoint;
use crate::connection::{ConnectError, Family, resolve};
use crate::exposition::Exposition;
use crate::login::Login;
use crate::program::{Progress, Run};
use crate::pushover::client::{RouteError, certificates, distrust, innermost};
use crate::secret;

/// A hundred times what a server with many domains shows.
const MOST_BYTES: usize = 4 << 20;
/// Names kept of what is there.
const MOST_FAMILIES: usize = 200;

/// Asks, and notes what came of it.
pub(crate) fn scrape(endpoint: &Endpoint, run: &Run, progress: &Progress<Scrape>) {
    secret::guard();
    let asked = ask(endpoint, run).and_then(|exposition| {
        progress.note(|scrape| note(&exposition, scrape));
        queue_size(&exposition)
    });
    progress.note(|scrape| match asked {
        Ok(messages) => scrape.queue_size = Some(messages),
        // What ends when our own time does is no silence of the server.
        Err(_) if run.deadline.has_passed() => scrape.cut_short = Some(run.out_of_time()),
        Err(error) => scrape.no_metrics = Some(error),
    });
}

fn ask(endpoint: &Endpoint, run: &Run) -> Result<Exposition, NoMetrics> {
    run.deadline.enter("reading the --auth-file");
    let login = Login::read(&endpoint.auth_file);
    let Login { user, password } = login.map_err(|error| NoMetrics::Login(Arc::new(error)))?;
    let client = client(endpoint, run)?;
    run.deadline.enter(format!("waiting for an answer of {}", endpoint.name()));
    let request = client.get(endpoint.url.clone()).basic_auth(&*user, Some(password.expose()));
    let response = request.send().map_err(unanswered)?;
    match response.status().as_u16() {
        200 => {}
        status => return Err(NoMetrics::Status(status)),
    }
    let body = body(response, run)?;
    let text = str::from_utf8(&body).map_err(|_| NoMetrics::NotText)?;
    if text.trim_start().starts_with('<') {
        return Err(NoMetrics::Html);
    }
    Exposition::read(text).map_err(NoMetrics::NotExposition)
}

/// Goes straight to the server: a proxy of the environment is for the way out.
fn client(endpoint: &Endpoint, run: &Run) -> Result<ManuallyDrop<Client>, NoMetrics> {
    let route = |error| NoMetrics::Route(Arc::new(error));
    let limit = run.deadline.limit();
    let mut builder = Client::builder()
        .user_agent(concat!("check_axigen_queue/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout((limit / 3).min(Duration::from_secs(5)))
        .timeout((limit / 2).min(run.deadline.remaining()))
        .no_proxy()
        .referer(false);
    // Err means that a provider is installed already, which is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if endpoint.url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &endpoint.ca_file {
        run.deadline.enter("reading the --ca-file");
        builder = builder.tls_certs_only(certificates(path).map_err(route)?);
    }
    if let Some(host) = domain(&endpoint.url) {
        run.deadline.enter(format!("looking up {host}"));
        let port = endpoint.url.port_or_known_default().unwrap_or_default();
        let addresses = resolve(host, port, Family::Any).map_err(NoMetrics::Unresolved)?;
        builder = builder.resolve_to_addrs(host, &addresses);
    }
    let client = builder.build().map_err(|error| route(RouteError::Client(error.without_url())))?;
    // Never dropped: the drop would wait for what hangs.
    Ok(ManuallyDrop::new(client))
}

/// The name in a URL, where it is no address.
fn domain(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    (!is_address).then_some(host)
}

/// The whole body, unless it is too large, or drips until the time is over.
fn body(mut response: Response, run: &Run) -> Result<Vec<u8>, NoMetrics> {
    let mut body = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match response.read(&mut chunk) {
            Ok(0) => return Ok(body),
            Ok(count) => body.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(NoMetrics::NoAnswer(innermost(&error))),
        }
        if body.len() > MOST_BYTES {
            return Err(NoMetrics::TooLarge);
        }
        if run.deadline.has_passed() {
            return Err(NoMetrics::Silent);
        }
    }
}

/// Without any URL.
fn unanswered(error: reqwest::Error) -> NoMetrics {
    let error = error.without_url();
    if let Some(why) = distrust(&error) {
        return NoMetrics::Certificate(why);
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => NoMetrics::Unconnected(ConnectError::Silent),
        (false, true) => NoMetrics::Silent,
        (true, false) => match system_kind(&error).map(io::Error::from).map(ConnectError::from) {
            Some(refused @ (ConnectError::Refused | ConnectError::Unreachable)) => {
                NoMetrics::Unconnected(refused)
            }
            _ => NoMetrics::NoAnswer(innermost(&error)),
        },
        (false, false) => NoMetrics::NoAnswer(innermost(&error)),
    }
}

/// What the system said, when it was the system.
fn system_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    match error.downcast_ref::<io::Error>() {
        Some(error) if error.raw_os_error().is_some() => Some(error.kind()),
        _ => system_kind(error.source()?),
    }
}

/// The one number without labels.
fn queue_size(exposition: &Exposition) -> Result<u64, NoMetrics> {
    let named = exposition.series.iter().filter(|series| series.name == "queue_size");
    let (plain, labelled): (Vec<_>, Vec<_>) = named.partition(|series| series.labels.is_empty());
    match (plain.as_slice(), labelled.is_empty()) {
        ([size], _) => whole(size.value).ok_or(NoMetrics::OddQueueSize(size.value)),
        ([], true) => Err(NoMetrics::NoQueueSize),
        _ => Err(NoMetrics::AmbiguousQueueSize),
    }
}

/// What else is there.
fn note(exposition: &Exposition, scrape: &mut Scrape) {
    let plain = |name: &str| {
        let mut named = exposition.series.iter().filter(|series| series.name == name);
        let first = named.find(|series| series.labels.is_empty())?;
        first.value.is_finite().then_some(first.value)
    };
    scrape.uptime_seconds = plain("uptime").and_then(|uptime| whole(uptime.trunc()));
    scrape.load = plain("load_average").filter(|load| *load >= 0.0);
    let of_domains = exposition
        .series
        .iter()
        .filter(|series| series.name == "users_count" && series.label("domain").is_some());
    let of_domains: Vec<f64> = of_domains.map(|series| series.value).collect();
    scrape.users = match of_domains.as_slice() {
        [] => plain("users_count").and_then(whole),
        // A total beside them would count twice.
        users => whole(users.iter().sum()),
    };
    for series in &exposition.series {
        let known = scrape.families.iter().position(|family| family.name == series.name);
        let place = match known {
            Some(place) => place,
            None if scrape.families.len() == MOST_FAMILIES => continue,
            None => {
                let kind = exposition.types.get(&series.name).cloned();
                let name = series.name.clone();
                scrape.families.push(MetricFamily { name, kind, ..MetricFamily::default() });
                scrape.families.len() - 1
            }
        };
        let Some(family) = scrape.families.get_mut(place) else { continue };
        family.series += 1;
        for (label, _) in &series.labels {
            if !family.labels.contains(label) {
                family.labels.push(label.clone());
            }
        }
    }
}

/// A count, as far as it is one.
fn whole(value: f64) -> Option<u64> {
    /// Up to here each whole number is told from the next.
    const END: f64 = 9_007_199_254_740_992.0;
    let fits = value.fract() == 0.0 && (0.0..END).contains(&value);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range, so the cast is exact"
    )]
    fits.then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Result<u64, NoMetrics>, Scrape) {
        let exposition = Exposition::read(text).unwrap();
        let mut scrape = Scrape::default();
        note(&exposition, &mut scrape);
        (queue_size(&exposition), scrape)
    }

    #[test]
    fn the_queue_is_the_one_number_without_labels() {
        let size = |text: &str| read(text).0;
        assert!(matches!(size("queue_size 12\n"), Ok(12)));
        assert!(matches!(size("queue_size{filter_name=\"a\"} 3\nqueue_size 1.2e1\n"), Ok(12)));
        assert!(matches!(size("load_average 1\n"), Err(NoMetrics::NoQueueSize)));
        assert!(matches!(size("queue_size 1\nqueue_size 2\n"), Err(NoMetrics::AmbiguousQueueSize)));
        assert!(matches!(size("queue_size{a=\"b\"} 1\n"), Err(NoMetrics::AmbiguousQueueSize)));
        for odd in ["NaN", "+Inf", "-1", "1.5", "1e300"] {
            let text = format!("queue_size {odd}\n");
            assert!(matches!(size(&text), Err(NoMetrics::OddQueueSize(_))), "{odd}");
        }
    }

    #[test]
    fn users_are_those_of_all_domains_and_none_counts_twice() {
        let users = |text: &str| read(text).1.users;
        assert_eq!(users("users_count 7\n"), Some(7));
        let both = "users_count 7\nusers_count{domain=\"a\"} 3\nusers_count{domain=\"b\"} 4\n";
        assert_eq!(users(both), Some(7));
        assert_eq!(users("users_count NaN\n"), None);
        let scrape = read("# TYPE uptime counter\nuptime 59.9\nload_average 0.25\n").1;
        assert_eq!((scrape.uptime_seconds, scrape.load), (Some(59), Some(0.25)));
        let uptime = scrape.families.iter().find(|family| family.name == "uptime").unwrap();
        assert_eq!((uptime.kind.as_deref(), uptime.series), (Some("counter"), 1));
    }
}
