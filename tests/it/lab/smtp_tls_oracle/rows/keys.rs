//! Keys of servers and of authorities, and hashes under signatures.

use super::{P256, Table, authority, for_name, server};
use crate::support::forge::Wish;
use crate::support::pki::NAME;

/// Every kind of key, the weak and the rare among them.
const KEYS: [&str; 16] = [
    "RSA:1024",
    "RSA:2048",
    "RSA:3072",
    "RSA:4096",
    "RSA:8192",
    "RSA-PSS:2048",
    "RSA-PSS:3072",
    "RSA-PSS-SHA256:2048",
    "EC:P-256",
    "EC:P-384",
    "EC:P-521",
    "EC:secp256k1",
    "EC:brainpoolP256r1",
    "EC-EXPLICIT:P-256",
    "ED25519",
    "ED448",
];

const HASHES: [&str; 8] =
    ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", "sha512-256"];

pub(super) fn add(table: &mut Table<'_>) {
    let root = table.root.clone();
    for key in KEYS {
        let leaf = table.leaf(key);
        for version in ["-tls1_2", "-tls1_3"] {
            table.row(&format!("key {key} {version}"), &[&leaf], version);
        }
    }
    for key in KEYS {
        let other = table.forge.issue(&authority("/CN=Other Root", key, None));
        let leaf = table.forge.issue(&server(P256, &other, &for_name(NAME)));
        table.row(&format!("authority {key}"), &[&leaf], "").trusting(&other.certificate);
        let below = table.forge.issue(&authority("/CN=Below", key, Some(&root)));
        let leaf = table.forge.issue(&server(P256, &below, &for_name(NAME)));
        table.row(&format!("authority {key} between"), &[&leaf, &below], "");
    }
    for key in ["RSA:2048", "EC:P-256", "EC:P-384", "EC:P-521"] {
        let root = table.forge.issue(&authority("/CN=Other Root", key, None));
        // openssl has no names for ECDSA over the others.
        let both = HASHES.iter().filter(|hash| !matches!(**hash, "md5" | "sha512-256"));
        let hashes: Vec<&str> =
            if key.starts_with("RSA") { HASHES.to_vec() } else { both.copied().collect() };
        for hash in hashes {
            let extensions = for_name(NAME);
            let leaf = table.forge.issue(&Wish { hash, ..server(P256, &root, &extensions) });
            table.row(&format!("hash {hash} of {key}"), &[&leaf], "").trusting(&root.certificate);
        }
    }
    let rsa = table.forge.issue(&authority("/CN=Other Root", "RSA:2048", None));
    for hash in ["sha1", "sha256", "sha384", "sha512"] {
        let extensions = for_name(NAME);
        let wish = Wish { hash, is_pss: true, ..server(P256, &rsa, &extensions) };
        let leaf = table.forge.issue(&wish);
        table.row(&format!("hash {hash} with PSS"), &[&leaf], "").trusting(&rsa.certificate);
    }
    let old = Wish { hash: "sha1", ..authority("/CN=Old Root", "RSA:2048", None) };
    let old = table.forge.issue(&old);
    let leaf = table.forge.issue(&server(P256, &old, &for_name(NAME)));
    table.row("hash sha1 of the root itself", &[&leaf], "").trusting(&old.certificate);
}
