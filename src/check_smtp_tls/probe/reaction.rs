//! What a server's answer to one hello means; pure.

use crate::check_smtp_tls::facts::WhyUnknown;
use crate::tls::Alert;
use crate::tls::exchange::Stop;
use crate::tls::flight::{Flight, FlightEnd, ServerHello};
use crate::tls::ssl2::Ssl2Flight;

/// A server's reaction to one hello.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reaction {
    /// It chose from the offer; what it showed stands in the answer.
    Chosen(ServerHello),
    /// It answered, and wants none of it.
    Refused,
    /// It closed the connection without a word.
    Closed,
    /// Neither, and why.
    Unclear(WhyUnknown),
}

/// Reads the answer to a hello from SSLv3 on.
pub(super) fn reaction(answer: &Flight, stop: &Stop) -> Reaction {
    if let Some(hello) = &answer.hello {
        return Reaction::Chosen(hello.clone());
    }
    match (&answer.end, stop) {
        (Some(FlightEnd::Alert(alert)), _) => alerted(*alert),
        (Some(FlightEnd::Text(text)), _) => Reaction::Unclear(WhyUnknown::Text(text.clone())),
        (Some(FlightEnd::Malformed(what)), _) => Reaction::Unclear(WhyUnknown::Malformed(*what)),
        (_, stop) => stopped(stop),
    }
}

/// Reads the answer to an SSLv2 hello; choosing means that SSLv2 is spoken.
pub(super) fn ssl2_reaction(answer: Option<&Ssl2Flight>, stop: &Stop) -> Ssl2Reaction {
    match answer {
        Some(Ssl2Flight::Hello { kinds, certificate }) => {
            Ssl2Reaction::Spoken { kinds: kinds.clone(), certificate: certificate.clone() }
        }
        // Only a server that speaks SSLv2 has words for "no cipher in common".
        Some(Ssl2Flight::Error(_)) => {
            Ssl2Reaction::Spoken { kinds: Vec::new(), certificate: Vec::new() }
        }
        Some(Ssl2Flight::Alert(_)) => Ssl2Reaction::Other(Reaction::Refused),
        Some(Ssl2Flight::Text(text)) => {
            Ssl2Reaction::Other(Reaction::Unclear(WhyUnknown::Text(text.clone())))
        }
        Some(Ssl2Flight::Malformed(what)) => {
            Ssl2Reaction::Other(Reaction::Unclear(WhyUnknown::Malformed(*what)))
        }
        None => Ssl2Reaction::Other(stopped(stop)),
    }
}

/// A server's reaction to an SSLv2 hello.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ssl2Reaction {
    /// It speaks SSLv2, with these ciphers or none.
    Spoken { kinds: Vec<u32>, certificate: Vec<u8> },
    /// Anything but that.
    Other(Reaction),
}

fn alerted(alert: Alert) -> Reaction {
    if alert.refuses_hello() {
        Reaction::Refused
    } else {
        Reaction::Unclear(WhyUnknown::Alert(alert))
    }
}

fn stopped(stop: &Stop) -> Reaction {
    match stop {
        Stop::Closed | Stop::Finished => Reaction::Closed,
        Stop::Silent => Reaction::Unclear(WhyUnknown::Silent),
        Stop::Broken(error) => Reaction::Unclear(WhyUnknown::Broken(*error)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::tls::Malformed;

    fn ended(end: FlightEnd) -> Flight {
        Flight { end: Some(end), ..Flight::default() }
    }

    #[test]
    fn only_an_alert_refuses() {
        for alert in [40, 47, 70, 71, 80, 86] {
            assert_eq!(
                reaction(&ended(FlightEnd::Alert(Alert(alert))), &Stop::Finished),
                Reaction::Refused
            );
        }
        for (case, answer, stop) in [
            ("another alert", ended(FlightEnd::Alert(Alert(49))), Stop::Finished),
            ("text", ended(FlightEnd::Text("454 no".to_owned())), Stop::Finished),
            ("junk", ended(FlightEnd::Malformed(Malformed::NoRecord)), Stop::Finished),
            ("silence", Flight::default(), Stop::Silent),
            ("a broken connection", Flight::default(), Stop::Broken(ErrorKind::Other.into())),
        ] {
            assert!(matches!(reaction(&answer, &stop), Reaction::Unclear(_)), "{case}");
        }
        assert_eq!(reaction(&Flight::default(), &Stop::Closed), Reaction::Closed);
    }

    #[test]
    fn sslv2_is_spoken_in_any_form_also_without_ciphers() {
        let none = Ssl2Flight::Hello { kinds: vec![], certificate: vec![] };
        for answer in [none, Ssl2Flight::Error(1)] {
            assert!(matches!(
                ssl2_reaction(Some(&answer), &Stop::Finished),
                Ssl2Reaction::Spoken { .. }
            ));
        }
        assert_eq!(
            ssl2_reaction(Some(&Ssl2Flight::Alert(Alert(70))), &Stop::Finished),
            Ssl2Reaction::Other(Reaction::Refused)
        );
        assert_eq!(ssl2_reaction(None, &Stop::Closed), Ssl2Reaction::Other(Reaction::Closed));
        for stop in [Stop::Silent, Stop::Broken(ErrorKind::Other.into())] {
            assert!(matches!(
                ssl2_reaction(None, &stop),
                Ssl2Reaction::Other(Reaction::Unclear(_))
            ));
        }
    }
}
