//! Listeners of a real postfix that expect a PROXY header, and one that does not.

use std::process::Command;

use super::check;
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::{Outcome, program, run};

fn malware(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_malware"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string(), "--recipient", "test@own.test"])
        .args(["--allow-recipient-domain", "own.test"])
        .args(options))
}

fn forced_tls(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string(), "--recipient", "test@own.test"])
        .args(["--domain", "partner.test"])
        .args(options))
}

#[test]
fn listeners_behind_a_proxy_are_talked_to_and_see_our_own_address() {
    let test = "listeners_behind_a_proxy_are_talked_to_and_see_our_own_address";
    let proxied = "smtpd_upstream_proxy_protocol = haproxy";
    let services = [
        Service::new(&[proxied]),
        Service::new(&[proxied, "smtpd_tls_wrappermode = yes"]),
        Service::new(&[
            "postscreen_upstream_proxy_protocol = haproxy",
            "postscreen_greet_wait = 1s",
            "postscreen_access_list =",
            "postscreen_cache_map =",
        ]),
        Service::new(&[proxied, "smtpd_upstream_proxy_timeout = 1s"]),
        Service::new(&[]),
        Service::new(&[
            "postscreen_upstream_proxy_protocol = haproxy",
            "postscreen_upstream_proxy_timeout = 1s",
        ]),
    ];
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem())];
    let Some(postfix) = Postfix::start(test, &files, &services) else {
        return;
    };
    let from = ["--source-address", "127.0.0.9"];
    let taken = "SMTP ACCEPT OK - mail to probe@own.test is accepted up to RCPT |";
    for version in [&["--proxy-protocol"][..], &["--proxy-protocol", "v2"]] {
        for (service, way) in [(0, &[][..]), (0, &["-S"]), (1, &["-s"]), (2, &[])] {
            let options = [version, &from, way].concat();
            let outcome = check(postfix.port(service), &options);
            assert!(outcome.stdout.starts_with(taken), "{service} {options:?}: {}", outcome.stdout);
        }
    }
    assert!(postfix.log().contains("]: connect from unknown[127.0.0.9]"), "{}", postfix.log());

    // Every connection of the others has one as well.
    malware(postfix.port(0), &["--proxy-protocol"])
        .expect(2, "SMTP MALWARE CRITICAL - accepted: eicar, eicar-zip (eicar: 250 ");
    forced_tls(postfix.port(0), &["--proxy-protocol"]).expect(
        2,
        "SMTP FORCED TLS CRITICAL - partner.test open: accepted in the clear up to RCPT",
    );

    // Left out, it is named; and where it does not belong, it is no fault of the server.
    for (outcome, code) in [
        (check(postfix.port(3), &[]), 2),
        (check(postfix.port(5), &[]), 2),
        (malware(postfix.port(3), &[]), 3),
        (forced_tls(postfix.port(3), &[]), 3),
    ] {
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.stdout.contains("--proxy-protocol"), "{}", outcome.stdout);
    }
    let option = ["--proxy-protocol"];
    for outcome in [
        check(postfix.port(4), &option),
        malware(postfix.port(4), &option),
        forced_tls(postfix.port(4), &option),
    ] {
        assert_eq!(outcome.code, 3, "{}", outcome.stdout);
        assert!(
            outcome.stdout.contains("the listener expects no PROXY header"),
            "{}",
            outcome.stdout
        );
    }
}
