//! Every kind of domain, with postfix's own DANE client as judge: where its mail waits or comes back the check is CRITICAL or
//! names why it cannot tell, where it is delivered verified the check is OK, and where it is delivered unproven WARNING.

mod deliveries;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddrV4;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use x509_parser::prelude::{FromDer, X509Certificate};

use self::deliveries::{deliveries, send};
use super::for_each;
use crate::support::bell::{ring_on_changes, wait_for};
use crate::support::pki::{Authority, Leaf, ecdsa, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::zones::{Block, SignedZones, Zone};
use crate::support::{program, run};

/// Where the check says otherwise than postfix, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("twokeys", "a sender that prefers RSA gets the certificate that no record names"),
    ("mixed", "senders must find each kind of record fitting (RFC 7671 section 8)"),
    ("alias", "an MX that is a CNAME is outside RFC 5321; delivered all the same"),
    ("aliased", "the same, into an unsigned zone"),
    ("two", "the host without records gets the mail of whoever blocks the other"),
    ("twowrong", "delivered by the backup; a fault of the best host is CRITICAL all the same"),
    ("twobogus", "the same"),
    (
        "insecurename",
        "postfix takes the name of an unsigned domain; RFC 7672 section 3.2.2 does not",
    ),
    ("implicit", "a domain without MX takes mail by accident"),
    ("many", "some senders handle no more than 12 records"),
    ("six", "many senders have no IPv6"),
    (
        "denial",
        "what says that there is no IPv6 address does not hold; some senders defer for that",
    ),
    ("twodown", "delivered unproven by the backup; a best host that is down is CRITICAL"),
];

const TEST: &str = "postfix_and_the_check_agree_on_every_domain";

/// Receivers by number, each at its address.
const CHAINED: u8 = 10;
const BARE: u8 = 11;
const EXPIRED: u8 = 12;
const HEADLESS: u8 = 13;
const ROOTED: u8 = 14;
const SELF: u8 = 15;
const NAMED: u8 = 16;
const TWO_KEYS: u8 = 17;
const POINTING: u8 = 18;
const HOSTING: u8 = 19;
const DEAD: u8 = 20;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A TLSA record of that kind for a certificate.
fn tlsa(usage: u8, selector: u8, matching: u8, der: &[u8]) -> String {
    let (_, parsed) = X509Certificate::from_der(der).unwrap();
    let thing = if selector == 0 { der } else { parsed.public_key().raw };
    let data = match matching {
        1 => hex(digest(&SHA256, thing).as_ref()),
        2 => hex(digest(&SHA512, thing).as_ref()),
        _ => hex(thing),
    };
    format!("TLSA {usage} {selector} {matching} {data}")
}

fn der(pem: &str) -> Vec<u8> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    pem.contents
}

/// Authorities and the leaves of the receivers.
struct Keys {
    root: Authority,
    intermediate: Authority,
    chained: Leaf,
    expired: Leaf,
    named: Leaf,
    rsa: Leaf,
    self_signed: Leaf,
}

impl Keys {
    fn new() -> Self {
        let root = Authority::root();
        let intermediate = root.below();
        let leaf = |name, from, to, key| intermediate.leaf(name, from, to, key).with(&intermediate);
        Self {
            chained: leaf("mx.ta.lab", -1, 90, ecdsa()),
            expired: leaf("mx.taexpired.lab", -90, -1, ecdsa()),
            named: leaf("taname.lab", -1, 90, ecdsa()),
            rsa: leaf("mx.ta.lab", -1, 90, rsa()),
            self_signed: Leaf::self_signed_for(&["mx.selfta.lab"], "self"),
            root,
            intermediate,
        }
    }

    /// The receivers: number, files, and settings.
    fn receivers(&self) -> Vec<(u8, String, &'static str)> {
        let headless = self.intermediate.leaf("mx.tanotsent.lab", -1, 90, ecdsa());
        let rooted = self.intermediate.leaf("*.taroot.lab", -1, 90, ecdsa());
        let rooted = rooted.with(&self.intermediate).with(&self.root);
        let pointing = self.intermediate.leaf("mx.tacname.lab", -1, 90, ecdsa());
        let pointing = pointing.with(&self.intermediate);
        let hosting = self.intermediate.leaf("insecurename.lab", -1, 90, ecdsa());
        let hosting = hosting.with(&self.intermediate);
        vec![
            (CHAINED, self.chained.pem(), ""),
            (BARE, self.chained.pem(), "smtpd_tls_security_level = none"),
            (EXPIRED, self.expired.pem(), ""),
            (HEADLESS, headless.pem(), ""),
            (ROOTED, rooted.pem(), ""),
            (SELF, self.self_signed.pem(), ""),
            (NAMED, self.named.pem(), ""),
            (POINTING, pointing.pem(), ""),
            (HOSTING, hosting.pem(), ""),
            (TWO_KEYS, self.chained.pem() + &self.rsa.pem(), ""),
        ]
    }
}

