use proptest::prelude::*;

use super::*;

const MAIL: Stage = Stage::Command(Command::Mail);
const RCPT: Stage = Stage::Command(Command::Rcpt);
const DOT: Stage = Stage::Command(Command::FinalDot);
const STARTTLS: Stage = Stage::Command(Command::Starttls);
const AUTH: Stage = Stage::Command(Command::Auth);

fn reply(text: &str) -> Reply {
    let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
    Reply { code: code.parse().unwrap(), lines: rest.lines().map(ToOwned::to_owned).collect() }
}

#[track_caller]
fn all_are(grounds: Grounds, at: Stage, replies: &[&str]) {
    for text in replies {
        assert_eq!(Grounds::of(&reply(text), at), grounds, "{text}");
    }
}

#[test]
fn a_demand_for_tls_is_known_by_its_code_or_its_words() {
    all_are(
        Grounds::TlsDemanded,
        MAIL,
        &[
            "421 4.7.0 TLS required for RCPT domain, closing connection. - gsmtp",
            "451 4.7.0 Transport layer security required",
            "530 5.7.0 Must issue a STARTTLS command first",
            "530 #5.7.0 Must issue a STARTTLS command first",
            "503 5.5.1 Must issue STARTTLS first",
            "451 5.7.3 STARTTLS is required to send mail",
            "523 5.7.10 Encryption Needed",
            "450 4.7.10 needed",
            "523",
            "538 5.7.11 Encryption required for requested authentication mechanism",
            "554 5.7.1 Session encryption is required",
            "550 5.7.1 Requires secure (encrypted) session",
            "451 4.3.0 secure connection required",
            "403 4.7.0 encryption too weak 0 less than 128",
            "450 4.7.1 Verschluesselung erforderlich",
            "550 Verschlüsselung erforderlich",
            "550 please use SSL",
            "550 plaintext is not taken",
            "550 we cannot take mail over an unencrypted connection",
        ],
    );
    let delayed =
        "450 4.7.1 <a@partner.example>: Sender address rejected: Session encryption is required";
    all_are(Grounds::TlsDemanded, RCPT, &[delayed]);
    all_are(Grounds::TlsDemanded, AUTH, &["538 5.7.11 Encryption required"]);
}

#[test]
fn tls_that_does_not_work_is_no_demand() {
    let texts = [
        "454 4.7.0 TLS not available due to local problem",
        "454 TLS currently unavailable",
        "454 TLS not available: missing RSA private key (#4.3.0)",
        "454 4.3.3 TLS not available after start",
        "454 4.3.0 later",
        "502 TLS not available",
        "502 5.5.1 Command not implemented",
        "554 5.7.3 Unable to initialize security subsystem",
    ];
    all_are(Grounds::TlsBroken, STARTTLS, &texts);
    all_are(Grounds::TlsBroken, MAIL, &["403 4.7.0 TLS handshake failed."]);
    let limits = ["421 4.7.0 Error: too many new TLS sessions from 192.0.2.1", "421 later"];
    all_are(Grounds::Limited, STARTTLS, &limits);
    all_are(Grounds::Sick, STARTTLS, &["421 4.3.2 shutting down"]);
}

#[test]
fn a_sick_server_is_told_from_one_that_limits_us() {
    let sick = [
        "452 4.3.1 Insufficient system resources",
        "452 4.3.1 Insufficient system storage",
        "421 4.3.2 Service not active",
        "421 4.3.2 All server ports are busy",
        "451 local error",
        "451 Temporary local problem - please try later",
        "451 4.3.0 Temporary lookup failure",
        "451 4.3.5 Server configuration problem",
        "421 4.7.0 Temporary System Problem. Try again later",
        "421 Unexpected failure, please try later",
        "521 mail.example does not accept mail",
        "431",
        "452",
        "451",
    ];
    all_are(Grounds::Sick, Stage::Greeting, &sick);
    all_are(Grounds::Sick, MAIL, &sick);
    let scanner_is_dead = "451 4.7.1 Service unavailable - try again later";
    all_are(Grounds::Sick, DOT, &[scanner_is_dead, "451 Temporary local problem"]);
    all_are(Grounds::Sick, MAIL, &["450 4.2.0 mailbox store is down"]);
    let limits = [
        "421 Too many concurrent SMTP connections; please try again later.",
        "421 #4.4.5 Too many connections from your host.",
        "432 4.3.2 Concurrent connections limit exceeded. Visit our page",
        "450 4.7.1 Error: too much mail from 192.0.2.1",
        "450 4.2.1 The user you are trying to contact is receiving mail too quickly.",
        "421 4.7.0 Our system has detected an unusual rate of unsolicited mail",
        "421 4.7.0 Try again later, closing connection",
        "451 4.7.500 Server busy. Please try again later",
        "452 4.5.3 Error: too many recipients",
        "421 mail.example Service not available, closing transmission channel",
        "421",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example",
        "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
        "550 your IP has a poor reputation",
        "521 5.7.1 Blocked by DNSBL",
    ];
    all_are(Grounds::Limited, Stage::Greeting, &limits);
    all_are(Grounds::Limited, RCPT, &limits);
}

