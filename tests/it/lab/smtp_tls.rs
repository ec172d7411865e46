//! `check_smtp_tls` against servers too heavy or too old for every commit.

use std::collections::BTreeSet;
use std::fs;

use crate::support::daemon::{Daemon, fetched, free_ports};
use crate::support::exim::Exim;
use crate::support::legacy::{Node, OldOpenssl, old_key};
use crate::support::open_tempdir;
use crate::support::pki::NAME;
use crate::support::smtp_tls::{check, offered};

#[test]
#[ignore = "lab: fetches Node.js 0.10"]
fn a_real_sslv2_server_is_critical() {
    let Some(node) = fetched("a_real_sslv2_server_is_critical", "node", "lab/fetch-node.sh", &[])
    else {
        return;
    };
    let dir = open_tempdir();
    old_key(dir.path());
    for (method, ciphers, versions, start) in [
        ("SSLv2_method", "ALL:SSLv2", &["SSLv2"][..], "grade F: SSLv2 is offered"),
        (
            "SSLv23_method",
            "ALL:eNULL:aNULL:SSLv2",
            &["SSLv2", "SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2"],
            "grade F: SSLv2 is offered",
        ),
        (
            "SSLv3_method",
            "ALL:eNULL:aNULL",
            &["SSLv3"],
            "grade F: SSLv3 is the best version offered",
        ),
        ("TLSv1_method", "ALL", &["TLS 1.0"], "grade F: suites below 112 bits are accepted"),
        ("TLSv1_method", "HIGH:!3DES", &["TLS 1.0"], "neither TLS 1.2 nor TLS 1.3 is offered"),
    ] {
        let server = Node::start(&node, dir.path(), method, ciphers);
        eprintln!("{method} {ciphers}");
        let code = if ciphers.starts_with("HIGH") { 1 } else { 2 };
        let outcome = check(server.port(), &["-v"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.stdout.contains(start), "{}", outcome.stdout);
        assert_eq!(offered(&outcome), versions.iter().copied().collect(), "{}", outcome.stdout);
    }
}

/// Options of `s_server`, the versions it then speaks, and the verdict.
const OLD: [(&str, &[&str], i32, &str); 12] = [
    (
        "-cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0",
        &["SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2"],
        2,
        "grade F: suites without encryption (NULL) are accepted",
    ),
    (
        "-ssl3 -cipher AES128-SHA:@SECLEVEL=0",
        &["SSLv3"],
        2,
        "grade F: SSLv3 is the best version offered",
    ),
    (
        "-no_tls1 -no_tls1_1 -cipher AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["SSLv3", "TLS 1.2"],
        1,
        "grade C: SSLv3 is offered with CBC suites (POODLE)",
    ),
    (
        "-tls1 -cipher AES128-SHA:@SECLEVEL=0",
        &["TLS 1.0"],
        1,
        "grade C: neither TLS 1.2 nor TLS 1.3 is offered",
    ),
    (
        "-tls1_2 -cipher RC4-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        1,
        "grade C: RC4 is accepted with TLS 1.1 or newer",
    ),
    // Beyond the 64 suites of the first hello.
    (
        "-tls1_2 -cipher RC4-SHA:@SECLEVEL=0",
        &["TLS 1.2"],
        2,
        "grade F: only RC4 suites are accepted",
    ),
    (
        "-tls1_2 -cipher DES-CBC3-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        1,
        "grade C: 64-bit block ciphers (3DES) are accepted with TLS 1.1 or newer",
    ),
    (
        "-tls1_2 -cipher NULL-SHA256:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        2,
        "grade F: suites without encryption (NULL) are accepted",
    ),
    (
        "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        1,
        "grade B: the Diffie-Hellman prime has 1024 bits",
    ),
    (
        "-tls1_2 -cipher ADH-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        2,
        "grade F: anonymous suites are accepted",
    ),
    (
        "-tls1_2 -cipher ADH-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        &["TLS 1.2"],
        0,
        "grade A-: TLS 1.3 is not offered",
    ),
    (
        "-nocert -cipher aNULL:@SECLEVEL=0",
        &["SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2"],
        2,
        "grade F: suites without encryption (NULL) are accepted, anonymous suites are accepted",
    ),
];

#[test]
#[ignore = "lab: builds OpenSSL 1.1.0"]
fn suites_and_keys_of_long_ago_are_graded_by_what_they_break() {
    let test = "suites_and_keys_of_long_ago_are_graded_by_what_they_break";
    let Some(built) = fetched(test, "openssl", "lab/fetch-openssl.sh", &[]) else {
        return;
    };
    let dir = open_tempdir();
    old_key(dir.path());
    for (options, versions, code, start) in OLD {
        let server = OldOpenssl::start(&built, dir.path(), options);
        let outcome = check(server.port(), &["-v"]);
        eprintln!("{options}");
        let state = ["OK", "WARNING", "CRITICAL"][usize::try_from(code).unwrap()];
        outcome.expect(code, &format!("SMTP TLS {state} - {start}"));
        assert_eq!(offered(&outcome), versions.iter().copied().collect());
    }
}

#[test]
#[ignore = "lab: fetches exim"]
fn exim_with_gnutls_is_graded() {
    let Some(exim) = Exim::start("exim_with_gnutls_is_graded", "") else {
        return;
    };
    check(exim.starttls(), &[])
        .expect(1, "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered");
    check(exim.tls(), &["-s", "--trust", "none"])
        .expect(1, "SMTP TLS WARNING - grade B: TLS 1.0 and TLS 1.1 are offered");
}

#[test]
#[ignore = "lab: fetches OpenSMTPD"]
fn an_opensmtpd_that_breaks_every_handshake_is_critical_and_its_versions_are_known() {
    let test = "an_opensmtpd_that_breaks_every_handshake_is_critical_and_its_versions_are_known";
    let packages = ["opensmtpd", "libdb5.3", "libevent-2.1-7"];
    let Some(unpacked) = fetched(test, "opensmtpd", "unpack.sh", &packages) else {
        return;
    };
    let dir = open_tempdir();
    let ports = free_ports(1);
    old_key(dir.path());
    let (at, port) = (dir.path().display(), ports[0]);
    fs::write(
        dir.path().join("smtpd.conf"),
        format!(
            "pki lab cert \"{at}/cert.pem\"\npki lab key \"{at}/key.pem\"\n\
             listen on 127.0.0.1 port {port} tls pki lab hostname {NAME}\n\
             action \"drop\" mda \"/bin/cat >/dev/null\" virtual {{ \"@\" = \"nobody\" }}\n\
             match from any for domain \"lab.test\" action \"drop\"\n"
        ),
    )
    .unwrap();
    let _smtpd = Daemon::start("lab/run-opensmtpd.sh", &unpacked, dir.path(), &ports);
    let outcome = check(port, &["-v"]);
    outcome.expect(2, "SMTP TLS CRITICAL - TLS handshake failed: ");
    assert_eq!(offered(&outcome), BTreeSet::from(["TLS 1.2", "TLS 1.3"]), "{}", outcome.stdout);
}
