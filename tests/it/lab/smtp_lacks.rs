//! Servers of `OpenSSL` and `GnuTLS` with what only our own TLS library lacks: for the checks that deliver or offer mail that
//! is unknown, and what refuses everybody is the server's fault.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::daemon::free_ports;
use crate::support::dns::NameServer;
use crate::support::openssl_server::{OpensslServer, Program};
use crate::support::pki::{Authority, rsa};
use crate::support::relay::Relay;
use crate::support::{Outcome, open_tempdir, program, run};

/// Arguments of `openssl s_server`, and what our side does not speak; nothing where the server refuses everybody.
const OPENSSL: [(&[&str], Option<&str>); 7] = [
    (&["-tls1_3", "-groups", "X448"], Some("X448")),
    (&["-tls1_3", "-groups", "ffdhe2048"], Some("ffdhe2048")),
    (&["-tls1_2", "-groups", "X448"], Some("X448")),
    (
        &["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"],
        Some("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    ),
    (&["-tls1_2", "-cipher", "AES128-SHA"], Some("TLS_RSA_WITH_AES_128_CBC_SHA")),
    (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], Some("TLS 1.1")),
    (&["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], None),
];

/// What the four ways of asking say of a server on `port`, where TLS begins at once.
fn ask(dns: &NameServer, port: u16) -> [Outcome; 4] {
    let at = port.to_string();
    let front = Relay::with_starttls(port).port().to_string();
    let own = ["--allow-recipient-domain", "own.test"];
    let to = ["--recipient", "probe@own.test"];
    let one = |name: &str, port: &str, options: &[&str]| {
        run(Command::new(program(name)).args(["-H", "127.0.0.1", "-p", port]).args(options))
    };
    let partner = |port: &str, options: &[&str]| {
        let mut command = dns.asked_by(&program("check_smtp_forced_tls"));
        run(command.args(["--partner", "p.test", "--partner-port", port]).args(options))
    };
    [
        one("check_smtp_accept", &at, &[&["-s"][..], &to].concat()),
        one("check_smtp_malware", &front, &[&["-S"][..], &to, &own].concat()),
        partner(&at, &[]),
        partner(&front, &["--partner-starttls"]),
    ]
}

/// What the leg with STARTTLS says.
fn leg(port: u16) -> Outcome {
    let front = Relay::with_starttls(port).port().to_string();
    run(Command::new(program("check_smtp_forced_tls"))
        .args(["-H", "127.0.0.1", "-p", &front, "--recipient", "probe@own.test"])
        .args(["--domain", "partner.test", "-v"]))
}

fn judge(what: &str, lack: Option<&str>, outcomes: &[Outcome; 4], leg: &Outcome) {
    for outcome in outcomes {
        match lack {
            Some(lack) => {
                assert_eq!(outcome.code, 3, "{what}: {}", outcome.stdout);
                let says = format!("our side does not speak {lack}");
                assert!(outcome.stdout.contains(&says), "{what}: {}", outcome.stdout);
            }
            None => assert_eq!(outcome.code, 2, "{what}: {}", outcome.stdout),
        }
    }
    if let Some(lack) = lack {
        let says = format!("[UNKNOWN] STARTTLS: our side does not speak {lack}");
        assert!(leg.stdout.contains(&says), "{what}: {}", leg.stdout);
    }
}

#[test]
#[ignore = "lab: asks servers of OpenSSL and GnuTLS"]
fn what_our_own_side_lacks_counts_against_no_server() {
    let test = "what_our_own_side_lacks_counts_against_no_server";
    let records = "p MX 10 mx.p\nmx.p A 127.0.0.1\n";
    let Some(dns) = NameServer::start(test, records) else {
        return;
    };
    let dir = open_tempdir();
    let leaf = Authority::root().leaf("mx.p.test", -1, 397, rsa());
    fs::write(dir.path().join("server.pem"), leaf.pem()).unwrap();
    for (arguments, lack) in OPENSSL {
        let own = ["-cert", "server.pem", "-key", "server.pem"];
        let all: Vec<String> = own.iter().chain(arguments).map(ToString::to_string).collect();
        let server = (0..3).find_map(|_| {
            OpensslServer::start(Path::new("openssl"), dir.path(), free_ports(1)[0], &all, true)
        });
        let server = server.unwrap();
        let outcomes = ask(&dns, server.port());
        judge(&format!("openssl {arguments:?}"), lack, &outcomes, &leg(server.port()));
    }
    for (priority, lack) in [
        ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X448", "X448"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE3072", "ffdhe3072"),
        (
            "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:-CIPHER-ALL:+AES-256-GCM",
            "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        ),
    ] {
        let port = free_ports(1)[0];
        let child = Command::new("gnutls-serv")
            .args(["--echo", "--quiet", "--priority", priority, "--port", &port.to_string()])
            .args(["--x509certfile", "server.pem", "--x509keyfile", "server.pem"])
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _server = Program(child);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        let outcomes = ask(&dns, port);
        judge(&format!("gnutls {priority}"), Some(lack), &outcomes, &leg(port));
    }
}
