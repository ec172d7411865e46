//! `smtp_canary` by its socket, set up as its page says.

use std::net::TcpStream;
use std::process::Output;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::open_doors;
use crate::support::booted::Booted;
use crate::support::canary::{Client, DOMAIN};
use crate::support::machine::manifest;
use crate::support::mails::{self, MailServer};
use crate::support::pki::{Authority, ecdsa};
use crate::support::pushover::now;
use crate::support::{Outcome, chmod};

const SINK: (&str, u16) = ("127.0.0.1", 25);
const OWN: &str = "mail.own.test";
const STATE: &str = "/var/lib/smtp-canary";

/// The commands of the page.
fn steps() -> String {
    let page = std::fs::read_to_string(manifest("docs/prove-encryption.md")).unwrap();
    let (_, section) = page.split_once("\n## 2. The mail exchanger\n").unwrap();
    section.split("```\n").nth(1).unwrap().to_owned()
}

pub(super) fn a_mail_that_waits_is_proven(debian: &Booted) {
    debian.shell(&steps());
    debian.shell(&format!(
        "sed -i s/canary.example.org/{DOMAIN}/ /etc/monitoring-plugins-axigen/smtp-canary.env"
    ));
    let own = MailServer::start(|_, _| None);
    let port = own.port().to_string();
    let check = || {
        let output: Output = debian.run(&[
            "runuser",
            "-u",
            "nagios",
            "--",
            "/usr/lib/nagios/plugins/check_smtp_forced_tls",
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--sender",
            "monitor@own.test",
            "--canary",
            DOMAIN,
            "--canary-state",
            STATE,
            "-v",
        ]);
        Outcome::of(&output)
    };
    check()
        .expect(3, "SMTP FORCED TLS UNKNOWN - no proof yet: the first canary mail is on its way");
    let handed_over = now();
    let mail = own.mails().remove(0);
    let to = mails::header(&mail, "To").unwrap().trim_matches(['<', '>']).to_owned();

    let mut first = Client::connect(SINK);
    assert!(!first.hello(OWN).contains("STARTTLS"));
    assert_eq!(open_doors(debian.processes(), "smtp-canary@"), [""; 0]);
    first.expect("QUIT", "221 ");
    check()
        .expect(3, "SMTP FORCED TLS UNKNOWN - no proof yet: the canary mail waits, as it should");
    let mut second = Client::connect(SINK);
    assert!(second.hello(OWN).contains("STARTTLS"));
    let mut tls = second.starttls().unwrap();
    tls.expect("EHLO mail.own.test", "250-");
    assert!(tls.hand_over(&to).starts_with("250 "));
    tls.expect("QUIT", "221 ");
    // The next one is the newest only if it is of another second.
    while now() <= handed_over {
        std::thread::yield_now();
    }
    check().expect(0, "SMTP FORCED TLS OK - waited without TLS, came with TLS 1.3 after ");

    let owners = debian.shell(&format!("stat -c '%U %a %n' {STATE}/key/* {STATE}/seen/*"));
    let (key, seen) = owners.split_once('\n').unwrap();
    assert_eq!(key, format!("smtp-canary 600 {STATE}/key/self-signed.pem"));
    assert_eq!(seen.lines().count(), 2, "{seen}");
    assert!(seen.lines().all(|line| line.starts_with("smtp-canary 640 ")), "{seen}");
    for word in [".waited.", ".encrypted."] {
        assert!(seen.contains(word), "{seen}");
    }
}

/// The certificate of the administrator, which root alone can read.
pub(super) fn a_certificate_is_handed_over(debian: &Booted) {
    let pem = Authority::root().leaf("mx.given.test", -1, 397, ecdsa()).pem();
    let file = "etc/monitoring-plugins-axigen/smtp-canary.pem";
    debian.write(file, &pem);
    chmod(&debian.path(file), 0o600);
    let page = std::fs::read_to_string(manifest("docs/smtp_canary.md")).unwrap();
    let (_, edit) = page.split_once("# systemctl edit smtp-canary@.service\n").unwrap();
    let (edit, _) = edit.split_once("```").unwrap();
    debian.shell("mkdir /etc/systemd/system/smtp-canary@.service.d");
    debian.write("etc/systemd/system/smtp-canary@.service.d/override.conf", edit);
    debian.must(&["systemctl", "daemon-reload"]);
    // The next mail is under way, which waits first.
    let mut client = Client::connect(SINK);
    assert!(!client.hello(OWN).contains("STARTTLS"));
    client.expect("QUIT", "221 ");
    let mut client = Client::connect(SINK);
    assert!(client.hello(OWN).contains("STARTTLS"));
    let tls = client.starttls().unwrap();
    let shown = tls.0.get_ref().conn.peer_certificates().unwrap();
    assert_eq!(shown[0], CertificateDer::from_pem_slice(pem.as_bytes()).unwrap());
}

/// On a port where TLS begins at once.
pub(super) fn another_port_is_listened_on(debian: &Booted) {
    let page = std::fs::read_to_string(manifest("docs/prove-encryption.md")).unwrap();
    let (_, edit) = page.split_once("# systemctl edit smtp-canary.socket\n").unwrap();
    let (edit, restart) = edit.split_once("# ").unwrap();
    let (restart, _) = restart.split_once("```").unwrap();
    debian.shell(
        "mkdir /etc/systemd/system/smtp-canary.socket.d\n\
         echo CANARY_OPTIONS=--tls >>/etc/monitoring-plugins-axigen/smtp-canary.env",
    );
    debian.write("etc/systemd/system/smtp-canary.socket.d/override.conf", edit);
    debian.shell(&format!("systemctl daemon-reload\n{restart}"));
    let begin = || Client::connect(("::1", 465)).secure();
    assert!(begin().is_err(), "it must wait here as well");
    let mut tls = begin().unwrap();
    assert!(tls.reply().starts_with("220 canary.test ESMTP smtp_canary"));
    tls.expect("EHLO mail.own.test", "250-").expect("QUIT", "221 ");
    assert!(TcpStream::connect(SINK).is_err(), "port 25 is closed");
}

pub(super) fn the_journal_tells_it(debian: &Booted) {
    let said = debian.journal(&["--identifier=smtp_canary"]);
    let tells =
        |end: &str| said.lines().any(|line| line.starts_with("127.0.0.1: ") && line.ends_with(end));
    assert!(tells(" kept its mail (waited)") && tells(" came encrypted"), "{said}");
}