/// Zones with one host, whose records are what differs.
fn of_one_host(keys: &Keys) -> Vec<(&'static str, &'static str, u8, String)> {
    let right = tlsa(3, 1, 1, keys.chained.der());
    let wrong = tlsa(3, 1, 1, keys.rsa.der());
    let (root, between) = (der(&keys.root.pem()), der(&keys.intermediate.pem()));
    let at = |records: &[&str]| {
        records.iter().fold(String::new(), |text, one| format!("{text}_25._tcp.mx {one}\n"))
    };
    let many: Vec<String> =
        (0..13).map(|n| format!("TLSA 3 1 1 {n:064x}")).chain([right.clone()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = format!("@ TXT{}\n", format!(" \"{}\"", "v".repeat(230)).repeat(10));
    let short = format!("TLSA 3 1 1 {}", "07".repeat(31));
    vec![
        ("ee", "good", CHAINED, at(&[&right])),
        ("eenext", "good", CHAINED, at(&[&right, &wrong])),
        ("eewhole", "good", CHAINED, at(&[&tlsa(3, 0, 1, keys.chained.der())])),
        ("eefull", "good", CHAINED, at(&[&tlsa(3, 1, 0, keys.chained.der())])),
        ("eestrong", "good", CHAINED, at(&[&tlsa(3, 1, 2, keys.chained.der())])),
        ("eeexpired", "good", EXPIRED, at(&[&tlsa(3, 1, 1, keys.expired.der())])),
        ("eewrong", "good", CHAINED, at(&[&wrong])),
        ("many", "good", CHAINED, at(&many)),
        ("ta", "good", CHAINED, at(&[&tlsa(2, 1, 1, &between)])),
        ("taname", "good", NAMED, at(&[&tlsa(2, 1, 1, &between)]) + "alias CNAME taname.lab.\n"),
        ("hosting", "good", HOSTING, at(&[&tlsa(2, 1, 1, &between)])),
        ("taroot", "good", ROOTED, at(&[&tlsa(2, 0, 1, &root)])),
        ("tanotsent", "good", HEADLESS, at(&[&tlsa(2, 1, 1, &between)])),
        ("rootnotsent", "good", CHAINED, at(&[&tlsa(2, 0, 1, &root)])),
        ("taother", "good", CHAINED, at(&[&tlsa(2, 1, 1, &between)])),
        ("taexpired", "good", EXPIRED, at(&[&tlsa(2, 1, 1, &between)])),
        ("selfta", "good", SELF, at(&[&tlsa(2, 0, 1, keys.self_signed.der())])),
        ("agility", "good", CHAINED, at(&[&right, &tlsa(3, 1, 2, keys.rsa.der())])),
        ("mixed", "good", CHAINED, at(&[&right, &tlsa(2, 1, 1, &root)])),
        ("twokeys", "good", TWO_KEYS, at(&[&right])),
        ("usage", "good", CHAINED, at(&[&right.replace("3 1 1", "1 1 1")])),
        ("length", "good", CHAINED, at(&[&short])),
        ("type", "good", CHAINED, at(&[&right.replace("3 1 1", "3 1 9")])),
        ("clear", "good", BARE, at(&[&right])),
        ("clearusage", "good", BARE, at(&[&right.replace("3 1 1", "1 1 1")])),
        ("expired", "expired", CHAINED, at(&[&right])),
        ("future", "future", CHAINED, at(&[&right])),
        ("ds", "ds", CHAINED, at(&[&right])),
        ("servfail", "absent", CHAINED, at(&[&right])),
        ("dead", "dead", CHAINED, at(&[&right])),
        ("lame", "lame", CHAINED, at(&[&right])),
        ("spoilt", "spoilt-TLSA", CHAINED, at(&[&right])),
        ("spoiltmx", "spoilt-MX", CHAINED, at(&[&right])),
        ("spoilta", "spoilt-A", CHAINED, at(&[&right])),
        ("tcpdead", "good", CHAINED, "_tcp.mx NS nobody.lab.\n".to_owned()),
        // As at large providers: unsigned, and name servers that fail at TLSA.
        ("plaindead", "unsigned", CHAINED, "_tcp.mx NS nobody.lab.\n".to_owned()),
        ("none", "good", CHAINED, String::new()),
        ("optout", "optout", CHAINED, "child NS ns.lab.\n".to_owned()),
        ("child.optout", "unsigned", CHAINED, at(&[&right])),
        ("plain", "unsigned", CHAINED, at(&[&right])),
        ("algorithm", "algorithm", CHAINED, at(&[&right])),
        ("nods", "no-ds", CHAINED, at(&[&right])),
        ("refused", "good", DEAD, at(&[&right])),
        ("tacname", "good", POINTING, at(&["CNAME _25._tcp.mx.ta.lab."])),
        ("tlsaplain", "good", CHAINED, at(&["CNAME _25._tcp.mx.plain.lab."])),
        ("tlsabogus", "good", CHAINED, at(&["CNAME _25._tcp.mx.expired.lab."])),
        ("tlsanowhere", "good", CHAINED, at(&["CNAME nowhere.ee.lab."])),
        ("tlsawild", "good", CHAINED, format!("*.mx {right}\n")),
        ("partly", "good", CHAINED, at(&[&short, &right])),
        ("partlywrong", "good", CHAINED, at(&[&right.replace("3 1 1", "1 1 1"), &wrong])),
        // No proof that there is no IPv6 address, as behind many a load balancer.
        ("denial", "spoilt-NSEC", CHAINED, at(&[&right])),
        ("denialtlsa", "spoilt-NSEC", CHAINED, String::new()),
        // Resolvers take long chains of hashes for unsigned, so that what they deny is unproven.
        ("iterated", "iterated", CHAINED, at(&[&right])),
        ("iteratednone", "iterated", CHAINED, String::new()),
        // More than one packet by UDP.
        ("long", "good", CHAINED, at(&[&right]) + &long),
    ]
}

/// Zones whose mail goes elsewhere.
const OF_OTHERS: &[(&str, &str, &str)] = &[
    ("tohost", "good", "@ MX 10 mx.plain.lab."),
    ("insecure", "unsigned", "@ MX 10 mx.ee.lab."),
    ("insecurewrong", "unsigned", "@ MX 10 mx.eewrong.lab."),
    // It has the certificate's name, which nobody proves.
    ("insecurename", "unsigned", "@ MX 10 mx.hosting.lab."),
    // The certificate names another domain, neither the host nor this one.
    ("tothird", "good", "@ MX 10 mx.taname.lab."),
    ("alias", "good", "@ MX 10 mx\nmx CNAME mx.ee.lab."),
    (
        "aliased",
        "good",
        "@ MX 10 mx\nmx CNAME mx.plain.lab.\n_25._tcp.mx CNAME _25._tcp.mx.ee.lab.",
    ),
    ("aliasbogus", "good", "@ MX 10 mx\nmx CNAME mx.expired.lab."),
    ("aliasnowhere", "good", "@ MX 10 mx\nmx CNAME nowhere.ee.lab."),
    (
        "aliaswrong",
        "good",
        "@ MX 10 mx\nmx CNAME mx.none.lab.\n_25._tcp.mx CNAME _25._tcp.mx.eewrong.lab.",
    ),
    ("two", "good", "@ MX 10 mx.ee.lab.\n@ MX 20 mx.none.lab."),
    ("twowrong", "good", "@ MX 10 mx.eewrong.lab.\n@ MX 20 mx.ee.lab."),
    ("twobogus", "good", "@ MX 10 mx.spoilta.lab.\n@ MX 20 mx.ee.lab."),
    ("allwrong", "good", "@ MX 10 mx.eewrong.lab.\n@ MX 20 mx.tanotsent.lab."),
    ("twodown", "good", "@ MX 10 mx.refused.lab.\n@ MX 20 mx.none.lab."),
    ("noaddress", "good", "@ MX 10 mx"),
    ("null", "good", "@ MX 0 ."),
    ("bare", "good", ""),
];

fn texts(name: &str) -> String {
    format!(
        "@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@{name}.lab\"\n"
    )
}

fn zones(keys: &Keys, block: Block) -> Vec<Zone> {
    let hosts = of_one_host(keys).into_iter().map(|(name, flaw, number, records)| {
        let at = block.address(number);
        Zone::new(name, flaw, &format!("@ MX 10 mx\nmx A {at}\n{records}{}", texts(name)))
    });
    let others = OF_OTHERS
        .iter()
        .map(|(name, flaw, records)| Zone::new(name, flaw, &format!("{records}\n{}", texts(name))));
    let at = block.address(CHAINED);
    let right = tlsa(3, 1, 1, keys.chained.der());
    let implicit = format!("@ A {at}\n_25._tcp {right}\n{}", texts("implicit"));
    // An address that both families reach, since loopback has one of IPv6 for all tests.
    let six = format!("@ MX 10 mx\nmx AAAA ::ffff:{at}\n_25._tcp.mx {right}\n{}", texts("six"));
    hosts
        .chain(others)
        .chain([Zone::new("implicit", "good", &implicit), Zone::new("six", "good", &six)])
        .collect()
}

/// A postfix with a listener for each chain.
fn receivers(keys: &Keys, block: Block) -> Option<Postfix> {
    let receivers = keys.receivers();
    let files: Vec<(String, String)> =
        receivers.iter().map(|(number, pem, _)| (format!("{number}.pem"), pem.clone())).collect();
    let files: Vec<(&str, String)> =
        files.iter().map(|(name, pem)| (name.as_str(), pem.clone())).collect();
    let services: Vec<Service> = receivers
        .iter()
        .map(|(number, _, setting)| {
            let chain = format!("smtpd_tls_chain_files = DIR/{number}.pem");
            let settings = [chain.as_str(), setting].into_iter().filter(|one| !one.is_empty());
            Service::new(&settings.collect::<Vec<_>>())
        })
        .collect();
    let sockets =
        receivers.iter().map(|(number, ..)| SocketAddrV4::new(block.address(*number), 25));
    Postfix::start_at(TEST, &files, &services, sockets.collect())
}

/// A postfix that delivers as DNS says, at level dane.
fn sender(keys: &Keys, block: Block) -> Option<Postfix> {
    let resolver = format!("nameserver {}\noptions edns0 trust-ad\n", block.address(2));
    let files =
        [("good.pem", keys.chained.pem()), ("ca.pem", keys.root.pem()), ("resolv.conf", resolver)];
    let settings: &[&str] = &[
        "myhostname = sender.lab.test",
        "smtp_dns_support_level = dnssec",
        "smtp_host_lookup = dns",
        "inet_protocols = all",
        "smtp_tls_security_level = dane",
        "smtp_tls_dane_insecure_mx_policy = dane",
        "smtp_tls_loglevel = 1",
    ];
    let routes = [(".lab".to_owned(), String::new(), settings)];
    Postfix::handing_on(TEST, &files, &routes)
}

#[test]
#[ignore = "lab: seventy signed zones, and postfix as judge of each"]
fn postfix_and_the_check_agree_on_every_domain() {
    let block = Block::new();
    let keys = Keys::new();
    let zones = zones(&keys, block);
    let mut domains: Vec<String> = zones.iter().map(|zone| format!("{}.lab", zone.name)).collect();
    // No such domain; one that is an alias of another.
    domains.extend(["absent.lab", "alias.taname.lab"].map(str::to_owned));
    let Some(served) = SignedZones::start(TEST, block, &zones) else {
        return;
    };
    let (Some(_receivers), Some(sender)) = (receivers(&keys, block), sender(&keys, block)) else {
        return;
    };
    send(sender.port(0), &domains);
    ring_on_changes(&[&sender.log_dir()]);
    let judged = wait_for("a delivery to each", || {
        let found = deliveries(&sender.log());
        (found.len() == domains.len()).then_some(found)
    });
    let said = for_each(&domains, |_, domain| {
        let options = ["-d", domain, "--helo", "monitor.lab", "-t", "40"];
        (domain.clone(), run(served.asked_by(&program("check_mail_domain")).args(options)))
    });
    let said: BTreeMap<_, _> = said.into_iter().collect();
    let (mut table, mut wrong) = (String::new(), Vec::new());
    for (domain, (status, is_verified)) in &judged {
        let outcome = &said[domain];
        let fits = match (status.ends_with("sent"), is_verified) {
            (true, true) => outcome.code == 0,
            (true, false) => outcome.code == 1,
            (false, _) => outcome.code >= 2,
        };
        let name = domain.trim_end_matches(".lab");
        let reason = DIFFERENCES.iter().find(|(known, _)| *known == name);
        let line = outcome.first_line();
        let line = line.split(" | ").next().unwrap_or_default().trim_start_matches("MAIL DOMAIN ");
        let note = match (fits, reason) {
            (true, None) => String::new(),
            (false, Some((_, why))) => format!(" (differs: {why})"),
            (true, Some(_)) => " (agrees, and is listed as a difference)".to_owned(),
            (false, None) => " (DIFFERS)".to_owned(),
        };
        let verified = if *is_verified { " verified" } else { "" };
        let _ = writeln!(table, "soak: {name}: {status}{verified} / {line}{note}");
        if fits == reason.is_some() {
            wrong.push(name);
        }
    }
    eprintln!(
        "{table}soak: domains: {} judged by postfix, {} listed differences",
        judged.len(),
        DIFFERENCES.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}\n{table}");
}
