//! Whether a chain leads to an anchor this machine trusts. Dates and names are judged apart from it.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use super::anchored::{Anchored, NoAnchors};
use super::certificate::Certificate;
use super::path::{self, Anchor, Found};

/// Certificates looked at in one chain; honest ones have two to four.
pub(crate) const MOST_CERTIFICATES: usize = 100;

/// What chains are held against.
#[derive(Debug)]
pub(crate) struct Anchors {
    store: Result<Vec<Anchor>, NoAnchors>,
    /// Seconds since the epoch.
    now: i64,
}

impl Anchors {
    /// The anchors of `ca_file`, or else those of the system, at a time in seconds since the epoch.
    #[must_use]
    pub(crate) fn load(ca_file: Option<&Path>, now: i64) -> Self {
        Self { store: anchors(ca_file), now }
    }

    /// Whether an anchor vouches for the leaf at the start of a chain. An expired leaf of a known authority is expired
    /// and nothing else.
    #[must_use]
    pub(crate) fn look(&self, chain: &[Vec<u8>], leaf: &Certificate) -> Found {
        match &self.store {
            Ok(store) => {
                path::find(chain, store, self.now.min(leaf.not_after).max(leaf.not_before))
            }
            Err(reason) => Found::nothing(Anchored::Unknown(reason.clone())),
        }
    }
}

/// The anchors of `--ca-file`, or else those of the system. An error says why there is none.
fn anchors(ca_file: Option<&Path>) -> Result<Vec<Anchor>, NoAnchors> {
    let certificates: Vec<CertificateDer<'static>> =
        match ca_file {
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(
                |error| match error {
                    pem::Error::Io(error) => {
                        NoAnchors::Unreadable { path: path.to_owned(), cause: (&error).into() }
                    }
                    _ => NoAnchors::NotPem(path.to_owned()),
                },
            )?,
        };
    let anchors: Vec<Anchor> = certificates.iter().filter_map(|der| Anchor::read(der)).collect();
    match (anchors.is_empty(), ca_file) {
        (false, _) => Ok(anchors),
        (true, Some(path)) => Err(NoAnchors::Empty(path.to_owned())),
        (true, None) => Err(NoAnchors::System),
    }
}
