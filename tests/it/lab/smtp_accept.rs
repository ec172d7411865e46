//! `check_smtp_accept` against exim and `OpenSMTPD`.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::daemon::{Daemon, fetched, free_ports};
use crate::support::exim::Exim;
use crate::support::legacy::old_key;
use crate::support::{Outcome, open_tempdir, program, run, smtp_tls};

fn check(port: u16, options: &[&str]) -> Outcome {
    run(Command::new(program("check_smtp_accept"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .args(["--recipient", "probe@lab.test", "--helo", "monitor.lab.test"])
        .args(options))
}

#[test]
#[ignore = "lab: fetches exim"]
fn what_exim_does_with_mail_is_told() {
    let test = "what_exim_does_with_mail_is_told";
    for (settings, code, start) in [
        ("acl_smtp_rcpt = accept\n", 0, "OK - mail to probe@lab.test is accepted up to RCPT |"),
        // Without a rule nothing is taken.
        ("", 2, "CRITICAL - probe@lab.test: "),
        (
            "acl_smtp_rcpt = rcpt\nbegin acl\nrcpt:\n  deny message = relay not permitted\n",
            2,
            "CRITICAL - probe@lab.test: relaying is denied: 550 relay not permitted |",
        ),
        (
            "acl_smtp_rcpt = rcpt\nbegin acl\nrcpt:\n  defer message = greylisted\n",
            0,
            "OK - probe@lab.test: greylisted: 451 greylisted |",
        ),
        (
            "acl_smtp_rcpt = rcpt\nbegin acl\nrcpt:\n  defer condition = ${lookup{x}lsearch{/nowhere}}\n",
            2,
            "CRITICAL - probe@lab.test: no mail is taken: 451 Temporary local problem",
        ),
    ] {
        let Some(exim) = Exim::start(test, settings) else {
            return;
        };
        for (port, options) in
            [(exim.starttls(), &[][..]), (exim.starttls(), &["-S"]), (exim.tls(), &["-s"])]
        {
            check(port, options).expect(code, &format!("SMTP ACCEPT {start}"));
        }
    }
}

#[test]
#[ignore = "lab: fetches exim"]
fn an_exim_at_its_limit_is_unknown_also_where_tls_begins_at_once() {
    let test = "an_exim_at_its_limit_is_unknown_also_where_tls_begins_at_once";
    let Some(exim) = Exim::start(test, "smtp_accept_max = 1\nacl_smtp_rcpt = accept\n") else {
        return;
    };
    let mut held = TcpStream::connect(("127.0.0.1", exim.starttls())).unwrap();
    let _ = held.read(&mut [0; 512]).unwrap();
    for (port, options) in [(exim.starttls(), &[][..]), (exim.tls(), &["-s"])] {
        let outcome = check(port, options);
        outcome.expect(3, "SMTP ACCEPT UNKNOWN - 127.0.0.1:");
        assert!(outcome.stdout.contains("421 Too many concurrent"), "{}", outcome.stdout);
    }
    smtp_tls::check(exim.tls(), &["-s", "-t", "3"])
        .expect(3, "SMTP TLS UNKNOWN - incomplete: the server limits this host after ");
}

#[test]
#[ignore = "lab: fetches OpenSMTPD"]
fn what_opensmtpd_does_with_mail_is_told() {
    let test = "what_opensmtpd_does_with_mail_is_told";
    let packages = ["opensmtpd", "libdb5.3", "libevent-2.1-7"];
    let Some(unpacked) = fetched(test, "opensmtpd", "unpack.sh", &packages) else {
        return;
    };
    let dir = open_tempdir();
    let port = free_ports(1)[0];
    old_key(dir.path());
    fs::write(
        dir.path().join("smtpd.conf"),
        format!(
            "listen on 127.0.0.1 port {port} hostname mail.lab.test\n\
             action \"drop\" mda \"/bin/cat >/dev/null\" virtual {{ \"probe\" = \"nobody\" }}\n\
             match from any for domain \"lab.test\" action \"drop\"\n"
        ),
    )
    .unwrap();
    let _smtpd = Daemon::start("lab/run-opensmtpd.sh", &unpacked, dir.path(), &[port]);
    check(port, &[]).expect(0, "SMTP ACCEPT OK - mail to probe@lab.test is accepted up to RCPT |");
    check(port, &["--recipient", "nobody@elsewhere.test"])
        .expect(2, "SMTP ACCEPT CRITICAL - nobody@elsewhere.test: ");
}

/// Both mechanisms, inside TLS only.
const AUTHENTICATORS: &str = "acl_smtp_rcpt = rcpt\n\
    auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}\n\
    begin acl\n\
    rcpt:\n  accept authenticated = *\n  deny message = authentication required\n\
    begin authenticators\n\
    plain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n\
    \x20 server_condition = ${if and{{eq{$auth2}{probe}}{eq{$auth3}{secret}}}}\n  server_set_id = $auth2\n";

const LOGIN_ONLY: &str = "acl_smtp_rcpt = rcpt\n\
    begin acl\n\
    rcpt:\n  accept authenticated = *\n\
    begin authenticators\n\
    login:\n  driver = plaintext\n  public_name = LOGIN\n  server_prompts = Username:: : Password::\n\
    \x20 server_condition = ${if and{{eq{$auth1}{probe}}{eq{$auth2}{secret}}}}\n  server_set_id = $auth1\n";

#[test]
#[ignore = "lab: fetches exim"]
fn a_login_at_exim_works_or_is_refused() {
    let test = "a_login_at_exim_works_or_is_refused";
    let dir = open_tempdir();
    for (name, text) in [("good", "probe:secret\n"), ("wrong", "probe:other\n")] {
        fs::write(dir.path().join(name), text).unwrap();
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for settings in [AUTHENTICATORS, LOGIN_ONLY] {
        let Some(exim) = Exim::start(test, settings) else {
            return;
        };
        for (file, code, start) in [
            ("good", 0, "OK - mail to probe@lab.test is accepted up to RCPT |"),
            (
                "wrong",
                2,
                "CRITICAL - the login is refused: 535 Incorrect authentication data, to AUTH",
            ),
        ] {
            let file = dir.path().join(file);
            let auth = ["--auth-file", file.to_str().unwrap()];
            for (port, way) in [(exim.starttls(), "-S"), (exim.tls(), "-s")] {
                check(port, &[&auth[..], &[way]].concat())
                    .expect(code, &format!("SMTP ACCEPT {start}"));
            }
        }
        if settings == AUTHENTICATORS {
            check(exim.starttls(), &["-S"])
                .expect(3, "SMTP ACCEPT UNKNOWN - probe@lab.test: a login is demanded: 550 auth");
        }
    }
}
