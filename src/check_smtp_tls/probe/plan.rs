//! Which hellos are sent, in which order, and which can be spared.
//!
//! Whether any suite of a kind is accepted is what a grade needs; enumerating them would take five times as many
//! connections and the patience of every rate limit.

use super::ask::Asker;
use super::question::Question;
use super::reach::Halt;
use super::reaction::{Reaction, Ssl2Reaction};
use crate::check_smtp_tls::facts::{Fact, Facts, Weakness, WeaknessAsked, WhyUnknown};
use crate::tls::flight::KeyExchange;
use crate::tls::hello::{HYBRIDS, KeyShare, MOST_SUITES, WEAK_CURVES};
use crate::tls::suite::{Exchange, Mode, Suite, everything, usable};
use crate::tls::{Protocol, ssl2};

/// Asks for every version, the worst first: whatever cuts the look short, the gravest finding is made. TLS 1.3 comes last
/// and is spared if the handshake got it.
pub(super) fn versions(asker: &mut Asker<'_>) -> Result<(), Halt> {
    let mut closed = Vec::new();
    ssl2(asker, &mut closed)?;
    for offered in [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12] {
        one_version(asker, offered, &mut closed)?;
    }
    if known(asker, |facts| !facts.protocol(Protocol::Tls13).is_yes()) {
        tls13(asker, &mut closed)?;
    }
    settle(asker, &closed);
    Ok(())
}

/// Asks for the newest version that sends its certificate in the clear, and for the newest of all where that is not to
/// be had.
pub(super) fn certificate(asker: &mut Asker<'_>) -> Result<(), Halt> {
    let mut closed = Vec::new();
    one_version(asker, Protocol::Tls12, &mut closed)?;
    if known(asker, |facts| facts.accepted.is_empty()) {
        tls13(asker, &mut closed)?;
    }
    settle(asker, &closed);
    Ok(())
}

/// Asks for the kinds of suites, keys and ciphers that decide a grade.
pub(super) fn suites(asker: &mut Asker<'_>) -> Result<(), Halt> {
    let classic = known(asker, Facts::classic_versions);
    if let (Some(oldest), Some(newest)) = (classic.first().copied(), classic.last().copied()) {
        // Suites are switched by version at the ends, if at all: what lies between takes what one of them takes.
        weaknesses(asker, newest)?;
        if oldest != newest {
            weaknesses(asker, oldest)?;
        }
        if oldest == Protocol::Ssl3 {
            let cbc = usable(oldest, |suite| suite.mode == Mode::Cbc);
            let seen =
                |version, suite: &Suite| version == Protocol::Ssl3 && suite.mode == Mode::Cbc;
            let fact = seen_or_asked(asker, seen, &Question::at(oldest, cbc))?;
            note(asker, |facts| facts.ssl3_cbc = fact);
        } else {
            note(asker, |facts| facts.ssl3_cbc = Fact::No);
        }
        newest_classic(asker, newest)?;
    } else {
        note(asker, |facts| {
            for fact in
                [&mut facts.ssl3_cbc, &mut facts.dhe, &mut facts.weak_curve, &mut facts.compression]
            {
                *fact = Fact::No;
            }
            // Older versions only; TLS 1.3 has neither renegotiation nor compression.
            facts.secure_renegotiation = Fact::Yes;
        });
    }
    strengths(asker, classic.first().copied())
}

/// Asks for key exchange with ML-KEM alone, in a hello larger than a packet.
pub(super) fn post_quantum(asker: &mut Asker<'_>) -> Result<(), Halt> {
    if known(asker, |facts| facts.accepted.is_empty()) {
        return Ok(());
    }
    let mut question = Question::at(Protocol::Tls13, usable(Protocol::Tls13, |_| true));
    question.groups = &HYBRIDS;
    question.key_share = KeyShare::Hybrid;
    let fact = match asker.ask(&question)? {
        Reaction::Chosen(hello) if hello.group.is_some_and(|group| HYBRIDS.contains(&group)) => {
            Fact::Yes
        }
        Reaction::Chosen(_) => Fact::No,
        other => unless_chosen(other),
    };
    note(asker, |facts| facts.post_quantum = fact);
    Ok(())
}

fn ssl2(asker: &mut Asker<'_>, closed: &mut Vec<Protocol>) -> Result<(), Halt> {
    match asker.ask_ssl2()? {
        Ssl2Reaction::Spoken { kinds, certificate } => {
            if !certificate.is_empty() {
                asker.add_chain(&[certificate]);
            }
            asker.had_control = true;
            note(asker, |facts| {
                facts.set_protocol(Protocol::Ssl2, Fact::Yes);
                facts.ssl2_kinds = kinds
                    .into_iter()
                    .take(MOST_SUITES)
                    .map(|kind| {
                        ssl2::kind_name(kind)
                            .map_or_else(|| format!("0x{kind:06x}"), ToOwned::to_owned)
                    })
                    .collect();
            });
        }
        Ssl2Reaction::Other(reaction) => conclude(asker, Protocol::Ssl2, reaction, closed),
    }
    Ok(())
}