#[test]
fn greylisting_says_so() {
    let texts = [
        "450 4.2.0 <a@own.example>: Recipient address rejected: Greylisted, see our page",
        "451 4.7.1 Greylisting in action, please come back later",
        "451 Temporary rejected by greylisting",
    ];
    all_are(Grounds::Greylisted, RCPT, &texts);
    all_are(Grounds::Undecided, RCPT, &["450 4.7.1 Try again later"]);
}

#[test]
fn a_demand_for_a_login_is_told_from_policies_about_senders() {
    let login = [
        "530 5.7.0 Authentication required",
        "530 5.7.57 Client not authenticated to send mail.",
        "550 Client was not authenticated",
        "550 SMTP AUTH is required",
        "530",
    ];
    all_are(Grounds::AuthDemanded, MAIL, &login);
    all_are(Grounds::AuthDemanded, AUTH, &["535 5.7.8 Error: authentication failed"]);
    let down =
        "454 4.7.0 Temporary authentication failure: Connection lost to authentication server";
    all_are(Grounds::Sick, AUTH, &[down]);
    let others = [
        "550 SPF: 192.0.2.1 is not authorized",
        "550 5.7.26 Unauthenticated email is not accepted due to DMARC policy",
        "550 5.7.1 null sender is not accepted here",
    ];
    all_are(Grounds::Undecided, MAIL, &others);
}

#[test]
fn mailboxes_and_relays_are_told_apart() {
    let mailbox = [
        "550 5.1.1 <a@own.example>: Recipient address rejected: User unknown",
        "450 4.1.1 <a@own.example>: Recipient address rejected: unverified address",
        "550 Unrouteable address",
        "550 no",
        "552 5.2.2 Mailbox full",
        "554 5.7.1 <a@own.example>: Recipient address rejected: Access denied",
    ];
    all_are(Grounds::NoMailbox, RCPT, &mailbox);
    let relay = [
        "554 5.7.1 <a@b.example>: Relay access denied",
        "454 4.7.1 <a@b.example>: Relay access denied",
        "550 relay not permitted",
        "550 5.7.1 Unable to relay",
        "550 5.7.1 Relaying denied",
    ];
    all_are(Grounds::NoRelay, RCPT, &relay);
    let neither = [
        "450 4.1.8 <a@b.example>: Sender address rejected: Domain not found",
        "552 5.3.4 Message size exceeds fixed limit",
        "554 no",
    ];
    all_are(Grounds::Undecided, RCPT, &neither);
}

#[test]
fn an_enhanced_status_code_is_told_from_addresses_and_versions() {
    for (text, expected) in [
        ("5.7.1 no", Some((7, 1))),
        ("#4.4.5 too many", Some((4, 5))),
        ("no key (#4.3.0)", Some((3, 0))),
        ("5.7.1", Some((7, 1))),
        ("5.7.1-see below", Some((7, 1))),
        ("192.0.2.1 is not welcome", None),
        ("5.7.1.2 is not welcome", None),
        ("mail.example 4.3.2", None),
        ("", None),
    ] {
        assert_eq!(status(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_has_grounds(code in 200..600_u16, text in ".*", at in 0..4_usize) {
        let at = [Stage::Greeting, STARTTLS, RCPT, DOT][at];
        let _ = Grounds::of_text(code, &text, at);
    }
}

#[test]
fn no_text_panics() {
    for text in ["", "#", "é.é.é", "#é 4.7.1", "....", "99999999999.1.1"] {
        let reply = Reply { code: 550, lines: vec![text.to_owned()] };
        assert_ne!(Grounds::of(&reply, RCPT), Grounds::Sick, "{text}");
    }
}
