//! The command line of `check_smtp_forced_tls`.

mod canary;

use std::path::PathBuf;

use super::facts::{LastStage, Role, Sender};
use super::policy::Policy;
use super::target::{InboundTarget, OutboundTarget, Target};
use crate::monitoring::State;
use crate::program::{CheckOptions, UsageError, offered};
use crate::smtp::address::{Address, Domain};
use crate::smtp_client::{CallerOptions, ProxyOption, Security, host, port};
use canary::CanaryOptions;

/// Is mail from a partner refused unless it is encrypted? Would mail to a partner leave over TLS? Does it, with --canary?
///
/// Offers mail in the clear and over TLS, as far as the recipient, and sends none. For your own servers only; exempt
/// the monitoring host from limits, greylisting and SPF, use a mailbox made for it, and tell whoever watches the logs.
/// Every 6 hours is enough. Only --canary sends mail, to smtp_canary: every hour.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "check_smtp_forced_tls",
    version,
    term_width = 80,
    max_term_width = 80,
    mut_arg("timeout", |timeout| timeout.default_value("30"))
)]
pub struct Args {
    /// Name or address of your mail server
    #[arg(short = 'H', long, value_name = "HOST", value_parser = host())]
    hostname: Option<String>,

    /// Port for mail in the clear and for STARTTLS
    #[arg(short, long, value_name = "PORT", default_value = "25", value_parser = port)]
    port: u16,

    /// Also offer mail on this port, where TLS begins at once, as on 465
    #[arg(long, value_name = "PORT", value_parser = port, requires = "domain")]
    tls_port: Option<u16>,

    /// Domain whose mail must be refused in the clear; repeatable
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<Domain>,

    /// Mailbox of your own to offer mail to, made for this and not postmaster
    #[arg(long, value_name = "ADDRESS", requires = "domain")]
    recipient: Option<Address>,

    /// Sender for its domain, in place of postmaster; repeatable. A made-up
    /// one makes servers with callout ask the partner. With --canary the one
    /// sender of the mail
    #[arg(long, value_name = "ADDRESS")]
    sender: Vec<Address>,

    /// Another domain that the rule must catch, as sub.partner.example;
    /// repeatable
    #[arg(long, value_name = "DOMAIN", requires = "domain")]
    also: Vec<Domain>,

    /// Domain that the rule must leave alone: WARNING if it is refused in the
    /// clear
    #[arg(long, value_name = "DOMAIN", requires = "domain")]
    control_domain: Option<Domain>,

    /// How far to go: rcpt, or data for a rule that acts there; no content is
    /// sent
    #[arg(long, value_name = "STAGE", default_value = "rcpt", hide_possible_values = true, value_parser = offered(["rcpt", "data"], stage))]
    stage: LastStage,

    /// Accept a temporary refusal (4xx) that mentions TLS
    #[arg(long, requires = "domain")]
    allow_temporary: bool,

    /// Partner whose mail exchangers must take TLS; repeatable
    #[arg(long, value_name = "DOMAIN")]
    partner: Vec<Domain>,

    /// Reach the partners on port 25 by STARTTLS, as postfix does with encrypt
    /// or verify
    #[arg(long, requires = "partner")]
    partner_starttls: bool,

    /// Port of the partners [default: 465, where TLS begins at once; with
    /// --partner-starttls 25]
    #[arg(long, value_name = "PORT", value_parser = port)]
    partner_port: Option<u16>,

    /// Host that your rule names for the partner: look at it in place of all
    /// mail exchangers, and warn when it is none any more
    #[arg(long, value_name = "HOST", value_parser = host(), requires = "partner")]
    relay_host: Option<String>,

    /// CRITICAL, not WARNING, when a partner's certificate cannot be verified
    #[arg(long, requires = "partner")]
    require_valid: bool,

