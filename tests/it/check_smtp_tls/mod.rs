//! `check_smtp_tls` before real and scripted servers.

mod addresses;
mod drown;
mod hostile;
mod peers;
mod postfix;
