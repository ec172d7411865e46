//! `check_smtp_tls` against a name with several addresses.

use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use rustls::ServerConfig;

use crate::support::pki::{Authority, Leaf, NAME, ecdsa};
use crate::support::scripted::{Scripted, speak_tls, until_closed, until_tls};
use crate::support::smtp_tls::in_mounts;
use crate::support::{Outcome, open_tempdir, program, run, skipped_without_root};

#[test]
fn of_several_addresses_the_first_that_answers_is_looked_at() {
    let test = "of_several_addresses_the_first_that_answers_is_looked_at";
    if skipped_without_root(test) {
        return;
    }
    let config = Leaf::self_signed(NAME).server_config();
    let server = Scripted::start_on("127.0.0.3", move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    // Not 127.0.0.1, which getaddrinfo puts before its neighbours.
    let dir = open_tempdir();
    let hosts = dir.path().join("hosts");
    std::fs::write(
        &hosts,
        "127.0.0.2 several.test\n127.0.0.3 several.test\n127.0.0.4 closed.test\n127.0.0.5 closed.test\n",
    )
    .unwrap();
    let port = server.port();
    let check = |host: &str| {
        let options = ["-H", host, "-p", &port.to_string(), "--sni", NAME, "-v"];
        run(in_mounts(&hosts, "/etc/hosts", &program("check_smtp_tls")).args(options))
    };
    let outcome = check("several.test");
    outcome.expect(0, "SMTP TLS OK - grade A");
    for line in [
        format!("\nskipped: 127.0.0.2:{port}: connection refused\n"),
        format!("\nserver: several.test port {port} (127.0.0.3), STARTTLS"),
    ] {
        assert!(outcome.stdout.contains(&line), "{line}: {}", outcome.stdout);
    }
    check("closed.test").expect(
        2,
        &format!(
            "SMTP TLS CRITICAL - 127.0.0.4:{port}: connection refused, 127.0.0.5:{port}: connection refused"
        ),
    );
}

/// A server at this address of the host that shows this certificate.
fn serve(address: &str, port: u16, config: std::sync::Arc<ServerConfig>) -> Scripted {
    let listener = TcpListener::bind((address, port)).unwrap();
    Scripted::listen(listener, usize::MAX, move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    })
}

/// One run that sees these addresses of its name, and no other.
fn check(dir: &Path, addresses: &[&str], port: u16, options: &[&str]) -> Outcome {
    let hosts = dir.join("hosts");
    let lines: Vec<String> = addresses.iter().map(|one| format!("{one} several.test\n")).collect();
    std::fs::write(&hosts, lines.concat()).unwrap();
    let port = port.to_string();
    let same = ["-H", "several.test", "-p", &port, "--sni", NAME, "--every-address"];
    run(in_mounts(&hosts, "/etc/hosts", &program("check_smtp_tls")).args(same).args(options))
}

#[test]
fn of_every_address_what_is_wrong_at_one_is_told_with_it() {
    if skipped_without_root("of_every_address_what_is_wrong_at_one_is_told_with_it") {
        return;
    }
    let (dir, root) = (open_tempdir(), Authority::root());
    let good = Leaf::self_signed(NAME).server_config();
    let short = root.leaf(NAME, -90, 4, ecdsa()).server_config();
    let first = serve("127.0.0.2", 0, good.clone());
    let port = first.port();
    let _second = serve("127.0.0.3", port, short);
    let _third = serve("127.0.0.4", port, good);
    let addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];

    let outcome = check(dir.path(), &addresses, port, &["--quick", "-v"]);
    outcome.expect(2, "SMTP TLS CRITICAL - certificate expires in ");
    let line = outcome.stdout.lines().next().unwrap();
    assert!(line.contains("renewal is overdue at 127.0.0.3 | certificate=34"), "{line}");
    assert!(line.contains(" connections=6;"), "{line}");
    for address in addresses {
        let server = format!("\nserver: several.test port {port} ({address}), STARTTLS");
        assert!(outcome.stdout.contains(&server), "{server}: {}", outcome.stdout);
    }

    let outcome = check(dir.path(), &["127.0.0.2", "127.0.0.4"], port, &["--quick"]);
    outcome.expect(0, "SMTP TLS OK - certificate valid for 39");
    assert!(outcome.stdout.contains(", asked 2 addresses | "), "{}", outcome.stdout);

    let outcome = check(dir.path(), &["127.0.0.2", "127.0.0.5"], port, &["--quick"]);
    outcome.expect(2, &format!("SMTP TLS CRITICAL - 127.0.0.5:{port}: connection refused | "));

    let outcome = check(dir.path(), &addresses, port, &["--quick", "--output-format", "json"]);
    let seen: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let each = seen["facts"]["every_address"].as_array().unwrap();
    let states: Vec<_> = each.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["OK", "CRITICAL", "OK"]);
    assert_eq!(each[1]["address"], "127.0.0.3");
    assert_eq!(each[1]["facts"]["smtp"]["starttls"], "yes");
}

#[test]
fn an_address_that_hangs_takes_no_time_of_the_others() {
    if skipped_without_root("an_address_that_hangs_takes_no_time_of_the_others") {
        return;
    }
    let dir = open_tempdir();
    let config = Leaf::self_signed(NAME).server_config();
    let good = serve("127.0.0.3", 0, config);
    let listener = TcpListener::bind(("127.0.0.2", good.port())).unwrap();
    let _hanging = Scripted::listen(listener, usize::MAX, |stream, _| until_closed(stream));
    let begin = Instant::now();
    let addresses = ["127.0.0.2", "127.0.0.3"];
    let outcome = check(dir.path(), &addresses, good.port(), &["-t", "8", "-v"]);
    outcome.expect(2, "SMTP TLS CRITICAL - no greeting after ");
    assert!(outcome.stdout.contains(" at 127.0.0.2 | "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("\nscore: "), "the other was seen: {}", outcome.stdout);
    assert!(begin.elapsed().as_secs() < 8);
}
