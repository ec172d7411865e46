//! Whether a chain leads to an anchor this machine trusts. Dates and names are judged apart from it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
    store: Result<Store, NoAnchors>,
    /// Seconds since the epoch.
    now: i64,
}

/// Trusted certificates, those of directories only once they are needed: a system keeps the same in one file, and the
/// hundreds of files of a directory take longer to read than a handshake does.
#[derive(Debug)]
struct Store {
    /// Of one file.
    at_hand: Vec<Anchor>,
    /// With those of the directories.
    whole: OnceLock<Vec<Anchor>>,
    directories: Vec<PathBuf>,
}

impl Anchors {
    /// The anchors of `ca_file`, or else those of the system, at a time in seconds since the epoch.
    #[must_use]
    pub(crate) fn load(ca_file: Option<&Path>, now: i64) -> Self {
        let store = match ca_file {
            Some(path) => Store::of_file(path),
            None => Store::of_system(),
        };
        Self { store, now }
    }

    /// Whether an anchor vouches for the leaf at the start of a chain. An expired leaf of a known authority is expired
    /// and nothing else.
    #[must_use]
    pub(crate) fn look(&self, chain: &[Vec<u8>], leaf: &Certificate) -> Found {
        match &self.store {
            Ok(store) => store.look(chain, self.now.min(leaf.not_after).max(leaf.not_before)),
            Err(reason) => Found::nothing(Anchored::Unknown(reason.clone())),
        }
    }
}

impl Store {
    /// The certificates of `--ca-file`.
    fn of_file(path: &Path) -> Result<Self, NoAnchors> {
        let certificates: Result<Vec<CertificateDer<'static>>, pem::Error> =
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let certificates = certificates.map_err(|error| match error {
            pem::Error::Io(error) => {
                NoAnchors::Unreadable { path: path.to_owned(), cause: (&error).into() }
            }
            _ => NoAnchors::NotPem(path.to_owned()),
        })?;
        let at_hand = anchors(&certificates);
        if at_hand.is_empty() {
            return Err(NoAnchors::Empty(path.to_owned()));
        }
        Ok(Self { at_hand, whole: OnceLock::new(), directories: Vec::new() })
    }

    /// Where OpenSSL has them on this system; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    fn of_system() -> Result<Self, NoAnchors> {
        let file = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        let directories = std::env::var_os("SSL_CERT_DIR");
        if file.is_none() && directories.is_none() {
            let places = openssl_probe::probe();
            return Self::of_places(places.cert_file.as_deref(), places.cert_dir);
        }
        let directories = directories.unwrap_or_default();
        let named = std::env::split_paths(&directories).filter(|path| !path.as_os_str().is_empty());
        Self::of_places(file.as_deref(), named.collect())
    }

    fn of_places(file: Option<&Path>, directories: Vec<PathBuf>) -> Result<Self, NoAnchors> {
        let at_hand = rustls_native_certs::load_certs_from_paths(file, None).certs;
        let store = Self { at_hand: anchors(&at_hand), whole: OnceLock::new(), directories };
        if store.at_hand.is_empty() && store.whole().is_empty() {
            return Err(NoAnchors::System);
        }
        Ok(store)
    }

    fn look(&self, chain: &[Vec<u8>], time: i64) -> Found {
        let found = path::find(chain, &self.at_hand, time);
        if found.anchored == Anchored::Yes || self.directories.is_empty() {
            return found;
        }
        path::find(chain, self.whole(), time)
    }

    fn whole(&self) -> &[Anchor] {
        self.whole.get_or_init(|| {
            let mut all = self.at_hand.clone();
            for directory in &self.directories {
                let mut more =
                    rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs;
                more.retain(|der| !all.iter().any(|anchor| anchor.is(der)));
                all.extend(anchors(&more));
            }
            all
        })
    }
}

fn anchors(certificates: &[CertificateDer<'_>]) -> Vec<Anchor> {
    certificates.iter().filter_map(|der| Anchor::read(der)).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    /// A time at which what rcgen makes is valid.
    const NOW: i64 = 1_795_507_200;

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_directory_is_read_for_what_the_file_does_not_vouch_for() {
        let (in_file, in_directory) = (authority("File"), authority("Directory"));
        let dir = tempfile::tempdir().unwrap();
        let (file, directory) = (dir.path().join("bundle.pem"), dir.path().join("certs"));
        std::fs::write(&file, in_file.as_ref().pem()).unwrap();
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("own.pem"), in_directory.as_ref().pem()).unwrap();

        let store = Store::of_places(Some(&file), vec![directory.clone()]).unwrap();
        let chain = |of: &CertifiedIssuer<'static, KeyPair>| vec![of.as_ref().der().to_vec()];
        assert_eq!(store.look(&chain(&in_file), NOW).anchored, Anchored::Yes);
        assert!(store.whole.get().is_none());
        assert_eq!(store.look(&chain(&in_directory), NOW).anchored, Anchored::Yes);
        assert_eq!(store.look(&chain(&authority("None")), NOW).anchored, Anchored::SelfSigned);

        let store = Store::of_places(None, vec![directory]).unwrap();
        assert_eq!(store.look(&chain(&in_directory), NOW).anchored, Anchored::Yes);
        let nothing = Store::of_places(Some(Path::new("/nonexistent")), Vec::new());
        assert_eq!(nothing.unwrap_err(), NoAnchors::System);
    }
}
