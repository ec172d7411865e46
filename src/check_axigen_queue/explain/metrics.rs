//! A server's metrics in words.

use std::time::Duration;

use crate::check_axigen_queue::facts::{MetricFamily, NoMetrics, Scrape};
use crate::monitoring::{Report, duration};

/// A server that was started less than this ago is worth a note.
const YOUNG_SECONDS: u64 = 600;

/// Adds the long output. Names of metrics are shown for a census, and where the one that matters is missing.
pub(crate) fn explain(scrape: &Scrape, census: bool, report: &mut Report) {
    report.explain(1, format!("read: {}, a number without ages", scrape.url));
    if let Some(seconds) = scrape.uptime_seconds.filter(|seconds| *seconds < YOUNG_SECONDS) {
        let ago = duration::human(Duration::from_secs(seconds));
        report.explain(1, format!("note: the server was started {ago} ago"));
    }
    let is_missing = matches!(scrape.no_metrics, Some(NoMetrics::NoQueueSize));
    if census {
        report.explain(0, format!("census: {} metrics", scrape.families.len()));
        for family in &scrape.families {
            report.explain(0, describe(family));
        }
    } else if is_missing {
        let names: Vec<&str> = scrape.families.iter().map(|family| family.name.as_str()).collect();
        report.explain(0, format!("metrics: {}", names.join(", ")));
    }
}

/// One metric with its type and labels, without any value.
fn describe(family: &MetricFamily) -> String {
    let kind = family.kind.as_deref().unwrap_or("no type");
    let labels = match family.labels.as_slice() {
        [] => "no labels".to_owned(),
        labels => format!("labels {}", labels.join(", ")),
    };
    format!("{}: {kind}, {} series, {labels}", family.name, family.series)
}

/// Why the number of messages is not known.
pub(crate) fn no_metrics(error: &NoMetrics) -> String {
    match error {
        NoMetrics::Login(error) => error.to_string(),
        NoMetrics::Route(error) => error.to_string(),
        NoMetrics::Unresolved(error) => format!("cannot resolve: {error}"),
        NoMetrics::Unconnected(error) => error.to_string(),
        NoMetrics::Silent => "no answer in time".to_owned(),
        NoMetrics::Certificate(why) => format!("the certificate shown {why}"),
        NoMetrics::NoAnswer(said) => format!("no answer: {said}"),
        NoMetrics::Status(401) => "answer 401, the name or password is not accepted".to_owned(),
        NoMetrics::Status(status @ 300..=399) => {
            format!("answer {status} is a redirect; not followed")
        }
        NoMetrics::Status(status) => format!("answer {status}"),
        NoMetrics::TooLarge => "the answer is larger than 4 MiB".to_owned(),
        NoMetrics::Html => "the answer is a web page, not metrics".to_owned(),
        NoMetrics::NotText => "the answer is not text".to_owned(),
        NoMetrics::NotExposition(error) => format!("the answer is not metrics: {error}"),
        NoMetrics::NoQueueSize => "there is no queue_size among the metrics".to_owned(),
        NoMetrics::AmbiguousQueueSize => "queue_size is not one number".to_owned(),
        NoMetrics::OddQueueSize(value) => format!("queue_size is {value}, no count"),
    }
}
