//! What keeps a grade down, rule by rule; pure.
//!
//! Each rule names the edition of the SSL Labs "SSL Server Rating Guide" that brought it (2009c to 2009r, in its list of
//! changes: the guide numbers editions, not rules), or what it comes from instead.

use serde::Serialize;

use super::letter::Grade;
use super::strength;
use crate::check_smtp_tls::explain::words;
use crate::check_smtp_tls::facts::{Fact, Facts, Weakness, WhyUnknown};
use crate::tls::Protocol;
use crate::tls::certificate::{Certificate, Hash};

/// Something that keeps the grade down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cap {
    #[serde(skip)]
    pub(crate) about: About,
    /// The best grade that is left.
    pub(crate) at_most: Grade,
    /// Why, as in "TLS 1.0 is offered".
    pub(crate) reason: String,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

/// What a cap speaks of, as far as long output has a line of its own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Versions(&'static [Protocol]),
    Suites(Weakness),
    ForwardSecrecy,
    Aead,
    Prime,
    Compression,
    Renegotiation,
    Key,
    Curves,
    Score,
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

/// The versions from 1.2 on, where clients take any TLS (25) and where it is demanded (465, 587).
macro_rules! postfix_versions {
    () => {
        "postfix: smtpd_tls_protocols and smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1"
    };
}

/// What is sound of `GnuTLS`, which Debian's exim is built with.
macro_rules! exim {
    () => {
        "exim with GnuTLS: tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"
    };
}

// What to do, with the settings of Axigen by the names its WebAdmin has for them, and those of postfix and exim as they are
// typed: `make lab` types them.
const SSL2_OFF: &str = concat!(
    "switch SSLv2 itself off, not only its ciphers; Axigen: SMTP Receiving, Listeners, SSL Settings, Allow the following SSL versions, and so for every service with this key; ",
    postfix_versions!()
);
const SWITCH_OFF: &str = concat!(
    "switch the old versions off; Axigen: SMTP Receiving, Listeners, SSL Settings, Allow the following SSL versions; ",
    postfix_versions!(),
    "; ",
    exim!()
);
const SUITES: &str = concat!(
    "take them out of the cipher suites; Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite; postfix: smtpd_tls_exclude_ciphers = aNULL, eNULL, EXPORT, LOW, RC4, 3DES; ",
    exim!()
);
const ANONYMOUS: &str = "take them out of the cipher suites, anybody can be the server with them; Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite, !aNULL; postfix: smtpd_tls_exclude_ciphers = aNULL";
const CURVES: &str = concat!(
    "allow X25519, P-256 and P-384 only; postfix: tls_eecdh_auto_curves = X25519 prime256v1 secp384r1; ",
    exim!()
);
const MODERN: &str = concat!(
    "allow TLS 1.2 and TLS 1.3, or update the server; Axigen: SMTP Receiving, Listeners, SSL Settings, Allow the following SSL versions; ",
    postfix_versions!(),
    "; ",
    exim!()
);
const MODERN_SUITES: &str = concat!(
    "allow suites of ECDHE with AES-GCM, or update the server; Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite, HIGH; postfix: tls_medium_cipherlist and tls_high_cipherlist = HIGH:!aNULL; ",
    exim!()
);
const KEY: &str = "make a new key (RSA 2048 or more, or P-256) and get a certificate for it";
const PRIME: &str = "use a Diffie-Hellman prime of 2048 bits, or no such suites (!EDH); Axigen: SMTP Receiving, Listeners, SSL Settings, Use Cipher suite; postfix: smtpd_tls_dh1024_param_file = auto; exim with GnuTLS: tls_dhparam = ffdhe2048";

