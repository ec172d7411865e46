//! `check_smtp_forced_tls` before real and scripted servers.

mod inbound;
mod outbound;
