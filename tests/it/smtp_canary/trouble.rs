//! Whatever clients say, and what breaks: nothing is taken that is not ours, and no step that is lost reads as a proof.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::canary::{Client, Sink, state_dir, token};
use crate::support::filesystem::SmallDisk;
use crate::support::{NOBODY, chmod, is_root, program, run, skipped_without_root};

const OWN: &str = "mail.own.test";

#[test]
fn only_expected_mails_are_taken_and_what_may_be_somebodys_is_put_off() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let known = recipient.split('@').next().unwrap();
    let mut client = sink.connect();
    client.hello(OWN);
    client.expect("RCPT TO:<a@canary.test>", "503 ").expect("MAIL TO:<a@own.test>", "501 ");
    client.expect("MAIL FROM:<> SIZE=1000000000", "552 ").expect("MAIL FROM:<>", "250 ");
    for (address, code) in [
        ("postmaster@canary.test", "550 "),
        ("postmaster", "550 "),
        ("\"a b\"@canary.test", "550 "),
        (&format!("{}@canary.test", "0".repeat(32)), "550 "),
        (&format!("..%2F{known}@canary.test"), "550 "),
        ("somebody@partner.test", "451 "),
        (&format!("{known}@partner.test"), "451 "),
        (&format!("{known}@sub.canary.test"), "451 "),
        ("somebody@[192.0.2.1]", "451 "),
        ("\"a@canary.test\"@partner.test", "451 "),
        ("@canary.test:somebody@partner.test", "451 "),
    ] {
        client.expect(&format!("RCPT TO:<{address}>"), code);
    }
    client.expect("RCPT", "501 ").expect("RCPT TO:", "501 ").expect("DATA", "554 ");
    client.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), [""; 0], "it had begun a mail");
}

#[test]
fn every_verb_is_answered() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let mut client = sink.connect();
    assert!(client.reply().starts_with("220 "));
    for (line, code) in [
        ("", "500 "),
        ("XYZZY", "500 "),
        ("GET / HTTP/1.1", "500 "),
        ("noop", "250 "),
        ("VRFY a@canary.test", "502 "),
        ("EXPN list", "502 "),
        ("HELP", "502 "),
        ("AUTH PLAIN AGEAYg==", "502 "),
        ("BDAT 5 LAST", "502 "),
        ("DATA", "554 "),
        ("STARTTLS", "502 "),
        ("HELO x", "250 "),
        ("STARTTLS", "502 "),
        ("EHLO x", "250-"),
        ("mail from:<a@b.test>", "250 "),
        ("MAIL FROM:<a@b.test>", "503 "),
        ("RSET", "250 "),
        ("MAIL FROM:<a@b.test>", "250 "),
        ("EHLO x", "250-"),
        ("RCPT TO:<a@canary.test>", "503 "),
        ("QUIT", "221 "),
    ] {
        client.expect(line, code);
    }
    assert_eq!(client.reply(), "");
}

#[test]
fn commands_in_one_piece_are_answered_one_by_one_but_none_behind_starttls() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let mut client = sink.connect();
    client.hello(OWN);
    client.send(&format!(
        "MAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\nQUIT\r\n"
    ));
    for code in ["250 ", "250 ", "354 ", "250 ", "221 "] {
        assert!(client.reply().starts_with(code));
    }
    assert_eq!(sink.seen(), ["in-the-clear"]);
    let mut client = sink.connect();
    client.hello(OWN);
    client.send("STARTTLS\r\nMAIL FROM:<>\r\n");
    assert!(client.reply().starts_with("421 "));
    assert_eq!(sink.seen(), ["in-the-clear"]);
}

#[test]
fn a_thousand_recipients_endless_lines_and_a_huge_mail_end_the_connection() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let flood = |text: &mut dyn Iterator<Item = String>| {
        let mut client = sink.connect();
        client.hello(OWN);
        let mut last = client.say("MAIL FROM:<>");
        for line in text {
            last = client.say(&line);
            if !last.starts_with(['2', '3', '5']) {
                break;
            }
        }
        last
    };
    let crowd = flood(&mut (0..1000).map(|n| format!("RCPT TO:<{n}@canary.test>")));
    assert!(crowd.starts_with("421 "), "{crowd}");
    let long = flood(&mut std::iter::once("x".repeat(5000)));
    assert!(long.starts_with("421 "), "{long}");
    let huge = "xxxxxxxxx\r\n".repeat(30_000) + ".";
    let lines = [format!("RCPT TO:<{recipient}>"), "DATA".to_owned(), huge];
    let huge = flood(&mut lines.into_iter());
    assert!(huge.starts_with("421 ") || huge.is_empty(), "{huge}");
}

/// A connection that ends by itself says nothing about the server.
#[test]
fn what_breaks_off_is_no_step() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &["--timeout", "1"]);
    let recipient = token(state.path(), 1, true);
    // Before EHLO, in good order: somebody looked whether the port is open.
    sink.connect().expect("", "220 ").expect("QUIT", "");
    sink.connect().reply();
    // Silent until the time is over; then reset.
    let mut silent = sink.connect();
    silent.hello(OWN);
    assert_eq!(silent.reply(), "");
    let mut reset = sink.connect();
    reset.hello(OWN);
    reset.reset();
    // Begun, and never said for whom.
    let mut begun = sink.connect();
    begun.hello(OWN);
    begun.expect("MAIL FROM:<monitor@own.test>", "250 ").expect("QUIT", "221 ");
    // Killed in the middle.
    let mut killed = sink.connect();
    killed.hello(OWN);
    sink.kill();
    assert_eq!(sink.seen(), [""; 0]);
    let mut waits = sink.connect();
    waits.hello(OWN);
    waits.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), ["waited"]);
    // Half a hello, garbage, and a handshake that stops.
    for start in
        [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n\r\n"]
    {
        let mut half = sink.connect();
        half.hello(OWN);
        half.expect("STARTTLS", "220 ");
        half.send(&String::from_utf8_lossy(start));
        drop(half);
    }
    assert_eq!(sink.seen(), ["waited"]);
    // A mail that breaks off is none.
    let mut wrong = sink.connect();
    wrong.hello(OWN);
    let mut tls = wrong.starttls().unwrap();
    tls.expect("EHLO mail.own.test", "250-").expect("MAIL FROM:<>", "250 ");
    tls.expect(&format!("RCPT TO:<{recipient}"), "501 ").send(&format!("RCPT TO:<{recipient}>"));
    drop(tls);
    assert_eq!(sink.seen(), ["waited"]);
}

