//! From facts to a letter: the SSL Labs Server Rating Guide 2009r, read for mail servers; pure.
//!
//! `grade = min(letter(score), all caps)`. Trust is judged apart and changes no grade.

use serde::Serialize;

pub use super::letter::Grade;

use super::facts::{Fact, Facts, Weakness};
use super::strength;
use crate::tls::Protocol;
use crate::tls::certificate::Hash;

/// Something that keeps the grade down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cap {
    /// The best grade that is left.
    pub(super) at_most: Grade,
    /// Why, as in "TLS 1.0 is offered".
    pub(super) reason: String,
    /// What to do about it.
    pub(super) remedy: &'static str,
}

/// A letter with its reasons. While something is unknown, score and letter are the best they may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Grading {
    /// 0 to 100.
    pub(super) score: u32,
    pub(super) grade: Grade,
    /// The letter as a reader of the data may print it: `<=A` while something is unknown.
    pub(super) text: String,
    /// All that keeps the grade down, worst first.
    pub(super) caps: Vec<Cap>,
    /// Facts that are not known and might make it worse.
    pub(super) unknown: Vec<Doubt>,
    /// What is remarkable and costs nothing here.
    pub(super) notes: Vec<String>,
}

/// A fact that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Doubt {
    pub(super) subject: String,
    pub(super) reason: String,
}

impl Grading {
    /// Reasons for the letter itself: those caps that are as low as it.
    pub(super) fn reasons(&self) -> Vec<&str> {
        self.caps
            .iter()
            .filter(|cap| cap.at_most == self.grade)
            .map(|cap| cap.reason.as_str())
            .collect()
    }

    /// The next better grade, and what stands between.
    pub(super) fn next(&self) -> Option<(Grade, Vec<&Cap>)> {
        let between: Vec<&Cap> = self
            .caps
            .iter()
            .filter(|cap| cap.at_most == self.grade)
            .collect();
        let others = self.caps.iter().filter(|cap| cap.at_most != self.grade);
        let next = others.fold(Grade::A, |next, cap| next.worse(cap.at_most));
        (!between.is_empty()).then_some((next, between))
    }
}

/// What the grade depends on beside the facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Port 25: clients take any TLS, and anonymous suites beside others harm nobody (RFC 7672 section 8.2).
    pub(super) is_opportunistic: bool,
    /// Whether something keeps an attacker from leading clients to plain text.
    pub(super) is_downgrade_protected: bool,
}

/// Grades what was seen. What is unknown counts as good, and is named.
pub(super) fn grade(facts: &Facts, rules: Rules) -> Grading {
    let mut judge = Judge {
        facts,
        anonymous_counts: !rules.is_opportunistic || facts.sound_suites.is_no(),
        caps: Vec::new(),
        doubts: Vec::new(),
        notes: Vec::new(),
    };
    judge.protocols();
    judge.weak_suites();
    judge.missing_strengths();
    judge.keys();
    judge.extensions();
    let score = strength::score(facts, judge.anonymous_counts);
    let by_score = Grade::of_score(score);
    if by_score != Grade::A
        && judge
            .caps
            .iter()
            .all(|cap| by_score.is_worse_than(cap.at_most))
    {
        judge.cap(
            &Fact::Yes,
            by_score,
            format!("the score is {score} of 100"),
            strength::REMEDY,
        );
    }
    let mut grade = judge
        .caps
        .iter()
        .fold(by_score, |grade, cap| grade.worse(cap.at_most));
    if grade == Grade::A
        && judge.caps.is_empty()
        && judge.notes.is_empty()
        && rules.is_downgrade_protected
    {
        grade = Grade::APlus;
    }
    let mut caps = judge.caps;
    caps.sort_by_key(|cap| std::cmp::Reverse(cap.at_most.rank()));
    let unknown: Vec<Doubt> = judge
        .doubts
        .into_iter()
        .filter(|(at_most, _)| at_most.is_worse_than(grade))
        .map(|(_, doubt)| doubt)
        .collect();
    let at_best = if unknown.is_empty() { "" } else { "<=" };
    Grading {
        score,
        grade,
        text: format!("{at_best}{grade}"),
        caps,
        unknown,
        notes: judge.notes,
    }
}

struct Judge<'a> {
    facts: &'a Facts,
    anonymous_counts: bool,
    caps: Vec<Cap>,
    doubts: Vec<(Grade, Doubt)>,
    notes: Vec<String>,
}

