//! Rows of verdicts: where mail goes, and servers that answer or do not.

use super::*;

/// Where mail goes, and what DNSSEC says of it.
pub(super) const ROUTES: &[(&str, Change, State, &str)] = &[
    ("all is well", |_| {}, OK, "a.example: DNSSEC, DANE, MTA-STS, TLS-RPT, SPF, DMARC"),
    (
        "a resolver that does not validate",
        |f| {
            f.validates = Some(Validates::No(WhyUnvalidated::RootUnproven));
            f.validation = Validation::Unknown;
            for host in &mut f.hosts {
                host.validation = Validation::Unknown;
                host.tlsa = TlsaSet::Unproven(vec![record(3)]);
            }
        },
        UNKNOWN,
        "DNSSEC and DANE unknown: resolver 127.0.0.1 does not validate",
    ),
    (
        "MX bogus",
        |f| {
            f.destination = Some(Destination::Unknown(NoLookup::Bogus(ended())));
            f.hosts.clear();
        },
        CRITICAL,
        "DNSSEC of its MX is bogus (a signature ended 1970-01-12 13:46 UTC)",
    ),
    (
        "refused by a resolver that cannot prove the root",
        |f| f.destination = Some(Destination::Unknown(NoLookup::Doubtful)),
        UNKNOWN,
        "MX unknown: refused by a validating resolver that cannot be relied on",
    ),
    (
        "name servers that do not answer",
        |f| f.destination = Some(Destination::Unknown(NoLookup::ServFail)),
        UNKNOWN,
        "MX unknown: its name servers do not answer our resolver",
    ),
    (
        "a resolver that cannot prove the root",
        |f| {
            f.validates = Some(Validates::No(WhyUnvalidated::RootRefused));
            f.destination = Some(Destination::Unknown(NoLookup::ServFail));
        },
        UNKNOWN,
        "cannot prove the root: its trust anchor or its clock is wrong",
    ),
    (
        "no answer to MX",
        |f| {
            let at = "127.0.0.1:53".parse().unwrap();
            f.destination =
                Some(Destination::Unknown(NoLookup::Unanswered(vec![(at, ServerFault::Silent)])));
        },
        UNKNOWN,
        "MX unknown: name server 127.0.0.1:53: no answer",
    ),
    ("no such domain", |f| f.destination = Some(Destination::NoDomain), CRITICAL, "no such domain"),
    (
        "no host has an address",
        |f| f.hosts.iter_mut().for_each(|host| host.addresses.clear()),
        CRITICAL,
        "MX mx1.a.example has no address",
    ),
    ("null MX", |f| f.destination = Some(Destination::Null), CRITICAL, "a null MX"),
    (
        "null MX beside others",
        |f| f.destination = Some(Destination::Hosts { has_null: true }),
        CRITICAL,
        "a null MX stands beside other MX records",
    ),
    ("MX is an address", |f| f.hosts[1].is_address = true, CRITICAL, "is an address"),
    (
        "no MX but an address",
        |f| f.destination = Some(Destination::Itself),
        WARNING,
        "no MX record: mail goes to the address of the domain itself",
    ),
    (
        "one MX without address",
        |f| {
            f.hosts[1].addresses.clear();
            f.hosts[1].calls.clear();
            f.hosts[1].tlsa = TlsaSet::NotAsked;
        },
        WARNING,
        "MX mx2.a.example has no address",
    ),
    (
        "addresses of the best host bogus",
        |f| {
            f.hosts[0].addresses.clear();
            f.hosts[0].calls.clear();
            f.hosts[0].tlsa = TlsaSet::NotAsked;
            f.hosts[0].unresolved = Some(NoLookup::Bogus(ended()));
        },
        CRITICAL,
        "DNSSEC of mx1.a.example is bogus (a signature ended",
    ),
    (
        "addresses of one family bogus",
        |f| f.hosts[0].unresolved = Some(NoLookup::Bogus(ended())),
        WARNING,
        "DNSSEC of some addresses of mx1.a.example is bogus (a signature ended",
    ),
    (
        "addresses of one family unknown",
        |f| f.hosts[0].unresolved = Some(NoLookup::ServFail),
        UNKNOWN,
        "addresses of mx1.a.example unknown",
    ),
    ("MX is a CNAME", |f| f.hosts[1].is_alias = true, WARNING, "MX mx2.a.example is a CNAME"),
    (
        "IPv6 only",
        |f| {
            for host in &mut f.hosts {
                host.addresses = vec!["2001:db8::1".parse().unwrap()];
            }
        },
        WARNING,
        "IPv6 addresses only",
    ),
    ("unsigned, protected by a policy", by_policy, OK, "a.example: MTA-STS, TLS-RPT, SPF, DMARC"),
    (
        "signed with an algorithm nobody knows",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::Ds(vec![200]));
        },
        WARNING,
        "an algorithm that resolvers do not know",
    ),
    (
        "DS there, answers unproven",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::Ds(vec![13]));
        },
        UNKNOWN,
        "the domain is signed, and the resolver does not prove it",
    ),
    (
        "keys without DS, with TLSA",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::NoDs { has_keys: true });
            f.hosts[0].tlsa = TlsaSet::Ignored(vec![record(3)]);
        },
        WARNING,
        "no DS record says so",
    ),
    (
        "keys without DS, and no TLSA",
        |f| {
            by_policy(f);
            f.delegation = Some(Delegation::NoDs { has_keys: true });
        },
        OK,
        "a.example: MTA-STS",
    ),
    (
        "a signature near its end",
        |f| f.signatures[0].1.expiration = NOW + DAY / 10,
        WARNING,
        "the signature over MX of a.example ends in 2h 24m",
    ),
    (
        "more hosts than were looked at",
        |f| f.left_out = 980,
        UNKNOWN,
        "only 2 of 982 MX hosts were looked at",
    ),
];

/// Servers that answer or do not.
pub(super) const CALLS: &[(&str, Change, State, &str)] = &[
    (
        "port 25 silent everywhere",
        |f| {
            unreached(f, 0, ConnectError::Silent);
            unreached(f, 1, ConnectError::Silent);
        },
        UNKNOWN,
        "no mail server answers on port 25",
    ),
    (
        "port 25 refused everywhere",
        |f| {
            unreached(f, 0, ConnectError::Refused);
            unreached(f, 1, ConnectError::Refused);
        },
        CRITICAL,
        "mx1.a.example takes no mail: connection refused",
    ),
    (
        "the backup refuses",
        |f| unreached(f, 1, ConnectError::Refused),
        WARNING,
        "mx2.a.example takes no mail: connection refused",
    ),
    (
        "421",
        |f| greeting(f, 421),
        UNKNOWN,
        "certificate of mx1.a.example unknown: greeting was 421 no",
    ),
    ("450", |f| greeting(f, 450), UNKNOWN, "certificate of mx1.a.example unknown"),
    ("554", |f| greeting(f, 554), UNKNOWN, "certificate of mx1.a.example unknown"),
    (
        "no STARTTLS, and nothing asks for it",
        |f| {
            by_policy(f);
            by_dane(f);
            no_tls(f, 0);
        },
        WARNING,
        "mx1.a.example does not encrypt (STARTTLS is not offered): mail goes in the clear",
    ),
];
