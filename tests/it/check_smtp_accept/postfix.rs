//! `check_smtp_accept` against a real postfix in several states of health.

use std::time::Instant;

use super::{DELIVER, check};
use crate::support::mails::{header, inbox};
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};

/// Settings of a listener, options, exit code and start of the output.
type Case = (&'static [&'static str], &'static [&'static str], i32, &'static str);

/// Nobody listens there: port 1 is below what the kernel gives out.
const DEAD: &str = "smtpd_milters = inet:127.0.0.1:1";

const CASES: &[Case] = &[
    (&[], &[], 0, "OK - mail to probe@own.test is accepted up to RCPT |"),
    (&[], &["-S"], 0, "OK - mail to probe@own.test is accepted up to RCPT |"),
    (&[], &DELIVER, 0, "OK - mail to probe@own.test is accepted: 250 2.0.0 Ok: queued as "),
    (
        &[DEAD, "milter_default_action = tempfail"],
        &[],
        2,
        "CRITICAL - no mail is taken: 451 4.7.1 Service unavailable - try again later, to MAIL |",
    ),
    (
        &[DEAD, "milter_default_action = accept"],
        &DELIVER,
        0,
        "OK - mail to probe@own.test is accepted: 250 2.0.0 Ok: queued as ",
    ),
    (
        &["queue_minfree = 1000000000000000"],
        &[],
        2,
        "CRITICAL - no mail is taken: 452 4.3.1 Insufficient system storage, to MAIL |",
    ),
    (
        &["smtpd_recipient_restrictions = reject"],
        &[],
        2,
        "CRITICAL - probe@own.test: the mailbox takes no mail: 554 5.7.1 ",
    ),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access static:{550 5.1.1 User unknown}, reject",
        ],
        &[],
        2,
        "CRITICAL - probe@own.test: the mailbox takes no mail: 550 5.1.1 ",
    ),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access static:{450 4.2.0 Greylisted}, reject",
        ],
        &[],
        0,
        "OK - probe@own.test: greylisted: 450 4.2.0 ",
    ),
    (
        &[
            "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:1, permit",
            "smtpd_policy_service_max_idle = 1s",
            "smtpd_policy_service_try_limit = 1",
        ],
        &[],
        2,
        "CRITICAL - probe@own.test: no mail is taken: 451 4.3.5 ",
    ),
    (
        &["smtpd_relay_restrictions = reject_unauth_destination"],
        &["--recipient", "probe@elsewhere.test"],
        2,
        "CRITICAL - probe@elsewhere.test: relaying is denied: 554 5.7.1 ",
    ),
    (
        &[
            "smtpd_client_restrictions = check_client_access static:{554 5.7.1 blocked using dnsbl.test}, reject",
        ],
        &[],
        3,
        "UNKNOWN - probe@own.test: this host is limited or blocked: 554 5.7.1 ",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &[],
        3,
        "UNKNOWN - TLS is demanded: 530 5.7.0 Must issue a STARTTLS command first, to MAIL |",
    ),
    (&["smtpd_tls_security_level = none"], &["-S"], 2, "CRITICAL - 127.0.0.1:"),
    (&["smtpd_data_restrictions = reject"], &DELIVER, 2, "CRITICAL - refused: 554 5.7.1 "),
    (
        &["cleanup_service_name = scanner"],
        &DELIVER,
        2,
        "CRITICAL - refused after the content: 550 5.7.1 Test mail refused, to the final dot |",
    ),
    (&["smtpd_peername_lookup = no"], &["-w", "0.000001"], 1, "WARNING - took 0."),
];

fn files() -> [(&'static str, String); 3] {
    [
        ("good.pem", Authority::root().leaf(NAME, -1, 397, ecdsa()).pem()),
        ("names", String::new()),
        ("bodies", "/^It is clean/ REJECT 5.7.1 Test mail refused\n".to_owned()),
    ]
}

#[test]
fn what_a_real_postfix_does_with_mail_is_told() {
    let test = "what_a_real_postfix_does_with_mail_is_told";
    let services: Vec<Service> =
        CASES.iter().map(|(settings, ..)| Service::new(settings)).collect();
    let Some(postfix) = Postfix::start(test, &files(), &services) else {
        return;
    };
    let mut wrong = Vec::new();
    for (service, (settings, options, code, start)) in CASES.iter().enumerate() {
        let outcome = check(postfix.port(service), options);
        let start = format!("SMTP ACCEPT {start}");
        if outcome.code != *code || !outcome.stdout.starts_with(&start) {
            wrong.push((settings, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", postfix.log());

    // Two mails were asked for, and no other run sent one.
    while inbox(&postfix.inbox(), "probe@own.test").len() < 2 {
        std::thread::yield_now();
    }
    let mails = inbox(&postfix.inbox(), "probe@own.test");
    assert!(mails.iter().all(|mail| header(mail, "Return-Path") == Some("<>")));
    assert_eq!(mails.len(), 2);
}

#[test]
fn a_run_is_one_connection_and_costs_milliseconds() {
    let test = "a_run_is_one_connection_and_costs_milliseconds";
    let Some(postfix) = Postfix::start(test, &files(), &[Service::new(&[])]) else {
        return;
    };
    check(postfix.port(0), &[]).expect(0, "SMTP ACCEPT OK - ");
    let begin = Instant::now();
    let outcome = check(postfix.port(0), &[]);
    eprintln!("{:?} as a whole", begin.elapsed());
    let seconds: f64 = outcome.metric("time").unwrap().parse().unwrap();
    assert!(seconds < 0.5, "{seconds} s");
    let log = postfix.log_with(": disconnect from ", 2);
    assert_eq!(log.matches(": connect from ").count(), 2, "{log}");
    assert!(log.contains("ehlo=1 mail=1 rcpt=1 rset=1 quit=1 commands=5"), "{log}");
}

#[test]
fn a_real_postscreen_that_holds_its_greeting_back_is_waited_for() {
    let test = "a_real_postscreen_that_holds_its_greeting_back_is_waited_for";
    let patient = |tests: &'static str| {
        Service::new(&[
            "postscreen_greet_action = enforce",
            "postscreen_greet_wait = 2s",
            "postscreen_access_list =",
            "postscreen_cache_map =",
            tests,
        ])
    };
    let services = [
        patient("postscreen_pipelining_enable = no"),
        patient("postscreen_pipelining_enable = yes"),
    ];
    let Some(postfix) = Postfix::start(test, &files(), &services) else {
        return;
    };
    let outcome = check(postfix.port(0), &["-w", "1"]);
    outcome.expect(1, "SMTP ACCEPT WARNING - took 2.");
    // It takes no mail on the connection on which it tests a client to the end.
    check(postfix.port(1), &[])
        .expect(2, "SMTP ACCEPT CRITICAL - probe@own.test: no mail is taken: 450 4.3.2 ");
}
