//! How user and password go over the wire (RFC 4954).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::login::Login;
use crate::secret::Secret;

/// How user and password are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// Both at once (RFC 4616).
    Plain,
    /// One after the other, each when it is asked for.
    Login,
}

impl Mechanism {
    /// The one to take of those that EHLO lists behind AUTH.
    pub(crate) fn of(offered: &str) -> Option<Self> {
        let has =
            |name: &str| offered.split_whitespace().any(|word| word.eq_ignore_ascii_case(name));
        if has("PLAIN") {
            Some(Self::Plain)
        } else if has("LOGIN") {
            Some(Self::Login)
        } else {
            None
        }
    }
}

/// The lines to send, the command first; each but the last is answered with 334.
pub(crate) fn lines(login: &Login, mechanism: Mechanism) -> Vec<Secret> {
    let (user, password) = (login.user.as_str(), login.password.expose());
    match mechanism {
        Mechanism::Plain => {
            let both = Zeroizing::new(format!("\0{user}\0{password}"));
            let encoded = Zeroizing::new(STANDARD.encode(both.as_bytes()));
            vec![Secret::new(&Zeroizing::new(format!("AUTH PLAIN {}", *encoded)))]
        }
        Mechanism::Login => vec![
            Secret::new("AUTH LOGIN"),
            Secret::new(&STANDARD.encode(user)),
            Secret::new(&Zeroizing::new(STANDARD.encode(password))),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_goes_over_the_wire_as_the_standard_says() {
        let password = Secret::exactly("pass:word");
        let login = Login { user: Zeroizing::new("test".to_owned()), password };
        let sent = |mechanism| -> Vec<String> {
            lines(&login, mechanism).iter().map(|line| line.expose().to_owned()).collect()
        };
        assert_eq!(sent(Mechanism::Plain), ["AUTH PLAIN AHRlc3QAcGFzczp3b3Jk"]);
        assert_eq!(sent(Mechanism::Login), ["AUTH LOGIN", "dGVzdA==", "cGFzczp3b3Jk"]);
    }

    #[test]
    fn the_mechanism_is_one_of_those_offered() {
        for (offered, expected) in [
            ("PLAIN LOGIN", Some(Mechanism::Plain)),
            ("login plain", Some(Mechanism::Plain)),
            ("CRAM-MD5 LOGIN", Some(Mechanism::Login)),
            ("CRAM-MD5 PLAIN-CLIENTTOKEN", None),
            ("", None),
        ] {
            assert_eq!(Mechanism::of(offered), expected, "{offered}");
        }
    }
}
