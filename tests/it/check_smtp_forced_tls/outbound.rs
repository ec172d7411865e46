//! `check_smtp_forced_tls --partner` with a real name server and hosts of every kind.

use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;

use crate::support::dns::{NameServer, asking, free_address, resolver};
use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, Leaf, ecdsa};
use crate::support::{Outcome, open_tempdir, program, run, skipped_without_root};

/// Listeners on as many loopback addresses, all with the same port.
fn same_port(count: u8) -> Vec<TcpListener> {
    let base = free_address().octets();
    let address = |number| Ipv4Addr::new(base[0], base[1], base[2], number);
    loop {
        let first = TcpListener::bind((address(1), 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let others = (2..=count).map(|number| TcpListener::bind((address(number), port)));
        if let Ok(others) = others.collect::<Result<Vec<_>, _>>() {
            return std::iter::once(first).chain(others).collect();
        }
    }
}

const GOOD: &str = "good";
const RECORDS: &str = "\
good MX 10 mx.good
pair MX 20 gone.pair
pair MX 10 mx.good
gone.pair A DEAD
dead MX 10 gone.pair
dead MX 20 gone.pair.dead
gone.pair.dead A DEAD
implicit A IMPLICIT
nothing TXT here
null MX 0 .
both MX 0 .
both MX 10 mx.good
address MX 10 192.0.2.1.
half MX 10 192.0.2.1.
half MX 20 mx.good
alias CNAME good
loop CNAME loop
dangling MX 10 nowhere.dangling
xn--bcher-kva MX 10 mx.good
wrong MX 10 mx.wrong
mx.wrong A GOOD
expired MX 10 mx.expired
mx.expired A EXPIRED
self MX 10 mx.self
mx.self A SELF
rejecting MX 10 mx.rejecting
mx.rejecting A REJECTING
case MX 10 MX.GOOD
mx.good A GOOD
";

/// Partner, options, exit code and start of the output.
const CASES: &[(&str, &[&str], i32, &str)] = &[
    (GOOD, &[], 0, "OK - good.test reachable: its mail exchanger with TLS on "),
    ("Good.TEST.", &[], 0, "OK - good.test reachable"),
    ("case", &[], 0, "OK - case.test reachable"),
    (
        "pair",
        &[],
        1,
        "WARNING - pair.test: mail may queue: gone.pair.test: DEAD:PORT: connection refused (1 of 2 MX) |",
    ),
    (
        "dead",
        &[],
        2,
        "CRITICAL - dead.test: mail would queue: gone.pair.test: DEAD:PORT: connection refused (and 1 more) |",
    ),
    ("implicit", &[], 0, "OK - implicit.test reachable: its mail exchanger"),
    (
        "nothing",
        &[],
        2,
        "CRITICAL - nothing.test: mail would queue: nothing.test: No address associated with hostname |",
    ),
    ("null", &[], 2, "CRITICAL - null.test: takes no mail at all (null MX) |"),
    ("both", &[], 0, "OK - both.test reachable"),
    ("absent", &[], 3, "UNKNOWN - absent.test: no such domain (NXDOMAIN) |"),
    ("other.example", &[], 3, "UNKNOWN - other.example: MX unknown: "),
    (
        "loop",
        &[],
        2,
        "CRITICAL - loop.test: mail would queue: loop.test: Name or service not known |",
    ),
    (
        "address",
        &[],
        2,
        "CRITICAL - address.test: mail would queue: 192.0.2.1: an address, which an MX must not be (RFC 5321 ",
    ),
    (
        "half",
        &[],
        1,
        "WARNING - half.test: mail may queue: 192.0.2.1: an address, which an MX must not be ",
    ),
    ("alias", &[], 0, "OK - alias.test reachable: its mail exchanger"),
    (
        "dangling",
        &[],
        2,
        "CRITICAL - dangling.test: mail would queue: nowhere.dangling.test: Name or service not known |",
    ),
    ("bücher", &[], 0, "OK - xn--bcher-kva.test reachable"),
    (
        "wrong",
        &[],
        1,
        "WARNING - wrong.test: mx.wrong.test: certificate is for *.good.test, not for mx.wrong.test |",
    ),
    (
        "wrong",
        &["--require-valid"],
        2,
        "CRITICAL - wrong.test: mx.wrong.test: certificate is for *.good.test, not for mx.wrong.test |",
    ),
    ("expired", &[], 1, "WARNING - expired.test: mx.expired.test: certificate expired 3d"),
    (
        "self",
        &["--require-valid"],
        2,
        "CRITICAL - self.test: mx.self.test: certificate is for mail.lab.test, not for mx.self.test |",
    ),
    (
        "rejecting",
        &[],
        3,
        "UNKNOWN - rejecting.test: mx.rejecting.test: does not let this host in: 554 5.7.1 not you |",
    ),
    ("many", &[], 3, "UNKNOWN - many.test: only 20 of 50 MX were tested |"),
    (
        GOOD,
        &["--relay-host", "MX.good.test"],
        0,
        "OK - good.test reachable: MX.good.test with TLS on ",
    ),
    (
        GOOD,
        &["--relay-host", "implicit.test"],
        1,
        "WARNING - good.test: implicit.test is no longer an MX; current MX: mx.good.test |",
    ),
    (
        "null",
        &["--relay-host", "mx.good.test"],
        2,
        "CRITICAL - null.test: takes no mail at all (null MX) |",
    ),
    (
        GOOD,
        &["--partner", "dead.test"],
        2,
        "CRITICAL - dead.test: mail would queue: gone.pair.test: DEAD:PORT: connection refused (and 1 more) |",
    ),
    (
        GOOD,
        &["--ca-file", "/nonexistent"],
        3,
        "UNKNOWN - good.test: trust unknown: cannot read /nonexistent",
    ),
];

#[test]
fn the_ways_to_partners_are_judged_by_dns_and_handshake() {
    let test = "the_ways_to_partners_are_judged_by_dns_and_handshake";
    if skipped_without_root(test) {
        return;
    }
    let dir = open_tempdir();
    let root = Authority::root();
    let ca = root.write(dir.path());
    let listeners = same_port(6);
    let port = listeners[0].local_addr().unwrap().port().to_string();
    let addresses: Vec<String> =
        listeners.iter().map(|listener| listener.local_addr().unwrap().ip().to_string()).collect();
    let mut listeners = listeners.into_iter();
    let mut serve = |leaf: &Leaf, answers: fn(Way, &str) -> Option<&'static str>| {
        MailServer::start_on(listeners.next().unwrap(), Way::Tls, leaf, answers)
    };
    let good = serve(&root.leaf("*.good.test", -1, 397, ecdsa()), |_, _| None);
    let _servers = [
        serve(&root.leaf("implicit.test", -1, 397, ecdsa()), |_, _| None),
        serve(&root.leaf("mx.expired.test", -100, -3, ecdsa()), |_, _| None),
        serve(&Leaf::self_signed("self"), |_, _| None),
        serve(&root.leaf("mx.rejecting.test", -1, 397, ecdsa()), |_, command| {
            (command == "greeting").then_some("554 5.7.1 not you")
        }),
    ];
    // Nobody listens on the last address.
    drop(listeners);
    let mut records = RECORDS.to_owned();
    for number in 0..50 {
        let _ =
            writeln!(records, "many MX {number} mx{number}.good\nmx{number}.good CNAME mx.good");
    }
    for (name, address) in
        ["GOOD", "IMPLICIT", "EXPIRED", "SELF", "REJECTING", "DEAD"].iter().zip(&addresses)
    {
        records = records.replace(&format!("A {name}\n"), &format!("A {address}\n"));
    }
    let Some(dns) = NameServer::start(test, &records) else {
        return;
    };
    let check = |partner: &str, options: &[&str]| -> Outcome {
        let partner =
            if partner.contains('.') { partner.to_owned() } else { format!("{partner}.test") };
        let mut command = dns.asked_by(&program("check_smtp_forced_tls"));
        command.args(["--partner", &partner, "--partner-port", &port]);
        if !options.contains(&"--ca-file") {
            command.arg("--ca-file").arg(&ca);
        }
        run(command.args(options))
    };
    let mut wrong = Vec::new();
    for (partner, options, code, start) in CASES {
        let outcome = check(partner, options);
        let start = start.replace("DEAD", &addresses[5]).replace("PORT", &port);
        let start = format!("SMTP FORCED TLS {start}");
        if outcome.code != *code || !outcome.first_line().starts_with(&start) {
            wrong.push((partner, options, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let heard = good.heard(Way::Tls);
    assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
}

#[test]
fn silent_dns_is_unknown_and_so_is_a_run_that_ends_before_the_last_host() {
    let test = "silent_dns_is_unknown_and_so_is_a_run_that_ends_before_the_last_host";
    if skipped_without_root(test) {
        return;
    }
    let dir = open_tempdir();
    let address = free_address();
    let _deaf = UdpSocket::bind((address, 53)).unwrap();
    resolver(dir.path(), address);
    let check = |command: &mut Command, options: &[&str]| {
        run(command.args(["--partner", "slow.test"]).args(options))
    };
    let program = program("check_smtp_forced_tls");
    check(&mut asking(dir.path(), &program), &["-t", "2"])
        .expect(3, "SMTP FORCED TLS UNKNOWN - slow.test: MX unknown: no answer from DNS in time |");
    resolver(dir.path(), free_address());
    check(&mut asking(dir.path(), &program), &["-t", "2"])
        .expect(3, "SMTP FORCED TLS UNKNOWN - slow.test: MX unknown: ");

    // Who connects is never spoken to.
    let silent = TcpListener::bind((free_address(), 0)).unwrap();
    let silent_at = silent.local_addr().unwrap();
    let mut records = String::new();
    for number in 0..5 {
        let _ =
            writeln!(records, "slow MX 10 mx{number}.slow\nmx{number}.slow A {}", silent_at.ip());
    }
    let Some(dns) = NameServer::start(test, &records) else {
        return;
    };
    let port = silent_at.port().to_string();
    // A third of the time for each, and the last third is not whole.
    let options = ["--partner-port", &port, "-v", "-t", "4"];
    let outcome = check(&mut dns.asked_by(&program), &options);
    outcome.expect(1, "SMTP FORCED TLS WARNING - slow.test: mail may queue: mx0.slow.test: no answer to the TLS handshake (2 of 5 MX), and 1 more | ");
    assert!(outcome.stdout.contains("\n[UNKNOWN] timed out after 4s"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("hosts not tested"), "{}", outcome.stdout);
    let outcome = check(
        &mut dns.asked_by(&program),
        &["--partner-port", &port, "--relay-host", "mx1.slow.test", "-t", "2"],
    );
    outcome.expect(2, "SMTP FORCED TLS CRITICAL - slow.test: mail would queue: mx1.slow.test: no answer to the TLS handshake");
}
