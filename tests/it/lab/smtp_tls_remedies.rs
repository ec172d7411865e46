//! Each remedy that `check_smtp_tls` prints, typed word for word into the server it names, ends what it was printed for.

use std::collections::BTreeSet;

use crate::support::Outcome;
use crate::support::exim::Exim;
use crate::support::pki::{Authority, NAME, ecdsa, rsa};
use crate::support::postfix::{Postfix, Service};
use crate::support::smtp_tls::check;

/// How people's clients and other servers come in.
const ENTRANCES: [(&str, &[&str], &[&str]); 3] = [
    ("25", &[], &[]),
    ("587", &["smtpd_tls_security_level = encrypt"], &["--strict"]),
    (
        "465",
        &["smtpd_tls_wrappermode = yes", "smtpd_tls_security_level = encrypt"],
        &["-s", "--trust", "none"],
    ),
];

/// Settings that bring these findings.
const POSTFIX: [(&[&str], &str); 7] = [
    (
        &["smtpd_tls_protocols = !SSLv2", "smtpd_tls_mandatory_protocols = !SSLv2"],
        "TLS 1.0 and TLS 1.1 are offered",
    ),
    (
        &["smtpd_tls_protocols = TLSv1.2", "smtpd_tls_mandatory_protocols = TLSv1.2"],
        "TLS 1.3 is not offered",
    ),
    (
        &["smtpd_tls_protocols = TLSv1", "smtpd_tls_mandatory_protocols = TLSv1"],
        "neither TLS 1.2 nor TLS 1.3 is offered",
    ),
    (
        &["tls_medium_cipherlist = ALL:eNULL:@SECLEVEL=0"],
        "suites without encryption (NULL) are accepted",
    ),
    (&[], "anonymous suites are accepted"),
    (
        &[
            "smtpd_tls_protocols = TLSv1.2",
            "smtpd_tls_mandatory_protocols = TLSv1.2",
            "tls_medium_cipherlist = AES256-SHA",
        ],
        "no suite with forward secrecy is accepted",
    ),
    (
        &[
            "smtpd_tls_protocols = TLSv1.2",
            "smtpd_tls_mandatory_protocols = TLSv1.2",
            "tls_medium_cipherlist = ALL:!aNULL:@SECLEVEL=0",
            "smtpd_tls_dh1024_param_file = DIR/dh1024.pem",
        ],
        "the Diffie-Hellman prime has 1024 bits",
    ),
];

/// The settings that a remedy names for a server, as in "postfix: a and b = c; exim: ...".
fn settings(remedy: &str, server: &str) -> Vec<String> {
    let (_, rest) = remedy.split_once(&format!("{server}: ")).unwrap_or_else(|| panic!("{remedy}"));
    let setting = rest.split("; ").next().unwrap();
    let (names, value) = setting.split_once(" = ").unwrap_or_else(|| panic!("no value: {remedy}"));
    names.split(" and ").map(|name| format!("{name} = {value}")).collect()
}

/// The remedy that a run with `-v` prints for a finding: behind it on the way to a better grade, or below it, where it stands as
/// the next step already.
fn remedy<'a>(outcome: &'a Outcome, finding: &str) -> &'a str {
    let marked = format!(": {finding}: ");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let on_the_way = lines.iter().filter(|line| line.contains("] for "));
    let behind = on_the_way.filter_map(|line| line.split_once(&marked)).map(|(_, remedy)| remedy);
    let below = lines.windows(2).filter(|pair| pair[0].contains(finding)).map(|pair| pair[1]);
    let remedy = behind.chain(below).next();
    remedy.unwrap_or_else(|| panic!("{finding} expected: {}", outcome.stdout))
}

#[test]
#[ignore = "lab: starts two postfix with a listener for each finding"]
fn each_remedy_for_postfix_ends_what_it_is_for_on_every_port() {
    let test = "each_remedy_for_postfix_ends_what_it_is_for_on_every_port";
    let root = Authority::root();
    let files = [
        ("good.pem", root.leaf(NAME, -1, 397, rsa()).pem()),
        ("ecdsa.pem", root.leaf(NAME, -1, 300, ecdsa()).pem()),
        ("dh1024.pem", SHORT_PRIME.to_owned()),
    ];
    let cases: Vec<_> = ENTRANCES
        .iter()
        .flat_map(|entrance| POSTFIX.iter().map(move |case| (entrance, case)))
        // Where clients take any TLS anonymous suites are a note.
        .filter(|((port, ..), (_, finding))| !(*port == "25" && finding.starts_with("anonymous")))
        .collect();
    let start = |more: &[Vec<String>]| {
        let services: Vec<Service> = cases
            .iter()
            .zip(more)
            .map(|(((_, entrance, _), (broken, _)), more)| {
                // One finding at a time.
                let other = (!broken.is_empty()).then_some(&"smtpd_tls_exclude_ciphers = aNULL");
                let all = entrance.iter().chain(other).chain(*broken).map(ToString::to_string);
                Service(all.chain(more.iter().cloned()).collect())
            })
            .collect();
        Postfix::start(test, &files, &services)
    };
    let ask = |postfix: &Postfix, place: usize| {
        let ((_, _, options), _) = cases[place];
        check(postfix.port(place), &[*options, &["-v", "--grade-warning", "A+"]].concat())
    };
    let Some(broken) = start(&vec![Vec::new(); cases.len()]) else {
        return;
    };
    let mut named = BTreeSet::new();
    let remedies: Vec<Vec<String>> = (0..cases.len())
        .map(|place| {
            let ((port, ..), (_, finding)) = cases[place];
            eprintln!("{port}: {finding}");
            let settings = settings(remedy(&ask(&broken, place), finding), "postfix");
            named.extend(settings.iter().cloned());
            settings
        })
        .collect();
    drop(broken);
    eprintln!("{named:#?}");
    let mended = start(&remedies).unwrap();
    for place in 0..cases.len() {
        let ((port, ..), (_, finding)) = cases[place];
        let outcome = ask(&mended, place);
        assert!(
            !outcome.stdout.contains(finding) && outcome.stdout.contains("handshake: TLS 1."),
            "{port}: {finding} in spite of {:?}: {}",
            remedies[place],
            outcome.stdout
        );
    }
}