impl Judge<'_> {
    /// Notes that the grade is at most `at_most` if `fact` holds, and a doubt if nobody knows.
    pub(super) fn cap(
        &mut self,
        about: About,
        fact: &Fact,
        at_most: Grade,
        reason: impl Into<String>,
        remedy: &'static str,
    ) {
        let reason = reason.into();
        match fact {
            Fact::Yes => self.caps.push(Cap { about, at_most, reason, remedy }),
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
        // 2009c; also without a single cipher, 2009l: the version itself gives the key away (DROWN).
        self.cap(About::Versions(&[Protocol::Ssl2]), &ssl2, Grade::F, "SSLv2 is offered", SSL2_OFF);
        let modern = Fact::any([&tls12, &tls13]);
        // 2009i.
        let best_is_ssl3 = both(&ssl3, &not(&Fact::any([&tls10, &tls11, &modern])));
        self.cap(
            About::Versions(&[Protocol::Ssl3]),
            &best_is_ssl3,
            Grade::F,
            "SSLv3 is the best version offered",
            MODERN,
        );
        // 2009j says "no TLS 1.2"; it is older than TLS 1.3, which is as good an answer.
        let spoken = Fact::any([&ssl3, &tls10, &tls11]);
        self.cap(
            About::Versions(&[Protocol::Tls12, Protocol::Tls13]),
            &both(&spoken, &not(&modern)),
            Grade::C,
            "neither TLS 1.2 nor TLS 1.3 is offered",
            MODERN,
        );
        // 2009g: POODLE (CVE-2014-3566) needs the padding of a block cipher.
        let poodle = both(&ssl3, &self.facts.ssl3_cbc);
        self.cap(
            About::Versions(&[Protocol::Ssl3]),
            &poodle,
            Grade::C,
            "SSLv3 is offered with CBC suites (POODLE)",
            SWITCH_OFF,
        );
        // 2009h; RFC 7568 forbids SSLv3 with any suite.
        self.cap(
            About::Versions(&[Protocol::Ssl3]),
            &ssl3,
            Grade::B,
            "SSLv3 is offered",
            SWITCH_OFF,
        );
        // 2009q, in force since January 2020; RFC 8996. One cap for both, as one setting switches them off.
        if tls10.is_yes() && tls11.is_yes() {
            let reason = "TLS 1.0 and TLS 1.1 are offered";
            self.cap(
                About::Versions(&[Protocol::Tls10, Protocol::Tls11]),
                &Fact::Yes,
                Grade::B,
                reason,
                SWITCH_OFF,
            );
        } else {
            self.cap(
                About::Versions(&[Protocol::Tls10]),
                &tls10,
                Grade::B,
                "TLS 1.0 is offered",
                SWITCH_OFF,
            );
            self.cap(
                About::Versions(&[Protocol::Tls11]),
                &tls11,
                Grade::B,
                "TLS 1.1 is offered",
                SWITCH_OFF,
            );
        }
        // 2009r.
        self.cap(
            About::Versions(&[Protocol::Tls13]),
            &not(&tls13),
            Grade::AMinus,
            "TLS 1.3 is not offered",
            MODERN,
        );
    }

    pub(super) fn weak_suites(&mut self) {
        // The guide has no words for them all; testssl.sh gives F: nothing, or nothing worth the name, is encrypted.
        for weakness in [Weakness::Null, Weakness::Export, Weakness::Short] {
            let fact = self.facts.weakness(weakness, |_| true);
            self.cap(
                About::Suites(weakness),
                &fact,
                Grade::F,
                format!("{weakness} are accepted"),
                SUITES,
            );
        }
        self.anonymous_suites();
        self.rc4();
        // January 2017: 64-bit blocks (Sweet32, CVE-2016-2183). The guide asks whether modern clients get them; one
        // client cannot tell, so that any offer beside TLS 1.1 or newer counts.
        let blocks = self.since_tls11(Weakness::SmallBlocks);
        let reason = "64-bit block ciphers (3DES) are accepted with TLS 1.1 or newer";
        self.cap(About::Suites(Weakness::SmallBlocks), &blocks, Grade::C, reason, SUITES);
    }

    /// Anybody may be in between. A client that takes any TLS, or none, loses nothing by that (RFC 7672 section 8.2).
    fn anonymous_suites(&mut self) {
        let anonymous = self.facts.weakness(Weakness::Anonymous, |_| true);
        if self.anonymous_counts {
            self.cap(
                About::Suites(Weakness::Anonymous),
                &anonymous,
                Grade::F,
                "anonymous suites are accepted",
                ANONYMOUS,
            );
        } else if anonymous.is_yes() {
            self.notes.push(
                "anonymous suites are accepted; harmless where clients take any TLS".to_owned(),
            );
        }
    }

    /// RFC 7465 forbids RC4 with any version.
    fn rc4(&mut self) {
        let rc4 = self.facts.weakness(Weakness::Rc4, |_| true);
        let blocks = self.facts.weakness(Weakness::SmallBlocks, |_| true);
        // 2009k.
        let only_rc4 = both(&rc4, &not(&Fact::any([&self.facts.sound_suites, &blocks])));
        self.cap(
            About::Suites(Weakness::Rc4),
            &only_rc4,
            Grade::F,
            "only RC4 suites are accepted",
            SUITES,
        );
        // 2009j: who speaks TLS 1.1 has no BEAST to hide from, which was the one excuse for RC4.
        let late = self.since_tls11(Weakness::Rc4);
        self.cap(
            About::Suites(Weakness::Rc4),
            &late,
            Grade::C,
            "RC4 is accepted with TLS 1.1 or newer",
            SUITES,
        );
        // 2009i.
        self.cap(About::Suites(Weakness::Rc4), &rc4, Grade::B, "RC4 is accepted", SUITES);
    }

    fn since_tls11(&self, weakness: Weakness) -> Fact {
        self.facts.weakness(weakness, |version| version >= Protocol::Tls11)
    }

    pub(super) fn missing_strengths(&mut self) {
        // 2009p, both: a key stolen later must not open what was recorded, and CBC as TLS has it leaks.
        self.cap(
            About::ForwardSecrecy,
            &not(&self.facts.forward_secrecy),
            Grade::B,
            "no suite with forward secrecy is accepted",
            MODERN_SUITES,
        );
        self.cap(
            About::Aead,
            &not(&self.facts.aead),
            Grade::B,
            "no AEAD suite is accepted",
            MODERN_SUITES,
        );
    }

    pub(super) fn keys(&mut self) {
        let leaves: Vec<Certificate> = self.facts.leaves().cloned().collect();
        for leaf in &leaves {
            // 2009e.
            if let Some(grade) = strength::key_bits(leaf.key).and_then(strength::cap) {
                self.cap(
                    About::Key,
                    &Fact::Yes,
                    grade,
                    format!("the certificate's key is {}", leaf.key),
                    KEY,
                );
            }
            // 2009l: with exponent 1 nothing is encrypted.
            if leaf.key.has_exponent_one {
                self.cap(
                    About::Key,
                    &Fact::Yes,
                    Grade::F,
                    "the certificate's RSA key has exponent 1",
                    KEY,
                );
            }
        }
        if let Some(why) = self.facts.no_certificate.clone().filter(|_| leaves.is_empty()) {
            self.cap(About::Key, &Fact::Unknown(why), Grade::F, "the certificate is weak", KEY);
        }
        // 2009e: such a signature can be forged. One that a certificate gives itself says nothing of it.
        let mut signed = self.facts.certificates.iter().filter(|one| !one.is_self_issued);
        if signed.any(|one| matches!(one.hash, Hash::Md2 | Hash::Md5)) {
            self.cap(
                About::Key,
                &Fact::Yes,
                Grade::F,
                "a certificate is signed over MD5 or MD2",
                KEY,
            );
        }
        self.drown(&leaves);
        self.prime();
        // 2009j, read for curves: less than 224 bits are worth less than a prime of 2048.
        let weak_curve = self.facts.weak_curve.clone();
        self.cap(
            About::Curves,
            &weak_curve,
            Grade::B,
            "curves below 224 bits are accepted",
            CURVES,
        );
    }

    /// 2009l: who breaks SSLv2 anywhere has the key, whichever server shows it (DROWN, CVE-2016-0800).
    fn drown(&mut self, leaves: &[Certificate]) {
        let same_key = |key: &String| leaves.iter().any(|leaf| leaf.key_sha256 == *key);
        let spoken =
            self.facts.drown.iter().filter(|other| {
                other.ssl2.is_yes() && other.key_sha256.as_ref().is_some_and(same_key)
            });
        let reasons: Vec<String> = spoken
            .map(|other| format!("{} speaks SSLv2 with the same key (DROWN)", other.listener))
            .collect();
        for reason in reasons {
            self.cap(
                About::Key,
                &Fact::Yes,
                Grade::F,
                reason,
                "switch SSLv2 off there, and replace the key",
            );
        }
    }

    /// 2009j for 2048 bits; below 1024 F, as SSL Labs does though the guide speaks of keys only.
    fn prime(&mut self) {
        let unknown = match (&self.facts.dhe, self.facts.prime_bits) {
            (_, Some(bits)) => {
                if let Some(grade) = strength::cap(bits) {
                    let reason = format!("the Diffie-Hellman prime has {bits} bits");
                    self.cap(About::Prime, &Fact::Yes, grade, reason, PRIME);
                }
                return;
            }
            (Fact::No, None) => return,
            (Fact::Yes, None) => Fact::Unknown(WhyUnknown::NoPrime),
            (Fact::Unknown(why), None) => Fact::Unknown(why.clone()),
        };
        self.cap(About::Prime, &unknown, Grade::F, "the Diffie-Hellman prime is short", PRIME);
    }

    pub(super) fn extensions(&mut self) {
        // 2009j: what is compressed before it is encrypted betrays itself by its length (CRIME, CVE-2012-4929).
        let compression = self.facts.compression.clone();
        self.cap(
            About::Compression,
            &compression,
            Grade::C,
            "TLS compression is on (CRIME)",
            "switch it off, or update the server",
        );
        // 2009e: without RFC 5746 a man in the middle puts his own words before those of the client.
        let renegotiation = not(&self.facts.secure_renegotiation);
        self.cap(
            About::Renegotiation,
            &renegotiation,
            Grade::AMinus,
            "secure renegotiation is not supported",
            "update the server",
        );
    }
}

/// What is unknown stays so, for the same reason.
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
