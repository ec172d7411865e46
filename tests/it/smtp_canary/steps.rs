//! What a server is shown, step by step, and what is noted of it.

use std::net::TcpListener;

use crate::support::canary::{Client, Sink, state_dir, token};

const OWN: &str = "mail.own.test";

#[test]
fn a_server_that_waits_is_shown_no_tls_and_then_tls() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let recipient = token(state.path(), 1, false);
    let mut first = sink.connect();
    assert!(!first.hello(OWN).contains("STARTTLS"));
    first.expect("STARTTLS", "502 ").expect("QUIT", "221 ");
    assert_eq!(sink.seen(), ["waited"]);
    let mut second = sink.connect();
    assert!(second.hello(OWN).contains("STARTTLS"));
    let mut tls = second.starttls().unwrap();
    tls.expect("EHLO mail.own.test", "250-");
    assert!(tls.hand_over(&recipient).starts_with("250 "));
    tls.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), ["encrypted", "waited"]);
    // Once more, as after an answer that was lost.
    let mut third = sink.connect();
    third.hello(OWN);
    let mut tls = third.starttls().unwrap();
    tls.expect("EHLO mail.own.test", "250-");
    assert!(tls.hand_over(&recipient).starts_with("250 "));
    drop(tls);
    assert_eq!(sink.seen(), ["encrypted", "waited"]);
}

/// As its socket unit listens.
#[test]
fn an_ipv4_address_is_told_as_such_on_a_socket_for_both_families() {
    let state = state_dir();
    let sink = Sink::start_on(TcpListener::bind("[::]:0").unwrap(), state.path(), &[]);
    token(state.path(), 1, false);
    let mut client = Client::connect(("127.0.0.1", sink.port()));
    client.hello(OWN);
    client.expect("QUIT", "221 ");
    assert_eq!(sink.ended(), [("127.0.0.1: kept its mail (waited)\n".to_owned(), Some(0))]);
}

#[test]
fn a_server_of_another_name_begins_anew() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    token(state.path(), 1, false);
    let mut scanner = sink.connect();
    scanner.hello("scanner.test");
    scanner.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), ["waited"]);
    assert!(!sink.connect().hello(OWN).contains("STARTTLS"));
    assert!(sink.connect().hello("SCANNER.test").contains("STARTTLS"));
}

#[test]
fn a_mail_in_the_clear_is_noted_at_every_step() {
    for waits_first in [false, true] {
        let state = state_dir();
        let sink = Sink::start(state.path(), &[]);
        let recipient = token(state.path(), 1, false);
        if waits_first {
            let mut first = sink.connect();
            first.hello(OWN);
            first.expect("QUIT", "221 ");
            sink.ended();
        }
        let mut clear = sink.connect();
        clear.hello(OWN);
        assert!(clear.hand_over(&recipient).starts_with("250 "));
        clear.expect("QUIT", "221 ");
        assert_eq!(sink.seen().first().unwrap(), "in-the-clear");
        // By HELO too, which knows no STARTTLS.
        let mut old = sink.connect();
        old.reply();
        old.expect("HELO old.test", "250 ");
        assert!(old.hand_over(&recipient.to_uppercase()).starts_with("250 "));
        drop(old);
        assert_eq!(sink.seen().iter().filter(|word| *word == "in-the-clear").count(), 2);
    }
}

#[test]
fn a_wrong_certificate_is_shown_to_a_server_that_must_verify() {
    for is_taken in [false, true] {
        let state = state_dir();
        let sink = Sink::start(state.path(), &[]);
        let recipient = token(state.path(), 1, true);
        let mut first = sink.connect();
        first.hello(OWN);
        first.expect("QUIT", "221 ");
        sink.ended();
        let mut second = sink.connect();
        assert!(second.hello(OWN).contains("STARTTLS"));
        second.expect("STARTTLS", "220 ");
        if is_taken {
            let mut tls = second.secure().unwrap();
            tls.expect("EHLO mail.own.test", "250-");
            assert!(tls.hand_over(&recipient).starts_with("451 "), "so that it comes again");
            drop(tls);
            assert_eq!(sink.seen(), ["waited", "wrong-taken"]);
        } else {
            assert!(second.secure_if(false).is_err());
            assert_eq!(sink.seen(), ["waited", "wrong-refused"]);
        }
        let mut third = sink.connect();
        third.hello(OWN);
        let mut tls = third.starttls().unwrap();
        tls.expect("EHLO mail.own.test", "250-");
        assert!(tls.hand_over(&recipient).starts_with("250 "));
        drop(tls);
        assert_eq!(sink.seen().first().unwrap(), "encrypted");
    }
}

#[test]
fn a_server_that_leaves_after_the_handshake_has_kept_its_mail() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    token(state.path(), 1, true);
    for expected in [
        vec!["waited"],
        vec!["waited", "wrong-refused"],
        vec!["right-refused", "waited", "wrong-refused"],
    ] {
        let mut client = sink.connect();
        if client.hello(OWN).contains("STARTTLS") {
            client.starttls().unwrap().expect("QUIT", "221 ");
        } else {
            client.expect("QUIT", "221 ");
        }
        assert_eq!(sink.seen(), expected);
    }
}

#[test]
fn where_tls_begins_at_once_it_is_refused_first_and_plain_text_is_greeted() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &["--tls"]);
    let recipient = token(state.path(), 1, false);
    let refused = sink.connect().secure().err().unwrap();
    assert!(refused.contains("HandshakeFailure"), "{refused}");
    assert_eq!(sink.seen(), ["waited"]);
    let mut tls = sink.connect().secure().unwrap();
    assert!(tls.reply().starts_with("220 "));
    tls.expect("EHLO mail.own.test", "250-");
    assert!(tls.hand_over(&recipient).starts_with("250 "));
    drop(tls);
    assert_eq!(sink.seen(), ["encrypted", "waited"]);
    // One that falls back waits for a greeting, or begins to talk.
    let recipient = token(state.path(), 2, false);
    let mut silent = sink.connect();
    assert!(!silent.hello(OWN).contains("STARTTLS"));
    assert!(silent.hand_over(&recipient).starts_with("250 "));
    drop(silent);
    assert_eq!(sink.seen(), ["encrypted", "in-the-clear", "waited"]);
    let mut hasty = sink.connect();
    hasty.send("EHLO mail.own.test\r\n");
    assert!(hasty.reply().starts_with("220 "));
}

#[test]
fn without_an_open_mail_everybody_is_shown_tls() {
    let state = state_dir();
    let sink = Sink::start(state.path(), &[]);
    let mut client = sink.connect();
    assert!(client.hello(OWN).contains("STARTTLS"));
    client.expect("QUIT", "221 ");
    assert_eq!(sink.seen(), [""; 0]);
}
