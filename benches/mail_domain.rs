//! Measures `check_mail_domain` beside posttls-finger and scanners, on signed zones and a real postfix on the loopback. Prints
//! the markdown table of `benches/mail_domain.md`, which explains it.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod processes;
#[path = "../tests/it/support/mod.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "the zones and the postfix of the tests"
)]
mod support;

use std::fmt::Write;
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use processes::{median, on_path, peak_mib, time};
use support::daemon::fetched;
use support::pki::{Authority, ecdsa};
use support::postfix::{Postfix, Service};
use support::zones::{Block, SignedZones, Zone};

const ROUNDS: usize = 21;
const TEST: &str = "benchmark";

fn main() {
    let block = Block::new();
    let root = Authority::root();
    let leaf = root.leaf("mx1.good.lab", -1, 90, ecdsa());
    let hash = digest(&SHA256, leaf.der());
    let hash = hash.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let mut records = String::from(
        "@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@good.lab\"\n",
    );
    for (number, preference) in [(1, 10), (2, 20)] {
        let at = block.address(9 + number);
        let host = format!("mx{number}");
        let _ = writeln!(
            records,
            "@ MX {preference} {host}\n{host} A {at}\n_25._tcp.{host} TLSA 3 0 1 {hash}"
        );
    }
    let zones = SignedZones::start(TEST, block, &[Zone::new("good", "good", &records)]);
    let sockets = [10, 11].map(|number| SocketAddrV4::new(block.address(number), 25));
    let files = [("good.pem", leaf.pem())];
    let services = [Service::new(&[]), Service::new(&[])];
    let postfix = Postfix::start_at(TEST, &files, &services, sockets.to_vec());
    let (Some(zones), Some(postfix)) = (zones, postfix) else {
        println!(
            "Not measured: it needs zones and a postfix of its own, which need root on Debian."
        );
        return;
    };
    println!(
        "| Command | connections to each address | median ms | runs | peak MiB | exit code |\n|-|-:|-:|-:|-:|-:|"
    );
    let resolver = block.address(2).to_string();
    let ours: PathBuf = std::env::args()
        .skip_while(|word| word != "--program")
        .nth(1)
        .map_or_else(|| env!("CARGO_BIN_EXE_check_mail_domain").into(), PathBuf::from);
    for options in [&["--no-connect"][..], &[], &["--profile", "ncsc2025"]] {
        let mut command = Command::new(&ours);
        command.args(["-d", "good.lab", "--dns-server", &resolver, "--helo", "monitor.lab"]);
        let name = format!("check_mail_domain {}", options.join(" "));
        row(&name, 2, command.args(options), &postfix);
    }
    finger(&zones, &postfix);
    let dir = tempfile::tempdir().unwrap();
    let authority = root.write(dir.path()).display().to_string();
    let address = format!("{}:25", block.address(10));
    // The certificate has no address for revocation and no entry in a log, and is to be judged by its authority.
    let ssl_cert = ["-H", "mx1.good.lab", "-P", "smtp", "--dane", "301", "-r", &authority]
        .into_iter()
        .chain(["--ignore-ocsp", "--ignore-sct", "--ignore-maximum-validity"]);
    let others: [(&str, &str, Vec<&str>); 2] = [
        ("check_ssl_cert", "check_ssl_cert -P smtp --dane 301", ssl_cert.collect()),
        (
            "testssl",
            "testssl --starttls smtp",
            vec!["--warnings", "batch", "--starttls", "smtp", &address],
        ),
    ];
    let mut missing = Vec::new();
    for (name, shown, arguments) in others {
        match on_path(name) {
            Some(path) => row(shown, 1, zones.asked_by(&path).args(arguments), &postfix),
            None => missing.push(name),
        }
    }
    if !missing.is_empty() {
        println!("\nNot here, and left out: {}.", missing.join(", "));
    }
}

/// Postfix's own DANE client, which wants a configuration.
fn finger(zones: &SignedZones, postfix: &Postfix) {
    // Unpacked for the postfix above.
    let unpacked = fetched(TEST, "postfix", "unpack.sh", &["postfix"]).unwrap();
    let finger = unpacked.join("usr/sbin/posttls-finger");
    let libraries = ["usr/lib/postfix", "usr/lib/x86_64-linux-gnu"]
        .map(|at| unpacked.join(at).display().to_string())
        .join(":");
    // It wants a configuration, whose accounts there are.
    let configuration = tempfile::tempdir().unwrap();
    let text = "mail_owner = daemon\nsetgid_group = mail\ninet_protocols = ipv4\n";
    std::fs::write(configuration.path().join("main.cf"), text).unwrap();
    let mut command = zones.asked_by(&finger);
    command.env("LD_LIBRARY_PATH", libraries).env("MAIL_CONFIG", configuration.path());
    command.args(["-c", "-l", "dane", "-L", "summary", "good.lab"]);
    row("posttls-finger -c -l dane", 1, &mut command, postfix);
}

/// Times whole processes against so many hosts, and prints a line of the table.
fn row(name: &str, hosts: usize, command: &mut Command, postfix: &Postfix) {
    let calls = || postfix.log().matches(": connect from").count();
    let before = calls();
    let (first, status) = time(command);
    let connections = (calls() - before).div_ceil(hosts);
    // Where it takes minutes, one run is all.
    let rounds = if first > Duration::from_secs(5) { 1 } else { ROUNDS };
    let others = (1..rounds).map(|_| time(command).0);
    let median = median(std::iter::once(first).chain(others)).as_secs_f64() * 1e3;
    let (code, peak) = (status.code().unwrap_or(-1), peak_mib(command));
    println!("| `{}` | {connections} | {median:.1} | {rounds} | {peak:.1} | {code} |", name.trim());
}
