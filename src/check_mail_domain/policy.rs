//! What to think of what is published.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use crate::monitoring::State;

/// One thing that a domain can do for its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measure {
    /// Its records are signed.
    Dnssec,
    /// Its TLSA records name the certificates of its servers.
    Dane,
    /// Its policy names servers with valid certificates.
    MtaSts,
    /// It wants to hear of trouble.
    TlsRpt,
    /// It says who may send its mail.
    Spf,
    /// It publishes keys for signatures.
    Dkim,
    /// It says what is to happen to forged mail.
    Dmarc,
}

impl Measure {
    /// All of them.
    pub(super) const ALL: [Self; 7] =
        [Self::Dnssec, Self::Dane, Self::MtaSts, Self::TlsRpt, Self::Spf, Self::Dkim, Self::Dmarc];

    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Dnssec => "DNSSEC",
            Self::Dane => "DANE",
            Self::MtaSts => "MTA-STS",
            Self::TlsRpt => "TLS-RPT",
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
        }
    }
}

/// What is asked of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requirement {
    /// This.
    One(Measure),
    /// DANE or MTA-STS.
    Any,
    /// Nothing.
    None,
}

/// The text names no measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a measure; use dnssec, dane, mta-sts, any, tls-rpt, spf, dkim, dmarc or none, with commas between"
)]
pub(super) struct NotAMeasure;

impl FromStr for Requirement {
    type Err = NotAMeasure;

    fn from_str(text: &str) -> Result<Self, NotAMeasure> {
        Ok(match text {
            "any" => Self::Any,
            "none" => Self::None,
            "dnssec" => Self::One(Measure::Dnssec),
            "dane" => Self::One(Measure::Dane),
            "mta-sts" => Self::One(Measure::MtaSts),
            "tls-rpt" => Self::One(Measure::TlsRpt),
            "spf" => Self::One(Measure::Spf),
            "dkim" => Self::One(Measure::Dkim),
            "dmarc" => Self::One(Measure::Dmarc),
            _ => return Err(NotAMeasure),
        })
    }
}

/// What to think of what is published.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Policy {
    /// What must be there.
    pub(super) requirements: Vec<Requirement>,
    /// What it means that something of it is missing.
    pub(super) missing: State,
    /// How long before the end of a certificate the record of the next one is to stand there.
    pub(super) rollover: Option<Duration>,
    /// Whether a policy that only tests is all that is wanted.
    pub(super) accepts_testing: bool,
    /// Whether a DMARC policy that asks for nothing is all that is wanted.
    pub(super) accepts_none: bool,
    /// Whether the domain is to take no mail.
    pub(super) expects_null_mx: bool,
    /// Whether what servers take of TLS is judged by NCSC-NL.
    pub(super) rates_tls: bool,
    /// The state of the plugin's own time-out.
    pub(super) on_timeout: State,
}

impl Policy {
    /// Whether one of these must be there.
    pub(super) fn requirements(&self, requirement: Requirement) -> bool {
        self.requirements.contains(&requirement)
    }

    /// Whether the state depends on what DNSSEC says.
    pub(super) fn needs_dnssec(&self) -> bool {
        [Requirement::Any, Requirement::One(Measure::Dnssec), Requirement::One(Measure::Dane)]
            .into_iter()
            .any(|requirement| self.requirements(requirement))
    }
}
