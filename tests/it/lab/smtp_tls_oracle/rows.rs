//! The servers that are asked.

mod chains;
mod handshakes;
mod keys;
mod names;

use std::path::{Path, PathBuf};

use crate::support::forge::{AUTHORITY, Forge, Issued, SERVER, Wish};
use crate::support::pki::NAME;

const P256: &str = "EC:P-256";
/// Another key of the same kind.
const OTHER_P256: &str = "EC:P-256#2";

/// One server, and what its clients trust and look for.
pub(super) struct Row {
    pub(super) title: String,
    /// Of `s_server`.
    pub(super) arguments: Vec<String>,
    pub(super) is_starttls: bool,
    pub(super) anchors: PathBuf,
    pub(super) name: String,
}

/// Makes rows.
pub(super) struct Table<'a> {
    forge: &'a Forge,
    root: Issued,
    rows: Vec<Row>,
}

/// All rows.
pub(super) fn rows(forge: &Forge) -> Vec<Row> {
    let root = forge.issue(&authority("/CN=Lab Root", P256, None));
    let mut table = Table { forge, root, rows: vec![] };
    keys::add(&mut table);
    handshakes::add(&mut table);
    chains::add(&mut table);
    names::add(&mut table);
    table.rows
}

impl Table<'_> {
    /// A good leaf of the root.
    fn leaf(&self, key: &str) -> Issued {
        self.forge.issue(&server(key, &self.root, &for_name(NAME)))
    }

    /// A server with this chain: the leaf first, then what is sent behind it.
    fn row(&mut self, title: &str, chain: &[&Issued], options: &str) -> &mut Row {
        let [leaf, behind @ ..] = chain else { panic!("{title}: nothing to send") };
        let certificate = leaf.certificate.display().to_string();
        let mut arguments = vec!["-cert".to_owned(), certificate];
        arguments.extend(["-key".to_owned(), leaf.key.display().to_string()]);
        if !behind.is_empty() {
            let bundle = self.forge.bundle(behind.iter().copied());
            arguments.extend(["-cert_chain".to_owned(), bundle.display().to_string()]);
        }
        if !options.contains("-cipher ") {
            arguments.extend(["-cipher", "DEFAULT:@SECLEVEL=0"].map(ToOwned::to_owned));
        }
        arguments.extend(options.split_whitespace().map(ToOwned::to_owned));
        self.rows.push(Row {
            title: title.to_owned(),
            arguments,
            is_starttls: true,
            anchors: self.root.certificate.clone(),
            name: NAME.to_owned(),
        });
        self.rows.last_mut().unwrap()
    }
}

impl Row {
    fn trusting(&mut self, anchors: &Path) {
        anchors.clone_into(&mut self.anchors);
    }

    fn named(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }
}

/// The extensions of a server of this name.
fn for_name(name: &str) -> String {
    format!("{SERVER}subjectAltName=DNS:{name}\n")
}

fn authority<'a>(subject: &'a str, key: &'a str, issuer: Option<&'a Issued>) -> Wish<'a> {
    Wish {
        subject,
        key,
        issuer,
        days: (-100, 1000),
        extensions: AUTHORITY,
        hash: "sha256",
        is_pss: false,
    }
}

fn server<'a>(key: &'a str, issuer: &'a Issued, extensions: &'a str) -> Wish<'a> {
    Wish {
        subject: "/CN=server",
        key,
        issuer: Some(issuer),
        days: (-10, 300),
        extensions,
        hash: "sha256",
        is_pss: false,
    }
}