#[test]
#[ignore = "lab: starts postfix and exim"]
fn starttls_is_offered_and_auth_hidden_by_the_settings_that_are_named() {
    let test = "starttls_is_offered_and_auth_hidden_by_the_settings_that_are_named";
    let files = [("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem())];
    let off = "smtpd_tls_security_level = none";
    let Some(postfix) = Postfix::start(test, &files, &[Service::new(&[off])]) else {
        return;
    };
    let outcome = check(postfix.port(0), &["--quick"]);
    outcome.expect(2, "SMTP TLS CRITICAL - STARTTLS is not offered | ");
    let next_step = outcome.stdout.lines().nth(1).unwrap();
    let mended = Service(settings(next_step, "postfix"));
    let mended = Postfix::start(test, &files, &[mended]).unwrap();
    check(mended.port(0), &["--quick"]).expect(0, "SMTP TLS OK - certificate valid");

    let login = "\nbegin authenticators\nlogin:\n driver = plaintext\n public_name = PLAIN\n \
                 server_prompts = :\n server_condition = false\n server_advertise_condition = yes\n";
    for (broken, finding) in [
        ("tls_advertise_hosts =\n".to_owned(), "STARTTLS is not offered"),
        (login.to_owned(), "AUTH PLAIN is offered before TLS"),
    ] {
        let exim = Exim::start(test, &broken).unwrap();
        let outcome = check(exim.starttls(), &["--quick"]);
        outcome.expect(2, &format!("SMTP TLS CRITICAL - {finding}"));
        let next_step = outcome.stdout.lines().nth(1).unwrap();
        let settings = settings(next_step, "exim").join("\n") + "\n";
        let keeps = if broken == login { login } else { "" };
        let mended = Exim::start(test, &(settings + keeps)).unwrap();
        check(mended.starttls(), &["--quick"]).expect(0, "SMTP TLS OK - certificate valid");
    }
}

/// Settings of exim that bring these findings.
const EXIM: [(&str, &str); 4] = [
    ("NORMAL", "TLS 1.0 and TLS 1.1 are offered"),
    ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS 1.3 is not offered"),
    (
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:+3DES-CBC",
        "64-bit block ciphers (3DES) are accepted with TLS 1.1 or newer",
    ),
    ("NORMAL:-VERS-ALL:+VERS-TLS1.2:+GROUP-SECP192R1", "curves below 224 bits are accepted"),
];

#[test]
#[ignore = "lab: fetches exim"]
fn each_remedy_for_exim_ends_what_it_is_for_on_every_port() {
    let test = "each_remedy_for_exim_ends_what_it_is_for_on_every_port";
    for (broken, finding) in EXIM {
        eprintln!("{broken}: {finding}");
        let broken = format!("tls_require_ciphers = {broken}\n");
        let Some(exim) = Exim::start(test, &broken) else {
            return;
        };
        let ask = |exim: &Exim| {
            let options = ["-v", "--grade-warning", "A+", "--strict", "--trust", "none"];
            let tls = check(exim.tls(), &[&["-s"][..], &options].concat());
            [check(exim.starttls(), &options), tls]
        };
        for outcome in ask(&exim) {
            let settings = settings(remedy(&outcome, finding), "exim with GnuTLS");
            let mended = Exim::start(test, &(settings.join("\n") + "\n")).unwrap();
            for outcome in ask(&mended) {
                assert!(
                    !outcome.stdout.contains(finding),
                    "{finding} in spite of {settings:?}: {}",
                    outcome.stdout
                );
            }
        }
    }
}

/// A Diffie-Hellman prime of 1024 bits, which takes long to find.
const SHORT_PRIME: &str = "\
-----BEGIN DH PARAMETERS-----
MIGHAoGBALhk981hVwoGPHCYumzZs0s8/8nxof9vlVMQrRua1DQ7rAzLAv1R/md8
i3kTak/yD4WIxi9C3baSd+/SbdY+mN//nwbBHkxXwYRi7ME0jVVgm/BWN/vJZO+x
IIG/LY6hJ6iGw+YIJP3RKQxV6PYTgVuaJUKInQ4dfs4TPwc/gx7PAgEC
-----END DH PARAMETERS-----
";
