//! The command line of `check_smtp_tls`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser;

use super::facts::Start;
use super::grade::Grade;
use super::lifetime::{Left, LeftPair};
use super::listener::Listener;
use super::policy::{Policy, Trust};
use super::target::Target;
use crate::monitoring::{State, duration};
use crate::program::{CheckOptions, UsageError, offered};
use crate::smtp_client::{CallerOptions, ProxyOption, host, port};

/// Judge the TLS of a mail server: versions from SSLv2 to TLS 1.3, suites, keys, certificate.
///
/// One run asks one question a connection, one connection at a time, at most 20 of a modern server. Run it once a day
/// with the full scan and hourly with --quick, and exempt the monitoring host from fail2ban and rate limits: a probe
/// ends in the middle of a handshake.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "check_smtp_tls",
    version,
    term_width = 80,
    max_term_width = 80,
    mut_arg("timeout", |timeout| timeout.default_value("30"))
)]
pub struct Args {
    /// Name or address of the mail server
    #[arg(short = 'H', long, value_name = "HOST", value_parser = host())]
    hostname: String,

    /// Port [default: 25, with --tls 465]
    #[arg(short, long, value_name = "PORT", value_parser = port)]
    port: Option<u16>,

    /// Begin in the clear and ask for STARTTLS [default, except on port 465]
    #[arg(short = 'S', long, conflicts_with = "tls")]
    starttls: bool,

    /// Begin with TLS [default on port 465]
    #[arg(short = 's', long)]
    tls: bool,

    /// Name to ask for and to check the certificate against [default:
    /// --hostname]
    #[arg(long, value_name = "NAME", value_parser = host())]
    sni: Option<String>,

    #[command(flatten)]
    caller: CallerOptions,

    #[command(flatten)]
    proxy: ProxyOption,

    /// Scan every address of the name, one after the other, each in its
    /// share of the time; without it at the first that answers
    #[arg(long)]
    every_address: bool,

    /// Test STARTTLS and the certificate only: at most 2 connections, no
    /// grade and no SSLv2
    #[arg(long, conflicts_with_all = ["grade_warning", "grade_critical", "drown_host", "strict", "injection"])]
    quick: bool,

    /// WARNING for a grade worse than this
    #[arg(long, value_name = "GRADE", default_value = "A-", allow_hyphen_values = true, hide_possible_values = true, value_parser = grade())]
    grade_warning: Grade,

    /// CRITICAL for a grade worse than this
    #[arg(long, value_name = "GRADE", default_value = "C", allow_hyphen_values = true, hide_possible_values = true, value_parser = grade())]
    grade_critical: Grade,

    /// Least remaining life of the certificate, in days, hours or per cent of
    /// its whole life: 14d, 36h or 20% [default: 20% but at most 28d, 7% but at
    /// most 7d; of a life up to 10d 45%, 20%]
    #[arg(short = 'D', long, value_name = "WARN[,CRIT]", allow_hyphen_values = true, conflicts_with_all = ["warning_certificate", "critical_certificate"])]
    certificate: Option<LeftPair>,

    /// WARNING for less remaining life than this
    #[arg(long, value_name = "LEFT", allow_hyphen_values = true)]
    warning_certificate: Option<Left>,

    /// CRITICAL for less remaining life than this
    #[arg(long, value_name = "LEFT", allow_hyphen_values = true)]
    critical_certificate: Option<Left>,

    /// Whether an untrusted certificate counts: pkix always, none never, auto
    /// except where clients take any (STARTTLS on ports other than 465 and 587)
    #[arg(long, value_name = "MODE", default_value = "auto", hide_possible_values = true, value_parser = offered(["auto", "pkix", "none"], trust))]
    trust: Trust,

    /// PEM file with the authorities to trust in place of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Another listener to ask for SSLv2, as HOST:PORT and, where the port
    /// does not say it, /starttls-smtp, /imap, /pop3 or /tls; repeatable
    #[arg(long, value_name = "LISTENER")]
    drown_host: Vec<Listener>,

    /// Pause between connections, as in 2s
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration::parse, allow_hyphen_values = true)]
    delay: Duration,

    /// Count anonymous suites as F on every port
    #[arg(long)]
    strict: bool,

    /// Also test for command injection before TLS (CVE-2011-0411); looks like
    /// an attack
    #[arg(long)]
    injection: bool,

    #[command(flatten)]
    common: CheckOptions,
}

impl AsRef<CheckOptions> for Args {
    fn as_ref(&self) -> &CheckOptions {
        &self.common
    }
}

impl Args {
    /// What to look at, and what to think of it.
    pub(super) fn split(&self, on_timeout: State) -> Result<(Target, Policy), UsageError> {
        if self.grade_warning.is_worse_than(self.grade_critical) {
            let (warning, critical) = (self.grade_warning, self.grade_critical);
            return Err(UsageError(format!(
                "option --grade-warning: {warning} is worse than --grade-critical {critical}; WARNING would never be seen"
            )));
        }
        let port = self.port.unwrap_or(if self.tls { 465 } else { 25 });
        let start =
            if self.tls || (port == 465 && !self.starttls) { Start::Tls } else { Start::Starttls };
        let (warning, critical) = self.lives()?;
        let target = Target {
            host: self.hostname.clone(),
            port,
            start,
            name: self.sni.clone().unwrap_or_else(|| self.hostname.clone()),
            caller: self.caller.caller()?.behind(&self.proxy),
            quick: self.quick,
            every_address: self.every_address,
            delay: self.delay,
            injection: self.injection,
            ca_file: self.ca_file.clone(),
            drown: self.drown_host.clone(),
        };
        let policy = Policy {
            grade_warning: self.grade_warning,
            grade_critical: self.grade_critical,
            warning,
            critical,
            trust: self.trust,
            // Mail servers among themselves take any TLS rather than none (RFC 7435, RFC 7672); people's clients do not.
            is_opportunistic: start == Start::Starttls && !matches!(port, 465 | 587),
            strict: self.strict,
            on_timeout,
            sends_proxy_header: self.proxy.version().is_some(),
        };
        Ok((target, policy))
    }

    /// How much of a certificate's life must be left for OK and for WARNING.
    fn lives(&self) -> Result<(Left, Left), UsageError> {
        let pair = self.certificate;
        let warning =
            pair.map(|pair| pair.warning).or(self.warning_certificate).unwrap_or(Left::Warn);
        let critical = pair
            .and_then(|pair| pair.critical)
            .or(self.critical_certificate)
            .unwrap_or(Left::Alarm);
        if critical.is_surely_longer_than(warning) {
            let option = pair.map_or("--critical-certificate", |_| "--certificate");
            return Err(UsageError(format!(
                "option {option}: critical {critical} is longer than warning {warning}; WARNING would never be seen"
            )));
        }
        Ok((warning, critical))
    }
}

fn grade() -> impl TypedValueParser<Value = Grade> {
    offered(["A+", "A", "A-", "B", "C", "D", "E", "F"], str::parse::<Grade>)
}

fn trust(text: &str) -> Result<Trust, &'static str> {
    match text {
        "auto" => Ok(Trust::Auto),
        "pkix" => Ok(Trust::Pkix),
        "none" => Ok(Trust::None),
        _ => Err("is not a mode of trust; use auto, pkix or none"),
    }
}
