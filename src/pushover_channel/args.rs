//! Command line of `pushover_channel`. The daemon that starts it gives no options.

use std::path::PathBuf;

use clap::Parser;

/// The channel's own pushover.toml: its daemon has an account of its own.
pub(super) const CONFIG_FILE: &str = "/etc/monitoring-plugins-axigen/channel/pushover.toml";

/// The spool of a configuration that names none.
pub(super) const SPOOL_DIR: &str = "/var/spool/monitoring-plugins-axigen-channel";

/// Sends the notifications of Icinga Notifications by Pushover. Its daemon
/// starts this program and talks to it on standard input and output.
#[derive(Clone, Debug, Parser)]
#[command(name = "pushover_channel", version, term_width = 80)]
pub struct Args {
    /// Configuration: recipients, spool, proxy
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    pub(super) config: PathBuf,
}
