//! Rows of verdicts: policies, reports, and who may send.

use super::*;
use crate::pushover::not_accepted::Distrust;

/// MTA-STS and TLS reports.
pub(super) const STS: &[(&str, Change, State, &str)] = &[
    (
        "no policy and no records",
        |f| {
            by_policy(f);
            by_dane(f);
        },
        WARNING,
        "neither DANE nor MTA-STS protects mail to it",
    ),
    (
        "record twice",
        |f| f.sts = Some(Sts { record: Published::None(NoRecord::Several(2)), policy: None }),
        WARNING,
        "the MTA-STS record is invalid: there are 2, which count as none",
    ),
    (
        "record void",
        |f| {
            let record = Published::None(NoRecord::Invalid("its id is none"));
            f.sts = Some(Sts { record, policy: None });
        },
        WARNING,
        "the MTA-STS record is invalid: its id is none",
    ),
    ("404", |f| fetched(f, NoPolicy::Status(404)), WARNING, "answered with HTTP status 404"),
    ("301", |f| fetched(f, NoPolicy::Status(301)), WARNING, "answered with HTTP status 301"),
    (
        "bad certificate",
        |f| fetched(f, NoPolicy::Certificate(Distrust::Expired)),
        WARNING,
        "its certificate has expired",
    ),
    (
        "bad syntax",
        |f| fetched(f, NoPolicy::Syntax(StsFault::EmptyLine(3))),
        WARNING,
        "line 3 is empty",
    ),
    (
        "policy host not looked up",
        |f| fetched(f, NoPolicy::Unresolved(NoLookup::ServFail)),
        UNKNOWN,
        "MTA-STS policy of mta-sts.a.example unknown",
    ),
    ("policy host silent", |f| fetched(f, NoPolicy::Silent), UNKNOWN, "no answer in time"),
    (
        "policy host absent",
        |f| fetched(f, NoPolicy::NoHost("mta-sts.a.example".to_owned())),
        WARNING,
        "has no address",
    ),
    ("policy host refuses", |f| fetched(f, NoPolicy::Refused), WARNING, "nobody listens"),
    (
        "enforce, MX not named",
        |f| sts(f, |policy, _| policy.mx = vec!["mx2.a.example".to_owned()]),
        CRITICAL,
        "the MTA-STS policy does not name MX mx1.a.example: senders with MTA-STS cannot deliver",
    ),
    (
        "enforce, backup not named",
        |f| sts(f, |policy, _| policy.mx = vec!["mx1.a.example".to_owned()]),
        WARNING,
        "the MTA-STS policy does not name MX mx2.a.example",
    ),
    (
        "enforce, certificate not trusted",
        |f| call(f, 0).chains[0].proof.refuse(Fault::SelfSigned),
        CRITICAL,
        "certificate of mx1.a.example does not count for MTA-STS: certificate is self-signed",
    ),
    (
        "enforce, no STARTTLS",
        |f| {
            by_policy(f);
            no_tls(f, 0);
        },
        CRITICAL,
        "the MTA-STS policy demands TLS, and mx1.a.example does not offer it",
    ),
    (
        "testing, MX not named",
        |f| {
            sts(f, |policy, _| {
                policy.mode = StsMode::Testing;
                policy.mx = vec!["mx2.a.example".to_owned()];
            });
        },
        WARNING,
        "does not name MX mx1.a.example: senders report it",
    ),
    (
        "testing, certificate not trusted",
        |f| {
            sts(f, |policy, _| policy.mode = StsMode::Testing);
            call(f, 0).chains[0].proof.refuse(Fault::SelfSigned);
        },
        WARNING,
        "does not count for MTA-STS: certificate is self-signed: senders report it",
    ),
    ("testing", |f| sts(f, |policy, _| policy.mode = StsMode::Testing), WARNING, "in mode testing"),
    ("none", |f| sts(f, |policy, _| policy.mode = StsMode::None), WARNING, "in mode none"),
    ("short max_age", |f| sts(f, |policy, _| policy.max_age = 86_399), WARNING, "for 86399 s only"),
    (
        "long max_age",
        |f| sts(f, |policy, _| policy.max_age = 31_557_601),
        WARNING,
        "is above 31557600",
    ),
    (
        "media type",
        |f| sts(f, |_, media| media.0 = Some("text/html".to_owned())),
        WARNING,
        "is text/html, not text/plain",
    ),
    (
        "media type with a character set",
        |f| sts(f, |_, media| media.0 = Some("text/plain; charset=utf-8".to_owned())),
        OK,
        "MTA-STS",
    ),
    (
        "no TLS-RPT",
        |f| f.tls_rpt.as_mut().unwrap().record = Published::None(NoRecord::Absent),
        OK,
        "a.example: DNSSEC, DANE, MTA-STS, SPF, DMARC",
    ),
    (
        "TLS-RPT twice",
        |f| f.tls_rpt.as_mut().unwrap().record = Published::None(NoRecord::Several(2)),
        WARNING,
        "the TLS-RPT record is invalid",
    ),
    (
        "TLS-RPT void",
        |f| {
            let record = Published::None(NoRecord::Invalid("it has no rua="));
            f.tls_rpt.as_mut().unwrap().record = record;
        },
        WARNING,
        "the TLS-RPT record is invalid: it has no rua=",
    ),
    (
        "nobody reads TLS reports",
        |f| f.tls_rpt.as_mut().unwrap().dead.push("b.example".to_owned()),
        WARNING,
        "TLS reports go to b.example, which takes no mail",
    ),
];

