//! Where to offer what.

use std::path::PathBuf;

use super::mail::CleanMail;
use crate::smtp::address::{Address, ReversePath};
use crate::smtp_client::{Caller, Security};

/// Where to offer what.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) caller: Caller,
    pub(super) sender: ReversePath,
    /// Each once.
    pub(super) recipients: Vec<Address>,
    /// Where user and password stand; absent when nobody logs in.
    pub(super) auth_file: Option<PathBuf>,
    /// What is delivered; absent when nothing is.
    pub(super) mail: Option<CleanMail>,
    /// Whether to go on only where the certificate is valid for the host.
    pub(super) require_valid: bool,
    pub(super) ca_file: Option<PathBuf>,
}