fn one_version(
    asker: &mut Asker<'_>,
    version: Protocol,
    closed: &mut Vec<Protocol>,
) -> Result<(), Halt> {
    let mut reaction = Reaction::Refused;
    // TLS 1.2 has more suites than one hello may carry, and a server of bad ones only refuses the good.
    for suites in everything(version).chunks(MOST_SUITES) {
        let mut question = Question::at(version, suites.iter().copied());
        question.compression = true;
        reaction = asker.ask(&question)?;
        if !matches!(reaction, Reaction::Refused | Reaction::Closed) {
            break;
        }
    }
    conclude(asker, version, reaction, closed);
    Ok(())
}

/// TLS 1.3 is no only when a hello for it alone is refused and the handshake did not get it either.
fn tls13(asker: &mut Asker<'_>, closed: &mut Vec<Protocol>) -> Result<(), Halt> {
    let suites = usable(Protocol::Tls13, |_| true);
    let mut question = Question::at(Protocol::Tls13, suites);
    let mut reaction = asker.ask(&question)?;
    // The empty key share is legal, and not every server was tried with it.
    let had_handshake = known(asker, |facts| facts.handshake.is_some());
    if !matches!(reaction, Reaction::Chosen(_)) && !had_handshake {
        question.key_share = KeyShare::Arbitrary;
        reaction = asker.ask(&question)?;
    }
    conclude(asker, Protocol::Tls13, reaction, closed);
    Ok(())
}

/// What a reaction says of the version that was asked for. A close is put off until it is known whether TLS is answered
/// at all.
fn conclude(
    asker: &mut Asker<'_>,
    version: Protocol,
    reaction: Reaction,
    closed: &mut Vec<Protocol>,
) {
    let fact = match reaction {
        // The server may have chosen another version, which was noted as that.
        Reaction::Chosen(hello) if hello.version == version.wire() => Fact::Yes,
        Reaction::Chosen(_) | Reaction::Refused => Fact::No,
        Reaction::Unclear(why) => Fact::Unknown(why),
        Reaction::Closed => {
            closed.push(version);
            return;
        }
    };
    note(asker, |facts| facts.set_protocol(version, fact));
}

/// A connection closed without a word refuses the version, if TLS is answered at all.
fn settle(asker: &mut Asker<'_>, closed: &[Protocol]) {
    let fact =
        if asker.had_control { Fact::No } else { Fact::Unknown(WhyUnknown::ClosedEveryTime) };
    note(asker, |facts| {
        for version in closed {
            facts.set_protocol(*version, fact.clone());
        }
    });
}

/// Asks for all weak kinds at once, then for those that are left, until the server refuses: one connection for a good
/// server, and one for each kind that a bad one has.
fn weaknesses(asker: &mut Asker<'_>, version: Protocol) -> Result<(), Halt> {
    let mut left: Vec<Weakness> = Weakness::ALL.to_vec();
    while !left.is_empty() {
        let suites = usable(version, |suite| {
            left.iter().any(|kind| kind.has(suite)) && without(&left, suite)
        });
        let reaction = asker.ask(&Question::at(version, suites))?;
        let chosen = match &reaction {
            Reaction::Chosen(hello) => Suite::by_id(hello.suite),
            _ => None,
        };
        let (found, rest): (Vec<_>, Vec<_>) =
            left.iter().partition(|kind| chosen.is_some_and(|suite| kind.has(suite)));
        if found.is_empty() {
            let fact = match reaction {
                Reaction::Refused | Reaction::Closed => Fact::No,
                Reaction::Chosen(_) => Fact::Unknown(WhyUnknown::NotOffered),
                Reaction::Unclear(why) => Fact::Unknown(why),
            };
            answer(asker, version, &rest, &fact);
            return Ok(());
        }
        answer(asker, version, &found, &Fact::Yes);
        left = rest;
    }
    Ok(())
}

/// Whether a suite is of no kind that was found already.
fn without(left: &[Weakness], suite: &Suite) -> bool {
    Weakness::ALL.iter().filter(|kind| !left.contains(kind)).all(|kind| !kind.has(suite))
}

fn answer(asker: &Asker<'_>, version: Protocol, kinds: &[Weakness], fact: &Fact) {
    note(asker, |facts| {
        facts.weaknesses.extend(kinds.iter().map(|kind| WeaknessAsked {
            version,
            weakness: *kind,
            accepted: fact.clone(),
        }));
    });
}

