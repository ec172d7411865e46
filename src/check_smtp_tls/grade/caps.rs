//! What keeps a grade down, rule by rule; pure.

use serde::Serialize;

use super::letter::Grade;
use super::strength;
use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{Fact, Facts, Weakness, WhyUnknown};
use crate::tls::Protocol;
use crate::tls::certificate::Hash;

/// Something that keeps the grade down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cap {
    /// The best grade that is left.
    pub(crate) at_most: Grade,
    /// Why, as in "TLS 1.0 is offered".
    pub(crate) reason: String,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

/// A fact that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Doubt {
    pub(crate) subject: String,
    pub(crate) reason: String,
}

/// Goes through the rules and keeps what they find.
pub(super) struct Judge<'a> {
    pub(super) facts: &'a Facts,
    pub(super) anonymous_counts: bool,
    pub(super) caps: Vec<Cap>,
    pub(super) doubts: Vec<(Grade, Doubt)>,
    pub(super) notes: Vec<String>,
}

// What to do, with the settings of Axigen by the names its WebAdmin has for them.
const SSL2_OFF: &str = "switch SSLv2 itself off, without ciphers it is as bad; Axigen: SMTP Receiving, Listeners, SSL Settings, Allow the following SSL versions, and so for every service with this key; postfix: smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1";
const SWITCH_OFF: &str = "switch the old versions off; Axigen: SMTP Receiving, Listeners, SSL Settings, Allow the following SSL versions; postfix: smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1";
const SUITES: &str = "take them out of the cipher suites; Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite; postfix: smtpd_tls_exclude_ciphers";
const CURVES: &str = "allow X25519, P-256 and P-384 only; postfix: tls_eecdh_auto_curves";
const MODERN: &str = "allow TLS 1.2 and TLS 1.3 with ECDHE and AES-GCM suites, or update the server; Axigen: SMTP Receiving, Listeners, SSL Settings";
const KEY: &str = "make a new key (RSA 2048 or more, or P-256) and have it certified";
const PRIME: &str = "use a Diffie-Hellman prime of 2048 bits, or no such suites (!EDH); Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite; postfix: smtpd_tls_dh1024_param_file = auto";