const SWITCH_OFF: &str = "switch it off; Axigen: SMTP Receiving, Listeners, SSL Settings; postfix: smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1";
const SUITES: &str = "take them out of the cipher list; Axigen: SMTP Receiving, Listeners, SSL Settings; postfix: tls_medium_cipherlist, smtpd_tls_exclude_ciphers";
const MODERN: &str = "allow TLS 1.2 and TLS 1.3 with ECDHE and AES-GCM suites, or update the server; Axigen: SMTP Receiving, Listeners, SSL Settings";
const KEY: &str = "make a new key (RSA 2048 or more, or P-256) and have it certified";
const PRIME: &str =
    "use a Diffie-Hellman prime of 2048 bits; postfix: smtpd_tls_dh1024_param_file = auto";

impl Judge<'_> {
    /// Notes that the grade is at most `at_most` if `fact` holds, and a doubt if nobody knows.
    fn cap(
        &mut self,
        fact: &Fact,
        at_most: Grade,
        reason: impl Into<String>,
        remedy: &'static str,
    ) {
        let reason = reason.into();
        match fact {
            Fact::Yes => self.caps.push(Cap {
                at_most,
                reason,
                remedy,
            }),
            Fact::No => {}
            Fact::Unknown(why) => self.doubts.push((
                at_most,
                Doubt {
                    subject: reason,
                    reason: why.clone(),
                },
            )),
        }
    }

    fn offers(&self, version: Protocol) -> Fact {
        self.facts.protocol(version)
    }

    fn protocols(&mut self) {
        let [ssl2, ssl3, tls10, tls11, tls12, tls13] =
            Protocol::ALL.map(|version| self.offers(version));
        self.cap(&ssl2, Grade::F, "SSLv2 is offered", SWITCH_OFF);
        let modern = Fact::any([&tls12, &tls13]);
        let best_is_ssl3 = both(&ssl3, &not(&Fact::any([&tls10, &tls11, &modern])));
        self.cap(
            &best_is_ssl3,
            Grade::F,
            "SSLv3 is the best version offered",
            MODERN,
        );
        let spoken = Fact::any([&ssl3, &tls10, &tls11]);
        self.cap(
            &both(&spoken, &not(&modern)),
            Grade::C,
            "neither TLS 1.2 nor TLS 1.3 is offered",
            MODERN,
        );
        let poodle = both(&ssl3, &self.facts.ssl3_cbc);
        self.cap(
            &poodle,
            Grade::C,
            "SSLv3 is offered with CBC suites (POODLE)",
            SWITCH_OFF,
        );
        self.cap(&ssl3, Grade::B, "SSLv3 is offered", SWITCH_OFF);
        if tls10.is_yes() && tls11.is_yes() {
            let reason = "TLS 1.0 and TLS 1.1 are offered";
            self.cap(&Fact::Yes, Grade::B, reason, SWITCH_OFF);
        } else {
            self.cap(&tls10, Grade::B, "TLS 1.0 is offered", SWITCH_OFF);
            self.cap(&tls11, Grade::B, "TLS 1.1 is offered", SWITCH_OFF);
        }
        self.cap(
            &not(&tls13),
            Grade::AMinus,
            "TLS 1.3 is not offered",
            MODERN,
        );
    }

    fn weak_suites(&mut self) {
        let any = |weakness| self.facts.weakness(weakness, |_| true);
        let since = |weakness, oldest| self.facts.weakness(weakness, |version| version >= oldest);
        let (null, anonymous, export, short) = (
            any(Weakness::Null),
            any(Weakness::Anonymous),
            any(Weakness::Export),
            any(Weakness::Short),
        );
        let (rc4, rc4_late) = (any(Weakness::Rc4), since(Weakness::Rc4, Protocol::Tls11));
        let blocks = any(Weakness::SmallBlocks);
        let blocks_late = since(Weakness::SmallBlocks, Protocol::Tls11);
        for (fact, weakness) in [
            (&null, Weakness::Null),
            (&export, Weakness::Export),
            (&short, Weakness::Short),
        ] {
            self.cap(fact, Grade::F, format!("{weakness} are accepted"), SUITES);
        }
        if self.anonymous_counts {
            self.cap(
                &anonymous,
                Grade::F,
                "anonymous suites are accepted",
                SUITES,
            );
        } else if anonymous.is_yes() {
            self.notes.push(
                "anonymous suites are accepted; harmless where clients take any TLS".to_owned(),
            );
        }
        let only_rc4 = both(&rc4, &not(&Fact::any([&self.facts.sound_suites, &blocks])));
        self.cap(&only_rc4, Grade::F, "only RC4 suites are accepted", SUITES);
        self.cap(
            &rc4_late,
            Grade::C,
            "RC4 is accepted with TLS 1.1 or newer",
            SUITES,
        );
        self.cap(&rc4, Grade::B, "RC4 is accepted", SUITES);
        self.cap(
            &blocks_late,
            Grade::C,
            "64-bit block ciphers (3DES) are accepted with TLS 1.1 or newer",
            SUITES,
        );
    }

    fn missing_strengths(&mut self) {
        self.cap(
            &not(&self.facts.forward_secrecy),
            Grade::B,
            "no suite with forward secrecy is accepted",
            MODERN,
        );
        self.cap(
            &not(&self.facts.aead),
            Grade::B,
            "no AEAD suite is accepted",
            MODERN,
        );
    }

    fn keys(&mut self) {
        let leaves: Vec<_> = self.facts.leaves().cloned().collect();
        for leaf in &leaves {
            let bits = strength::key_bits(leaf.key);
            let grade = bits.and_then(strength::cap);
            if let Some(grade) = grade {
                self.cap(
                    &Fact::Yes,
                    grade,
                    format!("the certificate's key is {}", leaf.key),
                    KEY,
                );
            }
            if leaf.key.has_exponent_one {
                self.cap(
                    &Fact::Yes,
                    Grade::F,
                    "the certificate's RSA key has exponent 1",
                    KEY,
                );
            }
        }
        if let Some(reason) = self
            .facts
            .no_certificate
            .clone()
            .filter(|_| leaves.is_empty())
        {
            self.cap(
                &Fact::Unknown(reason),
                Grade::F,
                "the certificate is weak",
                KEY,
            );
        }
        for certificate in self
            .facts
            .certificates
            .iter()
            .filter(|certificate| !certificate.is_self_issued)
        {
            if matches!(certificate.hash, Hash::Md2 | Hash::Md5) {
                self.cap(
                    &Fact::Yes,
                    Grade::F,
                    "a certificate is signed over MD5 or MD2",
                    KEY,
                );
                break;
            }
        }
        let same_key = |key: &String| leaves.iter().any(|leaf| leaf.key_sha256 == *key);
        let drown: Vec<String> = self
            .facts
            .drown
            .iter()
            .filter(|other| other.ssl2.is_yes() && other.key_sha256.as_ref().is_some_and(same_key))
            .map(|other| format!("{} speaks SSLv2 with the same key (DROWN)", other.listener))
            .collect();
        for reason in drown {
            self.cap(
                &Fact::Yes,
                Grade::F,
                reason,
                "switch SSLv2 off there, and replace the key",
            );
        }
        match (&self.facts.dhe, self.facts.prime_bits) {
            (_, Some(bits)) => {
                if let Some(grade) = strength::cap(bits) {
                    self.cap(
                        &Fact::Yes,
                        grade,
                        format!("the Diffie-Hellman prime has {bits} bits"),
                        PRIME,
                    );
                }
            }
            (Fact::Unknown(why), None) => {
                self.cap(
                    &Fact::Unknown(why.clone()),
                    Grade::F,
                    "the Diffie-Hellman prime is short",
                    PRIME,
                );
            }
            _ => {}
        }
        let weak_curve = self.facts.weak_curve.clone();
        self.cap(
            &weak_curve,
            Grade::B,
            "curves below 224 bits are accepted",
            SUITES,
        );
    }

    fn extensions(&mut self) {
        let (compression, renegotiation) = (
            self.facts.compression.clone(),
            self.facts.secure_renegotiation.clone(),
        );
        self.cap(
            &compression,
            Grade::C,
            "TLS compression is on (CRIME)",
            "switch it off, or update the server",
        );
        self.cap(
            &not(&renegotiation),
            Grade::AMinus,
            "secure renegotiation is not supported",
            "update the server",
        );
    }
}

fn not(fact: &Fact) -> Fact {
    match fact {
        Fact::Yes => Fact::No,
        Fact::No => Fact::Yes,
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
    }
}

fn both(one: &Fact, other: &Fact) -> Fact {
    not(&Fact::any([&not(one), &not(other)]))
}

#[cfg(test)]
#[path = "grade_tests.rs"]
mod tests;