/// What is asked at the newest version below TLS 1.3, where a server has the most to choose from. TLS 1.3 has neither
/// weak suites nor weak groups.
fn newest_classic(asker: &mut Asker<'_>, version: Protocol) -> Result<(), Halt> {
    let sound = usable(version, Suite::is_sound);
    let fact = seen_or_asked(asker, |_, suite| suite.is_sound(), &Question::at(version, sound))?;
    note(asker, |facts| facts.sound_suites = fact);
    let dhe = usable(version, |suite| suite.exchange == Exchange::Dhe && suite.is_sound());
    let fact = seen_or_asked(
        asker,
        |_, suite| suite.exchange == Exchange::Dhe && suite.is_sound(),
        &Question::at(version, dhe),
    )?;
    note(asker, |facts| facts.dhe = fact);
    let mut curves = Question::at(
        version,
        usable(version, |suite| suite.exchange == Exchange::Ecdhe && !suite.is_anonymous()),
    );
    curves.groups = &WEAK_CURVES;
    let fact = match asker.ask(&curves)? {
        // The server may take a curve that was not offered.
        Reaction::Chosen(_) => match asker.key_exchange {
            Some(KeyExchange::Curve(curve)) if WEAK_CURVES.contains(&curve) => Fact::Yes,
            Some(KeyExchange::Curve(_)) => Fact::No,
            _ => Fact::Unknown(WhyUnknown::NoCurve),
        },
        other => unless_chosen(other),
    };
    note(asker, |facts| facts.weak_curve = fact);
    Ok(())
}

/// Forward secrecy, AEAD and key lengths, over all versions at once: that a client can have them is what counts.
fn strengths(asker: &mut Asker<'_>, oldest: Option<Protocol>) -> Result<(), Halt> {
    let newest = Protocol::ALL
        .into_iter()
        .rev()
        .find(|version| known(asker, |facts| facts.protocol(*version).is_yes()));
    let Some(newest) = newest.filter(|version| *version > Protocol::Ssl2) else {
        return Ok(());
    };
    // One hello carries the suites of TLS 1.3 and those of the versions before it.
    let mut any_version = |wanted: fn(&Suite) -> bool| {
        let mut suites = usable(newest, wanted);
        suites.extend(usable(newest.min(Protocol::Tls12), wanted));
        let mut question = Question::at(newest, suites);
        question.oldest = oldest.unwrap_or(newest);
        seen_or_asked(asker, |_, suite| wanted(suite), &question)
    };
    let forward_secrecy = any_version(Suite::is_forward_secret)?;
    let aead = any_version(|suite| suite.is_aead() && suite.is_sound())?;
    let bits_256 = any_version(|suite| suite.bits >= 256 && suite.is_sound())?;
    let bits_128 = any_version(|suite| suite.bits == 128 && suite.is_sound())?;
    note(asker, |facts| {
        facts.forward_secrecy = forward_secrecy;
        facts.aead = aead;
        facts.bits_256 = bits_256;
        facts.bits_128 = bits_128;
        if !facts.sound_suites.is_yes()
            && facts.accepted_suites().any(|(_, suite)| suite.is_sound())
        {
            facts.sound_suites = Fact::Yes;
        }
    });
    Ok(())
}

/// Yes if such a suite was chosen before, else what the server says.
fn seen_or_asked(
    asker: &mut Asker<'_>,
    is_wanted: impl Fn(Protocol, &Suite) -> bool,
    question: &Question,
) -> Result<Fact, Halt> {
    if known(asker, |facts| {
        facts.accepted_suites().any(|(version, suite)| is_wanted(version, suite))
    }) {
        return Ok(Fact::Yes);
    }
    let reaction = asker.ask(question)?;
    Ok(match reaction {
        Reaction::Chosen(hello) if question.suites.contains(&hello.suite) => Fact::Yes,
        other => unless_chosen(other),
    })
}

fn unless_chosen(reaction: Reaction) -> Fact {
    match reaction {
        Reaction::Refused | Reaction::Closed => Fact::No,
        Reaction::Unclear(why) => Fact::Unknown(why),
        Reaction::Chosen(_) => Fact::Unknown(WhyUnknown::NotOffered),
    }
}

fn known<T>(asker: &Asker<'_>, read: impl FnOnce(&Facts) -> T) -> T {
    asker.reach.progress.read(read)
}

fn note(asker: &Asker<'_>, note: impl FnOnce(&mut Facts)) {
    asker.reach.progress.note(note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_fits_one_hello() {
        for version in [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12] {
            let weak = usable(version, |suite| Weakness::ALL.iter().any(|kind| kind.has(suite)));
            let sound = usable(version, Suite::is_sound);
            assert!(weak.len() <= MOST_SUITES, "{version}: {} weak", weak.len());
            assert!(sound.len() <= MOST_SUITES, "{version}: {} sound", sound.len());
            assert!(!weak.is_empty() && !sound.is_empty());
        }
    }
}
