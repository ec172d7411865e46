//! What the answers to one sender prove; pure. The order of the questions is the order of what they outrank.

use crate::check_smtp_forced_tls::facts::{Answer, Inbound, Refusal, Role, Sender};
use crate::smtp_client::Security;

/// Whether mail of a sender needs encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
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
    /// The answers show nothing of the rule.
    Undecided(Inconclusive),
    /// An answer is missing; the way in that gave none says why.
    NotOffered(Missing),
}

/// Answers that show nothing of the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inconclusive {
    /// Refused in the clear for a reason that is not the rule's.
    InClear(Refusal),
    /// Refused for good, and in upper case for a reason that is not the rule's.
    InUpperCase { own: Refusal, other: Refusal },
    /// Refused over STARTTLS as in the clear.
    OverStarttls(Refusal),
    /// Refused where TLS begins at once as in the clear.
    OverTls(Refusal),
}

/// The mail that was not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Clear,
    UpperCase,
    Tls,
}

/// Judges a domain by its own answers and those to its upper-case variant.
pub(super) fn ruling(inbound: &Inbound, sender: &Sender) -> Ruling {
    let own = by_answers(sender);
    let variant = inbound
        .senders
        .iter()
        .find(|other| other.role == Role::UpperCase && other.domain == sender.domain);
    let Some(variant) = variant.filter(|_| sender.role == Role::Domain) else {
        return own;
    };
    match (own, variant.answers.get(&Security::Clear)) {
        (Ruling::Open, _) => Ruling::Open,
        (_, Some(Answer::Accepted)) => Ruling::OpenInUpperCase,
        (Ruling::Enforced(refusal), Some(Answer::Refused(other))) if other.is_temporary() => {
            if other.names_tls() {
                Ruling::EnforcedSoftly(other.clone())
            } else {
                Ruling::Undecided(Inconclusive::InUpperCase { own: refusal, other: other.clone() })
            }
        }
        (Ruling::Enforced(_) | Ruling::EnforcedSoftly(_), None) => {
            Ruling::NotOffered(Missing::UpperCase)
        }
        (own, _) => own,
    }
}

fn by_answers(sender: &Sender) -> Ruling {
    let clear = match sender.answers.get(&Security::Clear) {
        None => return Ruling::NotOffered(Missing::Clear),
        Some(Answer::Accepted) => return Ruling::Open,
        Some(Answer::Refused(refusal)) => refusal,
    };
    if !clear.may_be_the_rule() {
        return Ruling::Undecided(Inconclusive::InClear(clear.clone()));
    }
    let starttls = sender.answers.get(&Security::Starttls);
    let tls = sender.answers.get(&Security::Tls);
    match (starttls, tls) {
        (None, None) => Ruling::NotOffered(Missing::Tls),
        (Some(Answer::Refused(refusal)), Some(Answer::Accepted)) if refusal.code == clear.code => {
            Ruling::StarttlsNotCounted(refusal.clone())
        }
        (Some(Answer::Refused(refusal)), _) => {
            Ruling::Undecided(Inconclusive::OverStarttls(refusal.clone()))
        }
        (_, Some(Answer::Refused(refusal))) => {
            Ruling::Undecided(Inconclusive::OverTls(refusal.clone()))
        }
        _ if clear.is_temporary() => Ruling::EnforcedSoftly(clear.clone()),
        _ => Ruling::Enforced(clear.clone()),
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
    /// Refused for a reason that is not the rule's.
    Undecided(Refusal),
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
        return Control::Undecided(clear.clone());
    }
    if !over_tls.is_empty() && over_tls.iter().all(is_refused) {
        return Control::Refused(clear.clone());
    }
    Control::Caught(clear.clone())
}
