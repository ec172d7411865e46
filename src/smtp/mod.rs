//! SMTP as a careful client speaks it (RFC 5321): one command, one whole reply, then the next.
//!
//! Shared by the checks that talk to a mail server. Works on any stream and knows nothing of sockets or of TLS, so that
//! every split of a server's bytes can be tested.

pub(crate) mod address;
pub(crate) mod command;
mod date;
mod grounds;
pub mod reply;
pub(crate) mod session;

pub(crate) use command::{Command, Stage};
pub(crate) use date::date;
pub(crate) use grounds::Grounds;
pub(crate) use reply::Reply;
pub(crate) use session::{Cause, Session, SessionError};
