//! SMTP over a socket: who calls, which way in is taken, and the session that comes of it, in the clear or in TLS.
//!
//! Shared by the checks that talk to a mail server. Joins [`crate::connection`], [`crate::smtp`] and [`crate::tls`], none
//! of which knows the others.

pub(crate) mod auth;
mod caller;
pub(crate) mod certificate_words;
mod channel;
mod client;
mod dialer;
mod own_name;
mod patience;
mod proxy_header;

pub(crate) use caller::{Caller, CallerOptions, host, port};
pub(crate) use channel::{Channel, Patient};
pub(crate) use client::{Client, Security, plain_refusal};
pub(crate) use dialer::{
    BEGINS_CLEAR, BEGINS_OTHERWISE, BEHIND_PROXY, Dialer, Greeted, NoSession, Unreached, leave,
    server_name,
};
pub(crate) use patience::Patience;
pub(crate) use proxy_header::ProxyOption;
