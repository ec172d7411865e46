//! A server's metrics and limits become a report.

use serde::Serialize;

use super::breached;
use crate::check_axigen_queue::explain::metrics::{explain, no_metrics};
use crate::check_axigen_queue::facts::{NoMetrics, Scrape};
use crate::check_axigen_queue::policy::CountPolicy;
use crate::connection::ConnectError;
use crate::monitoring::{Metric, Report, State, Unit, Value};

/// What the JSON output carries.
#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    scrape: &'a Scrape,
    no_metrics: Option<String>,
}

/// Judges what was seen.
pub(crate) fn evaluate(scrape: &Scrape, policy: &CountPolicy) -> Report {
    let mut report = Report::new();
    if let Some(error) = &scrape.no_metrics {
        report.find(state(error), format!("{}: {}", scrape.url, no_metrics(error)));
        if let Some(next_step) = next_step(error) {
            report.advise(next_step);
        }
    }
    if let Some(out_of_time) = &scrape.cut_short {
        report.find(policy.on_timeout, out_of_time.to_string());
    }
    let messages = scrape.queue_size.map_or(Value::Undetermined, Value::Uint);
    if let Some(count) = scrape.queue_size {
        let state = policy.messages.judge(messages);
        let noun = if count == 1 { "message" } else { "messages" };
        report.find(state, format!("{count} {noun}{}", breached(&policy.messages, state)));
    }
    report.measure(Metric::new("messages", messages, Unit::None).judged_by(&policy.messages));
    if let Some(seconds) = scrape.uptime_seconds {
        report.measure(Metric::new("uptime", Value::Uint(seconds), Unit::Seconds));
    }
    if let Some(load) = scrape.load {
        report.measure(Metric::new("load", Value::Float(load), Unit::None));
    }
    if let Some(users) = scrape.users {
        report.measure(Metric::new("users", Value::Uint(users), Unit::None));
    }
    explain(scrape, policy.census, &mut report);
    report.attach(&Attached { scrape, no_metrics: scrape.no_metrics.as_ref().map(no_metrics) });
    report
}

/// A server that is silent or refuses is down; of one that says something else nothing is known.
fn state(error: &NoMetrics) -> State {
    match error {
        NoMetrics::Unconnected(
            ConnectError::Refused | ConnectError::Unreachable | ConnectError::Silent,
        )
        | NoMetrics::Silent => State::Critical,
        _ => State::Unknown,
    }
}

fn next_step(error: &NoMetrics) -> Option<&'static str> {
    match error {
        NoMetrics::Status(401 | 403) => {
            Some("put name and password of an administrator with reporting rights into --auth-file")
        }
        NoMetrics::Status(404) => Some(
            "check that the Reporting service runs and that Axigen is 10.3.2 or later; the path is /metrics on WebAdmin's port",
        ),
        NoMetrics::Status(300..=399) | NoMetrics::Html => Some(
            "name the metrics themselves in --metrics-url, as in https://mail.example.com:9000/metrics",
        ),
        NoMetrics::Certificate(_) => {
            Some("name the issuer's certificate with --ca-file, or renew it")
        }
        NoMetrics::NoQueueSize
        | NoMetrics::AmbiguousQueueSize
        | NoMetrics::OddQueueSize(_)
        | NoMetrics::NotExposition(_) => Some("run with --census and report it"),
        NoMetrics::Unconnected(_) | NoMetrics::Silent => {
            Some("check that Axigen runs, and that WebAdmin admits this host")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::NotExposition;
    use crate::monitoring::Thresholds;
    use crate::pushover::not_accepted::Distrust;

    fn policy() -> CountPolicy {
        let range = |text: &str| Some(text.parse().unwrap());
        let messages = Thresholds { warning: range("100"), critical: range("500") };
        CountPolicy { messages, census: false, on_timeout: State::Unknown }
    }

    #[test]
    fn the_number_is_judged_by_its_limits() {
        for (size, state, text) in [
            (0, State::Ok, "0 messages"),
            (1, State::Ok, "1 message"),
            (101, State::Warning, "101 messages (warning 100)"),
            (501, State::Critical, "501 messages (critical 500)"),
        ] {
            let scrape = Scrape { queue_size: Some(size), ..Scrape::default() };
            let report = evaluate(&scrape, &policy());
            assert_eq!((report.state(), report.headline().as_str()), (state, text));
        }
    }

    #[test]
    fn what_is_not_known_is_never_ok_and_never_zero() {
        for (error, state) in [
            (NoMetrics::Unconnected(ConnectError::Refused), State::Critical),
            (NoMetrics::Silent, State::Critical),
            (NoMetrics::Certificate(Distrust::Expired), State::Unknown),
            (NoMetrics::Status(401), State::Unknown),
            (NoMetrics::Status(302), State::Unknown),
            (NoMetrics::Html, State::Unknown),
            (NoMetrics::TooLarge, State::Unknown),
            (NoMetrics::NotExposition(NotExposition::Line(1)), State::Unknown),
            (NoMetrics::NoQueueSize, State::Unknown),
            (NoMetrics::OddQueueSize(f64::NAN), State::Unknown),
        ] {
            let scrape = Scrape { no_metrics: Some(error.clone()), ..Scrape::default() };
            let report = evaluate(&scrape, &policy());
            assert_eq!(report.state(), state, "{error:?}");
            let value = report.metrics().first().map(|metric| metric.value);
            assert_eq!(value, Some(Value::Undetermined), "{error:?}");
        }
        assert_eq!(evaluate(&Scrape::default(), &policy()).state(), State::Unknown);
    }
}
