//! `check_smtp_accept` against exim and `OpenSMTPD`.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
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
        .expect(3, "SMTP TLS UNKNOWN - incomplete: the server limits us after ");
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
