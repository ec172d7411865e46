//! Rules of a real postfix.

use super::check;
use crate::support::pki::{Authority, NAME, ecdsa};
use crate::support::postfix::{Postfix, Service};

fn files() -> [(&'static str, String); 1] {
    let leaf = Authority::root().leaf(NAME, -1, 397, ecdsa());
    [("good.pem", leaf.pem())]
}

/// postfix's rule for mail from the partner.
const RULE: &str = "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }";

/// Settings, options, exit code and start of the output.
type Case = (&'static [&'static str], &'static [&'static str], i32, &'static str);

const CASES: &[Case] = &[
    (
        &[RULE],
        &[],
        1,
        "WARNING - partner.test softly enforced (450 at RCPT): senders only try again |",
    ),
    (
        &[RULE],
        &["--allow-temporary"],
        0,
        "OK - partner.test softly enforced (450 at RCPT), null sender passes in the clear |",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &[],
        0,
        "OK - partner.test enforced (550 at RCPT), null sender passes in the clear |",
    ),
    (
        &[RULE, "plaintext_reject_code = 530", "smtpd_delay_reject = no"],
        &[],
        0,
        "OK - partner.test enforced (530 at MAIL), null sender passes in the clear |",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &[],
        0,
        "OK - partner.test enforced (530 at MAIL), null sender needs TLS as well |",
    ),
    (
        &["smtpd_tls_security_level = encrypt"],
        &["--control-domain", "other.test"],
        1,
        "WARNING - rule too broad: control other.test is refused in the clear (530 5.7.0 Must issue",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &["--control-domain", "other.test"],
        0,
        "OK - partner.test enforced (550 at RCPT), control other.test passes, null sender passes in the clear |",
    ),
    (&[], &[], 2, "CRITICAL - partner.test open: accepted in the clear up to RCPT |"),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access inline:{ {probe@lab.test=451 4.7.1 Temporary rejected by greylisting} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: 451 4.7.1 ",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=550 5.7.23 SPF validation failed} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: refused over STARTTLS too: 550 5.7.23 ",
    ),
    (
        &[
            "smtpd_recipient_restrictions = check_recipient_access inline:{ {probe@lab.test=550 5.1.1 User unknown} }",
        ],
        &[],
        3,
        "UNKNOWN - partner.test undecided: refused over STARTTLS too: 550 5.1.1 ",
    ),
    (
        &[RULE, "plaintext_reject_code = 550", "parent_domain_matches_subdomains ="],
        &["--also", "sub.partner.test"],
        2,
        "CRITICAL - sub.partner.test open: accepted in the clear up to RCPT |",
    ),
    (
        &[RULE, "plaintext_reject_code = 550"],
        &["--also", "sub.partner.test"],
        0,
        "OK - partner.test enforced (550 at RCPT), sub.partner.test enforced (550 at RCPT), ",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session}, {<>=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        0,
        "OK - partner.test enforced (550 at RCPT), null sender needs TLS as well |",
    ),
    (
        &[
            "smtpd_sender_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session}, {<>=550 5.7.1 no bounces} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        1,
        "WARNING - bounces (null sender) are refused even over TLS: 550 5.7.1 ",
    ),
    (
        &["smtpd_tls_security_level = none", RULE],
        &[],
        2,
        "CRITICAL - STARTTLS is not offered: forced TLS would refuse everybody",
    ),
    (
        &["smtpd_client_connection_rate_limit = 1", "smtpd_client_event_limit_exceptions =", RULE],
        &[],
        3,
        "UNKNOWN - port ",
    ),
    (
        &[
            "smtpd_data_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &[],
        2,
        "CRITICAL - partner.test open: accepted in the clear up to RCPT |",
    ),
    (
        &[
            "smtpd_data_restrictions = check_sender_access inline:{ {partner.test=reject_plaintext_session} }",
            "plaintext_reject_code = 550",
        ],
        &["--stage", "data"],
        0,
        "OK - partner.test enforced (550 at DATA), null sender passes in the clear |",
    ),
    (
        &[],
        &["--stage", "data"],
        2,
        "CRITICAL - partner.test open: accepted in the clear up to DATA |",
    ),
];

#[test]
fn rules_of_a_real_postfix_are_judged_and_nothing_is_delivered() {
    let services: Vec<Service> =
        CASES.iter().map(|(settings, ..)| Service::new(settings)).collect();
    let test = "rules_of_a_real_postfix_are_judged_and_nothing_is_delivered";
    let Some(postfix) = Postfix::start(test, &files(), &services) else {
        return;
    };
    let mut wrong = Vec::new();
    for (service, (settings, options, code, start)) in CASES.iter().enumerate() {
        let outcome = check(postfix.port(service), options);
        let start = format!("SMTP FORCED TLS {start}");
        if outcome.code != *code || !outcome.first_line().starts_with(&start) {
            wrong.push((settings, options, start, outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let log = postfix.log();
    for trace in ["status=", "qmgr[", "pipelining", "warning: non-SMTP"] {
        assert!(!log.contains(trace), "{trace}: {log}");
    }
}
