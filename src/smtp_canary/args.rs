//! The command line of `smtp_canary`.

use std::path::PathBuf;

use crate::program::ServerOptions;
use crate::smtp::address::Domain;

/// Accept canary mails, and show whether they would come in the clear.
///
/// Serves the one connection on standard input and exits: systemd listens. Accepts nothing but the mails that
/// check_smtp_forced_tls --canary hands to your own server, keeps no content and relays nothing.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "smtp_canary", version, term_width = 80, max_term_width = 80)]
pub struct Args {
    /// Domain of the canary mails, the same as that of --canary
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Domain,

    /// Directory that is shared with the check
    #[arg(long, value_name = "DIR")]
    pub(super) state: PathBuf,

    /// TLS begins at once, as on port 465 [default: STARTTLS]
    #[arg(long)]
    pub(super) tls: bool,

    /// PEM file with key and certificate chain [default: the systemd credential
    /// smtp-canary.pem, else a self-signed one made at the first start]
    #[arg(long, value_name = "FILE")]
    pub(super) pem: Option<PathBuf>,

    #[command(flatten)]
    pub(super) common: ServerOptions,
}

impl AsRef<ServerOptions> for Args {
    fn as_ref(&self) -> &ServerOptions {
        &self.common
    }
}
