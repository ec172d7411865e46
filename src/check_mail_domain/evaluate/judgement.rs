//! What is thought of one thing, before all of it is told in order.

use serde::Serialize;

use crate::monitoring::{Report, State};

/// What senders call it when they report it (RFC 8460 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ResultType {
    StarttlsNotSupported,
    CertificateHostMismatch,
    CertificateExpired,
    CertificateNotTrusted,
    ValidationFailure,
    TlsaInvalid,
    DnssecInvalid,
    DaneRequired,
    StsPolicyFetchError,
    StsPolicyInvalid,
    StsWebpkiInvalid,
}

/// What a sender would report, and of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SenderResult {
    #[serde(rename = "type")]
    pub(super) kind: ResultType,
    /// The mail server, or the host of the policy.
    pub(super) host: String,
}

/// What is thought of one thing.
#[derive(Clone, Debug)]
struct Judgement {
    state: State,
    text: String,
    next_step: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgements {
    all: Vec<Judgement>,
    results: Vec<SenderResult>,
}

impl Judgements {
    /// Adds one. The same of many servers is said once.
    pub(super) fn find(&mut self, state: State, text: impl Into<String>) {
        self.all.push(Judgement { state, text: text.into(), next_step: None });
    }

    /// Says what to do about the one added last.
    pub(super) fn advise(&mut self, next_step: impl Into<String>) {
        if let Some(last) = self.all.last_mut() {
            last.next_step = Some(next_step.into());
        }
    }

    /// Says how senders report it.
    pub(super) fn result(&mut self, kind: ResultType, host: &str) {
        let result = SenderResult { kind, host: host.to_owned() };
        if !self.results.contains(&result) {
            self.results.push(result);
        }
    }

    /// Whether something of this state was found.
    pub(super) fn has(&self, state: State) -> bool {
        self.all.iter().any(|judgement| judgement.state == state)
    }

    /// Puts all of it into a report, worst first and the domain before the first; what senders would report is left.
    pub(super) fn settle(mut self, domain: &str, report: &mut Report) -> Vec<SenderResult> {
        self.all.sort_by_key(|judgement| std::cmp::Reverse(judgement.state.severity()));
        for (place, judgement) in self.all.into_iter().enumerate() {
            let text = judgement.text;
            let text = if place == 0 { format!("{domain}: {text}") } else { text };
            report.find(judgement.state, text);
            if let Some(next_step) = judgement.next_step {
                report.advise(next_step);
            }
        }
        self.results
    }
}
