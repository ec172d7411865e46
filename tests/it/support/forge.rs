//! Certificates of every kind that openssl can make: keys, dates and extensions that rcgen does not write.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::legacy::openssl;
use super::open_tempdir;

const CONFIGURATION: &str = "[ca]\n\
     default_ca=forge\n\
     [forge]\n\
     database=index\n\
     serial=serial\n\
     new_certs_dir=.\n\
     default_md=sha256\n\
     policy=any\n\
     unique_subject=no\n\
     [any]\n\
     organizationName=optional\n\
     commonName=optional\n";

/// Extensions of an authority.
pub(crate) const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\n\
     keyUsage=critical,keyCertSign,cRLSign\n\
     subjectKeyIdentifier=hash\n";

/// Extensions of a server, its name apart.
pub(crate) const SERVER: &str = "basicConstraints=critical,CA:FALSE\n\
     keyUsage=critical,digitalSignature,keyEncipherment\n\
     extendedKeyUsage=serverAuth\n";

/// A certificate and its key, as files in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What a certificate is to be.
#[derive(Clone, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) subject: &'a str,
    /// The kind of key, as in `EC:P-256`; with `#2` behind it another of that kind.
    pub(crate) key: &'a str,
    /// Nothing for itself.
    pub(crate) issuer: Option<&'a Issued>,
    /// First and last day of its life, from now.
    pub(crate) days: (i64, i64),
    /// In the notation of openssl; without any it is of version 1.
    pub(crate) extensions: &'a str,
    /// The hash under the signature.
    pub(crate) hash: &'a str,
    /// Whether the signature is padded as PSS is.
    pub(crate) is_pss: bool,
}

/// A place for certificates and their keys.
pub(crate) struct Forge {
    dir: TempDir,
    keys: RefCell<BTreeMap<String, PathBuf>>,
    made: RefCell<usize>,
}

impl Forge {
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        fs::write(dir.path().join("ca.cnf"), CONFIGURATION).unwrap();
        fs::write(dir.path().join("index"), "").unwrap();
        fs::write(dir.path().join("serial"), "1000\n").unwrap();
        Self { dir, keys: RefCell::default(), made: RefCell::default() }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A place for another file.
    pub(crate) fn place(&self, ending: &str) -> PathBuf {
        let mut made = self.made.borrow_mut();
        *made += 1;
        self.dir.path().join(format!("{made}.{ending}"))
    }

    /// One file of several.
    pub(crate) fn bundle<'a>(&self, parts: impl IntoIterator<Item = &'a Issued>) -> PathBuf {
        let place = self.place("bundle.pem");
        let parts = parts.into_iter().map(|part| fs::read_to_string(&part.certificate).unwrap());
        fs::write(&place, parts.collect::<String>()).unwrap();
        place
    }

    pub(crate) fn issue(&self, wish: &Wish<'_>) -> Issued {
        let key = self.key(wish.key);
        let certificate = self.place("crt.pem");
        let [extensions, from, to] = [self.place("ext"), day(wish.days.0), day(wish.days.1)];
        fs::write(&extensions, wish.extensions).unwrap();
        let (request, signer) = (key.with_extension("csr"), wish.issuer.map_or(&key, |of| &of.key));
        let mut command = Command::new("openssl");
        command.current_dir(self.dir()).args(["ca", "-config", "ca.cnf", "-batch", "-notext"]);
        command.args(["-subj", wish.subject, "-md", wish.hash]);
        command.arg("-startdate").arg(from).arg("-enddate").arg(to);
        command.arg("-in").arg(request).arg("-keyfile").arg(signer).arg("-out").arg(&certificate);
        match wish.issuer {
            Some(issuer) => command.arg("-cert").arg(&issuer.certificate),
            None => command.arg("-selfsign"),
        };
        if !wish.extensions.is_empty() {
            command.arg("-extfile").arg(&extensions);
        }
        if wish.is_pss {
            command.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{wish:?}: {}", String::from_utf8_lossy(&output.stderr));
        Issued { certificate, key }
    }

    /// A key, with a request that proves it.
    fn key(&self, kind: &str) -> PathBuf {
        if let Some(known) = self.keys.borrow().get(kind) {
            return known.clone();
        }
        let key = self.place("key.pem");
        let (algorithm, size) =
            kind.split('#').next().unwrap().split_once(':').unwrap_or((kind, ""));
        let (algorithm, options) = match algorithm {
            // Of four primes it is found in a moment, and nobody can tell it from another.
            "RSA" if size == "8192" => {
                ("RSA", vec![format!("rsa_keygen_bits:{size}"), "rsa_keygen_primes:4".to_owned()])
            }
            "RSA" => ("RSA", vec![format!("rsa_keygen_bits:{size}")]),
            "RSA-PSS" => ("RSA-PSS", vec![format!("rsa_keygen_bits:{size}")]),
            // Only for signatures with this hash (RFC 4055 section 3.1).
            "RSA-PSS-SHA256" => (
                "RSA-PSS",
                [
                    &*format!("rsa_keygen_bits:{size}"),
                    "rsa_pss_keygen_md:sha256",
                    "rsa_pss_keygen_mgf1_md:sha256",
                    "rsa_pss_keygen_saltlen:32",
                ]
                .map(ToOwned::to_owned)
                .to_vec(),
            ),
            "EC" => ("EC", vec![format!("ec_paramgen_curve:{size}")]),
            "EC-EXPLICIT" => (
                "EC",
                vec![format!("ec_paramgen_curve:{size}"), "ec_param_enc:explicit".to_owned()],
            ),
            other => (other, vec![]),
        };
        let mut arguments = vec!["genpkey", "-algorithm", algorithm];
        for option in &options {
            arguments.extend(["-pkeyopt", option]);
        }
        let (path, request) = (key.display().to_string(), key.with_extension("csr"));
        arguments.extend(["-out", &path]);
        openssl(self.dir(), &arguments);
        let request = request.display().to_string();
        openssl(
            self.dir(),
            &["req", "-new", "-key", &path, "-subj", "/CN=request", "-out", &request],
        );
        self.keys.borrow_mut().insert(kind.to_owned(), key.clone());
        key
    }
}

/// A day from now as openssl reads it.
fn day(from_now: i64) -> PathBuf {
    let output = Command::new("date")
        .args(["-u", "-d", &format!("{from_now} days"), "+%Y%m%d%H%M%SZ"])
        .output()
        .unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
