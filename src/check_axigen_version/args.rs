//! The command line of `check_axigen_version`.

use super::policy::Policy;
use super::release::Release;
use super::target::Target;
use crate::connection::Family;
use crate::monitoring::State;
use crate::program::{CheckOptions, UsageError, offered};
use crate::smtp_client::{host, port};

/// Does an Axigen server answer, and has its release a known hole?
///
/// Asks the CLI service with GET VERSION, which it answers before any login. No login is ever sent. Once a day is
/// enough.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "check_axigen_version", version, term_width = 80, max_term_width = 80)]
pub struct Args {
    /// Name or address of the Axigen server
    #[arg(short = 'H', long, value_name = "HOST", value_parser = host())]
    hostname: String,

    /// Port of the CLI service
    #[arg(short, long, value_name = "PORT", default_value = "7000", value_parser = port)]
    port: u16,

    /// Begin with TLS, for a CLI listener with SSL
    #[arg(short = 's', long)]
    tls: bool,

    /// Oldest release to accept, one for each line, as in 10.6.41,10.7.3; an
    /// older line without one is not accepted [default: no known hole]
    #[arg(long, value_name = "RELEASES", value_delimiter = ',')]
    minimum: Vec<Release>,

    /// State of a release with a known hole, or older than its minimum
    #[arg(long, value_name = "STATE", default_value = "WARNING", hide_possible_values = true, value_parser = offered(["OK", "WARNING", "CRITICAL", "UNKNOWN"], state))]
    vulnerable_state: State,

    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6', long)]
    ipv6: bool,

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
        for (number, one) in self.minimum.iter().enumerate() {
            let before = self.minimum.iter().take(number);
            if let Some(other) = before.into_iter().find(|other| other.line() == one.line()) {
                return Err(UsageError(format!(
                    "option --minimum: {other} and {one} are of the same line; give the oldest to accept"
                )));
            }
        }
        let target = Target {
            host: self.hostname.clone(),
            port: self.port,
            tls: self.tls,
            family: match (self.ipv4, self.ipv6) {
                (true, _) => Family::V4,
                (_, true) => Family::V6,
                _ => Family::Any,
            },
        };
        let policy =
            Policy { minimum: self.minimum.clone(), vulnerable: self.vulnerable_state, on_timeout };
        Ok((target, policy))
    }
}

fn state(text: &str) -> Result<State, &'static str> {
    text.parse().map_err(|_| "is not a state; use OK, WARNING, CRITICAL or UNKNOWN")
}
