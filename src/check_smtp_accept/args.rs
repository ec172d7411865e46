//! The command line of `check_smtp_accept`.

use std::path::PathBuf;

use super::mail::CleanMail;
use super::policy::Policy;
use super::target::Target;
use crate::monitoring::{Range, Thresholds};
use crate::program::{CheckOptions, Run, UsageError};
use crate::smtp::address::{Address, Domain, ReversePath};
use crate::smtp_client::{CallerOptions, ProxyOption, Security, host, port};

/// Does this mail server take a mail now?
///
/// One session as far as the recipient, and no mail is sent: cheap enough for every 5 minutes. With --deliver one clean
/// mail is sent, which also shows what happens after the content: a scanner that does not answer, a full disk.
#[derive(Clone, Debug, clap::Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(
    name = "check_smtp_accept",
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

    /// Begin in the clear and ask for STARTTLS [default: stay in the clear]
    #[arg(short = 'S', long, conflicts_with = "tls")]
    starttls: bool,

    /// Begin with TLS [default on port 465]
    #[arg(short = 's', long)]
    tls: bool,

    /// Mailbox that must take mail; repeatable
    #[arg(long, value_name = "ADDRESS", required = true)]
    recipient: Vec<Address>,

    /// Sender: <> or an address
    #[arg(long, value_name = "ADDRESS", default_value = "<>")]
    sender: ReversePath,

    /// Log in with the user:password in this file; needs TLS
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,

    /// Send one clean mail to each --recipient
    #[arg(long, requires = "allow_recipient_domain")]
    deliver: bool,

    /// Domain that --deliver may send to, or nothing is sent; repeatable
    #[arg(long, value_name = "DOMAIN", requires = "deliver")]
    allow_recipient_domain: Vec<Domain>,

    /// CRITICAL when the certificate cannot be verified for --hostname; then
    /// neither password nor mail is sent
    #[arg(long)]
    require_valid: bool,

    /// PEM file with the authorities to trust in place of the system's
    #[arg(long, value_name = "FILE", requires = "require_valid")]
    ca_file: Option<PathBuf>,

    /// WARNING for this time from the connection to the last answer, in
    /// seconds
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    warning: Option<Range>,

    /// CRITICAL for this time, in seconds
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    critical: Option<Range>,

    #[command(flatten)]
    caller: CallerOptions,

    #[command(flatten)]
    proxy: ProxyOption,

    #[command(flatten)]
    common: CheckOptions,
}

impl AsRef<CheckOptions> for Args {
    fn as_ref(&self) -> &CheckOptions {
        &self.common
    }
}

impl Args {
    /// What to offer and where, and what to think of the answers.
    pub(super) fn split(&self, run: &Run) -> Result<(Target, Policy), UsageError> {
        let port = self.port.unwrap_or(if self.tls { 465 } else { 25 });
        let security = Security::chosen(self.tls, self.starttls, port);
        self.refuse_clear(security)?;
        self.refuse_strangers()?;
        let mut recipients: Vec<Address> = Vec::new();
        for recipient in &self.recipient {
            if !recipients.contains(recipient) {
                recipients.push(recipient.clone());
            }
        }
        let mail = self.deliver.then(|| CleanMail { now: run.now, process: std::process::id() });
        let target = Target {
            host: self.hostname.clone(),
            port,
            security,
            caller: self.caller.caller()?.behind(&self.proxy),
            sender: self.sender.clone(),
            recipients,
            auth_file: self.auth_file.clone(),
            mail,
            require_valid: self.require_valid,
            ca_file: self.ca_file.clone(),
        };
        let policy = Policy {
            time: Thresholds { warning: self.warning, critical: self.critical },
            on_timeout: run.on_timeout,
        };
        Ok((target, policy))
    }

    /// A password never goes in the clear, and without TLS there is no certificate.
    fn refuse_clear(&self, security: Security) -> Result<(), UsageError> {
        let needs_tls =
            [("auth-file", self.auth_file.is_some()), ("require-valid", self.require_valid)];
        for (option, is_given) in needs_tls {
            if is_given && security == Security::Clear {
                return Err(UsageError(format!(
                    "option --{option}: needs --starttls or --tls; nothing was sent"
                )));
            }
        }
        Ok(())
    }

    /// Neither a mail nor its bounce may reach anybody outside.
    fn refuse_strangers(&self) -> Result<(), UsageError> {
        if !self.deliver {
            return Ok(());
        }
        let recipients = self.recipient.iter().map(|recipient| ("recipient", recipient));
        let sender = self.sender.0.iter().map(|sender| ("sender", sender));
        for (option, address) in recipients.chain(sender) {
            if !self.allow_recipient_domain.contains(&address.domain) {
                return Err(UsageError(format!(
                    "option --{option}: {address} is in no --allow-recipient-domain; nothing was sent"
                )));
            }
        }
        Ok(())
    }
}
