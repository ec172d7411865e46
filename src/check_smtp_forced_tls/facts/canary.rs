//! What became of canary mails.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::canary::{Circumstances, Followed, HalfError, Observed, Sight, is_ahead, or_reason};
use crate::login::NoLogin;
use crate::smtp::{Command, Reply, SessionError};
use crate::smtp_client::{NoSession, Unreached, certificate_words};
use crate::tls::proof::Proof;

/// Seconds after which a run that handed a mail over has ended in any case.
const RUN: u64 = 600;

/// What was seen of canary mails, and what became of the next one.
#[derive(Clone, Debug, Serialize)]
pub(in crate::check_smtp_forced_tls) struct CanaryFacts {
    pub(in crate::check_smtp_forced_tls) domain: String,
    pub(in crate::check_smtp_forced_tls) host: String,
    pub(in crate::check_smtp_forced_tls) port: u16,
    /// When, in seconds since 1970.
    pub(in crate::check_smtp_forced_tls) looked_at: u64,
    /// Seconds a mail may take.
    pub(in crate::check_smtp_forced_tls) age: u64,
    /// Absent when it was not looked at.
    pub(in crate::check_smtp_forced_tls) sink: Option<SinkSeen>,
    /// Newest first.
    #[serde(serialize_with = "or_reason")]
    pub(in crate::check_smtp_forced_tls) mails: Result<Vec<Followed>, HalfError>,
    /// Absent when no mail was due.
    pub(in crate::check_smtp_forced_tls) handed_over: Option<HandOver>,
}

/// Who listens where canary mails should arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::check_smtp_forced_tls) enum SinkSeen {
    Listens,
    /// It says that it cannot work.
    OutOfOrder(Reply),
    /// Somebody else does.
    Other(Reply),
    /// What answers is no mail exchanger.
    NoAnswer(#[serde(serialize_with = "as_text")] SessionError),
    Unresolved(NoSession),
    /// Nobody does.
    Nobody(#[serde(serialize_with = "as_text")] Unreached),
}

/// What became of the next canary mail.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::check_smtp_forced_tls) enum HandOver {
    /// Our own server took it.
    Accepted(Reply),
    /// It did not.
    Refused(#[serde(serialize_with = "as_text")] Command, Reply),
    /// There was no session to hand it over in.
    NoSession(NoSession),
    /// The session broke.
    Lost(#[serde(serialize_with = "as_text")] SessionError),
    /// User and password cannot be read.
    NoLogin(#[serde(serialize_with = "as_text")] Arc<NoLogin>),
    /// The certificate is not valid for the server, so no password was sent.
    NotProven(#[serde(serialize_with = "certificate_words::serialize")] Proof),
    /// AUTH offers these, and none of ours.
    NoMechanism(String),
    /// Nothing can be noted, so no mail was handed over.
    NotNoted(HalfError),
    /// The system gives no random bytes.
    NoToken,
    /// Another run is at it.
    OtherRun,
}

/// What became of one canary mail.
#[derive(Clone, Debug)]
pub(in crate::check_smtp_forced_tls) enum Course<'a> {
    /// It came in the clear.
    InTheClear(&'a Observed),
    /// It came encrypted, and its server had kept it before: that long, if both times are known.
    Proven { waited: Option<u64>, came: &'a Circumstances },
    /// It came encrypted, and what must come before was not seen.
    NotProven(&'a Observed),
    /// It came, and nobody knows when and how.
    Unreadable(&'a HalfError),
    /// It has not come.
    Open,
    /// It was not taken from us, as far as is known.
    NotHandedOver,
}

/// What became of a mail, by what is on disk.
pub(in crate::check_smtp_forced_tls) fn course(mail: &Followed) -> Course<'_> {
    if let Some(seen) = first(mail, Sight::InTheClear, None) {
        return Course::InTheClear(seen);
    }
    let Some(came) = first(mail, Sight::Encrypted, None) else {
        return match &mail.canary {
            Ok(canary) if canary.accepted.is_some() => Course::Open,
            Ok(_) => Course::NotHandedOver,
            Err(error) => Course::Unreadable(error),
        };
    };
    let peer = Some(came.sighting.peer.as_str());
    let Some(waited) = first(mail, Sight::Waited, peer) else {
        return Course::NotProven(came);
    };
    let must_verify = match &mail.canary {
        Ok(canary) => canary.verify,
        Err(error) => return Course::Unreadable(error),
    };
    let was_shown_wrong = first(mail, Sight::WrongRefused, peer).is_some()
        || first(mail, Sight::WrongTaken, peer).is_some();
    if must_verify && !was_shown_wrong {
        return Course::NotProven(came);
    }
    match &came.how {
        Ok(came) => {
            let since = waited.how.as_ref().ok().map(|how| how.at);
            Course::Proven { waited: since.and_then(|since| came.at.checked_sub(since)), came }
        }
        Err(error) => Course::Unreadable(error),
    }
}

/// The earliest sighting of a kind, of a peer if one is given; one without a time comes last.
pub(in crate::check_smtp_forced_tls) fn first<'a>(
    mail: &'a Followed,
    sight: Sight,
    peer: Option<&str>,
) -> Option<&'a Observed> {
    mail.seen
        .iter()
        .filter(|seen| seen.sighting.sight == sight)
        .filter(|seen| peer.is_none_or(|peer| seen.sighting.peer == peer))
        .min_by_key(|seen| seen.how.as_ref().map_or(u64::MAX, |how| how.at))
}

/// Whether a mail should have come by now. Time without a mail exchanger to come to does not count.
pub(in crate::check_smtp_forced_tls) fn is_overdue(mail: &Followed, now: u64, age: u64) -> bool {
    since(mail).saturating_add(age) < now
}

/// Since when a mail could have come.
pub(in crate::check_smtp_forced_tls) fn since(mail: &Followed) -> u64 {
    let no_sink = mail.canary.as_ref().ok().and_then(|canary| canary.no_sink);
    mail.token.made().max(no_sink.unwrap_or(0))
}

/// Whether the next mail is to be handed over: none is open, or the one that is has had its time.
pub(in crate::check_smtp_forced_tls) fn is_due(mails: &[Followed], now: u64, age: u64) -> bool {
    let newest = mails.iter().find(|mail| !is_ahead(mail.token.made(), now));
    newest.is_none_or(|mail| match course(mail) {
        Course::Open => is_overdue(mail, now, age),
        Course::NotHandedOver => mail.token.made().saturating_add(RUN) < now,
        Course::InTheClear(_)
        | Course::Proven { .. }
        | Course::NotProven(_)
        | Course::Unreadable(_) => true,
    })
}

fn as_text<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