#[test]
fn half_a_hello_where_tls_begins_at_once_is_no_step() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &["--tls", "--timeout", "2"]);
    token(state.path(), 1, false);
    drop(sink.connect());
    let mut half = sink.connect();
    half.send("\u{16}\u{3}\u{1}");
    drop(half);
    assert_eq!(sink.seen(), [""; 0]);
}

#[test]
fn two_at_once_are_both_served() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let (mut one, mut two) = (sink.connect(), sink.connect());
    assert_eq!(one.hello(OWN), two.hello(OWN));
    one.expect("QUIT", "221 ");
    two.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), ["waited"]);
    let tls = |mut client: Client<std::net::TcpStream>| {
        client.hello(OWN);
        client.starttls().unwrap()
    };
    // Both make the key at once, and show the same.
    let (mut one, mut two) = (tls(sink.connect()), tls(sink.connect()));
    let shown = |client: &crate::support::canary::TlsClient| {
        client.0.get_ref().conn.peer_certificates().unwrap().to_vec()
    };
    assert_eq!(shown(&one), shown(&two));
    one.expect("EHLO x", "250-");
    two.expect("EHLO x", "250-");
    assert!(one.hand_over(&recipient).starts_with("250 "));
    assert!(two.hand_over(&recipient).starts_with("250 "));
    drop((one, two));
    assert_eq!(sink.seen(), ["encrypted", "waited"]);
    let key = state.path().join("key/self-signed.pem");
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(key).unwrap()) & 0o777, 0o600);
}

#[test]
fn a_full_disk_takes_no_mail_and_passes_no_step() {
    let test = "a_full_disk_takes_no_mail_and_passes_no_step";
    if skipped_without_root(test) {
        return;
    }
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let step = || {
        let mut client = sink.connect();
        let offered = client.hello(OWN);
        if offered.contains("STARTTLS") {
            let mut tls = client.starttls().unwrap();
            tls.expect("EHLO x", "250-");
            tls.hand_over(&recipient)
        } else {
            client.say("QUIT")
        }
    };
    // The key, before the disk is full.
    assert!(step().starts_with("221 "));
    let seen = state.path().join("seen");
    sink.ended();
    fs::remove_dir_all(&seen).unwrap();
    fs::create_dir(&seen).unwrap();
    let disk = SmallDisk::mount(&seen);
    disk.fill();
    assert!(step().starts_with("221 "));
    assert!(step().starts_with("221 "), "no step was passed");
    disk.free();
    assert!(step().starts_with("221 "));
    sink.ended();
    disk.fill();
    assert!(step().starts_with("451 "));
    disk.free();
    assert!(step().starts_with("250 "));
}

#[test]
fn a_state_that_is_not_ours_turns_everybody_away() {
    type Spoil = &'static dyn Fn(&std::path::Path);
    let cases: [(&str, Spoil); 6] = [
        ("no state", &|state| fs::remove_dir_all(state.join("tokens")).unwrap()),
        ("open to all", &|state| chmod(&state.join("seen"), 0o777)),
        ("a link", &|state| {
            fs::rename(state.join("seen"), state.join("other")).unwrap();
            symlink(state.join("other"), state.join("seen")).unwrap();
        }),
        ("a token that is a link", &|state| {
            let token = format!("{}@", token(state, 9, false));
            let token = state.join("tokens").join(token.split('@').next().unwrap());
            fs::rename(&token, state.join("elsewhere")).unwrap();
            symlink(state.join("elsewhere"), &token).unwrap();
        }),
        ("a token of another account", &|state| {
            let token = token(state, 9, false);
            let token = state.join("tokens").join(token.split('@').next().unwrap());
            if is_root() {
                std::os::unix::fs::chown(token, Some(NOBODY), None).unwrap();
            } else {
                fs::remove_dir_all(state.join("tokens")).unwrap();
            }
        }),
        ("half a token", &|state| {
            let token = token(state, 9, false);
            fs::write(state.join("tokens").join(token.split('@').next().unwrap()), "{").unwrap();
        }),
    ];
    for (case, spoil) in cases {
        let state = state_dir();
        spoil(state.path());
        let sink = Sink::start(state.path(), &[]);
        let mut client = sink.connect();
        let mut reply = client.reply();
        if reply.starts_with("220 ") {
            reply = client.say("EHLO mail.own.test");
        }
        assert!(reply.starts_with("421 "), "{case}: {reply}");
        let ended = sink.ended();
        assert!(ended[0].0.contains(state.path().to_str().unwrap()), "{case}: {ended:?}");
    }
}

#[test]
fn without_a_connection_it_says_how_it_is_started() {
    let state = state_dir();
    let output = Command::new(program("smtp_canary"))
        .args(["--domain", "canary.test", "--state"])
        .arg(state.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("standard input is not a connection ("), "{said}");
    run(Command::new(program("smtp_canary")).arg("--domain")).expect(3, "SMTP CANARY UNKNOWN - ");
}
