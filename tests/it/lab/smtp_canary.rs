//! Real mail servers hand canary mails over, with the rule and without it.

mod others;

use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::canary::{DOMAIN, state_dir};
use crate::support::daemon::free_ports;
use crate::support::pki::{Authority, ecdsa};
use crate::support::postfix::Postfix;
use crate::support::server_log::{Table, messages};
use crate::support::zones::{Block, SignedZones, Zone};
use crate::support::{Outcome, chmod, program, run};

/// `smtp_canary` behind systemd's own accepting listener, as its units start it.
struct Activated {
    listener: Child,
    port: u16,
}

impl Activated {
    fn start(domain: &str, state: &Path, options: &[&str]) -> Self {
        let port = free_ports(1)[0];
        let listener = Command::new("systemd-socket-activate")
            .args(["--accept", "--inetd", "--listen", &format!("127.0.0.1:{port}")])
            .arg(program("smtp_canary"))
            .args(["--domain", domain, "--state"])
            .arg(state)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(state.join("log")).unwrap())
            .spawn()
            .expect("systemd-socket-activate");
        let wanted = format!("0100007F:{port:04X} 00000000:0000 0A");
        while !std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted) {
            std::thread::yield_now();
        }
        Self { listener, port }
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        let _ = self.listener.kill();
        let _ = self.listener.wait();
    }
}

fn check(server: u16, domain: &str, sink: u16, state: &Path, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &server.to_string(), "--sender", "monitor@own.test"])
        .args(["--canary", domain, "--canary-port", &sink.to_string(), "-v", "--canary-state"])
        .arg(state)
        .args(options))
}

