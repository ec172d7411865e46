//! The options of `--canary`, which belong to nothing else.

use std::path::PathBuf;
use std::time::Duration;

use crate::check_smtp_forced_tls::target::CanaryTarget;
use crate::monitoring::duration;
use crate::program::UsageError;
use crate::smtp::address::{Address, Domain};
use crate::smtp_client::{Security, host, port};

/// How canary mails are handed over and judged.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CanaryOptions {
    /// Hand the next canary mail for this domain to your own server, and judge
    /// the last ones
    #[arg(long, value_name = "DOMAIN")]
    pub(super) canary: Option<Domain>,

    /// Directory that is shared with smtp_canary
    #[arg(long, value_name = "DIR", requires = "canary")]
    canary_state: Option<PathBuf>,

    /// A mail must come within this time, and a proof may be as old
    #[arg(long, value_name = "DURATION", requires = "canary", default_value = "2h", value_parser = duration::parse, allow_hyphen_values = true)]
    pub(super) canary_age: Duration,

    /// Where smtp_canary listens, to see that it does
    #[arg(long, value_name = "HOST", requires = "canary", default_value = "127.0.0.1", value_parser = host())]
    canary_host: String,

    /// The port of it
    #[arg(long, value_name = "PORT", requires = "canary", default_value = "25", value_parser = port)]
    canary_port: u16,

    /// The rule verifies certificates: show a wrong one too, and CRITICAL when
    /// the mail is handed over under it
    #[arg(long, requires = "canary")]
    pub(super) verify: bool,

    /// Hand over by STARTTLS [default: in the clear]
    #[arg(short = 'S', long, requires = "canary", conflicts_with = "tls")]
    starttls: bool,

    /// Hand over with TLS from the first byte on [default on port 465]
    #[arg(short = 's', long, requires = "canary")]
    tls: bool,

    /// Log in with the user:password in this file, if the certificate is valid
    /// for --hostname
    #[arg(long, value_name = "FILE", requires = "canary")]
    auth_file: Option<PathBuf>,
}

impl CanaryOptions {
    /// What to hand over to this server, if a canary mail is.
    pub(super) fn target(
        &self,
        hostname: Option<&String>,
        port: u16,
        senders: &[Address],
    ) -> Result<Option<CanaryTarget>, UsageError> {
        let usage = |text: &str| Err(UsageError(text.to_owned()));
        let Some(domain) = &self.canary else {
            return Ok(None);
        };
        let Some(state) = &self.canary_state else {
            return usage(
                "option --canary-state is missing; --canary needs it, as smtp_canary does",
            );
        };
        let Some(host) = hostname else {
            return usage("option --hostname is missing; --canary needs your own mail server");
        };
        let [sender] = senders else {
            return usage("option --sender: --canary needs one, an address of your own");
        };
        if sender.domain == *domain {
            return usage("option --sender: must not be in the domain of --canary");
        }
        if self.canary_age.is_zero() {
            return usage("option --canary-age: must be longer than 0s");
        }
        let security = Security::chosen(self.tls, self.starttls, port);
        if self.auth_file.is_some() && security == Security::Clear {
            return usage("option --auth-file: needs --starttls or --tls; nothing was sent");
        }
        Ok(Some(CanaryTarget {
            domain: domain.clone(),
            state: state.clone(),
            age: self.canary_age,
            verify: self.verify,
            sink: (self.canary_host.clone(), self.canary_port),
            host: host.clone(),
            port,
            security,
            sender: sender.clone(),
            auth_file: self.auth_file.clone(),
        }))
    }
}
