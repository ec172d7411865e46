//! What to look at.

mod canary;

use std::path::PathBuf;

pub(super) use canary::CanaryTarget;

use super::facts::{Facts, Inbound, LastStage, Partner, Sender, Standards};
use crate::smtp::address::{Address, Domain};
use crate::smtp_client::{Caller, Security};

/// What to look at, and how.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) caller: Caller,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) canary: Option<CanaryTarget>,
    pub(super) inbound: Option<InboundTarget>,
    pub(super) outbound: OutboundTarget,
}

/// The mail to offer to our own server.
#[derive(Clone, Debug)]
pub(super) struct InboundTarget {
    pub(super) host: String,
    pub(super) port: u16,
    /// Where TLS begins at once; absent where it is not asked for.
    pub(super) tls_port: Option<u16>,
    pub(super) recipient: Address,
    pub(super) stage: LastStage,
    pub(super) senders: Vec<Sender>,
}

impl InboundTarget {
    /// The clear one first: without it nothing is proven.
    pub(super) fn ways(&self) -> impl Iterator<Item = (Security, u16)> {
        [(Security::Clear, self.port), (Security::Starttls, self.port)]
            .into_iter()
            .chain(self.tls_port.map(|port| (Security::Tls, port)))
    }
}

/// The partners to reach.
#[derive(Clone, Debug)]
pub(super) struct OutboundTarget {
    pub(super) partners: Vec<Domain>,
    /// By STARTTLS, or by TLS from the first byte.
    pub(super) way: Security,
    pub(super) port: u16,
    /// The host that the rule names in place of the partner's mail exchangers.
    pub(super) relay_host: Option<String>,
}

impl Target {
    /// The facts before the look.
    pub(super) fn nothing_yet(&self) -> Facts {
        let partner = |domain: &Domain| Partner {
            domain: domain.to_string(),
            relay_host: self.outbound.relay_host.clone(),
            way: self.outbound.way,
            port: self.outbound.port,
            mx: None,
            hosts: Vec::new(),
            not_looked_at: 0,
            standards: Standards::default(),
        };
        Facts {
            inbound: self.inbound.as_ref().map(|inbound| Inbound {
                host: inbound.host.clone(),
                recipient: inbound.recipient.to_string(),
                stage: inbound.stage,
                senders: inbound.senders.clone(),
                legs: Vec::new(),
            }),
            canary: self.canary.as_ref().map(CanaryTarget::nothing_yet),
            partners: self.outbound.partners.iter().map(partner).collect(),
            seconds: None,
            cut_short: None,
        }
    }
}
