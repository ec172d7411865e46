//! The same question to `OpenSSL`, to `GnuTLS` and to us.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::program;

/// Where to ask, and for what.
pub(super) struct Where<'a> {
    pub(super) port: u16,
    pub(super) is_starttls: bool,
    pub(super) anchors: &'a Path,
    pub(super) name: &'a str,
}

/// What a client makes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) has_shaken_hands: bool,
    pub(super) is_trusted: bool,
    pub(super) is_for_name: bool,
}

impl Seen {
    pub(super) fn is_accepted(self) -> bool {
        self.has_shaken_hands && self.is_trusted && self.is_for_name
    }

    /// `yes` for a handshake, `trust` and `name` behind it; a minus for what is missing.
    pub(super) fn short(self) -> String {
        if !self.has_shaken_hands {
            return "no handshake".to_owned();
        }
        let mark = |holds: bool| if holds { '+' } else { '-' };
        format!("trust{} name{}", mark(self.is_trusted), mark(self.is_for_name))
    }
}

/// A run of ours.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    pub(super) state: String,
    pub(super) trust: Vec<String>,
    /// The first line.
    pub(super) text: String,
}

/// What an answer of no name has: that of a host, that of an address.
const OTHER_NAME: [&str; 2] = ["error:num=62:", "error:num=64:"];

/// `OpenSSL` at the security level that postfix, exim and Debian's own have at least.
pub(super) fn openssl(at: &Where<'_>) -> Seen {
    let (told, has_shaken_hands) = s_client(at, false);
    let errors: Vec<&str> = told.lines().filter(|line| line.contains("error:num=")).collect();
    let is_name = |line: &&&str| OTHER_NAME.iter().any(|other| line.contains(other));
    let seen = Seen {
        has_shaken_hands,
        is_trusted: errors.iter().all(|line| is_name(&line)),
        is_for_name: !errors.iter().any(|line| is_name(&line)),
    };
    let (strict, has_finished) = s_client(at, true);
    // A server may refuse a client after the client's last word, which one of the two then hears.
    if has_shaken_hands && has_finished {
        let is_through = strict.contains("Verification: OK");
        assert_eq!(is_through, seen.is_accepted(), "{told}\n{strict}");
    } else if has_shaken_hands {
        assert!(!seen.is_accepted() || strict.contains("alert"), "{told}\n{strict}");
    }
    seen
}

fn s_client(at: &Where<'_>, is_strict: bool) -> (String, bool) {
    let is_address = at.name.parse::<std::net::IpAddr>().is_ok();
    let mut command = Command::new("timeout");
    command.args(["10", "openssl", "s_client", "-no-CApath", "-no-CAstore"]);
    command.args(["-connect", &format!("127.0.0.1:{}", at.port)]);
    command.args(["-cipher", "DEFAULT:@SECLEVEL=1"]).arg("-CAfile").arg(at.anchors);
    if is_address {
        command.args(["-verify_ip", at.name, "-noservername"]);
    } else {
        command.args(["-verify_hostname", at.name, "-servername", at.name]);
    }
    if is_strict {
        command.arg("-verify_return_error");
    }
    if at.is_starttls {
        command.args(["-starttls", "smtp"]);
    }
    let (told, has_ended_well) = said(&mut command);
    let has_cipher = told.contains("Cipher is ") && !told.contains("Cipher is (NONE)");
    (told, has_cipher && has_ended_well)
}

/// `GnuTLS` as it stands; nothing where it is not installed.
pub(super) fn gnutls(at: &Where<'_>) -> Option<Seen> {
    let mut command = Command::new("timeout");
    command.args(["10", "gnutls-cli", "-p", &at.port.to_string(), "127.0.0.1"]);
    command.arg("--x509cafile").arg(at.anchors).arg(format!("--verify-hostname={}", at.name));
    if at.name.parse::<std::net::IpAddr>().is_err() {
        command.arg(format!("--sni-hostname={}", at.name));
    }
    if at.is_starttls {
        command.arg("--starttls-proto=smtp");
    }
    let (told, _) = said(&mut command);
    if !told.contains("Processed ") {
        return None;
    }
    let is_for_name = !told.contains("The name in the certificate does not match");
    let is_trusted = told.contains("The certificate is trusted.")
        || (!is_for_name && told.matches("The certificate is NOT trusted.").count() == 1 && {
            let status = told.lines().find(|line| line.starts_with("- Status:"));
            status.is_some_and(|line| line.matches(". The ").count() == 1)
        });
    let has_shaken_hands = told.contains("- Status:");
    Some(Seen { has_shaken_hands, is_trusted, is_for_name })
}

/// What a client prints, and whether it ends well.
pub(super) fn said(command: &mut Command) -> (String, bool) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let [out, err] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (out + &err, output.status.success())
}

/// Ours, with more options.
pub(super) fn ours(at: &Where<'_>, options: &[&str]) -> Ours {
    let mut command = Command::new(program("check_smtp_tls"));
    command.args(["-H", "127.0.0.1", "-p", &at.port.to_string(), "--sni", at.name]);
    command.args(["--helo", "monitor.lab.test", "--trust", "pkix", "--output-format", "json"]);
    command.arg(if at.is_starttls { "--starttls" } else { "--tls" });
    let (told, _) = said(command.arg("--ca-file").arg(at.anchors).args(options));
    let report: serde_json::Value = serde_json::from_str(&told).expect(&told);
    let facts = &report["facts"];
    let trust = facts["trust"].as_array().cloned().unwrap_or_default();
    Ours {
        state: report["state"].as_str().unwrap().to_owned(),
        trust: trust.iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
        text: report["text"].as_str().unwrap().to_owned(),
    }
}
