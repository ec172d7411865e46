//! Rows of verdicts: TLSA records and what servers show.

use super::*;

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
            let mut other = chain(Some(Dane::Mismatch), vec![TlsaFit::Differs]);
            other.leaf = Some(leaf());
            call(f, 0).chains.push(other);
        },
        CRITICAL,
        "does not match its ECDSA 256 certificate",
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
        "TLSA of mx1.a.example demands TLS, and mx1.a.example does not offer it",
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
