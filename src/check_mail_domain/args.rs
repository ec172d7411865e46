//! The command line of `check_mail_domain`.

use std::path::PathBuf;
use std::time::Duration;

use super::policy::{Measure, Policy, Requirement};
use super::target::Target;
use crate::dns::NameServer;
use crate::monitoring::{State, duration};
use crate::program::{CheckOptions, UsageError, offered};
use crate::published::dmarc::Wish;
use crate::published::mta_sts::StsMode;
use crate::smtp::address::Domain;
use crate::smtp_client::CallerOptions;

/// Is mail to this domain protected by what its owner publishes?
///
/// DANE (TLSA records) and MTA-STS (a policy file) force senders to encrypt. A record that no longer
/// fits the certificate stops their mail instead, and nobody here notices. The check does what those senders do: DNS
/// with DNSSEC, the policy file, and STARTTLS with each address of each mail server; no mail is sent. Run it hourly.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "check_mail_domain",
    version,
    term_width = 80,
    max_term_width = 80,
    mut_arg("timeout", |timeout| timeout.default_value("30"))
)]
pub struct Args {
    /// The domain, what stands behind the @
    #[arg(short, long, value_name = "DOMAIN")]
    domain: Domain,

    /// What must be there, or the state is CRITICAL: dnssec, dane, mta-sts, any
    /// (dane or mta-sts), tls-rpt, spf, dkim, dmarc or none, with commas
    /// between [default: any, spf and dmarc, or the state is WARNING]
    #[arg(long, value_name = "LIST", value_delimiter = ',', hide_possible_values = true, value_parser = offered(REQUIREMENTS, str::parse::<Requirement>))]
    require: Vec<Requirement>,

    /// Judge by what an authority asks for: bsi for all seven of --require,
    /// ncsc2025 for TLS of each mail server; repeatable
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = offered(["bsi", "ncsc2025"], profile))]
    profile: Vec<Profile>,

    /// Selector of a DKIM key, what stands before ._domainkey; repeatable
    #[arg(long, value_name = "SELECTOR", value_parser = selector)]
    dkim_selector: Vec<String>,

    /// Read DNS and the policy file only, and contact no mail server
    #[arg(long)]
    no_connect: bool,

    /// WARNING when the certificate ends in less than this, and no record for
    /// the next one is there, as in 14d
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, allow_hyphen_values = true)]
    rollover: Option<Duration>,

    /// testing when an MTA-STS policy in that mode is all that is wanted
    #[arg(long, value_name = "MODE", hide_possible_values = true, value_parser = offered(["enforce", "testing"], sts_mode), default_value = "enforce")]
    mta_sts_mode: StsMode,

    /// none when a DMARC policy of p=none is all that is wanted
    #[arg(long, value_name = "POLICY", hide_possible_values = true, value_parser = offered(["quarantine", "none"], wish), default_value = "quarantine")]
    dmarc_policy: Wish,

    /// The domain is to take no mail: OK when it says so by a null MX
    #[arg(long)]
    null_mx: bool,

    /// Resolver to ask, which validates DNSSEC and is believed; repeatable
    /// [default: those of /etc/resolv.conf, believed on loopback or with
    /// options trust-ad]
    #[arg(long, value_name = "IP[:PORT]")]
    dns_server: Vec<NameServer>,

    /// PEM file with the authorities to trust in place of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    #[command(flatten)]
    caller: CallerOptions,

    #[command(flatten)]
    common: CheckOptions,
}

/// What completions offer for `--require`.
const REQUIREMENTS: [&str; 9] =
    ["any", "none", "dnssec", "dane", "mta-sts", "tls-rpt", "spf", "dkim", "dmarc"];

/// A set of requirements that somebody published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    /// The German Federal Office for Information Security, BSI TR-03108 and TR-03182.
    Bsi,
    /// The Dutch National Cyber Security Centre, guidelines for TLS of 2025-05.
    Ncsc2025,
}

impl AsRef<CheckOptions> for Args {
    fn as_ref(&self) -> &CheckOptions {
        &self.common
    }
}

impl Args {
    /// Which domain to look at, and what to think of it.
    pub(super) fn split(&self, on_timeout: State) -> Result<(Target, Policy), UsageError> {
        let rates_tls = self.profile.contains(&Profile::Ncsc2025);
        if rates_tls && self.no_connect {
            let text = "option --profile: ncsc2025 looks at servers, which --no-connect forbids";
            return Err(UsageError(text.to_owned()));
        }
        if self.profile.contains(&Profile::Bsi) && !self.require.is_empty() {
            return Err(UsageError("option --require: --profile bsi names all of them".to_owned()));
        }
        let target = Target {
            looks_at_tls: rates_tls,
            domain: self.domain.as_str().to_owned(),
            servers: self.dns_server.clone(),
            caller: self.caller.caller()?,
            connects: !self.no_connect,
            ca_file: self.ca_file.clone(),
            selectors: self.dkim_selector.clone(),
        };
        let (requirements, missing) = self.requirements();
        if requirements.contains(&Requirement::None) && requirements.len() > 1 {
            return Err(UsageError("option --require: none goes with nothing else".to_owned()));
        }
        if requirements.contains(&Requirement::One(Measure::Dkim)) && self.dkim_selector.is_empty()
        {
            let option = if self.require.is_empty() { "--profile" } else { "--require" };
            return Err(UsageError(format!(
                "option {option}: dkim needs --dkim-selector, since DNS does not list selectors"
            )));
        }
        let policy = Policy {
            requirements,
            missing,
            rollover: self.rollover,
            accepts_testing: self.mta_sts_mode == StsMode::Testing,
            accepts_none: self.dmarc_policy == Wish::None,
            expects_null_mx: self.null_mx,
            rates_tls,
            on_timeout,
        };
        Ok((target, policy))
    }

    fn requirements(&self) -> (Vec<Requirement>, State) {
        if self.profile.contains(&Profile::Bsi) {
            return (Measure::ALL.map(Requirement::One).to_vec(), State::Critical);
        }
        if !self.require.is_empty() {
            return (self.require.clone(), State::Critical);
        }
        let usual =
            [Requirement::Any, Requirement::One(Measure::Spf), Requirement::One(Measure::Dmarc)];
        (usual.to_vec(), State::Warning)
    }
}

fn profile(text: &str) -> Result<Profile, &'static str> {
    match text {
        "bsi" => Ok(Profile::Bsi),
        "ncsc2025" => Ok(Profile::Ncsc2025),
        _ => Err("is not a profile; use bsi or ncsc2025"),
    }
}

fn sts_mode(text: &str) -> Result<StsMode, &'static str> {
    match text {
        "enforce" => Ok(StsMode::Enforce),
        "testing" => Ok(StsMode::Testing),
        _ => Err("is not a mode to be wanted; use enforce or testing"),
    }
}

fn wish(text: &str) -> Result<Wish, &'static str> {
    match text {
        "none" => Ok(Wish::None),
        "quarantine" => Ok(Wish::Quarantine),
        _ => Err("is not a policy to be wanted; use none or quarantine"),
    }
}

fn selector(text: &str) -> Result<String, &'static str> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if text.len() <= 200 && text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is not a selector; write what stands before ._domainkey, as in mail2026")
    }
}