    /// PEM file with the authorities to trust in place of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    #[command(flatten)]
    canary: CanaryOptions,

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
    /// What to look at, and what to think of it.
    pub(super) fn split(&self, on_timeout: State) -> Result<(Target, Policy), UsageError> {
        if self.domain.is_empty() && self.partner.is_empty() && self.canary.canary.is_none() {
            return Err(UsageError(
                "nothing to test: give a --domain whose mail must be refused in the clear, a --partner to reach, or a --canary"
                    .to_owned(),
            ));
        }
        let is_inbound = !self.domain.is_empty();
        if self.canary.canary.is_some() && (is_inbound || !self.partner.is_empty()) {
            return Err(UsageError(
                "option --canary: cannot be used with --domain or --partner; check those in a separate run"
                    .to_owned(),
            ));
        }
        if !is_inbound && self.canary.canary.is_none() && !self.sender.is_empty() {
            return Err(UsageError(
                "option --domain is missing; --help shows how to give it".to_owned(),
            ));
        }
        if self.relay_host.is_some() && self.partner.len() > 1 {
            return Err(UsageError(
                "option --relay-host: takes only one --partner; check the others in a separate run"
                    .to_owned(),
            ));
        }
        let target = Target {
            caller: self.caller.caller()?.behind(&self.proxy),
            ca_file: self.ca_file.clone(),
            canary: self.canary.target(self.hostname.as_ref(), self.port, &self.sender)?,
            inbound: self.inbound()?,
            outbound: OutboundTarget {
                partners: without_repeats(&self.partner),
                way: if self.partner_starttls { Security::Starttls } else { Security::Tls },
                port: self.partner_port.unwrap_or(if self.partner_starttls { 25 } else { 465 }),
                relay_host: self.relay_host.clone(),
            },
        };
        let policy = Policy {
            allow_temporary: self.allow_temporary,
            require_valid: self.require_valid,
            verify: self.canary.verify,
            on_timeout,
        };
        Ok((target, policy))
    }

    fn inbound(&self) -> Result<Option<InboundTarget>, UsageError> {
        if self.domain.is_empty() {
            return Ok(None);
        }
        let missing = |option: &str| {
            UsageError(format!(
                "option {option} is missing; --domain needs it, --help shows how to give it"
            ))
        };
        let host = self.hostname.clone().ok_or_else(|| missing("--hostname"))?;
        let recipient = self.recipient.clone();
        let recipient = recipient.ok_or_else(|| missing("--recipient"))?;
        if recipient.local_part.eq_ignore_ascii_case("postmaster") {
            return Err(UsageError(
                "option --recipient: rules often exempt postmaster; name an ordinary mailbox"
                    .to_owned(),
            ));
        }
        Ok(Some(InboundTarget {
            host,
            port: self.port,
            tls_port: self.tls_port,
            recipient,
            stage: self.stage,
            senders: self.senders()?,
        }))
    }

    /// Everybody whose mail is offered, the domains first.
    fn senders(&self) -> Result<Vec<Sender>, UsageError> {
        let mut senders = Vec::new();
        for domain in without_repeats(&self.domain) {
            let local_part = self.local_part(&domain);
            for (written, role) in
                [(domain.to_string(), Role::Domain), (domain.in_upper_case(), Role::UpperCase)]
            {
                let address = format!("{local_part}@{written}");
                senders.push(Sender::new(address, domain.as_str(), role));
            }
        }
        let also = without_repeats(&self.also);
        let others = also.iter().map(|domain| (domain, Role::Also, "--also")).chain(
            self.control_domain.iter().map(|domain| (domain, Role::Control, "--control-domain")),
        );
        for (domain, role, option) in others {
            if senders.iter().any(|known| known.domain == domain.as_str()) {
                return Err(UsageError(format!(
                    "option {option}: {domain} must be caught by another option already"
                )));
            }
            let address = format!("{}@{domain}", self.local_part(domain));
            senders.push(Sender::new(address, domain.as_str(), role));
        }
        for sender in &self.sender {
            if !senders.iter().any(|known| known.domain == sender.domain.as_str()) {
                return Err(UsageError(format!(
                    "option --sender: {} is in none of the domains to be tested",
                    sender.domain
                )));
            }
        }
        senders.push(Sender::new(String::new(), "", Role::NullSender));
        Ok(senders)
    }

    /// Postmaster exists everywhere (RFC 5321 section 4.5.1).
    fn local_part(&self, domain: &Domain) -> &str {
        let given = self.sender.iter().find(|sender| sender.domain == *domain);
        given.map_or("postmaster", |sender| &sender.local_part)
    }
}

fn without_repeats(domains: &[Domain]) -> Vec<Domain> {
    let mut once: Vec<Domain> = Vec::new();
    for domain in domains {
        if !once.contains(domain) {
            once.push(domain.clone());
        }
    }
    once
}

fn stage(text: &str) -> Result<LastStage, &'static str> {
    match text {
        "rcpt" => Ok(LastStage::Rcpt),
        "data" => Ok(LastStage::Data),
        _ => Err("is not a stage; use rcpt or data"),
    }
}