impl Judge<'_> {
    /// Notes that the grade is at most `at_most` if `fact` holds, and a doubt if nobody knows.
    pub(super) fn cap(
        &mut self,
        fact: &Fact,
        at_most: Grade,
        reason: impl Into<String>,
        remedy: &'static str,
    ) {
        let reason = reason.into();
        match fact {
            Fact::Yes => self.caps.push(Cap { at_most, reason, remedy }),
            Fact::No => {}
            Fact::Unknown(why) => {
                self.doubts.push((at_most, Doubt { subject: reason, reason: words::unknown(why) }));
            }
        }
    }

    fn offers(&self, version: Protocol) -> Fact {
        self.facts.protocol(version)
    }

    pub(super) fn protocols(&mut self) {
        let [ssl2, ssl3, tls10, tls11, tls12, tls13] =
            Protocol::ALL.map(|version| self.offers(version));
        self.cap(&ssl2, Grade::F, "SSLv2 is offered", SSL2_OFF);
        let modern = Fact::any([&tls12, &tls13]);
        let best_is_ssl3 = both(&ssl3, &not(&Fact::any([&tls10, &tls11, &modern])));
        self.cap(&best_is_ssl3, Grade::F, "SSLv3 is the best version offered", MODERN);
        let spoken = Fact::any([&ssl3, &tls10, &tls11]);
        self.cap(
            &both(&spoken, &not(&modern)),
            Grade::C,
            "neither TLS 1.2 nor TLS 1.3 is offered",
            MODERN,
        );
        let poodle = both(&ssl3, &self.facts.ssl3_cbc);
        self.cap(&poodle, Grade::C, "SSLv3 is offered with CBC suites (POODLE)", SWITCH_OFF);
        self.cap(&ssl3, Grade::B, "SSLv3 is offered", SWITCH_OFF);
        if tls10.is_yes() && tls11.is_yes() {
            let reason = "TLS 1.0 and TLS 1.1 are offered";
            self.cap(&Fact::Yes, Grade::B, reason, SWITCH_OFF);
        } else {
            self.cap(&tls10, Grade::B, "TLS 1.0 is offered", SWITCH_OFF);
            self.cap(&tls11, Grade::B, "TLS 1.1 is offered", SWITCH_OFF);
        }
        self.cap(&not(&tls13), Grade::AMinus, "TLS 1.3 is not offered", MODERN);
    }

    pub(super) fn weak_suites(&mut self) {
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
        for (fact, weakness) in
            [(&null, Weakness::Null), (&export, Weakness::Export), (&short, Weakness::Short)]
        {
            self.cap(fact, Grade::F, format!("{weakness} are accepted"), SUITES);
        }
        if self.anonymous_counts {
            self.cap(&anonymous, Grade::F, "anonymous suites are accepted", SUITES);
        } else if anonymous.is_yes() {
            self.notes.push(
                "anonymous suites are accepted; harmless where clients take any TLS".to_owned(),
            );
        }
        let only_rc4 = both(&rc4, &not(&Fact::any([&self.facts.sound_suites, &blocks])));
        self.cap(&only_rc4, Grade::F, "only RC4 suites are accepted", SUITES);
        self.cap(&rc4_late, Grade::C, "RC4 is accepted with TLS 1.1 or newer", SUITES);
        self.cap(&rc4, Grade::B, "RC4 is accepted", SUITES);
        self.cap(
            &blocks_late,
            Grade::C,
            "64-bit block ciphers (3DES) are accepted with TLS 1.1 or newer",
            SUITES,
        );
    }

    pub(super) fn missing_strengths(&mut self) {
        self.cap(
            &not(&self.facts.forward_secrecy),
            Grade::B,
            "no suite with forward secrecy is accepted",
            MODERN,
        );
        self.cap(&not(&self.facts.aead), Grade::B, "no AEAD suite is accepted", MODERN);
    }

    pub(super) fn keys(&mut self) {
        let leaves: Vec<_> = self.facts.leaves().cloned().collect();
        for leaf in &leaves {
            let bits = strength::key_bits(leaf.key);
            let grade = bits.and_then(strength::cap);
            if let Some(grade) = grade {
                self.cap(&Fact::Yes, grade, format!("the certificate's key is {}", leaf.key), KEY);
            }
            if leaf.key.has_exponent_one {
                self.cap(&Fact::Yes, Grade::F, "the certificate's RSA key has exponent 1", KEY);
            }
        }
        if let Some(reason) = self.facts.no_certificate.clone().filter(|_| leaves.is_empty()) {
            self.cap(&Fact::Unknown(reason), Grade::F, "the certificate is weak", KEY);
        }
        for certificate in
            self.facts.certificates.iter().filter(|certificate| !certificate.is_self_issued)
        {
            if matches!(certificate.hash, Hash::Md2 | Hash::Md5) {
                self.cap(&Fact::Yes, Grade::F, "a certificate is signed over MD5 or MD2", KEY);
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
            self.cap(&Fact::Yes, Grade::F, reason, "switch SSLv2 off there, and replace the key");
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
            (Fact::No, None) => {}
            (dhe, None) => {
                let unknown = match dhe {
                    Fact::Unknown(_) => dhe.clone(),
                    _ => Fact::Unknown(WhyUnknown::NoPrime),
                };
                self.cap(&unknown, Grade::F, "the Diffie-Hellman prime is short", PRIME);
            }
        }
        let weak_curve = self.facts.weak_curve.clone();
        self.cap(&weak_curve, Grade::B, "curves below 224 bits are accepted", CURVES);
    }

    pub(super) fn extensions(&mut self) {
        let (compression, renegotiation) =
            (self.facts.compression.clone(), self.facts.secure_renegotiation.clone());
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
