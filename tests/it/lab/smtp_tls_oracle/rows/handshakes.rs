//! Groups, suites and versions, each alone.

use super::{P256, Table};

/// Of TLS 1.3.
const GROUPS: [&str; 13] = [
    "X25519",
    "P-256",
    "P-384",
    "P-521",
    "X448",
    "ffdhe2048",
    "ffdhe3072",
    "ffdhe4096",
    "ffdhe6144",
    "ffdhe8192",
    "X448:P-521",
    "X448:X25519",
    "ffdhe2048:P-384",
];

/// Up to TLS 1.2.
const CURVES: [&str; 8] =
    ["X25519", "P-256", "P-384", "P-521", "X448", "brainpoolP256r1", "secp256k1", "P-521:P-256"];

const RSA_SUITES: [&str; 18] = [
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-CAMELLIA128-SHA256",
    "ECDHE-ARIA128-GCM-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES128-CCM",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
    "CAMELLIA128-SHA",
    "AES128-CCM",
];

const ECDSA_SUITES: [&str; 7] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES256-CCM",
    "ECDHE-ECDSA-AES128-CCM8",
    "ECDHE-ECDSA-ARIA256-GCM-SHA384",
];

/// Of TLS 1.3.
const SUITES: [&str; 5] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
];

pub(super) fn add(table: &mut Table<'_>) {
    let (rsa, ecdsa) = (table.leaf("RSA:2048"), table.leaf(P256));
    for groups in GROUPS {
        let options = format!("-tls1_3 -groups {groups}");
        table.row(&format!("group {groups} TLS 1.3"), &[&rsa], &options);
    }
    for groups in CURVES {
        let options = format!("-tls1_2 -groups {groups}");
        table.row(&format!("group {groups} TLS 1.2"), &[&rsa], &options);
    }
    for suite in RSA_SUITES {
        let options = format!("-tls1_2 -cipher {suite}:@SECLEVEL=0");
        table.row(&format!("suite {suite}"), &[&rsa], &options);
    }
    for suite in ECDSA_SUITES {
        let options = format!("-tls1_2 -cipher {suite}:@SECLEVEL=0");
        table.row(&format!("suite {suite}"), &[&ecdsa], &options);
    }
    for suite in SUITES {
        let options = format!("-tls1_3 -ciphersuites {suite}");
        table.row(&format!("suite {suite}"), &[&rsa], &options);
    }
    for version in ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3", "-no_tls1_3", "-no_tls1_2", ""] {
        table.row(&format!("versions {version}:"), &[&rsa], version);
    }
    for demand in ["-verify 1", "-Verify 1"] {
        for version in ["-tls1_2", "-tls1_3"] {
            let options = format!("{version} {demand}");
            table.row(&format!("client certificate {options}"), &[&rsa], &options);
        }
    }
    for options in ["", "-tls1_2", "-tls1_3", "-tls1_3 -groups P-521"] {
        let row = table.row(&format!("TLS at once {options}"), &[&rsa], options);
        row.is_starttls = false;
    }
}