/// SPF, DMARC and DKIM.
pub(super) const TEXTS: &[(&str, Change, State, &str)] = &[
    (
        "no SPF",
        |f| f.spf = Some(Published::None(NoRecord::Absent)),
        WARNING,
        "no SPF: there is none",
    ),
    (
        "SPF of type 99",
        |f| f.spf = Some(Published::None(NoRecord::OldType)),
        WARNING,
        "no SPF: it stands in a record of type SPF (99) alone",
    ),
    (
        "SPF twice",
        |f| f.spf = Some(Published::None(NoRecord::Several(2))),
        CRITICAL,
        "SPF is invalid",
    ),
    (
        "SPF includes a domain without",
        |f| spf(f, |sum| sum.fault = Some(("b.example".to_owned(), NoRecord::Absent))),
        CRITICAL,
        "SPF is invalid for every receiver: of b.example: there is none",
    ),
    ("SPF of 11 look-ups", |f| spf(f, |sum| sum.lookups = 11), CRITICAL, "more than 10 look-ups"),
    ("SPF of 10 look-ups", |f| spf(f, |sum| sum.lookups = 10), WARNING, "SPF takes 10 of 10"),
    ("SPF of 9 look-ups", |f| spf(f, |sum| sum.lookups = 9), WARNING, "SPF takes 9 of 10"),
    ("SPF of 8 look-ups", |f| spf(f, |sum| sum.lookups = 8), OK, "SPF"),
    (
        "+all",
        |f| spf(f, |sum| sum.open = Some("b.example".to_owned())),
        CRITICAL,
        "allows everybody",
    ),
    ("?all", |f| spf(f, |sum| sum.all = Some(Qualifier::Neutral)), WARNING, "(?all)"),
    ("no all", |f| spf(f, |sum| sum.all = None), WARNING, "it ends without all"),
    ("~all", |f| spf(f, |sum| sum.all = Some(Qualifier::SoftFail)), OK, "SPF"),
    (
        "include=",
        |f| spf(f, |sum| sum.slip = Some("a.example".to_owned())),
        WARNING,
        "SPF of a.example has = where : must stand",
    ),
    ("ptr", |f| spf(f, |sum| sum.has_ptr = true), WARNING, "SPF uses ptr"),
    (
        "three void look-ups",
        |f| spf(f, |sum| sum.voids = 3),
        WARNING,
        "3 terms of SPF find nothing",
    ),
    (
        "SPF not looked up",
        |f| f.spf = Some(Published::Unknown(NoLookup::ServFail)),
        UNKNOWN,
        "SPF unknown",
    ),
    (
        "no DMARC",
        |f| f.dmarc.as_mut().unwrap().record = Published::None(NoRecord::Absent),
        WARNING,
        "no DMARC: there is none",
    ),
    (
        "DMARC twice",
        |f| f.dmarc.as_mut().unwrap().record = Published::None(NoRecord::Several(2)),
        WARNING,
        "DMARC is invalid",
    ),
    (
        "p=none",
        |f| dmarc(f, |record| record.p = Wish::None),
        WARNING,
        "DMARC asks for nothing (p=none)",
    ),
    ("t=y", |f| dmarc(f, |record| record.is_testing = true), WARNING, "DMARC is only tested"),
    ("sp=none", |f| dmarc(f, |record| record.sp = Some(Wish::None)), WARNING, "(sp=none)"),
    (
        "no rua",
        |f| dmarc(f, |record| record.report_domains.clear()),
        WARNING,
        "names nobody for reports",
    ),
    (
        "rua elsewhere without consent",
        |f| f.dmarc.as_mut().unwrap().unwilling.push("b.example".to_owned()),
        WARNING,
        "DMARC reports to b.example are dropped",
    ),
    (
        "DKIM key missing",
        |f| f.dkim.push(("s1".to_owned(), Some(Published::None(NoRecord::Absent)))),
        CRITICAL,
        "DKIM key s1 is invalid for every receiver: there is none",
    ),
    (
        "short DKIM key",
        |f| {
            let key = DkimKey { rsa_bits: Some(1024), is_testing: false };
            f.dkim.push(("s1".to_owned(), Some(Published::Record(key))));
        },
        WARNING,
        "DKIM key s1 is RSA 1024",
    ),
    (
        "long DKIM key",
        |f| {
            let key = DkimKey { rsa_bits: Some(8192), is_testing: false };
            f.dkim.push(("s1".to_owned(), Some(Published::Record(key))));
        },
        WARNING,
        "DKIM key s1 is RSA 8192",
    ),
    (
        "DKIM key twice",
        |f| f.dkim.push(("s1".to_owned(), Some(Published::None(NoRecord::Several(2))))),
        CRITICAL,
        "DKIM key s1 is invalid for every receiver: there are 2",
    ),
    (
        "DKIM tested",
        |f| {
            let key = DkimKey { rsa_bits: None, is_testing: true };
            f.dkim.push(("s1".to_owned(), Some(Published::Record(key))));
        },
        WARNING,
        "DKIM key s1 is only tested",
    ),
];
