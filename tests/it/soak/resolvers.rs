//! The resolvers that hosts have between them and one that validates: what they do not hand on is UNKNOWN, and never absent.

use std::fs;
use std::net::SocketAddrV4;

use crate::support::daemon::{Daemon, fetched};
use crate::support::zones::{Block, SignedZones, Zone};
use crate::support::{open_tempdir, program, run};

/// Packages that dnsmasq and systemd-resolved are made of.
const PACKAGES: [&str; 20] = [
    "dnsmasq-base",
    "systemd-resolved",
    "systemd",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "libnftables1",
    "libnftnl11",
    "libmnl0",
    "libjansson4",
    "libxtables12",
    "libidn2-0",
    "libnettle8",
    "libhogweed6",
    "libdbus-1-3",
    "libseccomp2",
    "libapparmor1",
    "libaudit1",
    "libcap-ng0",
    "libgcrypt20",
    "libgpg-error0",
];

/// Resolver, and what is said behind it of a good zone, of a bogus one, and of an unsigned one.
const KINDS: [(&str, [&str; 3]); 4] = [
    ("dnsmasq", UNTOLD),
    ("dnsmasq-proxy", TOLD),
    ("resolved", UNTOLD),
    ("resolved-validating", TOLD),
];

const UNTOLD: [&str; 3] = [
    "UNKNOWN - good.lab: DNSSEC and DANE unknown: resolver ",
    "UNKNOWN - bogus.lab: DNSSEC and DANE unknown: resolver ",
    "UNKNOWN - plain.lab: DNSSEC and DANE unknown: resolver ",
];

const TOLD: [&str; 3] = [
    "OK - good.lab: DNSSEC, DANE",
    "CRITICAL - bogus.lab: DNSSEC of its MX is bogus",
    "WARNING - plain.lab: TLSA of mx.plain.lab is ignored",
];

#[test]
#[ignore = "lab: dnsmasq and systemd-resolved, unpacked"]
fn what_a_forwarder_does_not_hand_on_is_unknown() {
    let test = "what_a_forwarder_does_not_hand_on_is_unknown";
    let block = Block::new();
    let zone = |name, flaw| {
        let records = format!(
            "@ MX 10 mx\nmx A 127.0.0.1\n_25._tcp.mx TLSA 3 1 1 {:064}\n\
             @ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@{name}.lab\"\n",
            0
        );
        Zone::new(name, flaw, &records)
    };
    let zones = [zone("good", "good"), zone("bogus", "expired"), zone("plain", "unsigned")];
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let Some(unpacked) = fetched(test, "forwarders", "unpack.sh", &PACKAGES) else {
        return;
    };
    let mut wrong = Vec::new();
    for (number, (kind, said)) in (3..).zip(KINDS) {
        let dir = open_tempdir();
        let (address, behind) = (block.address(number), block.address(2));
        fs::write(dir.path().join("forwarder"), format!("{address} {behind} {kind}\n")).unwrap();
        fs::copy(zones.anchor(), dir.path().join("root.ds")).unwrap();
        let listeners = [SocketAddrV4::new(address, 53)];
        let _daemon = Daemon::start_on("run-forwarder.sh", &unpacked, dir.path(), &listeners);
        for (domain, start) in ["good.lab", "bogus.lab", "plain.lab"].into_iter().zip(said) {
            let server = address.to_string();
            let options = ["-d", domain, "--no-connect", "--dns-server", &server];
            let outcome = run(zones.asked_by(&program("check_mail_domain")).args(options));
            eprintln!("soak: {kind}: {}", outcome.first_line());
            if !outcome.first_line().starts_with(&format!("MAIL DOMAIN {start}")) {
                wrong.push(format!("{kind}: {}", outcome.stdout));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
