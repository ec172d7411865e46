//! Rows of verdicts: where mail goes, TLSA records, and servers that answer or do not.

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

/// TLSA records and what servers show.
pub(super) const DANE: &[(&str, Change, State, &str)] = &[
    ("DANE alone", by_dane, OK, "DNSSEC, DANE, TLS-RPT, SPF, DMARC"),
    (
        "records at some hosts only",
        |f| {
            by_dane(f);
            f.hosts[1].tlsa = TlsaSet::None;
        },
        WARNING,
        "mx2.a.example has no TLSA record, other MX hosts have",
    ),
    (
        "unsigned records",
        |f| f.hosts[1].tlsa = TlsaSet::Ignored(vec![record(3)]),
        WARNING,
        "TLSA of mx2.a.example is ignored",
    ),
    (
        "bogus records at the best host",
        |f| f.hosts[0].tlsa = TlsaSet::Failed(NoLookup::Bogus(ended())),
        CRITICAL,
        "TLSA of mx1.a.example is bogus",
    ),
    (
        "bogus records at a backup",
        |f| f.hosts[1].tlsa = TlsaSet::Failed(NoLookup::Bogus(ended())),
        WARNING,
        "TLSA of mx2.a.example is bogus",
    ),
    (
        "no answer to TLSA",
        |f| {
            let at = "127.0.0.1:53".parse().unwrap();
            let silent = NoLookup::Unanswered(vec![(at, ServerFault::Silent)]);
            f.hosts[0].tlsa = TlsaSet::Failed(silent);
        },
        UNKNOWN,
        "TLSA of mx1.a.example unknown, and senders with DANE wait",
    ),
    (
        "no records below signed hosts, protected by a policy",
        |f| {
            for host in &mut f.hosts {
                host.tlsa = TlsaSet::None;
                host.calls[0].chains = vec![chain(None, Vec::new())];
            }
        },
        OK,
        "a.example: DNSSEC, MTA-STS",
    ),
    (
        "records that name servers do not hand out",
        |f| f.hosts[0].tlsa = TlsaSet::Failed(NoLookup::ServFail),
        UNKNOWN,
        "TLSA of mx1.a.example unknown, and senders with DANE wait",
    ),
    (
        "no record matches at the best host",
        |f| dane(f, 0, Dane::Mismatch, TlsaFit::Differs),
        CRITICAL,
        "TLSA of mx1.a.example does not match its certificate",
    ),
    (
        "no record matches at a backup",
        |f| dane(f, 1, Dane::Mismatch, TlsaFit::Differs),
        WARNING,
        "TLSA of mx2.a.example does not match its certificate",
    ),
    (
        "no record matches at all hosts of equal rank",
        |f| {
            f.hosts[1].preference = 10;
            dane(f, 1, Dane::Mismatch, TlsaFit::Differs);
        },
        CRITICAL,
        "TLSA of mx2.a.example does not match its certificate",
    ),
    (
        "only the weaker hash matches",
        |f| {
            let strong = Tlsa { matching: 2, data: vec![7; 64], ..record(3) };
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3), strong]);
            let fits = vec![TlsaFit::Weaker, TlsaFit::Differs];
            call(f, 0).chains = vec![chain(Some(Dane::of(&fits)), fits)];
        },
        CRITICAL,
        "TLSA of mx1.a.example does not match its certificate",
    ),
    (
        "one address shows another chain",
        |f| {
            let address = "192.0.2.2".parse().unwrap();
            f.hosts[0].addresses.push(address);
            let chains = vec![chain(Some(Dane::Mismatch), vec![TlsaFit::Differs])];
            f.hosts[0].calls.push(Call { address, chains, problem: None, tls: None });
        },
        CRITICAL,
        "TLSA of mx1.a.example (192.0.2.2) does not match its certificate",
    ),
    (
        "an authority that is not sent",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(2)]);
            dane(f, 0, Dane::Mismatch, TlsaFit::Differs);
        },
        CRITICAL,
        "TLSA of mx1.a.example does not match its certificate: ",
    ),
    (
        "an authority whose certificate has expired",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(2)]);
            dane(f, 0, Dane::Mismatch, TlsaFit::Unproven(Fault::Expired(DAY)));
        },
        CRITICAL,
        "TLSA of mx1.a.example does not match its certificate (certificate expired",
    ),
    (
        "one intermediate of several",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(2)]);
            call(f, 0).chains[0].lone_issuer = Some("R12".to_owned());
        },
        WARNING,
        "TLSA of mx1.a.example names the intermediate R12 alone",
    ),
    (
        "more records than some senders handle",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3); 13]);
            call(f, 0).chains = vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits; 13])];
        },
        WARNING,
        "mx1.a.example has 13 TLSA records",
    ),
    (
        "an authority whose certificate is for another name",
        |f| {
            let fault = Fault::OtherName { name: "mx1".to_owned(), whom: "b.example".to_owned() };
            dane(f, 0, Dane::Mismatch, TlsaFit::Unproven(fault));
        },
        CRITICAL,
        "(certificate is for b.example, not for mx1)",
    ),
    (
        "the second certificate is not named",
        |f| {
            let other = chain(Some(Dane::Mismatch), vec![TlsaFit::Differs]);
            call(f, 0).chains.push(other);
        },
        CRITICAL,
        "does not match its certificate",
    ),
    (
        "another combination fits nothing",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3), record(2)]);
            call(f, 0).chains =
                vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits, TlsaFit::Differs])];
        },
        WARNING,
        "TLSA 2 1 1 of mx1.a.example fits nothing the server shows",
    ),
    (
        "the next key beside the present one",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(3), record(3)]);
            call(f, 0).chains =
                vec![chain(Some(Dane::Proven), vec![TlsaFit::Fits, TlsaFit::Differs])];
        },
        OK,
        "DANE",
    ),
    (
        "records nobody can use",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(1)]);
            dane(f, 0, Dane::Unusable, TlsaFit::Unusable(Unusable::Usage(1)));
        },
        WARNING,
        "no sender can use the TLSA records of mx1.a.example (certificate usage 1 is not for mail)",
    ),
    (
        "records nobody can use, and no TLS",
        |f| {
            f.hosts[0].tlsa = TlsaSet::Secure(vec![record(1)]);
            no_tls(f, 0);
        },
        CRITICAL,
        "TLSA of mx1.a.example demands TLS",
    ),
    (
        "TLSA but no STARTTLS",
        |f| {
            by_dane(f);
            no_tls(f, 0);
        },
        CRITICAL,
        "TLSA of mx1.a.example demands TLS, and mx1.a.example does not do it",
    ),
    (
        "an expired certificate that is named itself",
        |f| {
            by_dane(f);
            call(f, 0).chains[0].proof.refuse(Fault::Expired(DAY));
        },
        OK,
        "the certificate of mx1.a.example has expired, which DANE does not look at",
    ),
    (
        "an expired certificate that is named itself, and a policy",
        |f| call(f, 0).chains[0].proof.refuse(Fault::Expired(DAY)),
        CRITICAL,
        "certificate of mx1.a.example does not count for MTA-STS: certificate expired",
    ),
    (
        "MX unsigned, records signed",
        |f| {
            by_dane(f);
            f.validation = Validation::Insecure;
            f.delegation = Some(Delegation::NoDs { has_keys: false });
        },
        WARNING,
        "its MX records are not signed",
    ),
    (
        "MX unsigned, signed records do not match",
        |f| {
            f.validation = Validation::Insecure;
            dane(f, 0, Dane::Mismatch, TlsaFit::Differs);
        },
        CRITICAL,
        "does not match its certificate",
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
