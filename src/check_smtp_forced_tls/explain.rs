//! The long output: what was said to whom, and by whom.

mod canary;

pub(super) use canary::{long, not_handed_over, of as sink_words, tls, when};

use super::facts::{
    Answer, Contact, Facts, Inbound, Mx, NoMx, Partner, Role, Sender, is_undetermined,
    starttls_refusal,
};
use crate::monitoring::{Meanings, Report};
use crate::smtp::{Command, Stage};
use crate::smtp_client::{NoSession, certificate_words};
use crate::tls::proof::Proof;

/// What each metric is.
pub(super) const MEANINGS: Meanings = &[
    ("domains", "domains tested, those of --also included"),
    ("enforced", "domains whose mail is refused in the clear"),
    ("open", "domains whose mail is taken in the clear"),
    ("undecided", "all other domains"),
    ("waited", "time the last canary mail that came was kept without TLS"),
    ("attempts", "attempts to hand over the last canary mail that was judged"),
    ("age", "age of the last proof"),
    ("time", "time of the whole run"),
];

/// Describes what was seen, for `-v`.
pub(super) fn explain(facts: &Facts, report: &mut Report) {
    if let Some(inbound) = &facts.inbound {
        report.explain(1, format!("server: {}, mail for {}", inbound.host, inbound.recipient));
        for sender in &inbound.senders {
            report.explain(1, answers(inbound, sender));
        }
        for leg in &inbound.legs {
            if let Some(proof) = &leg.proof {
                report.explain(1, format!("{}: {}", leg.name(), certificate(proof)));
            }
            report.explain(2, format!("{}: {} connections", leg.name(), leg.connections));
        }
    }
    if let Some(canary) = &facts.canary {
        canary::explain(canary, report);
    }
    for partner in &facts.partners {
        hosts(partner, report);
    }
}

fn answers(inbound: &Inbound, sender: &Sender) -> String {
    let role = match sender.role {
        Role::NullSender => "null sender",
        Role::Domain => "",
        Role::UpperCase => " (upper case)",
        Role::Also => " (also)",
        Role::Control => " (control)",
    };
    let told = inbound
        .legs
        .iter()
        .filter(|leg| {
            sender.answers.contains_key(&leg.way)
                || !(sender.role.is_clear_only() && leg.proof.is_some())
        })
        .map(|leg| match sender.answers.get(&leg.way) {
            Some(Answer::Accepted) => format!("{}: accepted", leg.name()),
            Some(Answer::Refused(refusal)) => {
                format!("{}: {refusal} (at {})", leg.name(), refusal.at)
            }
            None => format!("{}: not offered", leg.name()),
        });
    let told: Vec<String> = told.collect();
    format!("{}{role}: {}", sender.address, told.join(", "))
}

fn certificate(proof: &Proof) -> String {
    match (proof.faults.as_slice(), &proof.unknown) {
        ([], None) => "certificate is valid for this name".to_owned(),
        ([], Some(why)) => format!("certificate: trust unknown: {why}"),
        (faults, _) => {
            let faults: Vec<String> = faults.iter().map(certificate_words::fault).collect();
            faults.join(", ")
        }
    }
}

/// What is wrong with an MX that is no name.
pub(super) const IS_ADDRESS: &str = "an address, which an MX must not be (RFC 5321 section 5.1)";

/// Why a partner's host let no session come about.
pub(super) fn no_session(error: &NoSession) -> String {
    match error {
        NoSession::Unresolved(error) => error.to_string(),
        NoSession::Refused(Stage::Command(Command::Ehlo), reply)
            if matches!(reply.code, 500 | 502) =>
        {
            format!("EHLO is refused: {reply}, so there is no STARTTLS")
        }
        NoSession::Refused(_, reply) if starttls_refusal(error).is_some() => {
            format!("STARTTLS is refused: {reply}")
        }
        NoSession::Refused(_, reply) => format!("does not let this host in: {reply}"),
        other => other.to_string(),
    }
}

/// Why it is not known where DNS sends mail.
pub(super) fn no_mx(why: NoMx) -> String {
    match why {
        NoMx::Silent => "no answer from DNS in time".to_owned(),
        NoMx::Rcode(1) => "DNS answers FORMERR".to_owned(),
        NoMx::Rcode(2) => "DNS answers SERVFAIL".to_owned(),
        NoMx::Rcode(4) => "DNS answers NOTIMP".to_owned(),
        NoMx::Rcode(5) => "DNS answers REFUSED".to_owned(),
        NoMx::Rcode(code) => format!("DNS answers with code {code}"),
        NoMx::Malformed => "no usable answer from DNS".to_owned(),
        NoMx::Ours(error) => format!("cannot look up: {error}"),
    }
}

fn hosts(partner: &Partner, report: &mut Report) {
    for host in &partner.hosts {
        let contact = match &host.contact {
            Contact::Tls { version, proof } => format!("{version}, {}", certificate(proof)),
            Contact::IsAddress => IS_ADDRESS.to_owned(),
            Contact::NoSession(error) if is_undetermined(error) => {
                format!("unknown: {}", no_session(error))
            }
            Contact::NoSession(error) => no_session(error),
        };
        let (domain, port) = (&partner.domain, partner.port);
        report.explain(1, format!("{domain}: {} port {port}: {contact}", host.name));
    }
    let domain = &partner.domain;
    let (standards, mx) = (partner.standards, &partner.mx);
    let forced = match standards.names().join(", ") {
        names if !names.is_empty() => format!("forced by standard: {names}"),
        _ if standards.are_absent() => "neither DANE nor MTA-STS forces senders".to_owned(),
        _ => "unknown whether DANE or MTA-STS forces senders".to_owned(),
    };
    if matches!(mx, Some(Mx::Hosts(_) | Mx::Implicit)) {
        report.explain(1, format!("{domain}: {forced}"));
    }
    if partner.not_looked_at > 0 {
        report
            .explain(1, format!("{}: {} hosts not tested", partner.domain, partner.not_looked_at));
    }
}
