//! What the answers to one sender prove; pure. The order of the questions is the order of what they outrank.

use crate::check_smtp_forced_tls::facts::{Answer, Inbound, Refusal, Role, Sender};
use crate::smtp_client::Security;

/// Whether mail of a sender needs encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Refused for good in the clear, taken over TLS.
    Enforced(Refusal),
    /// The same, but a sender that cannot encrypt is only told to try again.
    EnforcedSoftly(Refusal),
    /// Taken in the clear.
    Open,
    /// Taken in the clear when its domain is written in upper case.
    OpenInUpperCase,
    /// Taken where TLS begins at once, refused over STARTTLS as in the clear: the rule shuts mail servers out.
    StarttlsNotCounted(Refusal),
    /// The answers prove nothing.
    Undecided(String),
    /// An answer is missing; the way in that gave none says why.
    NotSeen(&'static str),
}

/// Judges a domain by its own answers and those to its upper-case variant.
pub(super) fn verdict(inbound: &Inbound, sender: &Sender) -> Verdict {
    let own = by_answers(sender);
    let variant = inbound
        .senders
        .iter()
        .find(|other| other.role == Role::UpperCase && other.domain == sender.domain);
    let Some(variant) = variant.filter(|_| sender.role == Role::Domain) else {
        return own;
    };
    match (own, variant.answers.get(&Security::Clear)) {
        (Verdict::Open, _) => Verdict::Open,
        (_, Some(Answer::Accepted)) => Verdict::OpenInUpperCase,
        (Verdict::Enforced(refusal), Some(Answer::Refused(other))) if other.is_temporary() => {
            if other.names_tls() {
                Verdict::EnforcedSoftly(other.clone())
            } else {
                Verdict::Undecided(format!("{refusal} in clear, but in upper case {other}"))
            }
        }
        (Verdict::Enforced(_) | Verdict::EnforcedSoftly(_), None) => {
            Verdict::NotSeen("not offered in upper case")
        }
        (own, _) => own,
    }
}

fn by_answers(sender: &Sender) -> Verdict {
    let clear = match sender.answers.get(&Security::Clear) {
        None => return Verdict::NotSeen("not offered in clear"),
        Some(Answer::Accepted) => return Verdict::Open,
        Some(Answer::Refused(refusal)) => refusal,
    };
    if !clear.may_be_the_rule() {
        return Verdict::Undecided(format!("{clear} in clear"));
    }
    let starttls = sender.answers.get(&Security::Starttls);
    let tls = sender.answers.get(&Security::Tls);
    match (starttls, tls) {
        (None, None) => Verdict::NotSeen("refused in clear, not offered over TLS"),
        (Some(Answer::Refused(refusal)), Some(Answer::Accepted)) if refusal.code == clear.code => {
            Verdict::StarttlsNotCounted(refusal.clone())
        }
        (Some(Answer::Refused(refusal)), _) => {
            Verdict::Undecided(format!("refused over STARTTLS too: {refusal}"))
        }
        (_, Some(Answer::Refused(refusal))) => {
            Verdict::Undecided(format!("refused over TLS too: {refusal}"))
        }
        _ if clear.is_temporary() => Verdict::EnforcedSoftly(clear.clone()),
        _ => Verdict::Enforced(clear.clone()),
    }
}

/// What became of a sender that the rule should leave alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// Taken in the clear.
    Passes,
    /// Refused in the clear only, so the rule is broader than its domain.
    Caught(Refusal),
    /// Refused over TLS as well, so for a reason of its own.
    Refused(Refusal),
    /// The answers prove nothing.
    Undecided(String),
    /// The way in gave no answer and says why.
    NotSeen,
}

/// Judges a control by what became of it in the clear, and over TLS where it was offered there.
pub(super) fn control(sender: &Sender) -> Control {
    let clear = match sender.answers.get(&Security::Clear) {
        None => return Control::NotSeen,
        Some(Answer::Accepted) => return Control::Passes,
        Some(Answer::Refused(refusal)) => refusal,
    };
    let over_tls: Vec<&Answer> = [Security::Starttls, Security::Tls]
        .iter()
        .filter_map(|way| sender.answers.get(way))
        .collect();
    let is_refused = |answer: &&Answer| matches!(answer, Answer::Refused(_));
    if !clear.may_be_the_rule() {
        return Control::Undecided(clear.to_string());
    }
    if !over_tls.is_empty() && over_tls.iter().all(is_refused) {
        return Control::Refused(clear.clone());
    }
    Control::Caught(clear.clone())
}