/// Runs the check until its first line begins so; the last one, if it never does.
fn until(start: &str, mut check: impl FnMut() -> Outcome) -> Outcome {
    let begin = Instant::now();
    loop {
        let outcome = check();
        if outcome.first_line().starts_with(start) || begin.elapsed() > Duration::from_secs(100) {
            return outcome;
        }
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

/// The file with key and certificate of the sink, and the authority that vouches for it.
fn keys(dir: &Path) -> (String, String) {
    keys_of(dir, ecdsa())
}

fn keys_of(dir: &Path, key: rcgen::KeyPair) -> (String, String) {
    let authority = Authority::root();
    let pem = authority.leaf(DOMAIN, -1, 397, key).pem();
    let path = dir.join("sink.pem");
    std::fs::write(&path, pem).unwrap();
    chmod(&path, 0o600);
    (path.to_str().unwrap().to_owned(), authority.pem())
}

/// Name, settings of the client, options of the sink and of the check, exit code and start of the output.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

const CRITICAL: &str = "SMTP FORCED TLS CRITICAL - handed over in the clear at ";
const REFUSES: &str =
    "SMTP FORCED TLS UNKNOWN - your server refuses the certificate of smtp_canary";
const OK: &str = "SMTP FORCED TLS OK - waited without TLS, came with TLS 1.3 after ";

const CASES: &[Case] = &[
    ("encrypt", &["smtp_tls_security_level = encrypt"], &[], &[], OK),
    ("may", &["smtp_tls_security_level = may"], &[], &[], CRITICAL),
    ("none", &["smtp_tls_security_level = none"], &[], &[], CRITICAL),
    (
        "verify",
        &["smtp_tls_security_level = verify", "smtp_tls_verify_cert_match = canary.test"],
        &["--pem", "PEM"],
        &["--verify"],
        OK,
    ),
    (
        "encrypt, though it must verify",
        &["smtp_tls_security_level = encrypt"],
        &["--pem", "PEM"],
        &["--verify"],
        "SMTP FORCED TLS CRITICAL - handed over under a wrong certificate at ",
    ),
    (
        "verify, and a certificate of nobody",
        &["smtp_tls_security_level = verify", "smtp_tls_verify_cert_match = canary.test"],
        &[],
        &["--canary-age", "8s"],
        REFUSES,
    ),
    (
        "wrapper mode",
        &["smtp_tls_security_level = encrypt", "smtp_tls_wrappermode = yes"],
        &["--tls"],
        &[],
        OK,
    ),
    (
        "wrapper mode that verifies",
        &[
            "smtp_tls_security_level = verify",
            "smtp_tls_wrappermode = yes",
            "smtp_tls_verify_cert_match = canary.test",
        ],
        &["--tls", "--pem", "PEM"],
        &["--verify"],
        OK,
    ),
    (
        "in the clear to a port where TLS begins at once",
        &["smtp_tls_security_level = may"],
        &["--tls"],
        &[],
        CRITICAL,
    ),
];

#[test]
#[ignore = "lab: postfix waits between its attempts"]
fn a_real_postfix_is_proven_to_encrypt_or_shown_not_to() {
    let test = "a_real_postfix_is_proven_to_encrypt_or_shown_not_to";
    let keys_dir = crate::support::open_tempdir();
    let (pem, ca) = keys(keys_dir.path());
    let states: Vec<_> = CASES.iter().map(|_| state_dir()).collect();
    let domains: Vec<String> = (0..CASES.len()).map(|n| format!("c{n}.canary.test")).collect();
    let sinks: Vec<Activated> = CASES
        .iter()
        .zip(&states)
        .zip(&domains)
        .map(|(((_, _, options, ..), state), domain)| {
            let options: Vec<&str> = options
                .iter()
                .map(|option| if *option == "PEM" { &pem } else { *option })
                .collect();
            Activated::start(domain, state.path(), &options)
        })
        .collect();
    let routes: Vec<(String, String, &[&str])> = CASES
        .iter()
        .zip(&sinks)
        .zip(&domains)
        .map(|(((_, settings, ..), sink), domain)| {
            (domain.clone(), format!("[127.0.0.1]:{}", sink.port), *settings)
        })
        .collect();
    let leaf = Authority::root().leaf("mail.lab.test", -1, 397, ecdsa()).pem();
    let files = [("good.pem", leaf), ("ca.pem", ca)];
    let Some(postfix) = Postfix::handing_on(test, &files, &routes) else {
        return;
    };
    let mut wrong = Vec::new();
    for (number, (case, _, _, options, start)) in CASES.iter().enumerate() {
        let state = states[number].path();
        let outcome = until(start, || {
            check(postfix.port(0), &domains[number], sinks[number].port, state, options)
        });
        if !outcome.first_line().starts_with(start) {
            let log = std::fs::read_to_string(state.join("log")).unwrap();
            wrong.push((case, outcome, log));
        }
    }
    let said: Vec<String> = wrong
        .iter()
        .map(|(case, outcome, log)| format!("{case}: {}{log}", outcome.stdout))
        .collect();
    assert!(wrong.is_empty(), "{}\n{}", said.join("\n"), postfix.log());

    // The first mail of the first rule.
    let lines = postfix.log_when("the end of a mail", |log| {
        let lines = messages(&log);
        let mine = lines.iter().find(|line| line.contains(&format!("@{}>, ", domains[0])))?;
        let id = format!("{}: ", mine.split_once(": ")?.0);
        let lines: Vec<String> = lines.into_iter().filter(|line| line.starts_with(&id)).collect();
        lines.last()?.ends_with(": removed").then_some(lines)
    });
    assert_eq!(Table::of("smtp_canary", "lines").differences(&lines), [""; 0]);
}

/// TLSA records bind mail to a key, and a wrong one is refused; where there is none, DANE encrypts if it can.
#[test]
#[ignore = "lab: postfix waits between its attempts"]
fn a_real_postfix_that_does_dane_is_proven_where_there_is_a_tlsa_record() {
    let test = "a_real_postfix_that_does_dane_is_proven_where_there_is_a_tlsa_record";
    let keys_dir = crate::support::open_tempdir();
    let key = ecdsa();
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        &rcgen::PublicKeyData::subject_public_key_info(&key),
    );
    let digest = digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let (pem, ca) = keys_of(keys_dir.path(), key);
    let domains = ["bound.canary.test", "free.canary.test"];
    let states = [state_dir(), state_dir()];
    let sinks = [0, 1].map(|n| Activated::start(domains[n], states[n].path(), &["--pem", &pem]));
    let records = format!("mx A 127.0.0.1\n_{}._tcp.mx TLSA 3 1 1 {digest}\n", sinks[0].port);
    let zones =
        [Zone::new("bound", "good", &records), Zone::new("free", "good", "mx A 127.0.0.1\n")];
    let block = Block::new();
    let Some(_zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let dane: &[&str] = &[
        "smtp_tls_security_level = dane",
        "smtp_dns_support_level = dnssec",
        "smtp_host_lookup = dns",
    ];
    let routes = [("bound", 0), ("free", 1)].map(|(zone, n)| {
        (domains[n].to_owned(), format!("[mx.{zone}.lab]:{}", sinks[n].port), dane)
    });
    let leaf = Authority::root().leaf("mail.lab.test", -1, 397, ecdsa()).pem();
    let resolver = format!("nameserver {}\n", block.address(2));
    let files = [("good.pem", leaf), ("ca.pem", ca), ("resolv.conf", resolver)];
    let Some(postfix) = Postfix::handing_on(test, &files, &routes) else {
        return;
    };
    for (number, start) in [(0, OK), (1, CRITICAL)] {
        let outcome = until(start, || {
            let state = states[number].path();
            check(postfix.port(0), domains[number], sinks[number].port, state, &["--verify"])
        });
        let log = || std::fs::read_to_string(states[number].path().join("log")).unwrap();
        assert!(
            outcome.first_line().starts_with(start),
            "{}{}{}",
            outcome.stdout,
            log(),
            postfix.log()
        );
    }
}
